// The types of Delembic's migrations, for editors. Nothing has to be installed:
//
//   import type { Migration } from "../delembic.d.ts";
//
// For a class, this comment tells Deno where the types are; the module itself is in the delembic executable:
//
//   // @ts-types="../delembic.d.ts"
//   import { DataMigration } from "delembic";

export type DialectName = "postgresql" | "mysql" | "sqlite";

/**
 * A row by column name. Nothing is lost: integers are `number`, and `bigint` beyond 2^53 - 1; numeric/decimal, dates,
 * times and timestamps are the text that the database gives; booleans are `boolean` (MySQL and SQLite: 0 and 1); bytes
 * are `Uint8Array`; JSON is parsed; NULL is `null`. What was read can be written back unchanged.
 */
export type Row = Record<string, unknown>;

/** Rows of a query; `count` is how many it returned or changed. */
export type Rows<T = Row> = T[] & { readonly count: number };

/**
 * SQL that runs when it is awaited, or becomes a part of the SQL that it is placed in. One that is neither awaited nor
 * placed anywhere when the migration ends makes the migration fail: it would be a change that silently did not happen.
 */
export interface Query<T = Row> extends PromiseLike<Rows<T>> {
  catch<R>(onRejected: (reason: unknown) => R | PromiseLike<R>): Promise<Rows<T> | R>;
  finally(onFinally: () => void): Promise<Rows<T>>;
}

/** A quoted name; made by {@link Sql.id}. */
export interface Identifier {
  readonly path: readonly string[];
}

/** Values with commas between them; made by {@link Sql.list}. */
export interface List {
  readonly items: readonly unknown[];
}

/** A piece of SQL, to be placed in a template. */
export interface Fragment {
  readonly parts: readonly string[];
  readonly values: readonly unknown[];
}

/** The tag `` sql`…` `` and what composes with it. */
export interface Sql {
  <T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Query<T>;
  /** A quoted name: `` sql`select * from ${sql.id("staging", "person")}` ``. */
  id(...path: readonly string[]): Identifier;
  /** Values with commas between them: `` sql`… where id in (${sql.list([1, 2, 3])})` ``. */
  list(items: Iterable<unknown>): List;
}

/** The connection that a migration works on, within its transaction. */
export interface Connection {
  /** Values in `${…}` are always parameters, never text. The same SQL runs on every database that understands it. */
  readonly sql: Sql;
  /** Exactly one row. Throws when there are none or several. */
  one<T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<T>;
  /** The one value of exactly one row. */
  value<T = unknown>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<T>;
  /** One statement as text, with the database's own placeholders: `$1` on PostgreSQL, `?` on MySQL and SQLite. */
  execute<T = Row>(text: string, params?: readonly unknown[]): Promise<Rows<T>>;
  /** Rows one after another through a server-side cursor; memory stays flat. */
  stream<T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): AsyncIterable<T>;
  /**
   * Brings rows into a table by the fastest way that the database has: `COPY`, `LOAD DATA`, multi-row inserts. It is part
   * of the migration's transaction. A file is relative to the folder `script_location`; what it is its name tells
   * (`.csv`, `.tsv`, `.ndjson`, `.jsonl`, `.json`, each also `.gz` and `.zst`) or `format` does. Into a column of JSON a
   * text goes as a text of JSON, `"5"` is not the number 5: give values and not what `JSON.stringify` makes of them; in CSV
   * and TSV, which have only texts, it is JSON. Throws when a row cannot be taken, with file, line, column and value; then
   * nothing was loaded.
   */
  load(
    table: string | readonly string[],
    source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>,
    options?: LoadOptions,
  ): Promise<LoadReport>;
  readonly dialect: DialectName;
  /** The driver's own connection, for what Delembic has no words for: porsager's `sql`, mysql2's connection, `DatabaseSync`. */
  readonly native: unknown;
}

/** A row that is loaded: by column name, or the values in the order of `columns`. */
export type LoadRow = Readonly<Record<string, unknown>> | readonly unknown[];

