/**
 * Scripts for `sqlite3`. What decides something is a temporary trigger, the only place where SQLite raises an error.
 *
 * @module
 */

import type { TablePath } from "./catalog.ts";
import type { OfflineSql } from "./offline_sql.ts";
import { UTC_NOW } from "./sqlite_clock.ts";
import { sqliteLiteral, sqliteText } from "./sqlite_literal.ts";
import { sqliteWalk, sqliteWalkGuards } from "./sqlite_offline_walk.ts";
import { quoted } from "./sqlite_text.ts";

const STARTED = "(select started from temp.delembic_moment)";

/** Rolls back and stops, unless the condition holds. */
function require(condition: string, message: string): string {
  return [
    "create temp trigger delembic_stop before insert on delembic_check when coalesce(new.holds, 0) = 0",
    `begin select raise(rollback, ${
      message.includes("\r") ? sqliteText(message.replaceAll("\r", "")) : sqliteText(message)
    }); end;`,
    `insert into temp.delembic_check values ((${condition}));`,
    "drop trigger temp.delembic_stop;",
  ].join("\n");
}

function pathOf(table: TablePath): string {
  return table.map(quoted).join(".");
}

/** See `isTrue` of `src/sql_steps.ts`. */
function requireTrue(query: string, message: string): string {
  return [
    "delete from temp.delembic_answer;",
    `insert into temp.delembic_answer ${query}\n;`,
    require(
      `(select count(*) = 1 and max(case typeof(value)
      when 'integer' then value <> 0
      when 'real' then value <> 0
      when 'text' then value in ('t', 'true') or (trim(value) not glob '*[^0-9.eE+-]*' and value + 0 <> 0)
      when 'blob' then trim(hex(value), '0') <> ''
      else 0 end) from temp.delembic_answer)`,
      message,
    ),
  ].join("\n");
}

function isJson(table: TablePath, column: string): string {
  const [name = "", schema = "main"] = [...table].reverse();
  return `exists (select 1 from pragma_table_info(${sqliteText(name)}, ${sqliteText(schema)})
    where name = ${sqliteText(column)} collate nocase and type like '%json%')`;
}

/** As `sqliteKind` of `src/db/sqlite_catalog.ts` understands the names of types; kinds that take any text are `other`. */
const KIND = `case
    when type like '%bool%' then 'boolean'
    when type like 'datetime%' or type like 'timestamp%' then 'timestamp'
    when lower(type) = 'date' or lower(type) glob 'date[^a-z0-9_]*' then 'date'
    when lower(type) = 'time' or lower(type) glob 'time[^a-z0-9_]*' then 'time'
    when type like 'interval%' then 'other'
    when type like 'uuid%' or type like 'guid%' or type like 'uniqueidentifier%' then 'uuid'
    when type like 'json%' then 'json'
    when type like '%int%' then 'integer'
    when type like '%char%' or type like '%clob%' or type like '%text%' or type like 'string%' then 'other'
    when type like '%blob%' or type like '%binary%' or type like 'bytea%' then 'other'
    when type like '%real%' or type like '%floa%' or type like '%doub%' then 'float'
    when type like '%dec%' or type like '%numeric%' or type like '%number%' or type like '%money%' then 'decimal'
    else 'other' end`;

function takes(table: TablePath, column: string, kinds: readonly string[]): string {
  const [name = "", schema = "main"] = [...table].reverse();
  const fine = ["other", ...kinds].map(sqliteText).join(", ");
  return `not exists (select 1 from pragma_table_info(${sqliteText(name)}, ${sqliteText(schema)})
    where name = ${sqliteText(column)} collate nocase and ${KIND} not in (${fine}))`;
}

export const sqliteOffline: OfflineSql = {
  client: {
    name: "sqlite3",
    call: "sqlite3 DATABASE < FILE",
    ownLine: /^(?:\/|go)$/i,
    variables: false,
    backslashCommands: false,
    delimited: undefined,
    // CHR(13) behind each line's text; the line's own end follows
    keepReturns: (text) => `(${text.replaceAll("\r\n", "'||char(13)||'\n")})`,
  },
  moments: {
    now: UTC_NOW,
    started: STARTED,
    elapsed: `round((julianday('now') - julianday(${STARTED})) * 86400, 3)`,
    startedText: `(${STARTED} || '+00:00')`,
    runId: "(select run from temp.delembic_moment)",
    username: ({ username }) => sqliteText(username),
    hostname: ({ hostname }) => sqliteText(hostname),
  },
  literal: sqliteLiteral,
  text: sqliteText,
  concat: (parts) => `(${parts.join(" || ")})`,
  open: ({ options, tables }) => [
    `.bail on\n.timeout 5000\npragma foreign_keys = ${
      /^(?:0|off|false|no)$/i.test(options["foreign_keys"] ?? "") ? "off" : "on"
    };`,
    "create temp table delembic_check (holds);\ncreate temp table delembic_answer (value);",
    "create temp table delembic_moment (started text, run integer);\ninsert into temp.delembic_moment values (null, null);",
    require(
      "(select encoding from pragma_encoding) = 'UTF-8'",
      "The database's texts are not UTF-8: this script would write some of them wrongly",
    ),
    ...Object.values(tables).flat().map((statement) =>
      `${statement.replace(/^create table /i, "create table if not exists ")};`
    ),
  ],
  close: () => [],
  // who reads waits, too: a run must not plan what this is about to do
  begin: "begin exclusive;",
  commit: "commit;",
  require,
  startClock: `update temp.delembic_moment set started = ${UTC_NOW};`,
  rememberRun: "update temp.delembic_moment set run = last_insert_rowid();",
  // BEGIN IMMEDIATE keeps all others from writing
  holdLock: () => "",
  hasTable: (table) => {
    const [name = "", schema] = [...table].reverse();
    const master = schema === undefined ? "sqlite_master" : `${quoted(schema)}.sqlite_master`;
    return `exists (select 1 from ${master} where type in ('table', 'view') and name = ${
      sqliteText(name)
    } collate nocase)`;
  },
  nobodyElse: {
    condition: "not exists (select 1 from delembic_run_history where ended_at is null)",
    message: "A run is at work, or died: 'delembic history' tells. Wait for it, or settle what died with " +
      "'delembic upgrade', then run this script again",
  },
  requireTrue,
  questions: new Set(["select", "with", "values"]),
  walkGuards: sqliteWalkGuards,
  walk: sqliteWalk,
  walksAtOnce: true,
  refuseJson: undefined,
  countUpTo: (table, most) =>
    `(select case when count(*) <= ${most} then count(*) end from (select 1 from ${pathOf(table)} limit ${most + 1}))`,
  loading: { before: [], after: [] },
  isJson,
  takes,
  keepsIdentity: "",
  onConflict: (key, set) =>
    `on conflict (${key.map(quoted).join(", ")}) do ${
      set.length === 0
        ? "nothing"
        : `update set ${set.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(", ")}`
    }`,
};
