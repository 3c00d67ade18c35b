/**
 * SQLite's words for rows that it refuses, and its SQL for rows whose key may be there.
 *
 * @module
 */

import type { BulkSql, Merge, Refusal, RowFault, ServerWords } from "./bulk_sql.ts";

/** By extended result code: https://sqlite.org/rescode.html */
const FAULTS: Readonly<Record<string, RowFault>> = {
  "1299": "null",
  "1555": "unique", // primary key
  "2067": "unique",
  "2579": "unique", // rowid
  "787": "foreign-key",
  "275": "check",
  "3091": "syntax", // in a STRICT table
  "20": "syntax", // MISMATCH: a rowid that is no integer
  "1811": "other", // RAISE in a trigger
  "19": "other",
};

const FAILED_REGEXP = /^(?:NOT NULL|UNIQUE) constraint failed: (.*)$/s;
const CHECK_REGEXP = /^CHECK constraint failed: (.*)$/s;
const STRICT_REGEXP = /^cannot store \w+ value in \w+ column (.*)$/s;

function refusal({ message, details: { sqlState = "" } }: ServerWords): Refusal | undefined {
  const fault = FAULTS[sqlState];
  if (fault === undefined) return undefined;
  const names = FAILED_REGEXP.exec(message)?.[1] ?? STRICT_REGEXP.exec(message)?.[1];
  const columns = (names?.split(", ") ?? []).map((name) => name.slice(name.lastIndexOf(".") + 1));
  return { fault, columns, value: undefined, constraint: CHECK_REGEXP.exec(message)?.[1] };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function list(names: readonly string[]): string {
  return names.map(quoted).join(", ");
}

function path(names: readonly string[]): string {
  return names.map(quoted).join(".");
}

/** One row after another, so that of those with the same key each meets the one before it. */
function insert({ table, columns, stage, key }: Merge, action: string): string {
  return `insert into ${path(table)} (${list(columns)})
    select ${list(columns)} from temp.${quoted(stage)} where true order by rowid
    on conflict (${list(key.map(({ name }) => name))}) do ${action}`;
}

export const sqliteBulk: BulkSql = {
  refusal,
  looseTypes: true,
  countsLines: false,
  tables: "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'",
  createStage: ({ stage, table, columns }) => [
    `create temporary table ${quoted(stage)} as select ${list(columns)} from ${path(table)} where false`,
  ],
  dropStage: (stage) => `drop table temp.${quoted(stage)}`,
  skip: (merge) => [insert(merge, "nothing")],
  update: (merge) => {
    const rest = merge.columns.filter((name) => !merge.key.some((column) => column.name === name));
    const sets = rest.map((name) => `${quoted(name)} = excluded.${quoted(name)}`);
    return [insert(merge, sets.length === 0 ? "nothing" : `update set ${sets.join(", ")}`)];
  },
};
