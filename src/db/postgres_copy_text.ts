/**
 * COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS. Pure.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { DatabaseError, LoadRowError } from "./database.ts";
import { writeValue } from "./postgres_types.ts";

/** What would be taken for the format's own: an escape, the end of a row or of a field. */
const SPECIAL_REGEXP = /[\\\n\r\t]/;
const ALL_SPECIAL_REGEXP = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Writes rows one part after another, and counts them for its errors. */
export class RowWriter {
  readonly #columns: readonly string[];
  readonly #types: readonly number[];
  #rows = 0;

  /** @param types the numbers of the columns' types; 0 for an unknown one */
  constructor(columns: readonly string[], types: readonly number[]) {
    this.#columns = columns;
    this.#types = types;
  }

  /** @throws {LoadRowError} for a value that the column's type cannot take, or that is no Unicode */
  write(rows: readonly (readonly unknown[])[]): string {
    const width = this.#columns.length;
    let text = "";
    for (const row of rows) {
      if (row.length !== width) throw this.#refusal(row, undefined, `has ${row.length} values for ${width} columns`);
      for (let column = 0; column < width; column++) {
        if (column > 0) text += "\t";
        text += this.#field(row, column);
      }
      text += "\n";
      this.#rows++;
    }
    // once for all of them, as nearly always all are good
    if (!text.isWellFormed()) this.#refuseBroken(rows);
    return text;
  }

  #field(row: readonly unknown[], column: number): string {
    const value = row[column];
    if (value === null) return "\\N";
    if (typeof value === "string") return escaped(value);
    if (typeof value === "number" && value !== 0) return String(value);
    try {
      if (value === undefined) throw new TypeError("Cannot use undefined as a value: pass null for NULL");
      return escaped(writeValue(value, this.#types[column] ?? 0));
    } catch (error) {
      throw this.#refusal(row, column, messageOf(error));
    }
  }

  #refuseBroken(rows: readonly (readonly unknown[])[]): void {
    this.#rows -= rows.length;
    for (const row of rows) {
      const column = this.#columns.findIndex((_, index) => !this.#field(row, index).isWellFormed());
      if (column >= 0) {
        throw this.#refusal(row, column, "Cannot write text with half a surrogate pair: it is no Unicode");
      }
      this.#rows++;
    }
  }

  #refusal(row: readonly unknown[], column: number | undefined, problem: string): LoadRowError {
    const at = this.#rows + 1;
    const message = column === undefined ? `Row ${at} ${problem}` : problem;
    return new LoadRowError(new DatabaseError("other", message), {
      row: at,
      ...column === undefined ? {} : { column: this.#columns[column], value: shown(row[column]) },
    });
  }
}

function escaped(text: string): string {
  if (!SPECIAL_REGEXP.test(text)) return text;
  return text.replace(ALL_SPECIAL_REGEXP, (character) => ESCAPES[character] ?? character);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : Deno.inspect(value);
}
