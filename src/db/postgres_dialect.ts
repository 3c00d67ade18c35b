/**
 * PostgreSQL's SQL, as data. The tables of the ledger are the Python tool's to the letter; the times of the lease are
 * by the server's clock.
 *
 * @module
 */

import type { Dialect } from "./database.ts";
import type { LedgerSql } from "./ledger_sql.ts";
import { quoteId } from "./postgres_name.ts";

/** `now()` stands still within a transaction; a lease needs the time of the statement. */
const NOW = "clock_timestamp()";

const MICROSECONDS = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

const ledger: LedgerSql = {
  create: {
    delembic_version: [
      `create table delembic_version (
  revision text not null,
  applied_at timestamp with time zone,
  status text,
  execution_time_seconds float,
  primary key (revision)
)`,
    ],
    delembic_run_history: [
      `create table delembic_run_history (
  id serial not null,
  revision text,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  duration_seconds float,
  status text,
  exception text,
  username text,
  hostname text,
  primary key (id)
)`,
    ],
    delembic_lock: [
      `create table delembic_lock (
  id integer not null primary key check (id = 1),
  holder text,
  fence bigint not null,
  acquired_at timestamp with time zone,
  expires_at timestamp with time zone,
  details text
)`,
    ],
    delembic_checksum: [
      `create table delembic_checksum (
  revision text not null primary key,
  checksum text not null,
  file text,
  recorded_at timestamp with time zone
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
  rows_done bigint not null default 0,
  rows_total bigint,
  rows_before bigint,
  rows_after bigint,
  batches integer not null default 0,
  batch_size integer,
  seconds float not null default 0,
  wanted text,
  waiting text,
  message text,
  holder text,
  backend bigint,
  fence bigint not null default 0,
  expires_at timestamp with time zone,
  started_at timestamp with time zone,
  updated_at timestamp with time zone,
  ended_at timestamp with time zone,
  primary key (revision, part)
)`,
    ],
  },
  // what an unqualified name finds: a table in a schema off the search path is not ours to use
  existing: `select c.relname as name from pg_catalog.pg_class c
    where c.relname in ('delembic_version', 'delembic_run_history', 'delembic_lock', 'delembic_checksum', 'delembic_batch')
      and c.relkind in ('r', 'p', 'v', 'f') and pg_catalog.pg_table_is_visible(c.oid)`,
  grants: [
    "grant select, insert, update, delete on delembic_version to ROLE",
    "grant select, insert, update on delembic_run_history to ROLE",
    "grant usage, select on sequence delembic_run_history_id_seq to ROLE",
    "grant select, insert, update on delembic_lock to ROLE",
    "grant select, insert, update, delete on delembic_checksum to ROLE",
    "grant select, insert, update, delete on delembic_batch to ROLE",
  ],
  utcText: (column) => `to_char(${column} at time zone 'UTC', ${MICROSECONDS})`,
  utcValue: (placeholder) => `${placeholder}::timestamp with time zone`,
  openRun: `insert into delembic_run_history (revision, started_at, status, username, hostname)
    values ($1, $2::timestamp with time zone, $3, $4, $5) returning id`,
  acquireLease: `insert into delembic_lock as held (id, holder, fence, acquired_at, expires_at, details)
    values (1, $1, 1, ${NOW}, ${NOW} + $2::float8 * interval '1 second', $3)
    on conflict (id) do update set holder = excluded.holder, fence = held.fence + 1, acquired_at = ${NOW},
      expires_at = ${NOW} + $2::float8 * interval '1 second', details = excluded.details
    where held.holder is null or held.holder = excluded.holder or held.expires_at <= ${NOW}`,
  renewLease: `update delembic_lock set expires_at = ${NOW} + $1::float8 * interval '1 second'
    where id = 1 and holder = $2 and fence = $3`,
  releaseLease: `update delembic_lock set holder = null, expires_at = ${NOW}
    where id = 1 and holder = $1 and fence = $2`,
  readLease: `select holder, fence, details, to_char(acquired_at at time zone 'UTC', ${MICROSECONDS}) as acquired,
      (case when expires_at <= ${NOW} then 1 else 0 end) as expired,
      (case when holder is null then 1 else 0 end) as free
    from delembic_lock where id = 1`,
  checkFence: "select fence from delembic_lock where id = 1 and holder = $1 and fence = $2 for update",
  utcNow: NOW,
  utcLater: (placeholder) => `${NOW} + ${placeholder}::float8 * interval '1 second'`,
  forUpdate: "for update",
  terminate: {
    // a number may be another session's by now: ours was there at the time
    find: `select 1 from pg_stat_activity where pid = $1 and datname = current_database() and usename = session_user
      and backend_start <= $2::timestamp with time zone`,
    findParams: (backend, time) => [backend, time],
    kill: "select pg_terminate_backend($1)",
  },
};

export const postgresDialect: Dialect = {
  name: "postgresql",
  title: "PostgreSQL",
  transactionalDdl: true,
  leaseLock: true,
  lexicon: {
    backslashEscapes: false,
    dollarQuotes: true,
    nestedComments: true,
    hashComments: false,
    dashNeedsSpace: false,
    identifierQuotes: "",
    delimiterCommand: false,
    compoundBodies: true,
  },
  placeholder: (index) => `$${index}`,
  quoteId,
  lockTimeout: (milliseconds) => [`set local lock_timeout = ${Math.max(1, Math.ceil(milliseconds))}`],
  lockTimeoutReset: [],
  commitsImplicitly: () => false,
  ledger,
  catalog: async () => (await import("./postgres_catalog.ts")).postgresCatalog,
  replication: async () => (await import("./postgres_replication.ts")).postgresReplication,
  bulk: async () => (await import("./postgres_bulk.ts")).postgresBulk,
  offline: async () => (await import("./postgres_offline.ts")).postgresOffline,
  writersPauseMs: 0,
  comparesRows: true,
  parsesJson: true,
  loadsCsv: true,
};
