/**
 * Scripts for the client `mariadb` (or `mysql`). What decides something is a procedure that the script makes and drops,
 * as there are neither conditions nor loops outside of one.
 *
 * @module
 */

import { type OfflineSql, type Printer, SCRIPT_LEASE_SECONDS, type ScriptOpening } from "./offline_sql.ts";
import { mysqlLiteral, mysqlText } from "./mysql_literal.ts";
import { quotePath } from "./mysql_name.ts";
import { mysqlWalk, mysqlWalkGuards } from "./mysql_offline_walk.ts";
import { delimited, inSchema, procedure } from "./mysql_script.ts";

const NOW = "utc_timestamp(6)";
const HOLDER = "@delembic_holder collate utf8mb4_bin";

function require(condition: string, message: string): string {
  return `call delembic_script_require((${condition}), ${mysqlText(message)});`;
}

/** The server takes so many characters for a message, and MySQL fewer than MariaDB. */
const REQUIRE = procedure(
  "delembic_script_require",
  "holds boolean, message text character set utf8mb4",
  `  if not coalesce(holds, false) then
    if version() not like '%MariaDB%' and char_length(message) > 128 then
      select message as \`Delembic stops\`;
      set message = concat(left(message, 127), '…');
    end if;
    signal sqlstate '45000' set message_text = message;
  end if;`,
);

function makeTables(tables: ScriptOpening["tables"]): string[] {
  return Object.values(tables).flat().map((statement) =>
    `${statement.replace(/^create table /, "create table if not exists ")};`
  );
}

/**
 * Stops where a condition holds before there is the procedure: what must not be there twice carries the message. A second
 * script must not take the procedures of a first one that is at work.
 */
function stopWhere(condition: string, message: string): string {
  return `insert into delembic_script_stop select ${message} from (select 1 union all select 1) twice where ${condition};`;
}

/** The lease row; one that a script holds whose session is gone is free. */
function takeLock({ version }: Printer): string[] {
  // a role sees its own sessions in any case, and those of others only if it may
  const free = `(holder is null or expires_at <= ${NOW} or (holder like 'script-%'
    and json_unquote(json_extract(details, '$.user')) =
      convert(substring_index(user(), '@', 1) using utf8mb4) collate utf8mb4_bin and not exists (
      select 1 from information_schema.processlist
        where id = cast(substring_index(substring_index(holder, '-', 2), '-', -1) as unsigned))))`;
  return [
    "create temporary table delembic_script_stop (message varchar(700) character set utf8mb4 not null primary key);",
    "set @delembic_holder = concat('script-', connection_id(), '-', left(md5(concat(uuid(), rand())), 8));",
    "set @delembic_other = (select concat('Another run holds the lock: ', holder, ', since ', acquired_at, ' UTC. Wait for " +
    `it; if it is dead, ''delembic unlock --force'' takes its lock') from delembic_lock where id = 1 and not ${free});`,
    stopWhere("@delembic_other is not null", "@delembic_other"),
    `update delembic_lock set holder = @delembic_holder, fence = fence + 1, acquired_at = ${NOW},
  expires_at = ${NOW} + interval ${SCRIPT_LEASE_SECONDS} second, details = json_object('host',
  substring_index(user(), '@', -1), 'pid', connection_id(), 'user', substring_index(user(), '@', 1),
  'command', 'a printed script', 'version', ${mysqlText(version)},
  'since', date_format(${NOW}, '%Y-%m-%dT%H:%i:%s.%fZ'), 'backends', json_array()) where id = 1 and ${free};`,
    "set @delembic_took = row_count();",
    stopWhere(
      "@delembic_took <> 1",
      "'Another run took the lock just now: wait until it has ended, then run this script again'",
    ),
    "drop temporary table delembic_script_stop;",
  ];
}

const NUMBER_PATTERN = "'^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?[[:space:]]*$'";

