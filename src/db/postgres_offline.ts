/**
 * Scripts for `psql`. What decides something is a DO block, which prints nothing and stops the script by an exception.
 *
 * @module
 */

import type { TablePath } from "./catalog.ts";
import { type OfflineSql, type Printer, SCRIPT_LEASE_SECONDS, type ScriptOpening } from "./offline_sql.ts";
import { dollarQuoted, postgresLiteral, postgresText } from "./postgres_literal.ts";
import { quoteId, quotePath } from "./postgres_name.ts";
import { postgresWalk, postgresWalkGuards } from "./postgres_offline_walk.ts";

/** What the session remembers, in settings of its own. */
const HOLDER = "current_setting('delembic.holder')";
const STARTED = "current_setting('delembic.started')::timestamp with time zone";
const MICROSECONDS = `'YYYY-MM-DD HH24:MI:SS.US"+00:00"'`;

/** A block that runs at once. */
function block(lines: readonly string[], declarations: readonly string[] = []): string {
  const declare = declarations.length === 0 ? "" : `declare\n${declarations.map((line) => `  ${line};\n`).join("")}`;
  return `do ${dollarQuoted(`\n${declare}begin\n${lines.map((line) => `  ${line}\n`).join("")}end `)};`;
}

function raise(message: string): string {
  return `raise exception using message = ${postgresText(message)};`;
}

function require(condition: string, message: string): string {
  return block([`if not coalesce((${condition}), false) then`, `  ${raise(message)}`, "end if;"]);
}

/** The tables that are missing: a role without the right to create can run where they exist. */
function makeTables(tables: ScriptOpening["tables"]): string {
  return block(
    Object.entries(tables).flatMap(([table, statements]) => [
      `if to_regclass('${table}') is null then`,
      ...statements.map((statement) => `${statement};`),
      "end if;",
    ]),
  );
}

/** The lease row; one that a script holds whose session is gone is free. */
function takeLock({ version }: Printer): string {
  return block([
    "begin",
    "  insert into delembic_lock (id, fence) values (1, 0) on conflict (id) do nothing;",
    "  select * into lease from delembic_lock where id = 1 for update nowait;",
    "exception when lock_not_available then",
    `  ${
      raise("Another run or script is at work on this database: wait until it has ended, then run this script again")
    }`,
    "end;",
    "if lease.holder is not null and lease.expires_at > clock_timestamp() and not (lease.holder like 'script-%' and not",
    "    exists (select 1 from pg_stat_activity where pid::text = split_part(lease.holder, '-', 2))) then",
    "  raise exception using message = 'Another run holds the lock: ' || lease.holder || ', since ' || lease.acquired_at ||",
    "    '. Wait for it; if it is dead, ''delembic unlock --force'' takes its lock';",
    "end if;",
    "perform set_config('delembic.holder',",
    "  'script-' || pg_backend_pid() || '-' || substr(md5(clock_timestamp()::text || random()), 1, 8), false);",
    `update delembic_lock set holder = ${HOLDER}, fence = fence + 1, acquired_at = clock_timestamp(),`,
    `  expires_at = clock_timestamp() + interval '${SCRIPT_LEASE_SECONDS} seconds', details = json_build_object('host',`,
    "    coalesce(host(inet_client_addr()), 'localhost'), 'pid', pg_backend_pid(), 'user', session_user, 'command',",
    `    'a printed script', 'version', ${
      postgresText(version)
    }, 'since', clock_timestamp(), 'backends', '[]'::json)::text`,
    "  where id = 1;",
  ], ["lease delembic_lock%rowtype"]);
}

function settings(options: Readonly<Record<string, string>>): string[] {
  const path = options["search_path"];
  return [
    "\\set ON_ERROR_STOP on\n\\set AUTOCOMMIT on\n\\set QUIET on\n\\encoding UTF8",
    "set client_min_messages = warning;\nset standard_conforming_strings = on;\nset bytea_output = hex;",
    ...(path === undefined ? [] : [block([`perform set_config('search_path', ${postgresText(path)}, false);`])]),
    ...(options["options"] === undefined
      ? []
      : ["-- The URL has 'options' for the server, which this script does not set: set PGOPTIONS where it is run."]),
  ];
}

const NUMBER_PATTERN = String.raw`'^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$'`;