/** How `conn.load` reads its source, and what it does with the rows. */
export interface LoadOptions {
  /** @default by the name of the file */
  readonly format?: "csv" | "tsv" | "ndjson" | "json";
  /** @default by the name of the file */
  readonly compression?: "none" | "gzip" | "zstd";
  /** As the web's standards name it: `"windows-1252"`, `"utf-16le"`. @default "utf-8" */
  readonly encoding?: string;
  /** Between fields of CSV. @default "," */
  readonly delimiter?: string;
  /** Whether the first line names the columns. @default true */
  readonly header?: boolean;
  /** The unquoted text that means NULL. @default "" (an empty field; `""` in quotes is an empty text), `\N` in TSV */
  readonly null?: string;
  /**
   * The table's columns, in the order of the fields; or for columns of the table the name of the source's.
   * @default the source's names
   */
  readonly columns?: readonly string[] | Readonly<Record<string, string>>;
  /** Values for columns that the source does not have. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Columns of the source that are left out. */
  readonly ignore?: readonly string[];
  /** Changes each row; `undefined` leaves it out. */
  readonly map?: (row: Record<string, unknown>, place: { readonly row: number; readonly line?: number }) =>
    | Readonly<Record<string, unknown>>
    | undefined;
  /** What to do with a row whose key is there already. @default "error" */
  readonly onConflict?: "error" | "skip" | "update";
  /** The columns of the unique key that decides. @default the primary key */
  readonly key?: string | readonly string[];
  /** `"collect"`: bad rows go to the reject file, and the others are loaded. @default "error" */
  readonly onBadRow?: "error" | "collect";
  /** How many bad rows are collected before the load fails after all. @default 1,000 */
  readonly maxBadRows?: number;
  /** @default beside the source: `data/person.csv.rejected` */
  readonly rejectFile?: string;
  /** Empties the table before, within the same transaction. @default false */
  readonly replace?: boolean;
}

/** What a load did. */
export interface LoadReport {
  /** Rows of the source, bad ones included. */
  readonly read: number;
  /** Added or changed. */
  readonly loaded: number;
  /** Left out by `onConflict: "skip"` or by `map`. */
  readonly skipped: number;
  readonly rejected: number;
  readonly seconds: number;
}

/** What a migration is told about the run that it is part of. */
export interface Run {
  readonly revision: string;
  /** When this attempt began, as text that every database takes for a timestamp: `2026-01-15 10:30:00.123456+00:00`. */
  readonly startedAt: string;
  /** Counts from 1; higher after an error that means "try again". */
  readonly attempt: number;
  readonly dialect: DialectName;
  /**
   * Another database, `[delembic.source.NAME]` of delembic.ini, to read from: its connection is opened at the first use,
   * is read-only, and is closed when the attempt ends.
   */
  source(name: string): Promise<Connection>;
  /** Aborted when the run is interrupted or out of time; long loops without SQL should look at it. */
  readonly signal: AbortSignal;
  /** A line on stderr, below the migration's own. */
  log(message: string): void;
}

/** Options that every kind of migration has. */
export interface MigrationOptions {
  /**
   * `false`: not within a transaction, for statements that cannot be in one. Exactly-once is then not promised.
   * @default true
   */
  readonly transaction?: boolean;
  /** May be run again after an interruption that could not be undone. @default false */
  readonly idempotent?: boolean;
  /** How long the migration may take, in seconds or as `"90s"`, `"15m"`, `"2h"`. @default no limit */
  readonly timeout?: number | string;
  /** How long a statement may wait for a lock; the same forms. @default the database's own */
  readonly lockTimeout?: number | string;
  /** How often to try again after a serialization failure, deadlock, lock time-out or lost connection. @default 3 */
  readonly retries?: number;
  readonly tags?: readonly string[];
  /** Alembic revisions that must not be applied yet: this migration has to come before them. */
  readonly requiresBefore?: string | readonly string[];
  /** Run again whenever the file, or one of its {@link data} files, is not what was applied. @default false */
  readonly repeatable?: boolean;
  /** Files that the migration reads, relative to the folder `script_location`: a change in them is one of the migration. */
  readonly data?: string | readonly string[];
}

