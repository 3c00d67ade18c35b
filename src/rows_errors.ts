/**
 * What can be wrong with a source of rows: the source itself, or one of its rows.
 *
 * @module
 */

import { DelembicError } from "./errors.ts";
import type { BadRow } from "./rows.ts";

/** A file of rows that cannot be read, or not as what it is said to be. */
export class RowFileError extends DelembicError {
  constructor(
    message: string,
    options: { file: string; line?: number | undefined; hint?: string | undefined; cause?: unknown },
  ) {
    const { file, line, hint, cause } = options;
    super(message, { code: "data-file", place: line === undefined ? { file } : { file, line }, hint, cause });
  }
}

/** A row that cannot be taken. The place is the line on which it begins. */
export class BadRowError extends DelembicError {
  readonly bad: BadRow;

  /** @param source the reader's name: a file where the row has a line */
  constructor(source: string, bad: BadRow, options: { hint?: string | undefined; cause?: unknown } = {}) {
    const { row, line, column, value } = bad;
    const what = badRowText(bad);
    super(line === undefined ? `Row ${row} of ${source}: ${what}` : what, {
      code: "bad-row",
      place: line === undefined ? undefined : { file: source, line },
      hint: options.hint,
      cause: options.cause,
      data: { source, row, ...(column === undefined ? {} : { column }), ...(value === undefined ? {} : { value }) },
    });
    this.bad = bad;
  }
}

/** What is wrong with a row, without its place: `Column age: "abc" is not an integer`. */
export function badRowText({ column, value, problem }: BadRow): string {
  if (column === undefined) return problem;
  return `Column ${column}: ${value === undefined ? "the value" : clipped(value)} ${problem}`;
}

const MAX_SHOWN = 100;

/** A value in double quotes, as much of it as a message can hold. */
export function clipped(value: string): string {
  return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
}