/** The value as JSON tells what it is: see `isTrue` of `src/sql_steps.ts`. */
function requireTrue(query: string, message: string): string {
  return block([
    `for found in execute ${dollarQuoted(query, "query")} loop`,
    "  rows := rows + 1;",
    "  select count(*), jsonb_agg(value) -> 0 into columns, answer from jsonb_each(to_jsonb(found));",
    "  given := answer #>> '{}';",
    "  holds := columns = 1 and case jsonb_typeof(answer) when 'boolean' then given = 'true'",
    "    when 'number' then given::numeric <> 0",
    `    when 'string' then given in ('t', 'true', 'Infinity', '-Infinity') or given ~ ${NUMBER_PATTERN} and given ~ '[1-9]'`,
    String.raw`      or given ~ '^\\x([0-9a-f]{2})+$' and given ~ '[1-9a-f]'`,
    "    when 'null' then false else true end;",
    "end loop;",
    "if rows <> 1 or not coalesce(holds, false) then",
    `  ${raise(message)}`,
    "end if;",
  ], [
    "found record",
    "rows integer := 0",
    "columns integer",
    "answer jsonb",
    "given text",
    "holds boolean",
  ]);
}

/** The server is asked what it would take the placeholders for. */
function refuseJson(statement: string, placeholders: readonly number[], message: string): string {
  return [
    `prepare delembic_look as ${statement}\n;`,
    require(
      `not exists (select 1 from pg_prepared_statements where name = 'delembic_look' and exists (
      select 1 from unnest(parameter_types) with ordinality taken (type, number)
        where taken.type::text in ('json', 'jsonb') and taken.number in (${placeholders.join(", ")})))`,
      message,
    ),
    "deallocate delembic_look;",
  ].join("\n");
}

function isJson(table: TablePath, column: string): string {
  return `exists (select 1 from pg_attribute where attrelid = to_regclass(${postgresText(quotePath(table))})
    and attname = ${postgresText(column)} and atttypid in ('json'::regtype, 'jsonb'::regtype))`;
}

export const postgresOffline: OfflineSql = {
  client: {
    name: "psql",
    call: "psql -X -f FILE",
    ownLine: undefined,
    variables: true,
    backslashCommands: true,
    delimited: undefined,
    keepReturns: undefined,
  },
  moments: {
    now: "clock_timestamp()",
    started: STARTED,
    elapsed: `extract(epoch from clock_timestamp() - ${STARTED})`,
    startedText: " :'delembic_started' ",
    runId: "current_setting('delembic.run')::integer",
    username: () => "session_user",
    hostname: () => "coalesce(host(inet_client_addr()), 'localhost')",
  },
  literal: postgresLiteral,
  text: postgresText,
  concat: (parts) => `(${parts.join(" || ")})`,
  open: ({ printer, options, tables }) => [...settings(options), makeTables(tables), takeLock(printer)],
  close: () => [
    `update delembic_lock set holder = null, expires_at = clock_timestamp() where id = 1 and holder = ${HOLDER};`,
  ],
  begin: "begin;",
  commit: "commit;",
  require,
  startClock: [
    block(["perform set_config('delembic.started', clock_timestamp()::text, false);"]),
    // as a variable of the client it is a literal without a type, as a placeholder's value is
    `select to_char(${STARTED} at time zone 'UTC', ${MICROSECONDS}) as delembic_started \\gset`,
  ].join("\n"),
  rememberRun: block([
    "perform set_config('delembic.run', currval(pg_get_serial_sequence('delembic_run_history', 'id'))::text, false);",
  ]),
  holdLock: (seconds) =>
    block([
      `update delembic_lock set expires_at = clock_timestamp() + interval '${seconds} seconds'`,
      `  where id = 1 and holder = ${HOLDER};`,
      "if not found then",
      `  ${raise("The lock was lost: another run took it. See what it did with 'delembic history'")}`,
      "end if;",
    ]),
  hasTable: (table) => `to_regclass(${postgresText(quotePath(table))}) is not null`,
  nobodyElse: undefined,
  requireTrue,
  questions: undefined,
  walkGuards: postgresWalkGuards,
  walk: postgresWalk,
  walksAtOnce: false,
  refuseJson,
  countUpTo: (table, most) =>
    `(select case when count(*) <= ${most} then count(*) end from (select 1 from ${quotePath(table)} limit ${
      most + 1
    }) counted)`,
  loading: { before: [], after: [] },
  isJson,
  takes: undefined,
  keepsIdentity: " overriding system value",
  onConflict: (key, set) =>
    `on conflict (${key.map(quoteId).join(", ")}) do ${
      set.length === 0
        ? "nothing"
        : `update set ${set.map((name) => `${quoteId(name)} = excluded.${quoteId(name)}`).join(", ")}`
    }`,
};