/** How a table that is too large for one transaction is walked; see {@link Migration.apply}. */
export interface BatchOptions {
  /** `"person"`, `"staging.person"`, or its parts. */
  readonly table: string | readonly string[];
  /** Columns that are unique together, in the order of the walk. @default the primary key */
  readonly key?: string | readonly string[];
  /** Rows of the first batch; the size then follows {@link target}. @default 1,000 */
  readonly size?: number;
  /** The least and the most rows of a batch. @default 1 and 1,000,000 */
  readonly minSize?: number;
  readonly maxSize?: number;
  /** How long a batch should take, in seconds or as `"500ms"`; `0`: the size stays as it is. @default 500 ms */
  readonly target?: number | string;
  /** A batch that takes longer is stopped, and tried again with half of its rows. @default 60 s */
  readonly timeout?: number | string;
  /** How many batches run at once, each on a connection of its own. @default 1 */
  readonly parallel?: number;
  /** A rest after each batch. @default none */
  readonly pause?: number | string;
  readonly throttle?: ThrottleOptions;
}

/**
 * How a file is loaded that is too large for one transaction: in parts, each committed exactly once with the note of how
 * far it is. The file is CSV in UTF-8, not compressed, and stays as it is until all of it is loaded.
 */
export interface BatchLoadOptions extends Pick<LoadOptions, "delimiter" | "header" | "null"> {
  /** Relative to the folder `script_location`. */
  readonly file: string;
  /** The table: `"person"`, `"staging.person"`, or its parts. */
  readonly into: string | readonly string[];
  /** Bytes of a batch, `"16MB"`. @default 8 MB */
  readonly size?: number | string;
  /** As {@link LoadOptions}. */
  readonly format?: "csv";
  readonly columns?: LoadOptions["columns"];
  readonly defaults?: LoadOptions["defaults"];
  readonly ignore?: LoadOptions["ignore"];
  /** A batch that takes longer is stopped, and tried again with half of its bytes. @default 60 s */
  readonly timeout?: number | string;
  /** How many batches run at once, each on a connection of its own. @default 1 */
  readonly parallel?: number;
  /** A rest after each batch. @default none */
  readonly pause?: number | string;
  readonly throttle?: ThrottleOptions;
}

/** When a walk has to wait; looked at before each batch, at most once a second. */
export interface ThrottleOptions {
  /** A query that gives one number: the walk waits while it is more than 0. */
  readonly query?: string;
  /** A file, relative to delembic.ini: the walk waits while it exists. */
  readonly file?: string;
  /** The walk waits while a replica of the database is behind by more than this. */
  readonly replicaLag?: number | string;
  /**
   * The replicas that are asked: names of `[delembic.source.NAME]`. MySQL needs them; PostgreSQL tells of those that are
   * connected to it.
   */
  readonly replicas?: string | readonly string[];
  /** The walk goes on within this time of the day only, local time of this machine: `"22:00-06:00"`. */
  readonly window?: string;
}

/**
 * The keys of one batch. In a template it stands for a condition on the key columns:
 * `` sql`update person set … where ${range}` ``.
 */
export interface Range {
  /** Counts from 1 within this attempt, over all connections. */
  readonly number: number;
  /** The last key before the batch; `null` at the beginning of the table. */
  readonly after: readonly unknown[] | null;
  /** The last key of the batch. */
  readonly upTo: readonly unknown[];
  /** How many rows it has. */
  readonly size: number;
  /** The same condition where the table has another name: `` sql`… from person p where ${range.of("p")}` ``. */
  of(alias: string): Fragment;
}

/** A migration as a TypeScript or JavaScript file exports it by default: such an object, or a class with these members. */
export interface Migration extends MigrationOptions {
  /** 1 to 128 of `A-Z a-z 0-9 _ . -` */
  readonly revision: string;
  /** Revisions that must be applied first: data revisions, Alembic revisions; `alembic:ID` where both have the id. */
  readonly dependsOn?: string | readonly string[];
  /** Names of the branch that begins here: `upgrade billing@head`. */
  readonly labels?: string | readonly string[];
  readonly description?: string;
  upgrade?(conn: Connection, run: Run): unknown;
  /**
   * Instead of `upgrade`, each batch in a transaction of its own: with {@link apply} a walk over a large table, or the
   * load of a large file.
   */
  readonly batch?: BatchOptions | BatchLoadOptions;
  /**
   * Does one batch; called for each range of keys, each committed exactly once. It leaves the key of its rows as it is: a
   * row whose key moves ahead comes again.
   */
  apply?(conn: Connection, range: Range, run: Run): unknown;
  downgrade?(conn: Connection, run: Run): unknown;
  /** Fails by throwing or by returning `false`; runs in the transaction of `upgrade`, and later under `verify`. */
  validate?(conn: Connection, run: Run): unknown;
}

