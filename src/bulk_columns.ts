/**
 * Which value of a source's row goes into which column of the table. Pure.
 *
 * @module
 */

import type { LoadOptions } from "./bulk_options.ts";
import type { ColumnShape, TableShape, UniqueKey } from "./db/catalog.ts";
import { DelembicError } from "./errors.ts";
import { closest } from "./suggest.ts";

/** What of a source and of its options tells about columns. */
export interface NamedSource {
  /** What messages call it. */
  readonly name: string;
  readonly columns: readonly string[] | undefined;
  readonly headerLine: number | undefined;
  /** How many values a row has, where that is known. */
  readonly width?: number | undefined;
}

export interface ColumnPlan {
  /** The columns that get values, in their order. */
  readonly columns: readonly ColumnShape[];
  /** For each of them where its value is in the source's row; `undefined` where it is in {@link constants}. */
  readonly from: readonly (number | undefined)[];
  readonly constants: readonly unknown[];
  /** How many values a row of the source has. */
  readonly width: number;
  /** Whether rows are loaded as they are. */
  readonly asIs: boolean;
}

/** The columns of a source do not fit those of the table; the message names all that is wrong. */
export class ColumnsError extends DelembicError {
  constructor(source: NamedSource, table: string, problems: readonly string[], hint: string | undefined) {
    const isFile = source.headerLine !== undefined;
    super([`The columns of ${source.name} do not fit the table ${table}:`, ...problems].join("\n"), {
      code: "load-columns",
      place: isFile ? { file: source.name, line: source.headerLine ?? 1 } : undefined,
      hint,
      data: { problems },
    });
  }
}

type ColumnOptions = Pick<LoadOptions, "columns" | "defaults" | "ignore">;

/** @throws {ColumnsError} */
export function planColumns(shape: TableShape, source: NamedSource, options: ColumnOptions): ColumnPlan {
  const planner = new Planner(shape, source, options);
  return planner.plan();
}

/** The table's column of that name: exactly so, else without regard to case where that is one alone. */
export function columnNamed(columns: readonly ColumnShape[], name: string): ColumnShape | undefined {
  const exact = columns.find((column) => column.name === name);
  if (exact !== undefined) return exact;
  const alike = columns.filter((column) => sameName(column.name, name));
  return alike.length === 1 ? alike[0] : undefined;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** A name of the source, and what of the table it is for. */
interface Taken {
  readonly name: string;
  readonly wanted: string;
  readonly index: number;
}

class Planner {
  readonly #shape: TableShape;
  readonly #source: NamedSource;
  readonly #options: ColumnOptions;
  readonly #problems: string[] = [];
  readonly #extra: string[] = [];
  readonly #missing: string[] = [];
  #renamed: readonly [name: string, column: string] | undefined;

  constructor(shape: TableShape, source: NamedSource, options: ColumnOptions) {
    this.#shape = shape;
    this.#source = source;
    this.#options = options;
  }

  plan(): ColumnPlan {
    const taken = this.#taken();
    const columns: ColumnShape[] = [];
    const from: (number | undefined)[] = [];
    const constants: unknown[] = [];
    for (const { name, wanted, index } of taken) {
      const column = this.#columnFor(wanted, name);
      if (column === undefined) continue;
      if (columns.includes(column)) this.#problems.push(`  '${column.name}' is there twice`);
      columns.push(column);
      from.push(index);
      constants.push(undefined);
    }
    for (const [name, value] of Object.entries(this.#options.defaults ?? {})) {
      const column = this.#columnFor(name, name);
      if (column === undefined) continue;
      if (columns.includes(column)) this.#problems.push(`  '${column.name}' has a default, and is in the source too`);
      columns.push(column);
      from.push(undefined);
      constants.push(value);
    }
    if (this.#problems.length === 0 || columns.length > 0) this.#checkMissing(columns);
    if (this.#problems.length > 0) {
      throw new ColumnsError(this.#source, this.#shape.path.join("."), this.#problems, this.#hint());
    }
    const width = this.#source.columns?.length ?? taken.length;
    const asIs = width === columns.length && from.every((index, at) => index === at);
    return { columns, from, constants, width, asIs };
  }

  /** The names of the source that are not left out, each with the column that it is for. */
  #taken(): Taken[] {
    const { columns: declared, ignore = [] } = this.#options;
    const { columns: names } = this.#source;
    if (names === undefined) {
      const wanted = isList(declared) ? declared : this.#shape.columns.filter((c) => !c.generated).map((c) => c.name);
      const { width = wanted.length } = this.#source;
      if (width !== wanted.length) {
        const who = isList(declared) ? "'columns' names" : "the table has";
        this.#problems.push(`  the source has ${width} columns without names, and ${who} ${wanted.length}`);
        return [];
      }
      return wanted.map((name, index) => ({ name, wanted: name, index }));
    }
    // what has no header has left them out already
    for (const name of this.#source.headerLine === undefined ? [] : ignore) {
      if (!names.some((other) => sameName(other, name))) {
        this.#problems.push(`  there is no column '${name}' to ignore${didYouMean(name, names)}`);
      }
    }
    const kept = names.map((name, index) => ({ name, wanted: name, index }))
      .filter(({ name }) => !ignore.some((other) => sameName(other, name)));
    if (isList(declared)) return this.#inOrder(kept, declared);
    const renamed = new Map(Object.entries(declared ?? {}).map(([column, name]) => [name.toLowerCase(), column]));
    for (const [column, name] of Object.entries(declared ?? {})) {
      if (!names.some((other) => sameName(other, name))) {
        this.#problems.push(
          `  the source has no column '${name}', which is meant for '${column}'${didYouMean(name, names)}`,
        );
      }
    }
    return kept.map((item) => ({ ...item, wanted: renamed.get(item.name.toLowerCase()) ?? item.name }));
  }

  /** A list has the table's names: of the same columns where they are the source's own, else one for each field. */
  #inOrder(kept: readonly Taken[], declared: readonly string[]): Taken[] {
    const sameNames = kept.length === declared.length &&
      declared.every((column) => kept.some(({ name }) => sameName(name, column)));
    if (sameNames) return [...kept];
    if (kept.length !== declared.length) {
      this.#problems.push(`  the source has ${kept.length} columns, and 'columns' names ${declared.length}`);
      return [];
    }
    return kept.map((item, at) => ({ ...item, wanted: declared[at] ?? item.name }));
  }

  #columnFor(wanted: string, name: string): ColumnShape | undefined {
    const column = columnNamed(this.#shape.columns, wanted);
    if (column?.generated === true) {
      this.#problems.push(`  '${column.name}' is computed by the table, and takes no value`);
      this.#extra.push(name);
      return undefined;
    }
    if (column !== undefined) return column;
    const similar = closest(wanted, this.#shape.columns.map((known) => known.name));
    this.#problems.push(
      `  the table has no column '${wanted}'${similar === undefined ? "" : `: closest is '${similar}'`}`,
    );
    this.#extra.push(name);
    if (similar !== undefined) this.#renamed ??= [name, similar];
    return undefined;
  }

  #checkMissing(present: readonly ColumnShape[]): void {
    for (const column of this.#shape.columns) {
      if (present.includes(column) || column.nullable || column.hasDefault || column.generated) continue;
      this.#problems.push(`  the source has no column '${column.name}', which the table needs`);
      this.#missing.push(column.name);
    }
  }

  #hint(): string | undefined {
    const ways = [
      ...(this.#renamed === undefined
        ? []
        : [`say which one is meant with columns: ${show({ [this.#renamed[1]]: this.#renamed[0] })}`]),
      ...(this.#extra.length === 0 ? [] : [`leave out with ignore: ${show(this.#extra)}`]),
      ...(this.#missing.length === 0
        ? []
        : [`give a value with defaults: { ${this.#missing.map((name) => `${member(name)}: …`).join(", ")} }`]),
    ];
    const text = ways.join(", or ");
    return text === "" ? undefined : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
  }
}

