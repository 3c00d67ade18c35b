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
  readonly dialect: DialectName;
  /** The driver's own connection, for what Delembic has no words for: porsager's `sql`, mysql2's connection, `DatabaseSync`. */
  readonly native: unknown;
}

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
