/**
 * PostgreSQL's words for rows that it refuses, and its SQL for rows whose key may be there.
 *
 * @module
 */

import type { BulkSql, Merge, Refusal, RowFault, ServerWords } from "./bulk_sql.ts";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const FAULTS: Readonly<Record<string, RowFault>> = {
  "22P02": "syntax",
  "22P03": "syntax",
  "22007": "syntax", // no date or time
  "22008": "syntax", // one that no calendar has: 2024-02-30
  "22003": "range",
  "22015": "range", // of an interval
  "22001": "too-long",
  "22026": "too-long", // of a bit string
  "22021": "encoding",
  "22P05": "encoding",
  "22P04": "width", // what COPY reads is not as it should be
  "23502": "null",
  "23505": "unique",
  "23503": "foreign-key",
  "23514": "check",
};
/** Data exceptions, violated constraints, and what a trigger raises. */
const OTHER_REGEXP = /^(?:22|23|P0001$)/;

const KEY_REGEXP = /\(([^()]*)\)=\((.*)\)/;
const QUOTED_REGEXP = /["«„“]([^"«»“”]+)["»“”]/;

function refusal({ message, details: { sqlState = "", detail, constraint } }: ServerWords): Refusal | undefined {
  const fault = FAULTS[sqlState] ?? (OTHER_REGEXP.test(sqlState) ? "other" : undefined);
  if (fault === undefined) return undefined;
  const [, names, values] = KEY_REGEXP.exec(detail ?? "") ?? [];
  const keyed = (fault === "unique" || fault === "foreign-key") && names !== undefined;
  const missing = fault === "null" ? QUOTED_REGEXP.exec(message)?.[1] : undefined;
  const columns = keyed ? names.split(", ").map(unquoted) : missing === undefined ? [] : [missing];
  return { fault, columns, value: keyed && columns.length === 1 ? values : undefined, constraint };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
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

const ROW = "delembic_row";

/** Rows in the order of the source, with the start of the statement that adds them. */
function insert({ table, columns, stage }: Merge, from: string): string {
  return `insert into ${path(table)} (${list(columns)}) overriding system value
    select ${list(columns)} from ${from.replace("STAGE", quoted(stage))} order by ${ROW}`;
}

export const postgresBulk: BulkSql = {
  refusal,
  looseTypes: false,
  countsLines: true,
  tables: `select relname as name from pg_class
    where pg_table_is_visible(oid) and relkind in ('r', 'p', 'v', 'f')
      and relnamespace <> 'pg_catalog'::regnamespace and relnamespace <> 'information_schema'::regnamespace`,
  createStage: ({ stage, table, unset }) => [
    // its NOT NULL tells the row that it refuses while it is read; a check may be about a column that gets its default later
    `create temporary table ${quoted(stage)} (like ${path(table)},
      ${ROW} bigint generated always as identity (cache 1000))`,
    ...unset.map((name) => `alter table ${quoted(stage)} alter column ${quoted(name)} drop not null`),
  ],
  dropStage: (stage) => `drop table ${quoted(stage)}`,
  skip: (merge) => [
    `${insert(merge, "STAGE")} on conflict (${list(merge.key.map(({ name }) => name))}) do nothing`,
  ],
  update: (merge) => {
    const key = merge.key.map(({ name }) => name);
    const nullable = merge.key.filter((column) => column.nullable).map(({ name }) => `${quoted(name)} is null`);
    // keys with a NULL are never the same
    const same = [list(key), ...(nullable.length > 0 ? [`case when ${nullable.join(" or ")} then ${ROW} end`] : [])];
    const last = `(select distinct on (${same.join(", ")}) * from STAGE order by ${same.join(", ")}, ${ROW} desc) last`;
    const rest = merge.columns.filter((name) => !key.includes(name));
    const action = rest.length === 0
      ? "nothing"
      : `update set ${rest.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(", ")}`;
    return [`${insert(merge, last)} on conflict (${list(key)}) do ${action}`];
  },
};
