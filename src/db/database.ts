/**
 * The one narrow port to a database. What differs between databases is data on {@link Dialect}; drivers implement
 * {@link Database} and {@link Session} and nothing else. Nothing here, and nothing that imports this, knows a vendor.
 *
 * @module
 */

import { DelembicError, EXIT, type ExitCode } from "../errors.ts";
import type { BulkSql } from "./bulk_sql.ts";
import type { Catalog, TablePath } from "./catalog.ts";
import type { LedgerSql } from "./ledger_sql.ts";
import type { OfflineSql } from "./offline_sql.ts";
import type { Replication } from "./replication.ts";
import type { Target } from "./target.ts";

/** The databases that there are; MariaDB is `mysql`. */
export type DialectName = "postgresql" | "mysql" | "sqlite";

/** A row as it was read, by column name. Values are lossless: see {@link Session.query}. */
export type Row = Record<string, unknown>;

/** What a statement gave: its rows, and how many rows it returned or changed. */
export interface Result {
  readonly rows: Row[];
  readonly count: number;
}

/** One statement with the values of its placeholders. */
export interface Statement {
  readonly text: string;
  readonly params?: readonly unknown[];
}

/** What a session, and whatever stands for one, can do. */
export interface Queryable {
  readonly dialect: Dialect;
  /**
   * Runs one statement, with values for the placeholders of {@link Dialect.placeholder}.
   *
   * Reading loses nothing, and what was read can be written back unchanged: integers are `number` while they are safe
   * and `bigint` beyond 2^53 - 1; `numeric`/`decimal`, dates, times, timestamps, intervals and all other types are the
   * text that the database gives; booleans `boolean` (MySQL and SQLite have none: 0 and 1); bytes `Uint8Array`; JSON
   * is parsed; NULL is `null`.
   *
   * @throws {DatabaseError}
   */
  query(text: string, params?: readonly unknown[]): Promise<Result>;
  /**
   * Runs statements of the ledger in order, in one round trip where the protocol can. Their placeholders stand outside
   * of quotes. The first that fails ends it; outside of a transaction those before it may have taken effect or not.
   *
   * @throws {DatabaseError}
   */
  batch(statements: readonly Statement[]): Promise<Result[]>;
}

/** {@link Queryable.batch} for drivers whose protocol runs one statement at a time. */
export async function inOrder(db: Pick<Queryable, "query">, statements: readonly Statement[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const { text, params } of statements) results.push(await db.query(text, params));
  return results;
}

/** Rows that are to be added to a table. */
export interface BulkLoad {
  readonly table: TablePath;
  readonly columns: readonly string[];
  readonly data: BulkRows | BulkCsv;
}

/** Rows in parts, each row's values in the order of the columns: texts for the database to read, or as for `query`. */
export interface BulkRows {
  readonly kind: "rows";
  readonly chunks: AsyncIterable<readonly (readonly unknown[])[]>;
}

/** CSV that the server reads by itself (see {@link Dialect.loadsCsv}): well-formed, UTF-8, without a header. */
export interface BulkCsv {
  readonly kind: "csv";
  readonly delimiter: string;
  /** The unquoted text that stands for NULL. */
  readonly null: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The line of a row, both from any number on; needed for {@link LoadRowError.row} where rows take several lines. */
  readonly lineOf?: ((row: number) => number) | undefined;
}

/** One connection. Statements on it run one after another, whoever issues them. */
export interface Session extends Queryable {
  /** The server's own id of this connection (backend pid, connection id), for `pg_terminate_backend` or `KILL`. */
  readonly backend: number | undefined;
  /** Whether the connection is known to be gone; then every further statement fails with the kind `lost`. */
  readonly lost: boolean;
  /** Whether the last statement left a transaction open, as the server (not a guess) says, where it says so. */
  readonly inTransaction: boolean;
  /** Opens a transaction; on SQLite with `BEGIN IMMEDIATE`, so that no later statement can fail for a stale read. */
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Rows one after another through a server-side cursor, `size` (default 1,000) at a time; memory stays flat. */
  stream(text: string, params?: readonly unknown[], options?: { size?: number }): AsyncIterable<Row>;
  /**
   * Brings rows into a table by the fastest way that the database has, within the transaction that is open, if one is.
   * Memory stays flat. What fails leaves the transaction failed, as any statement does; rows of it may have arrived.
   *
   * @returns how many rows were added
   * @throws {LoadRowError} when the database refuses a row and says which; {@link DatabaseError}; what `rows` threw
   */
  load(load: BulkLoad): Promise<number>;
  /** Asks the server, over another connection, to stop the statement that runs here now; it then fails `cancelled`. */
  cancel(): Promise<void>;
  /** The driver's own connection, for what this port has no words for. */
  readonly native: unknown;
  /** Closes the connection. Never throws; an open transaction is rolled back by the server. */
  close(): Promise<void>;
}

