/**
 * What databases say and write differently when a lot of rows comes in, one value a database.
 *
 * @module
 */

import type { ColumnShape, TablePath } from "./catalog.ts";

/** What is wrong with a row that a database refused, in words that the databases share. */
export type RowFault =
  | "syntax" // a text that is no value of the column's type
  | "range"
  | "too-long"
  | "null"
  | "encoding" // characters that the column cannot hold
  | "unique"
  | "foreign-key"
  | "check"
  | "width" // not as many fields as columns
  | "other"; // a trigger, or a rule of the server's own

/** As far as the server's message tells it. */
export interface Refusal {
  readonly fault: RowFault;
  readonly columns: readonly string[];
  /** As the server shows it, of the one column. */
  readonly value: string | undefined;
  /** The name of the key or check. */
  readonly constraint: string | undefined;
}

/** What an error says, without a class of errors. */
export interface ServerWords {
  readonly message: string;
  readonly details: {
    readonly sqlState?: string | undefined;
    readonly errno?: number | undefined;
    readonly detail?: string | undefined;
    readonly constraint?: string | undefined;
  };
}

/** Rows in a temporary table, on their way into the one that they are for. */
export interface Merge {
  readonly table: TablePath;
  readonly stage: string;
  readonly columns: readonly string[];
  /** Of a unique key. */
  readonly key: readonly ColumnShape[];
  /** Columns of the table that get no value, and take no NULL. */
  readonly unset: readonly string[];
  /** Whether another unique key could stop a row, besides this one. */
  readonly otherKeys: boolean;
}

export interface BulkSql {
  /** What an error says of a row; `undefined` when it is not about what is in the rows. */
  refusal(error: ServerWords): Refusal | undefined;
  /** Whether a column takes values of any type, so that a load has to look at them itself. */
  readonly looseTypes: boolean;
  /** Whether the row that it names in CSV is the number of a line: an end of line within quotes counts, too. */
  readonly countsLines: boolean;
  /** A query that gives the tables and views that a name without a schema finds, as `name`. */
  readonly tables: string;
  /** Makes a temporary table with columns of the same types, which keeps the order of its rows. */
  createStage(merge: Merge): readonly string[];
  dropStage(stage: string): string;
  /** Adds the rows whose key is not there, the first of those with the same key; the last statement's count tells how many. */
  skip(merge: Merge): readonly string[];
  /** Adds rows, and changes those whose key is there; of rows with the same key the last counts. */
  update(merge: Merge): readonly string[];
}
