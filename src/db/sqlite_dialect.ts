/**
 * SQLite's SQL, as data. The two tables of the Python tool are as SQLAlchemy creates them, to the letter; times are
 * SQLAlchemy's text: UTC, six digits of a second, no offset.
 *
 * @module
 */

import type { Dialect } from "./database.ts";
import type { LedgerSql } from "./ledger_sql.ts";
import { UTC_NOW as NOW } from "./sqlite_clock.ts";
import { quoted } from "./sqlite_text.ts";

function later(seconds: string): string {
  return `strftime('%Y-%m-%d %H:%M:%f000', 'now', ${seconds} || ' seconds')`;
}

/** Takes SQLAlchemy's text, and what SQLite's own functions write: without a fraction, or with fewer digits. */
function utcText(column: string): string {
  return `replace(substr(${column}, 1, 19), ' ', 'T') || '.' || substr(substr(${column}, 21) || '000000', 1, 6) || 'Z'`;
}

function utcValue(placeholder: string): string {
  return `replace(rtrim(${placeholder}, 'Z'), 'T', ' ')`;
}

/** SQLite's busy handler looks at least this often whether a lock is free: `delays` in its `main.c`. And a little more. */
const SLOWEST_LOOK_MS = 110;

const ledger: LedgerSql = {
  create: {
    delembic_version: [
      "CREATE TABLE delembic_version (\n" +
      "\trevision TEXT NOT NULL, \n" +
      "\tapplied_at DATETIME, \n" +
      "\tstatus TEXT, \n" +
      "\texecution_time_seconds FLOAT, \n" +
      "\tPRIMARY KEY (revision)\n" +
      ")",
    ],
    delembic_run_history: [
      "CREATE TABLE delembic_run_history (\n" +
      "\tid INTEGER NOT NULL, \n" +
      "\trevision TEXT, \n" +
      "\tstarted_at DATETIME, \n" +
      "\tended_at DATETIME, \n" +
      "\tduration_seconds FLOAT, \n" +
      "\tstatus TEXT, \n" +
      "\texception TEXT, \n" +
      "\tusername TEXT, \n" +
      "\thostname TEXT, \n" +
      "\tPRIMARY KEY (id)\n" +
      ")",
    ],
    delembic_lock: [
      `create table delembic_lock (
  id integer not null primary key check (id = 1),
  holder text,
  fence integer not null,
  acquired_at datetime,
  expires_at datetime,
  details text
)`,
    ],
    delembic_checksum: [
      `create table delembic_checksum (
  revision text not null primary key,
  checksum text not null,
  file text,
  recorded_at datetime
)`,
    ],
    delembic_batch: [
      `create table delembic_batch (
  revision text not null,
  part integer not null,
  kind text not null,
  status text not null,
  table_name text,
  detail text,
  lower_key text,
  upper_key text,
  cursor_key text,
  rows_done integer not null default 0,
  rows_total integer,
  rows_before integer,
  rows_after integer,
  batches integer not null default 0,
  batch_size integer,
  seconds float not null default 0,
  wanted text,
  waiting text,
  message text,
  holder text,
  backend integer,
  fence integer not null default 0,
  expires_at datetime,
  started_at datetime,
  updated_at datetime,
  ended_at datetime,
  primary key (revision, part)
)`,
    ],
  },
  existing: `select name from sqlite_master where type in ('table', 'view')
    and name in ('delembic_version', 'delembic_run_history', 'delembic_lock', 'delembic_checksum', 'delembic_batch')`,
  grants: [],
  utcText,
  utcValue,
  openRun: `insert into delembic_run_history (revision, started_at, status, username, hostname)
    values (?, ${utcValue("?")}, ?, ?, ?) returning id`,
  // a run holds an OS file lock instead (see Dialect.leaseLock); these are for whoever wants a lease all the same
  acquireLease: `insert into delembic_lock as held (id, holder, fence, acquired_at, expires_at, details)
    values (1, ?, 1, ${NOW}, ${later("?")}, ?)
    on conflict (id) do update set holder = excluded.holder, fence = held.fence + 1,
      acquired_at = excluded.acquired_at, expires_at = excluded.expires_at, details = excluded.details
    where held.holder is null or held.holder = excluded.holder or held.expires_at <= ${NOW}`,
  renewLease: `update delembic_lock set expires_at = ${later("?")} where id = 1 and holder = ? and fence = ?`,
  releaseLease: `update delembic_lock set holder = null, expires_at = ${NOW} where id = 1 and holder = ? and fence = ?`,
  readLease: `select holder, fence, details, ${utcText("acquired_at")} as acquired,
      expires_at <= ${NOW} as expired, holder is null as free
    from delembic_lock where id = 1`,
  checkFence: "select fence from delembic_lock where id = 1 and holder = ? and fence = ?",
  utcNow: NOW,
  utcLater: later,
  // BEGIN IMMEDIATE locks the whole file
  forUpdate: "",
  terminate: undefined,
};

/** How long a statement waits for a file that others use, in milliseconds, unless told otherwise. */
export const BUSY_TIMEOUT_MS = 5_000;

export const sqliteDialect: Dialect = {
  name: "sqlite",
  title: "SQLite",
  transactionalDdl: true,
  leaseLock: false,
  lexicon: {
    backslashEscapes: false,
    dollarQuotes: false,
    nestedComments: false,
    hashComments: false,
    dashNeedsSpace: false,
    identifierQuotes: "`[",
    delimiterCommand: false,
    compoundBodies: true,
  },
  placeholder: () => "?",
  quoteId: quoted,
  lockTimeout: (milliseconds) => [`pragma busy_timeout = ${Math.max(1, Math.ceil(milliseconds))}`],
  lockTimeoutReset: [`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`],
  commitsImplicitly: () => false,
  ledger,
  catalog: async () => (await import("./sqlite_catalog.ts")).sqliteCatalog,
  replication: undefined,
  bulk: async () => (await import("./sqlite_bulk.ts")).sqliteBulk,
  offline: async () => (await import("./sqlite_offline.ts")).sqliteOffline,
  writersPauseMs: SLOWEST_LOOK_MS,
  comparesRows: true,
  parsesJson: false,
  loadsCsv: true,
};