function isList(columns: LoadOptions["columns"]): columns is readonly string[] {
  return Array.isArray(columns);
}

function didYouMean(name: string, names: readonly string[]): string {
  const similar = closest(name, names);
  return similar === undefined ? "" : `: closest is '${similar}'`;
}

function show(value: unknown): string {
  return Deno.inspect(value, { compact: true, breakLength: Infinity });
}

function member(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/**
 * The unique key that decides which rows are there already.
 *
 * @throws {DelembicError} when there is none of these columns, or the load has not all of them
 */
export function conflictKey(
  shape: TableShape,
  wanted: string | readonly string[] | undefined,
  loaded: readonly ColumnShape[],
): UniqueKey {
  const table = shape.path.join(".");
  const keys = shape.keys.filter((key) => key.columns.every((name) => columnNamed(shape.columns, name) !== undefined));
  const names = typeof wanted === "string" ? [wanted] : wanted;
  const found = names === undefined
    ? keys.find((key) => key.primary)
    : keys.find((key) =>
      key.columns.length === names.length &&
      key.columns.every((column) => names.some((name) => sameName(name, column)))
    );
  if (found === undefined) {
    const known = keys.map((key) => `(${key.columns.join(", ")})`).join(", ");
    throw new DelembicError(
      names === undefined
        ? `The table ${table} has no primary key, by which rows would be the same`
        : `(${names.join(", ")}) is no unique key of the table ${table}`,
      {
        code: "load-key",
        hint: known === ""
          ? "It has no unique key at all: add a unique constraint, or load into it without onConflict."
          : `Its unique keys are ${known}: name one with 'key'.`,
      },
    );
  }
  const missing = found.columns.filter((name) => !loaded.some((column) => column.name === name));
  if (missing.length > 0) {
    throw new DelembicError(
      `The key (${found.columns.join(", ")}) of the table ${table} decides, but the source has no column ${
        missing.join(", ")
      }`,
      { code: "load-key", hint: "Name another unique key with 'key', or give the column with 'defaults' or 'map'." },
    );
  }
  return found;
}