/** See `isTrue` of `src/sql_steps.ts`; of several rows, or columns, the server itself says that they are too many. */
function requireTrue(query: string, message: string): string {
  return [
    `set @delembic_answer = concat((${query}\n), '');`,
    require(
      `@delembic_answer in ('t', 'true') or (@delembic_answer regexp ${NUMBER_PATTERN}
      and substring_index(lower(@delembic_answer), 'e', 1) regexp '[1-9]')
    or hex(@delembic_answer) regexp '^0[1-9A-F]$'`,
      message,
    ),
  ].join("\n");
}

/** As loads set it: zero is a value like others, and nothing is cut to fit. */
const LOAD_MODE = "concat(@delembic_sql_mode, ',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO')";

export const mysqlOffline: OfflineSql = {
  client: {
    name: "mariadb",
    call: "mariadb DATABASE < FILE",
    ownLine: /^delimiter(?:\s.*)?$/i,
    variables: false,
    backslashCommands: true,
    delimited,
    // the line's own end follows
    keepReturns: (quoted) => quoted.replaceAll("\r\n", "\\r\n"),
  },
  moments: {
    now: NOW,
    started: "@delembic_started",
    elapsed: `timestampdiff(microsecond, @delembic_started, ${NOW}) / 1e6`,
    startedText: "date_format(@delembic_started, '%Y-%m-%d %H:%i:%s.%f+00:00')",
    runId: "@delembic_run",
    username: () => "substring_index(user(), '@', 1)",
    hostname: () => "substring_index(user(), '@', -1)",
  },
  literal: mysqlLiteral,
  text: mysqlText,
  concat: (parts) => `concat(${parts.join(", ")})`,
  open: ({ printer, tables }) => [
    "\\C utf8mb4\nset names utf8mb4, autocommit = 1;",
    ...makeTables(tables),
    ...takeLock(printer),
    REQUIRE,
  ],
  close: () => [
    "drop procedure delembic_script_require;",
    `update delembic_lock set holder = null, expires_at = ${NOW} where id = 1 and holder = ${HOLDER};`,
  ],
  begin: "start transaction;",
  commit: "commit;",
  require,
  startClock: `set @delembic_started = ${NOW};`,
  rememberRun: "set @delembic_run = last_insert_id();",
  holdLock: (seconds) =>
    [
      `update delembic_lock set expires_at = ${NOW} + interval ${seconds} second where id = 1 and holder = ${HOLDER};`,
      require("row_count() = 1", "The lock was lost: another run took it. See what it did with 'delembic history'"),
    ].join("\n"),
  hasTable: (table) => `exists (select 1 from information_schema.tables where ${inSchema(table)})`,
  nobodyElse: undefined,
  requireTrue,
  questions: new Set(["select", "with", "values", "table", "("]),
  walkGuards: mysqlWalkGuards,
  walk: mysqlWalk,
  walksAtOnce: false,
  refuseJson: undefined,
  countUpTo: (table, most) =>
    `(select case when count(*) <= ${most} then count(*) end from (select 1 from ${quotePath(table)} limit ${
      most + 1
    }) counted)`,
  loading: {
    before: ["set @delembic_sql_mode = @@sql_mode;", `set session sql_mode = ${LOAD_MODE};`],
    after: ["set session sql_mode = @delembic_sql_mode;"],
  },
  isJson: (table, column) => {
    const [, schema] = [...table].reverse();
    const [name = ""] = [...table].reverse();
    return `(exists (select 1 from information_schema.columns where ${inSchema(table)} and column_name = ${
      mysqlText(column)
    } and data_type = 'json') or exists (select 1 from information_schema.check_constraints where constraint_schema = ${
      schema === undefined ? "database()" : mysqlText(schema)
    } and lower(check_clause) = lower(concat('json_valid(\`', ${mysqlText(column)}, '\`)')) and ${
      mysqlText(name)
    } is not null))`;
  },
  takes: undefined,
  keepsIdentity: "",
  onConflict: undefined,
};
