/**
 * Rows that a database refused, as errors that say where they are and what is wrong with them.
 *
 * @module
 */

import type { LoadOptions } from "./bulk_options.ts";
import { problemOf } from "./bulk_problem.ts";
import { BAD_ROW_HINT, type RowPlace } from "./bulk_source.ts";
import type { BulkSql, Refusal } from "./db/bulk_sql.ts";
import type { ColumnShape, TableShape } from "./db/catalog.ts";
import { type DatabaseError, LoadRowError } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import { BadRowError, badRowText } from "./rows_errors.ts";

const UNIQUE_HINT = 'Rows that are there already can be left out or written over: onConflict: "skip" or "update". ' +
  "Nothing was loaded.";

export class Refusals {
  readonly #sql: BulkSql;
  readonly #shape: TableShape;
  readonly #source: string;
  readonly #onConflict: NonNullable<LoadOptions["onConflict"]>;

  constructor(
    sql: BulkSql,
    shape: TableShape,
    source: string,
    onConflict: NonNullable<LoadOptions["onConflict"]>,
  ) {
    this.#sql = sql;
    this.#shape = shape;
    this.#source = source;
    this.#onConflict = onConflict;
  }

  isRefusal(error: DatabaseError): boolean {
    return error instanceof LoadRowError || this.#sql.refusal(error) !== undefined;
  }

  /** @param values of the row in the order of the columns */
  badRow(
    error: DatabaseError,
    columns: readonly ColumnShape[],
    values: readonly unknown[] | undefined,
    place: RowPlace,
  ): BadRowError {
    const refusal = this.#refusalOf(error);
    const told = error instanceof LoadRowError ? error : {};
    const problem = problemOf(refusal, told, { shape: this.#shape, columns, values }, error.message);
    return new BadRowError(this.#source, { ...place, ...problem }, { hint: this.#hintFor(refusal), cause: error });
  }

  /** Where the row cannot be found again. */
  unplaced(error: DatabaseError): DelembicError {
    const refusal = this.#refusalOf(error);
    const told = error instanceof LoadRowError ? error : {};
    const row = { shape: this.#shape, columns: this.#shape.columns, values: undefined };
    const problem = problemOf(refusal, told, row, error.message);
    const where = error instanceof LoadRowError ? `Row ${error.row}` : "A row";
    const text = badRowText({ ...problem, line: undefined, row: 0, text: "" });
    return new DelembicError(`${where} of ${this.#source}: ${text}`, {
      code: "bad-row",
      hint: this.#hintFor(refusal),
      cause: error,
      data: { source: this.#source, ...(error instanceof LoadRowError ? { row: error.row } : {}) },
    });
  }

  #refusalOf(error: DatabaseError): Refusal {
    return this.#sql.refusal(error) ?? { fault: "other", columns: [], value: undefined, constraint: undefined };
  }

  #hintFor({ fault }: Refusal): string {
    return fault === "unique" && this.#onConflict === "error" ? UNIQUE_HINT : BAD_ROW_HINT;
  }
}
