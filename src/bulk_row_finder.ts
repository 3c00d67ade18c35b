/**
 * Finds the row that a database named by a number, while the rows of the source are read again. Pure.
 *
 * @module
 */

import type { LoadRowError } from "./db/database.ts";

/** By row, or by the line in which the row ends, as a database counts that reads CSV by itself. */
export class RowFinder {
  readonly #error: Pick<LoadRowError, "row" | "value">;
  readonly #byLine: boolean;
  readonly #column: number;
  #rows = 0;
  /** Ends of lines within the values so far, by each of the characters that end lines: which of them counts is the file's. */
  #feeds = 0;
  #returns = 0;

  /** @param column where among the values the refused one is; -1 when that is not known */
  constructor(error: Pick<LoadRowError, "row" | "value">, byLine: boolean, column: number) {
    this.#error = error;
    this.#byLine = byLine;
    this.#column = column;
  }

  /** The index of the row among these, which come next. */
  find(rows: readonly (readonly unknown[])[]): number | undefined {
    for (const [index, values] of rows.entries()) {
      this.#rows++;
      if (this.#byLine) this.#count(values);
      if (this.#isIt(values)) return index;
    }
    return undefined;
  }

  #count(values: readonly unknown[]): void {
    // PostgreSQL does not know yet in the first record how lines end, and counts none there
    if (this.#rows === 1) return;
    for (const value of values) {
      if (typeof value !== "string") continue;
      for (let at = value.indexOf("\n"); at >= 0; at = value.indexOf("\n", at + 1)) this.#feeds++;
      for (let at = value.indexOf("\r"); at >= 0; at = value.indexOf("\r", at + 1)) this.#returns++;
    }
  }

  #isIt(values: readonly unknown[]): boolean {
    const { row, value } = this.#error;
    if (this.#rows + this.#feeds === row || this.#rows + this.#returns === row) {
      const held = values[this.#column];
      return value === undefined || this.#column < 0 || held === value || this.#feeds === this.#returns;
    }
    return false;
  }
}
