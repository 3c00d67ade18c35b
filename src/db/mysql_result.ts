/**
 * What the driver answers to a statement, as rows of ours.
 *
 * @module
 */

import type { ResultSetHeader } from "mysql2";
import type { Row } from "./database.ts";
import { type Column, readerOf } from "./mysql_types.ts";

/** What the driver gives for a statement: for several results (`CALL`) arrays of both. */
export interface Answer {
  readonly rows: unknown;
  readonly fields: readonly unknown[] | undefined;
}

export interface FirstResult {
  readonly rows: readonly (readonly unknown[])[];
  /** Absent when no result has rows. */
  readonly columns?: readonly Column[];
  /** The server's last word; absent behind a single result with rows. */
  readonly header?: ResultSetHeader;
}

/** The first result with rows, of what may be several. */
export function firstResult({ rows, fields }: Answer): FirstResult {
  if (fields === undefined) return { rows: [], header: rows as ResultSetHeader };
  if (fields.length > 0 && fields.every((field) => field !== undefined && !Array.isArray(field))) {
    return { rows: rows as unknown[][], columns: fields as unknown as Column[] };
  }
  const results = rows as readonly unknown[];
  const last = results.at(-1);
  const at = fields.findIndex((field) => Array.isArray(field));
  return {
    rows: at < 0 ? [] : results[at] as unknown[][],
    ...(at < 0 ? {} : { columns: fields[at] as unknown as Column[] }),
    ...(Array.isArray(last) ? {} : { header: last as ResultSetHeader }),
  };
}

/** Makes a row of the values that the driver gives. */
export type RowReader = (row: readonly unknown[]) => Row;

export function rowReader(columns: readonly Column[]): RowReader {
  const names = columns.map(({ name }) => name);
  const readers = columns.map(readerOf);
  return (values) => {
    const row: Row = {};
    for (let index = 0; index < names.length; index++) {
      const value = values[index];
      const read = readers[index];
      row[names[index] as string] = value === null || read === undefined ? value : read(value);
    }
    return row;
  };
}
