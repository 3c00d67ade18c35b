/**
 * The SQL of MySQL and MariaDB, as data. Nothing here needs a feature of one of them alone. The times of the lease are
 * by the server's clock.
 *
 * @module
 */

import type { Dialect } from "./database.ts";
import type { LedgerSql } from "./ledger_sql.ts";
import { quoteId } from "./mysql_name.ts";

const NOW = "utc_timestamp(6)";

/** Revisions are told apart by case, as on the other databases; texts of any language and length. */
const TABLE_OPTIONS = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin";

/**
 * The one row of the lease is there from the start: only of a plain UPDATE does the server tell surely, by the number
 * of rows, whether it took the lease.
 */
const LEASE_ROW = "insert ignore into delembic_lock (id, fence) values (1, 0)";

function utcText(column: string): string {
  return `date_format(${column}, '%Y-%m-%dT%H:%i:%s.%fZ')`;
}

function utcValue(placeholder: string): string {
  return `str_to_date(${placeholder}, '%Y-%m-%dT%H:%i:%s.%fZ')`;
}

const ledger: LedgerSql = {
  create: {
    delembic_version: [
      `create table delembic_version (
  revision varchar(255) not null,
  applied_at datetime(6),
  status varchar(255),
  execution_time_seconds double,
  primary key (revision)
) ${TABLE_OPTIONS}`,
    ],
    delembic_run_history: [
      `create table delembic_run_history (
  id integer not null auto_increment,
  revision varchar(255),
  started_at datetime(6),
  ended_at datetime(6),
  duration_seconds double,
  status varchar(255),
  exception longtext,
  username varchar(255),
  hostname varchar(255),
  primary key (id)
) ${TABLE_OPTIONS}`,
    ],
    delembic_lock: [
      `create table delembic_lock (
  id integer not null,
  holder varchar(255),
  fence bigint not null,
  acquired_at datetime(6),
  expires_at datetime(6),
  details longtext,
  primary key (id)
) ${TABLE_OPTIONS}`,
      LEASE_ROW,
    ],
    delembic_checksum: [
      // this table is made after that of the lease: where it is, the row of the lease is, whoever died in between
      LEASE_ROW,
      `create table delembic_checksum (
  revision varchar(255) not null,
  checksum varchar(255) not null,
  file longtext,
  recorded_at datetime(6),
  primary key (revision)
) ${TABLE_OPTIONS}`,
    ],
    delembic_batch: [
      `create table delembic_batch (
  revision varchar(255) not null,
  part integer not null,
  kind varchar(255) not null,
  status varchar(255) not null,
  table_name varchar(255),
  detail longtext,
  lower_key longtext,
  upper_key longtext,
  cursor_key longtext,
  rows_done bigint not null default 0,
  rows_total bigint,
  rows_before bigint,
  rows_after bigint,
  batches integer not null default 0,
  batch_size integer,
  seconds double not null default 0,
  wanted varchar(255),
  waiting longtext,
  message longtext,
  holder varchar(255),
  backend bigint,
  fence bigint not null default 0,
  expires_at datetime(6),
  started_at datetime(6),
  updated_at datetime(6),
  ended_at datetime(6),
  primary key (revision, part)
) ${TABLE_OPTIONS}`,
    ],
  },
  existing: `select table_name as name from information_schema.tables where table_schema = database()
    and table_name in ('delembic_version', 'delembic_run_history', 'delembic_lock', 'delembic_checksum', 'delembic_batch')`,
  grants: [
    "grant select, insert, update, delete on delembic_version to ROLE",
    "grant select, insert, update on delembic_run_history to ROLE",
    "grant select, insert, update on delembic_lock to ROLE",
    "grant select, insert, update, delete on delembic_checksum to ROLE",
    "grant select, insert, update, delete on delembic_batch to ROLE",
  ],
  utcText,
  utcValue,
  // there is no RETURNING on MySQL: the driver gives the id of this one statement
  openRun: `insert into delembic_run_history (revision, started_at, status, username, hostname)
    values (?, ${utcValue("?")}, ?, ?, ?)`,
  // each value is named once and used twice; its collation is said, as it has none that outranks the column's
  acquireLease: `update delembic_lock l
    join (select cast(? as char) as holder, cast(? as decimal(20, 6)) as seconds, cast(? as char) as details) new
    set l.holder = new.holder, l.fence = l.fence + 1, l.acquired_at = ${NOW},
      l.expires_at = ${NOW} + interval new.seconds second, l.details = new.details
    where l.id = 1
      and (l.holder is null or l.holder = new.holder collate utf8mb4_bin or l.expires_at <= ${NOW})`,
  renewLease: `update delembic_lock set expires_at = ${NOW} + interval ? second
    where id = 1 and holder = ? and fence = ?`,
  releaseLease: `update delembic_lock set holder = null, expires_at = ${NOW}
    where id = 1 and holder = ? and fence = ?`,
  readLease: `select holder, fence, details, ${utcText("acquired_at")} as acquired,
      (case when expires_at <= ${NOW} then 1 else 0 end) as expired,
      (case when holder is null then 1 else 0 end) as free
    from delembic_lock where id = 1`,
  checkFence: "select fence from delembic_lock where id = 1 and holder = ? and fence = ? for update",
  utcNow: NOW,
  utcLater: (placeholder) => `${NOW} + interval cast(${placeholder} as decimal(20, 6)) second`,
  forUpdate: "for update",
  terminate: {
    find: `select 1 from information_schema.processlist
      where id = ? and db = database() and user = substring_index(session_user(), '@', 1)`,
    // the server never gives a number twice
    findParams: (backend) => [backend],
    kill: "kill ?",
  },
};