/** What a connection is for; the server sees it as the application's name: `delembic work`. */
export type Role = "work" | "audit" | "read" | "heartbeat";

/** A database that can be connected to. */
export interface Database {
  readonly dialect: Dialect;
  /** Where it is: enough to open the same database elsewhere, as the heartbeat's worker does. */
  readonly target: Target;
  /** @throws {DatabaseError} of kind `unreachable`, `denied` or `missing-database` */
  connect(role: Role): Promise<Session>;
  /**
   * Tries, without waiting, to take the OS file lock beside the database, which dies with the process. Only where
   * {@link Dialect.leaseLock} is false. `details` are written into the file, for those who wait.
   */
  readonly lockFile?: (details: string) => Promise<FileLock | FileLockHolder>;
}

export interface FileLock {
  readonly held: true;
  release(): Promise<void>;
}

export interface FileLockHolder {
  readonly held: false;
  /** What the holder wrote into the file; empty when it cannot be read. */
  readonly details: string;
}

/** How the texts of one database are read, for the statement splitter (`src/sql_text.ts`). */
export interface SqlLexicon {
  /** `\` escapes within '…' (MySQL). PostgreSQL has it in E'…' only. */
  readonly backslashEscapes: boolean;
  /** `$tag$ … $tag$` */
  readonly dollarQuotes: boolean;
  /** A block comment may hold block comments (PostgreSQL). */
  readonly nestedComments: boolean;
  /** `# …` begins a comment (MySQL). */
  readonly hashComments: boolean;
  /** `-- ` needs white space behind it (MySQL). */
  readonly dashNeedsSpace: boolean;
  /** Characters that quote identifiers, besides `"`: `` ` `` (MySQL, SQLite), `[` (SQLite). */
  readonly identifierQuotes: string;
  /** The client's command `DELIMITER //` (MySQL). */
  readonly delimiterCommand: boolean;
  /** `BEGIN … END` bodies hold `;` (triggers and routines of SQLite and MySQL; SQL-standard bodies of PostgreSQL). */
  readonly compoundBodies: boolean;
}

/** All that differs between databases and is not a driver's work, as data. */
export interface Dialect {
  readonly name: DialectName;
  /** As people write it: `PostgreSQL`. */
  readonly title: string;
  /** Whether DDL can be rolled back; if not (MySQL), a migration with DDL cannot be exactly-once. */
  readonly transactionalDdl: boolean;
  /** Whether a run holds the lease row of `delembic_lock`; if not (SQLite), an OS file lock beside the database. */
  readonly leaseLock: boolean;
  readonly lexicon: SqlLexicon;
  /** The placeholder of the parameter `index`, from 1. */
  placeholder(index: number): string;
  /** Quotes one identifier. @throws {TypeError} when it has a NUL */
  quoteId(name: string): string;
  /** Statements that set how long a statement of the transaction that follows may wait for a lock, milliseconds. */
  lockTimeout(milliseconds: number): readonly string[];
  /** Statements that undo {@link lockTimeout} after the transaction, where it outlives it. */
  readonly lockTimeoutReset: readonly string[];
  /** Whether the statement commits the open transaction by itself (DDL on MySQL). */
  commitsImplicitly(statement: string): boolean;
  readonly ledger: LedgerSql;
  /** What the database knows of its tables. */
  catalog(): Promise<Catalog>;
  /** What it says and writes differently when a lot of rows comes in. */
  bulk(): Promise<BulkSql>;
  /** How a script for the database's own client is written. */
  offline(): Promise<OfflineSql>;
  /** What the database knows of its replicas; `undefined` where there can be none. */
  readonly replication: (() => Promise<Replication>) | undefined;
  /**
   * Where all writers share one lock and look for it again and again (SQLite): how long it has to be free now and then,
   * so that each of them finds it so, in milliseconds. Else 0.
   */
  readonly writersPauseMs: number;
  /** Whether `(a, b) > (x, y)` finds its place in an index on `(a, b)`. */
  readonly comparesRows: boolean;
  /** Whether JSON is read as what it means; if not (SQLite), it is a text like others. */
  readonly parsesJson: boolean;
  /** Whether {@link Session.load} takes CSV as it is. */
  readonly loadsCsv: boolean;
}