/** A class to extend, for those who come from the Python tool. */
export abstract class DataMigration implements Migration {
  abstract readonly revision: string;
  readonly dependsOn?: string | readonly string[];
  readonly labels?: string | readonly string[];
  readonly description?: string;
  abstract upgrade(conn: Connection, run: Run): unknown;
}

/** `"person"`, `"staging.person"`, or its parts: `["staging", "person"]`. */
export type TableName = string | readonly string[];

/** A piece of SQL: `` conn.sql`left_at is null` ``. */
export type SqlPart = Query<unknown> | Fragment;

export interface BackfillOptions {
  /** For each column its new value: SQL, `` conn.sql`lower(email)` ``, or a plain value. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Only rows for which this holds. @default all rows */
  readonly where?: SqlPart;
  /** Only the rows of this batch: what `apply` was given. */
  readonly range?: Range;
}

/**
 * Sets columns, and tells in how many rows.
 *
 * ```ts
 * async apply(conn, range) {
 *   await backfill(conn, "person", {
 *     set: { email: conn.sql`lower(email)`, checked: true },
 *     where: conn.sql`email <> lower(email)`,
 *     range,
 *   });
 * }
 * ```
 *
 * @throws when the table or a column is not there
 */
export function backfill(conn: Connection, table: TableName, options: BackfillOptions): Promise<number>;

/** A table of another database: of what `run.source(name)` gave. */
export interface SourceTable {
  readonly source: Connection;
  readonly table: TableName;
}

/** Columns that have the same name in both tables; or for columns of the new table what goes there: a column's name, or SQL. */
export type CopiedColumns = readonly string[] | Readonly<Record<string, string | SqlPart>>;

export interface CopyOptions {
  readonly from: TableName | SourceTable;
  readonly to: TableName;
  /** @default all columns of `from`, which `to` must have */
  readonly columns?: CopiedColumns;
  /** Only rows of `from` for which this holds. @default all rows */
  readonly where?: SqlPart;
  /** Only the rows of this batch, where `from` is the table that is walked. */
  readonly range?: Range;
  /** What to do with a row whose key is in `to` already. @default "error" */
  readonly onConflict?: "error" | "skip" | "update";
  /** The columns of the unique key that decides. @default the primary key of `to` */
  readonly key?: string | readonly string[];
}

export interface ArchiveOptions {
  readonly from: TableName;
  readonly to: TableName;
  /** The rows to move. */
  readonly where: SqlPart;
  /** Only the rows of this batch, where `from` is the table that is walked. */
  readonly range?: Range;
  /** @default all columns of `from`, which `to` must have */
  readonly columns?: CopiedColumns;
}

/**
 * Copies rows, and tells how many arrived. Within one database no row leaves it; from a source the rows are streamed.
 *
 * ```ts
 * await copyTable(conn, { from: "person", to: "person_new" });
 * const legacy = await run.source("legacy");
 * await copyTable(conn, { from: { source: legacy, table: "users" }, to: "person", columns: { id: "id", name: "login" } });
 * ```
 *
 * @throws when a table or a column is not there, or a row cannot be taken
 */
export function copyTable(conn: Connection, options: CopyOptions): Promise<number>;

/**
 * Moves rows to another table, each exactly once whatever others do at the same time, and tells how many.
 *
 * ```ts
 * async apply(conn, range) {
 *   await archiveRows(conn, { from: "visit", to: "visit_archive", where: conn.sql`at < '2020-01-01'`, range });
 * }
 * ```
 *
 * @throws when a table or a column is not there
 */
export function archiveRows(conn: Connection, options: ArchiveOptions): Promise<number>;

export interface UpsertOptions {
  /** The columns by which a row is found. @default the primary key */
  readonly key?: string | readonly string[];
  /** Deletes the rows of the table that are not among those given. @default false */
  readonly deleteOthers?: boolean;
}

/** What became of the rows. */
export interface UpsertReport {
  readonly added: number;
  readonly changed: number;
  /** They were so already, and were not touched. */
  readonly unchanged: number;
  readonly deleted: number;
}

