/**
 * What SQL of an Alembic script does to the data by itself, as far as its words show. Pure.
 *
 * @module
 */

/** What one text of SQL does. */
export interface OwnWork {
  /** For people; empty where there is nothing to tell. */
  readonly message: string;
  /** The table whose columns it sets. */
  readonly fills: string | undefined;
  /** The table that it puts rows into. */
  readonly seeds: string | undefined;
  /** Whether a column is among those that it sets. */
  sets(column: string): boolean;
  /** Whether it names a table or column. */
  mentions(name: string): boolean;
}

const NAME = String.raw`(?:(?:["\x60\[]?\w+["\x60\]]?)\s*\.\s*)?["\x60\[]?(\w+)["\x60\]]?`;
const UPDATE_REGEXP = new RegExp(String.raw`^\s*update\s+(?:only\s+)?${NAME}(?:\s+(?:as\s+)?\w+)?\s+set\b(.*)$`, "is");
const INSERT_REGEXP = new RegExp(String.raw`^\s*(?:insert|replace)\s+(?:ignore\s+|or\s+\w+\s+)?into\s+${NAME}`, "is");
const QUIET_REGEXP =
  /^\s*(?:delete|select|set|comment|analyze|vacuum|lock|grant|revoke|pragma|create\s+(?:extension|schema|(?:unique\s+)?index|type|or\s+replace|function|trigger|view|sequence)|drop\s+(?:type|index|trigger|function|view|extension|schema|sequence)|refresh)\b/i;

/** `undefined` for SQL that may change the schema in ways that are not looked into. */
export function ownWork(sql: string): OwnWork | undefined {
  const words = new Set((sql.match(/\w+/g) ?? []).map((word) => word.toLowerCase()));
  const mentions = (name: string) => words.has(name.toLowerCase());
  const [, updated, rest = ""] = UPDATE_REGEXP.exec(sql) ?? [];
  const [, seeds] = INSERT_REGEXP.exec(sql) ?? [];
  const message = updated !== undefined
    ? `the script updates ${updated} by itself`
    : seeds !== undefined
    ? `the script puts rows into ${seeds} by itself`
    : undefined;
  if (message === undefined && !QUIET_REGEXP.test(sql)) return undefined;
  const set = rest.split(/\bwhere\b/i)[0] ?? "";
  const isSet = (column: string) =>
    new RegExp(String.raw`(?:^|[\s,."\x60\[(])${column}["\x60\]]?\s*[=,)]`, "i").test(set);
  const sets = (column: string) => /^\w+$/.test(column) && isSet(column);
  return {
    message: message ?? "",
    fills: updated,
    seeds,
    sets,
    mentions: message === undefined ? () => false : mentions,
  };
}