const LEAD_REGEXP = /^(?:\s|;|#[^\n]*|--(?=\s|$)[^\n]*|\/\*(?!M?!)[\s\S]*?(?:\*\/|$)|\/\*M?!\d*)+/;
const COMMENTS_REGEXP = /#[^\n]*|--(?=\s|$)[^\n]*|\/\*(?!M?!)[\s\S]*?(?:\*\/|$)|\/\*M?!\d*|\*\//g;

/** How much of a statement is looked at for its first words. */
const BEGINNING = 1_000;

/**
 * The first words of statements that commit, with one space between them:
 * https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html, https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
 */
const COMMITTING = [
  "alter",
  "(?:analyze|check|optimize|repair)(?: local| no_write_to_binlog)? (?:table|tables|view)",
  "backup (?:stage|unlock)",
  "begin(?! not atomic)",
  "cache index",
  "change (?:master|replication)",
  "create(?! (?:or replace )?temporary )",
  "drop(?! temporary )",
  "flush",
  "grant",
  "import table",
  "install",
  "load index",
  "lock (?:table|tables)",
  "rename",
  "reset(?! persist)",
  "revoke",
  "set default role",
  "set password",
  "start",
  "stop",
  "truncate",
  "uninstall",
  "unlock tables",
];
const COMMITTING_REGEXP = new RegExp(`^(?:${COMMITTING.join("|")})\\b`);
/** MariaDB's `SET STATEMENT variable = value FOR statement`. */
const SET_STATEMENT_REGEXP = /^set statement .*? for (?=[a-z])/;

/** The statement without white space and comments before it; what is within an executable comment belongs to it. */
export function withoutLead(statement: string): string {
  return statement.replace(LEAD_REGEXP, "");
}

/**
 * Whether the server commits the open transaction when it runs this statement, by its first words. What a routine or
 * `EXECUTE IMMEDIATE` does within cannot be seen here.
 */
function commitsImplicitly(statement: string): boolean {
  const words = withoutLead(statement).slice(0, BEGINNING).replace(COMMENTS_REGEXP, " ").replace(/\s+/g, " ");
  return COMMITTING_REGEXP.test(words.trim().toLowerCase().replace(SET_STATEMENT_REGEXP, ""));
}

export const mysqlDialect: Dialect = {
  name: "mysql",
  title: "MySQL",
  transactionalDdl: false,
  leaseLock: true,
  lexicon: {
    backslashEscapes: true,
    dollarQuotes: false,
    nestedComments: false,
    hashComments: true,
    dashNeedsSpace: true,
    identifierQuotes: "`",
    delimiterCommand: true,
    compoundBodies: true,
  },
  placeholder: () => "?",
  quoteId,
  // rows, and tables (metadata locks); in whole seconds, and MySQL takes no 0
  lockTimeout(milliseconds) {
    const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
    return [`set session innodb_lock_wait_timeout = ${seconds}, session lock_wait_timeout = ${seconds}`];
  },
  lockTimeoutReset: ["set session innodb_lock_wait_timeout = default, session lock_wait_timeout = default"],
  commitsImplicitly,
  ledger,
  catalog: async () => (await import("./mysql_catalog.ts")).mysqlCatalog,
  replication: async () => (await import("./mysql_replication.ts")).mysqlReplication,
  bulk: async () => (await import("./mysql_bulk.ts")).mysqlBulk,
  offline: async () => (await import("./mysql_offline.ts")).mysqlOffline,
  writersPauseMs: 0,
  comparesRows: false,
  parsesJson: true,
  loadsCsv: true,
};