/**
 * Makes a table have these rows: adds those that are missing, changes those that are different, touches no other.
 *
 * ```ts
 * await upsertRows(conn, "country", [
 *   { code: "TD", name: "Chad" },
 *   { code: "PE", name: "Peru" },
 * ], { key: "code", deleteOthers: true });
 * ```
 *
 * @throws when a column is not there, two rows have the same key, or a row is refused
 */
export function upsertRows(
  conn: Connection,
  table: TableName,
  rows: readonly Readonly<Record<string, unknown>>[],
  options?: UpsertOptions,
): Promise<UpsertReport>;

/** Columns of a table that refer to the merged one without a foreign key. */
export interface SoftReference {
  readonly table: TableName;
  readonly columns: string | readonly string[];
  /** The columns that they refer to. @default the primary key */
  readonly to?: string | readonly string[];
}

export interface MergeOptions {
  readonly table: TableName;
  /** What makes rows the same: columns, or SQL such as `` conn.sql`lower(email)` ``. NULL is like no other. */
  readonly by: readonly (string | SqlPart)[];
  /** The row that stays: by the primary key, or the first one in this order: `` conn.sql`updated_at desc` ``. */
  readonly keep: "first" | "last" | SqlPart;
  /** What refers to the table without a foreign key; foreign keys are found. */
  readonly references?: readonly SoftReference[];
  /**
   * What to do with a row of another table that would become the same as another one there, by a unique key: such as two
   * memberships of the same group. `"delete"` keeps the one of the row that stays. @default "error"
   */
  readonly onCollision?: "error" | "delete";
}

/** What was done. */
export interface MergeReport {
  /** Rows of the table that are gone. */
  readonly merged: number;
  /** Rows of other tables that refer to another row now. */
  readonly repointed: number;
  /** Rows of other tables that were deleted by `onCollision`. */
  readonly collided: number;
}

/**
 * Merges duplicates: repoints whatever refers to them by foreign keys, then deletes them.
 *
 * ```ts
 * await mergeDuplicates(conn, { table: "person", by: [conn.sql`lower(email)`], keep: "first" });
 * ```
 *
 * @throws when rows of other tables would collide, or a foreign key refers to other columns than a unique key
 */
export function mergeDuplicates(conn: Connection, options: MergeOptions): Promise<MergeReport>;

/** A number, or between which ones it must be, both included. */
export type ExpectedCount = number | { readonly min?: number; readonly max?: number };

/**
 * Fails when the query gives a row; the message says how many there are, and shows the first ones.
 *
 * ```ts
 * await assertNoRows(conn, conn.sql`select id, email from person where email <> lower(email)`);
 * ```
 */
export function assertNoRows(conn: Connection, query: SqlPart, message?: string): Promise<void>;

/**
 * Fails when the number that the query gives is another one.
 *
 * ```ts
 * await assertCount(conn, conn.sql`select count(*) from person`, { min: 1_000 });
 * ```
 */
export function assertCount(
  conn: Connection,
  query: SqlPart,
  expected: ExpectedCount,
  message?: string,
): Promise<void>;

/**
 * What a function of `env.ts` is told that `on_success` or `on_failure` of `delembic.ini` names.
 *
 * ```ts
 * import type { EndedRun } from "./delembic.d.ts";
 *
 * export async function tellTeam(run: EndedRun): Promise<void> {
 *   await fetch("https://chat.example.org/hook", { method: "POST", body: JSON.stringify(run) });
 * }
 * ```
 */
export interface EndedRun {
  /** `upgrade`, `downgrade`, … */
  readonly command: string;
  /** The section of the configuration. */
  readonly section: string;
  /** The database, without a password. */
  readonly database: string;
  /** What the program ends with; 0: all is done. */
  readonly exitCode: 0 | 1 | 2 | 3 | 4 | 5 | 124 | 130 | 143;
  /** The revisions that were applied, or undone. */
  readonly done: readonly string[];
  /** The migration that failed. */
  readonly failed: { readonly revision: string; readonly error: string } | null;
  /** The revisions that could not begin. */
  readonly blocked: readonly string[];
  /** Why the run ended before its end, or could not begin. */
  readonly error: string | null;
  /** How long it took. */
  readonly durationSeconds: number;
}
