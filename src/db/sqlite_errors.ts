/**
 * SQLite's errors as ours, by its result codes: https://sqlite.org/rescode.html
 *
 * @module
 */

import { DatabaseError, type DatabaseErrorKind } from "./database.ts";
import { messageOf } from "../errors.ts";

/** By extended result code. */
const EXTENDED_KINDS: ReadonlyMap<number, DatabaseErrorKind> = new Map([
  [517, "serialization"], // BUSY_SNAPSHOT: what was read is out of date, and waiting does not mend it
  [1555, "unique"], // CONSTRAINT_PRIMARYKEY
  [2067, "unique"], // CONSTRAINT_UNIQUE
  [2579, "unique"], // CONSTRAINT_ROWID
]);

/** By primary result code: the low byte. */
const KINDS: ReadonlyMap<number, DatabaseErrorKind> = new Map([
  [3, "privilege"], // PERM
  [5, "lock-timeout"], // BUSY: another connection uses the file
  [6, "lock-timeout"], // LOCKED: another statement of this connection uses the table
  [8, "privilege"], // READONLY
  [9, "cancelled"], // INTERRUPT
  [10, "storage"], // IOERR
  [11, "storage"], // CORRUPT
  [13, "storage"], // FULL
  [14, "storage"], // CANTOPEN, in use: the journal beside the file
  [23, "privilege"], // AUTH
  [26, "storage"], // NOTADB
]);

const HINTS: ReadonlyMap<number, string> = new Map([
  [5, "Another process is using the database file. Wait until it is done, or end it."],
  [8, "The file, its folder or the file system is read-only for this user: SQLite writes into both."],
  [10, "The disk or the file system failed: see the system's log."],
  [11, "The file is damaged. Restore a copy, or see https://sqlite.org/recovery.html."],
  [13, "The disk is full, or the database has reached its 'pragma max_page_count'. Make room and try again."],
  [14, "SQLite writes a journal into the database's folder: give this user the right to."],
  [26, "The file is something else, or is encrypted: check the path in the URL."],
]);

/** What SQLite says only in words. */
const MISSING_TABLE_REGEXP = /^no such table: /;
const EXISTS_REGEXP = /^(?:table|view|index|trigger) .* already exists$|^there is already (?:a table|an index) named /;

/** The result code that an error of `node:sqlite` carries. */
export function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}

/** Whether the file was in use, so that the same statement may succeed a little later. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code !== undefined && (code & 0xff) === 5 && !EXTENDED_KINDS.has(code);
}

/** An error of `node:sqlite` as ours; what is not of SQLite stays what it is. */
export function sqliteError(error: unknown, statement?: string): unknown {
  const code = resultCodeOf(error);
  if (code === undefined) return error;
  const message = messageOf(error);
  return new DatabaseError(kindOf(code, message), message, {
    statement,
    details: { sqlState: String(code), errno: code & 0xff },
    hint: HINTS.get(code & 0xff),
    cause: error,
  });
}

function kindOf(code: number, message: string): DatabaseErrorKind {
  if (MISSING_TABLE_REGEXP.test(message)) return "missing-table";
  if (EXISTS_REGEXP.test(message)) return "exists";
  return EXTENDED_KINDS.get(code) ?? KINDS.get(code & 0xff) ?? "other";
}
