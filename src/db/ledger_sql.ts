/**
 * The ledger's SQL, one value a database: `src/ledger.ts` and `src/lock.ts` run these texts and know no dialect.
 * Parameters are numbered by the order in which each comment names them, with the dialect's own placeholders.
 *
 * @module
 */

/** The tables that Delembic keeps; the first two are the Python tool's, with exactly its columns. */
export type LedgerTable =
  | "delembic_version"
  | "delembic_run_history"
  | "delembic_lock"
  | "delembic_checksum"
  | "delembic_batch";

export interface LedgerSql {
  /** `CREATE TABLE` of each table, and what must follow it; run only when the table is missing. */
  readonly create: Readonly<Record<LedgerTable, readonly string[]>>;
  /** Gives one row a table of ours that exists, column `name`. No parameters. */
  readonly existing: string;
  /** The grants that a role needs to run where the tables exist; `ROLE` stands for its name. */
  readonly grants: readonly string[];
  /** An expression that gives a timestamp column as ISO 8601 text in UTC with six digits: `2026-01-15T10:30:00.123456Z`. */
  utcText(column: string): string;
  /** A placeholder that takes such text and stores it in a timestamp column. */
  utcValue(placeholder: string): string;
  /**
   * Inserts a row of `delembic_run_history` and gives its `id` as one row of one column:
   * revision, started_at, status, username, hostname.
   */
  readonly openRun: string;
  /** Takes the lease when it is free, expired, or ours. Parameters: holder, seconds, details (text). Rows changed: 1 or 0. */
  readonly acquireLease: string;
  /** Gives a lease more time. Parameters: seconds, holder, fence. Rows changed: 1, or 0 when it was lost. */
  readonly renewLease: string;
  /** Gives it back. Parameters: holder, fence. */
  readonly releaseLease: string;
  /** Gives `holder`, `fence`, `details`, `acquired` (UTC text), `expired` (0 or 1), `free` (0 or 1). No parameters. */
  readonly readLease: string;
  /** Locks the lease row in the transaction and gives it if it is still ours. Parameters: holder, fence. */
  readonly checkFence: string;
  /** The present, by the database's clock, as it is stored in a timestamp column. */
  readonly utcNow: string;
  /** The present and a number of seconds more, which the placeholder takes. */
  utcLater(placeholder: string): string;
  /** Ends a query whose rows are to be locked until the transaction ends; empty where a transaction locks everything. */
  readonly forUpdate: string;
  /**
   * Ends another session (of a dead holder). `find` gives a row when the session is one of our own role in this database,
   * and was there at a time; its parameters are `findParams(backend, time)`. `kill` ends it; its parameter is the backend
   * id. `undefined` where sessions have none.
   */
  readonly terminate: {
    readonly find: string;
    findParams(backend: number, time: string): readonly unknown[];
    readonly kill: string;
  } | undefined;
}
