/**
 * Which row a server speaks of when it does not like one.
 *
 * @module
 */

import { DatabaseError, LoadRowError } from "./database.ts";

/** What the server's diagnostics tell of a statement. */
export interface LoadTrouble {
  readonly state: string;
  readonly number: number;
  readonly message: string;
  /** From 1; 0 where it is not told. */
  readonly row: number;
}

const ROW_REGEXP = / at row (\d+)$/;
const COLUMN_REGEXP =
  /[Cc]olumn (?:`(?:[^`]|``)*`\.`(?:[^`]|``)*`\.)?(?:`((?:[^`]|``)+)`|'(.+?)')(?= at row \d+$| cannot be null$|$)/;
const VALUE_REGEXP = /^Incorrect [\w ]+ value: '([\s\S]*)' for column |^Duplicate entry '([\s\S]*)' for key /;

/** Rows that a statement has brought. */
export interface Brought {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows of the load came before them. */
  readonly before: number;
}

/** The error of a row where it is known which; else the error as it is. */
export function troubleError(
  error: DatabaseError,
  { message, row: told }: Pick<LoadTrouble, "message" | "row">,
  { columns, rows, before }: Brought,
): DatabaseError {
  const row = told > 0 ? told : Number(ROW_REGEXP.exec(message)?.[1] ?? 0);
  if (row === 0) return error;
  const [, quoted, plain] = COLUMN_REGEXP.exec(message) ?? [];
  const column = quoted?.replaceAll("``", "`") ?? plain;
  const [, incorrect, duplicate] = VALUE_REGEXP.exec(message) ?? [];
  const given = rows[row - 1]?.[columns.findIndex((name) => name.toLowerCase() === column?.toLowerCase())];
  return new LoadRowError(numbered(error, before + row), {
    row: before + row,
    column,
    value: shown(given) ?? incorrect ?? duplicate,
  });
}

function shown(value: unknown): string | undefined {
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

/** The error with the number of the row within the load, not within the statement. */
function numbered(error: DatabaseError, row: number): DatabaseError {
  const { kind, statement, details, hint } = error;
  return new DatabaseError(kind, error.message.replace(ROW_REGEXP, ` at row ${row}`), { statement, details, hint });
}

/** Numbers of errors that are about a row, but not by their SQLSTATE: truncated, NULL given, wrong value, check. */
const ROW_NUMBERS: ReadonlySet<number> = new Set([1263, 1265, 1364, 1366, 1526, 3819, 4025]);

/** Whether it is a row that the server does not like, and not the statement as a whole. */
export function isAboutRow({ details: { sqlState = "", errno = 0 } }: DatabaseError): boolean {
  return /^(?:22|23|45)/.test(sqlState) || ROW_NUMBERS.has(errno);
}
