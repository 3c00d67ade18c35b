/**
 * What a migration is: the type that a user writes, and the value that the program works with after a file was read.
 *
 * @module
 */

import type { DialectName } from "./db/database.ts";
import type { Connection } from "./connection.ts";

/** What a migration is told about the run that it is part of. */
export interface Run {
  readonly revision: string;
  /** When this attempt began, as text that every database takes for a timestamp: `2026-01-15 10:30:00.123456+00:00`. */
  readonly startedAt: string;
  /** Counts from 1; higher after an error that means "try again". */
  readonly attempt: number;
  readonly dialect: DialectName;
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
}

/** A migration as a TypeScript or JavaScript file exports it by default: such an object, or a class with these members. */
export interface Migration extends MigrationOptions {
  /** 1 to 128 of `A-Z a-z 0-9 _ . -` */
  readonly revision: string;
  /** Revisions that must be applied first: data revisions, Alembic revisions; `alembic:ID` where both have the id. */
  readonly dependsOn?: string | readonly string[];
  readonly description?: string;
  upgrade(conn: Connection, run: Run): unknown;
  downgrade?(conn: Connection, run: Run): unknown;
  /** Fails by throwing or by returning `false`; runs in the transaction of `upgrade`, and later under `verify`. */
  validate?(conn: Connection, run: Run): unknown;
}

/** A class to extend, for those who come from the Python tool. */
export abstract class DataMigration implements Migration {
  abstract readonly revision: string;
  readonly dependsOn?: string | readonly string[];
  readonly description?: string;
  abstract upgrade(conn: Connection, run: Run): unknown;
}

export type MigrationKind = "ts" | "js" | "sql" | "py";

/** One of a migration's functions; throws when it fails. */
export type Step = (conn: Connection, run: Run) => Promise<void>;

/** A migration file that was read and found right. All times are in milliseconds. */
export interface LoadedMigration {
  readonly revision: string;
  /** As written; `src/project.ts` tells data revisions from Alembic ones. */
  readonly dependsOn: readonly string[];
  readonly requiresBefore: readonly string[];
  readonly description: string;
  readonly kind: MigrationKind;
  /** Relative to the ini file's folder, with `/`. */
  readonly file: string;
  /** `sha256:v1:…`: see `src/checksum.ts`. */
  readonly checksum: string;
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
}
