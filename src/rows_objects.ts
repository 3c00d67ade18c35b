/**
 * Rows that are objects or arrays, as values in the order of columns.
 *
 * @module
 */

import { closest } from "./suggest.ts";

/** What names the columns of such rows. */
export interface ObjectColumns {
  /** The members that rows have; or, for columns of the table, the names of members. */
  readonly columns?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /** Members that rows may have and that are not read. */
  readonly ignore?: readonly string[] | undefined;
}

/** What a row has as values, or what is wrong with it. */
export type Shaped =
  | { readonly values: unknown[] }
  | { readonly problem: string; readonly hint?: string; readonly column?: string };

/**
 * Brings rows into one shape. If the columns are not declared, the first row's members are the columns; for rows that
 * are arrays there are no names then, and all are as long as the first.
 */
export class RowShape {
  #names: readonly string[] | undefined;
  #width: number | undefined;
  #index = new Map<string, number>();
  readonly #mapped: readonly string[];
  readonly #ignored: ReadonlySet<string>;

  constructor({ columns, ignore }: ObjectColumns) {
    this.#ignored = new Set(ignore);
    const isList = Array.isArray(columns);
    this.#mapped = columns === undefined || isList ? [] : Object.values(columns as Readonly<Record<string, string>>);
    if (isList) this.#name(columns as readonly string[]);
  }

  /** Names of the columns; `undefined` while they are not known, or when there are none. */
  get names(): readonly string[] | undefined {
    return this.#names;
  }

  /** How many values a row has; `undefined` while that is not known. */
  get width(): number | undefined {
    return this.#width;
  }

  #name(names: readonly string[]): void {
    this.#names = names;
    this.#width = names.length;
    this.#index = new Map(names.map((name, index) => [name, index]));
  }

  valuesOf(row: unknown): Shaped {
    if (Array.isArray(row)) return this.#ofArray(row);
    if (typeof row !== "object" || row === null) {
      return { problem: `The row is ${kindOfValue(row)}, and neither an object nor an array` };
    }
    return this.#ofObject(row as Readonly<Record<string, unknown>>);
  }

  #ofArray(row: readonly unknown[]): Shaped {
    this.#width ??= row.length;
    if (row.length === this.#width) return { values: row.map((value) => value === undefined ? null : value) };
    const expected = this.#names === undefined
      ? `the first row has ${this.#width}`
      : `there are ${this.#width} columns`;
    return { problem: `The row has ${row.length} ${row.length === 1 ? "value" : "values"}; ${expected}` };
  }

  #ofObject(row: Readonly<Record<string, unknown>>): Shaped {
    const members = Object.keys(row);
    if (this.#names === undefined) {
      if (this.#width !== undefined) return { problem: "The row is an object; the first row is an array" };
      this.#name([...new Set([...members.filter((name) => !this.#ignored.has(name)), ...this.#mapped])]);
    }
    const values: unknown[] = new Array(this.#width).fill(null);
    for (const member of members) {
      const index = this.#index.get(member);
      if (index !== undefined) values[index] = row[member] ?? null;
      else if (!this.#ignored.has(member)) return this.#unknown(member);
    }
    return { values };
  }

  #unknown(member: string): Shaped {
    // of short names each is near to each
    const near = member.length > 2 ? closest(member, this.#names ?? []) : undefined;
    const meant = near === undefined ? "" : `Did you mean ${JSON.stringify(near)}? `;
    return {
      problem: `The row has a member ${JSON.stringify(member)} that the first row does not have`,
      hint: `${meant}Name all members in \`columns\`, or those to leave out in \`ignore\`.`,
    };
  }
}

function kindOfValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
