/**
 * What a migration is: the type that a user writes, and the value that the program works with after a file was read.
 *
 * @module
 */

import type { LoadOptions } from "./bulk_options.ts";
import type { DialectName } from "./db/database.ts";
import type { Connection } from "./connection.ts";
import type { Fragment } from "./sql.ts";
import type { LoadLine } from "./sql_load.ts";

/** What a migration is told about the run that it is part of. */
export interface Run {
  /** The id of the migration. */
  readonly revision: string;
  /** When this attempt began, as text that every database takes for a timestamp: `2026-01-15 10:30:00.123456+00:00`. */
  readonly startedAt: string;
  /** Counts from 1; higher after an error that means "try again". */
  readonly attempt: number;
  /** Which database it is. */
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
  /** Words of your own. */
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
  /** The least rows of a batch. @default 1 */
  readonly minSize?: number;
  /** The most rows of a batch. @default 1,000,000 */
  readonly maxSize?: number;
  /** How long a batch should take, in seconds or as `"500ms"`; `0`: the size stays as it is. @default 500 ms */
  readonly target?: number | string;
  /** A batch that takes longer is stopped, and tried again with half of its rows. @default 60 s */
  readonly timeout?: number | string;
  /** How many batches run at once, each on a connection of its own. @default 1 */
  readonly parallel?: number;
  /** A rest after each batch. @default none */
  readonly pause?: number | string;
  /** When it has to wait. */
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
  /** As {@link LoadOptions}. */
  readonly columns?: LoadOptions["columns"];
  /** As {@link LoadOptions}. */
  readonly defaults?: LoadOptions["defaults"];
  /** As {@link LoadOptions}. */
  readonly ignore?: LoadOptions["ignore"];
  /** A batch that takes longer is stopped, and tried again with half of its bytes. @default 60 s */
  readonly timeout?: number | string;
  /** How many batches run at once, each on a connection of its own. @default 1 */
  readonly parallel?: number;
  /** A rest after each batch. @default none */
  readonly pause?: number | string;
  /** When it has to wait. */
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
  /** One line, for `history`. */
  readonly description?: string;
  /** Does the work, in a transaction that also records it. */
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
  /** Undoes what `upgrade` did. */
  downgrade?(conn: Connection, run: Run): unknown;
  /** Fails by throwing or by returning `false`; runs in the transaction of `upgrade`, and later under `verify`. */
  validate?(conn: Connection, run: Run): unknown;
}

/** A class to extend, for those who come from the Python tool. */
export abstract class DataMigration implements Migration {
  abstract readonly revision: string;
  readonly dependsOn?: string | readonly string[];
  readonly labels?: string | readonly string[];
  /** One line, for `history`. */
  readonly description?: string;
  /** Does the work, in a transaction that also records it. */
  abstract upgrade(conn: Connection, run: Run): unknown;
}

/** What kind of file it is; `py`: of the Python tool. */
export type MigrationKind = "ts" | "js" | "sql" | "py";

/** One of a migration's functions; throws when it fails. */
export type Step = (conn: Connection, run: Run) => Promise<void>;

/** {@link BatchOptions} as they were checked; times in milliseconds. */
export interface BatchPlan {
  readonly table: readonly string[];
  /** Empty: the primary key. */
  readonly key: readonly string[];
  readonly size: number;
  readonly minSize: number;
  readonly maxSize: number;
  /** 0: the size stays. */
  readonly targetMs: number;
  readonly timeoutMs: number;
  readonly parallel: number;
  readonly pauseMs: number;
  readonly throttle: ThrottlePlan;
}

export interface ThrottlePlan {
  readonly query: string | undefined;
  readonly file: string | undefined;
  readonly replicaLagMs: number | undefined;
  /** Names of sources; empty: what the database itself tells. */
  readonly replicas: readonly string[];
  /** Minutes of the day; `from` may be more than `to`. */
  readonly window: { readonly from: number; readonly to: number } | undefined;
}

/** Does one batch; throws when it fails. */
export type BatchStep = (conn: Connection, range: Range, run: Run) => Promise<void>;

/** Work in batches: what is done to the rows of a table, or which file is loaded. */
export type Batched =
  | { readonly plan: BatchPlan; readonly apply: BatchStep; readonly load?: never }
  | { readonly plan: BatchPlan; readonly load: LoadLine; readonly apply?: never };

/** A migration file that was read and found right. All times are in milliseconds. */
export interface LoadedMigration {
  readonly revision: string;
  /** As written; `src/project.ts` tells data revisions from Alembic ones. */
  readonly dependsOn: readonly string[];
  /** Names of the branch that begins with it. */
  readonly labels: readonly string[];
  readonly requiresBefore: readonly string[];
  readonly description: string;
  readonly kind: MigrationKind;
  /** Relative to the ini file's folder, with `/`. */
  readonly file: string;
  /** `sha256:v1:…`: see `src/checksum.ts`. */
  readonly checksum: string;
  /**
   * The checksum with the {@link data} files, where there are some and it is not in {@link checksum} already: reading
   * them takes time, so it is worked out when it is wanted, once. See {@link fullChecksum}.
   */
  readonly dataChecksum?: () => Promise<string>;
  readonly transaction: boolean;
  readonly idempotent: boolean;
  readonly timeoutMs: number | undefined;
  readonly lockTimeoutMs: number | undefined;
  readonly retries: number;
  readonly tags: readonly string[];
  /** `undefined` for the Python tool's files, which are read and never run. */
  readonly upgrade: Step | undefined;
  readonly downgrade: Step | undefined;
  readonly validate: Step | undefined;
  /** A walk in batches, instead of `upgrade`. */
  readonly batch: Batched | undefined;
  readonly repeatable: boolean;
  /** Paths as declared, relative to the folder `script_location`. */
  readonly data: readonly string[];
  /** The statements of a SQL migration, for `--sql` and for saying which of them were committed; else `undefined`. */
  readonly statements: SqlSections | undefined;
}

/** The statements of one SQL migration. */
export interface SqlSections {
  readonly upgrade: readonly SqlStatement[];
  readonly validate: readonly SqlStatement[];
  readonly downgrade: readonly SqlStatement[];
}

/** One statement of a file: its text without the delimiter, and the line on which it begins, from 1. */
export interface SqlStatement {
  readonly text: string;
  readonly line: number;
  /** What is loaded here, where a line says so and no SQL. */
  readonly load?: LoadLine;
}

/** The checksum of a migration with all of its data files, as the ledger keeps it. @throws what reading them threw */
export function fullChecksum({ checksum, dataChecksum }: LoadedMigration): Promise<string> {
  return dataChecksum?.() ?? Promise.resolve(checksum);
}
