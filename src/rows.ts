/**
 * Rows on their way into a table, from wherever they come: files, other databases, the migration's own code.
 *
 * @module
 */

/** A row that could not be taken, with all that is known of where and why. */
export interface BadRow {
  /** From 1; `undefined` where the source has no lines. */
  readonly line: number | undefined;
  /** From 1, without a header. */
  readonly row: number;
  readonly column: string | undefined;
  /** As it stands in the source. */
  readonly value: string | undefined;
  /** Continues a sentence: `is not an integer`; or a whole one where there is no column. */
  readonly problem: string;
  /** The row as it stands in the source, for the reject file. */
  readonly text: string;
}

/** Some hundreds or thousands of rows. */
export interface RowChunk {
  /**
   * The values of each row, in the order of {@link RowReader.columns}. What was text in a file is text here, for the
   * database to read as the column's type; NULL is `null`; other values are as `Session.query` takes them.
   */
  readonly rows: unknown[][];
  /** The line on which each row begins, from 1; `undefined` where the source has no lines. */
  readonly lines: readonly number[] | undefined;
  /** Rows of this part of the source that could not be read; only where they are collected, else they are thrown. */
  readonly bad: readonly BadRow[];
}

/** A row of a migration's own code or of JSON: by column name, or the values in the order of the columns. */
export type SourceRow = Readonly<Record<string, unknown>> | readonly unknown[];

/** The member that marks rows whose JSON is text: those of a database that does not know JSON from text. */
export const JSON_AS_TEXT: unique symbol = Symbol.for("delembic.json-as-text");

/** A source that was opened: what its columns are is known, its rows have not been read yet. */
export interface RowReader extends AsyncDisposable {
  /** What messages call it: the file's path from the ini file's folder, or `query on legacy`. */
  readonly name: string;
  /** Names of the columns: the header, the members of the first object; `undefined` where the source names none. */
  readonly columns: readonly string[] | undefined;
  /** How many values each row has, where that is known before the rows are read. */
  readonly width?: number | undefined;
  /** The number of the first row that is given, where the reader gives a part of the source. @default 1 */
  readonly firstRow?: number | undefined;
  /** The line of the header, for messages about it. */
  readonly headerLine: number | undefined;
  /** The rows, once. @throws {BadRowError} */
  chunks(): AsyncIterable<RowChunk>;
  /**
   * The same rows as checked CSV for a database that reads it by itself: UTF-8, no header, fields separated by
   * {@link CsvText.delimiter}, quoted by `"` where needed; only where no row needs a change on its way. Each chunk ends
   * with a record. Used instead of {@link chunks}. Structural faults (quotes, counts of fields, NUL, encoding) are thrown
   * as by {@link chunks}.
   */
  readonly csv?: CsvText | undefined;
  /** How a reject file of this source is written, so that it can be mended and read again with the same options. */
  readonly texts?: RowTexts | undefined;
  /**
   * Whether a text among its values is a value as any other, so that in a column of JSON it is one of JSON's texts; else,
   * as in CSV, it is what the database is to read.
   *
   * @default false
   */
  readonly typed?: boolean | undefined;
  /** How much of the source was read, 0 to 1; `undefined` where its size is not known. */
  readonly progress: number | undefined;
}

/** How rows are written in the format of their source. A file of them is UTF-8. */
export interface RowTexts {
  /** What stands before the first row: the header, with its end of line. */
  readonly opening: string;
  readonly separator: string;
  readonly closing: string;
  /** A row with these values, for a row of which the text is not known. */
  textOf(values: readonly unknown[]): string;
}

export interface CsvText {
  readonly delimiter: string;
  /** The unquoted text that stands for NULL. */
  readonly null: string;
  chunks(): AsyncIterable<Uint8Array>;
  /** How many rows were given out. */
  readonly rows: number;
  /** The line of a row that was given out, by its number from 1. */
  lineOf(row: number): number;
}