/** What an error of a database means for us; each driver maps its own codes to these, in one table. */
export type DatabaseErrorKind =
  | "unreachable" // no connection: refused, no such host, time-out, TLS
  | "denied" // authentication failed, or the role may not connect
  | "missing-database"
  | "lost" // the connection went away in use
  | "serialization" // serialization failure or deadlock: the transaction may be tried again
  | "lock-timeout" // waited too long for a lock, or the file is busy
  | "cancelled" // stopped by a cancel request or a statement time-out
  | "privilege" // the role lacks a right; or the database is read-only
  | "missing-table"
  | "exists" // the table (or type of the same name) is there already
  | "unique"
  | "storage" // disk full, file damaged or no database
  | "other";

const RETRYABLE: ReadonlySet<DatabaseErrorKind> = new Set(["lost", "serialization", "lock-timeout"]);

/** What the server said of an error, beyond its message; never values of rows except within `detail`. */
export interface DatabaseErrorDetails {
  /** SQLSTATE on PostgreSQL and MySQL, the extended result code's number on SQLite. */
  readonly sqlState?: string | undefined;
  /** MySQL's and SQLite's error number. */
  readonly errno?: number | undefined;
  readonly detail?: string | undefined;
  readonly serverHint?: string | undefined;
  /** Where in the statement's text, in characters from 1 (PostgreSQL). */
  readonly position?: number | undefined;
  readonly constraint?: string | undefined;
  readonly where?: string | undefined;
}

/** An error that the database, or the way to it, raised. The message is the server's own. */
export class DatabaseError extends DelembicError {
  readonly kind: DatabaseErrorKind;
  readonly details: DatabaseErrorDetails;
  /** The statement that failed, without its values. Not enumerable, so that a logged error does not leak it. */
  declare readonly statement: string | undefined;

  constructor(kind: DatabaseErrorKind, message: string, options: {
    readonly statement?: string | undefined;
    readonly details?: DatabaseErrorDetails;
    readonly hint?: string | undefined;
    readonly cause?: unknown;
  } = {}) {
    const details = options.details ?? {};
    super(message, {
      code: `database-${kind}`,
      exitCode: exitCodeOf(kind),
      hint: options.hint,
      cause: options.cause,
      data: { ...details },
    });
    this.kind = kind;
    this.details = details;
    Object.defineProperty(this, "statement", { value: options.statement, enumerable: false });
  }

  /** Whether the same transaction may succeed when it is tried again. */
  get retryable(): boolean {
    return RETRYABLE.has(this.kind);
  }
}

function exitCodeOf(kind: DatabaseErrorKind): ExitCode {
  switch (kind) {
    case "unreachable":
    case "denied":
    case "missing-database":
    case "privilege":
    case "storage":
      return EXIT.unreachable;
    default:
      return EXIT.failed;
  }
}

/** The database refused one row of a load, and said which. */
export class LoadRowError extends DatabaseError {
  /** Of the rows of this load, from 1. */
  readonly row: number;
  readonly column: string | undefined;
  /** As the server shows it. */
  readonly value: string | undefined;

  constructor(
    cause: DatabaseError,
    where: { readonly row: number; readonly column?: string | undefined; readonly value?: string | undefined },
  ) {
    super(cause.kind, cause.message, { statement: cause.statement, details: cause.details, hint: cause.hint, cause });
    this.row = where.row;
    this.column = where.column;
    this.value = where.value;
  }
}
