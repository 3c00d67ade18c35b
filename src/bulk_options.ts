/**
 * What is told about a load: by the migration, and by the run that it is part of.
 *
 * @module
 */

import type { Progress } from "./progress.ts";

/** A row that is loaded: by column name, or the values in the order of `columns`. */
export type LoadRow = Readonly<Record<string, unknown>> | readonly unknown[];

/** How `conn.load` reads its source, and what it does with the rows. */
export interface LoadOptions {
  /** What the file is written in. @default by the name of the file */
  readonly format?: "csv" | "tsv" | "ndjson" | "json";
  /** How the file is compressed. @default by the name of the file */
  readonly compression?: "none" | "gzip" | "zstd";
  /** As the web's standards name it: `"windows-1252"`, `"utf-16le"`. @default "utf-8" */
  readonly encoding?: string;
  /** Between fields of CSV. @default "," */
  readonly delimiter?: string;
  /** Whether the first line names the columns. @default true */
  readonly header?: boolean;
  /** The unquoted text that means NULL. @default "" (an empty field; `""` in quotes is an empty text), `\N` in TSV */
  readonly null?: string;
  /**
   * The table's columns, in the order of the fields; or for columns of the table the name of the source's.
   * @default the source's names
   */
  readonly columns?: readonly string[] | Readonly<Record<string, string>>;
  /** Values for columns that the source does not have. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Columns of the source that are left out. */
  readonly ignore?: readonly string[];
  /** Changes each row; `undefined` leaves it out. */
  readonly map?: (row: Record<string, unknown>, place: { readonly row: number; readonly line?: number }) =>
    | Readonly<Record<string, unknown>>
    | undefined;
  /**
   * What to do with a row whose key is there already. Of rows of the source that have the same key, `"skip"` takes the
   * first, and with `"update"` the last one counts.
   *
   * @default "error"
   */
  readonly onConflict?: "error" | "skip" | "update";
  /** The columns of the unique key that decides. @default the primary key */
  readonly key?: string | readonly string[];
  /** `"collect"`: bad rows go to the reject file, and the others are loaded. @default "error" */
  readonly onBadRow?: "error" | "collect";
  /** How many bad rows are collected before the load fails after all. @default 1,000 */
  readonly maxBadRows?: number;
  /** Where bad rows go. @default beside the source: `data/person.csv.rejected` */
  readonly rejectFile?: string;
  /** Empties the table before, within the same transaction. @default false */
  readonly replace?: boolean;
}

/** What a load did. */
export interface LoadReport {
  /** Rows of the source, bad ones included. */
  readonly read: number;
  /** Added or, with `onConflict: "update"`, written over a row that was there. */
  readonly loaded: number;
  /** Left out by `onConflict: "skip"` or by `map`. */
  readonly skipped: number;
  /** Rows that were bad and left out. */
  readonly rejected: number;
  /** How long it took. */
  readonly seconds: number;
}

/** What a load is told by the run that it is part of. */
export interface LoadEnvironment {
  /** Absolute: files are relative to it. */
  readonly folder: string;
  /** The folder of the ini file, absolute: files in messages are relative to it. */
  readonly shownFrom: string;
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
  /** Tells people something that the load's result does not say by itself. */
  warn(message: string): void;
  /** For the audit trail; written when the attempt's work is committed. */
  record(load: LoadRecord): void;
}

/** What is kept of a load. */
export interface LoadRecord {
  readonly table: string;
  readonly source: string;
  readonly report: LoadReport;
  /** Rows of the table before and after: counted, or by statistics (`exact: false`) where it is large. */
  readonly before: RowCount;
  readonly after: RowCount;
}

export interface RowCount {
  readonly rows: number | undefined;
  readonly exact: boolean;
}
