/**
 * What a migration may import — {@link DataMigration}, what every team writes by hand otherwise, and types — and what a
 * program needs to run migrations itself: {@link upgrade}, {@link downgrade}, {@link history}.
 *
 * ```ts
 * import { type Connection, DataMigration } from "delembic";
 *
 * export default class LoadPerson extends DataMigration {
 *   override readonly revision = "D002";
 *   override readonly dependsOn = ["D001"];
 *
 *   override async upgrade(conn: Connection) {
 *     await conn.sql`insert into person select * from person_staging`;
 *   }
 * }
 * ```
 *
 * @module
 */

import type { RunReport } from "./src/runner.ts";
import type { MigrationEntry, ProjectOptions, RunOptions } from "./src/library.ts";

/**
 * Runs what is pending, as `delembic upgrade` does: the same lock, the same checks, the same records. Prints nothing.
 *
 * ```ts
 * import { upgrade } from "delembic";
 *
 * // called when the application starts
 * export async function migrate(): Promise<void> {
 *   const report = await upgrade({
 *     config: "delembic.ini",
 *     wait: "60s",
 *     onEvent: (event) => {
 *       if (event.type === "ok") console.log(`${event.revision} took ${event.durationSeconds} s`);
 *     },
 *   });
 *   if (report.exitCode !== 0) throw new Error(report.failed?.error ?? "A migration could not run");
 * }
 * ```
 *
 * @returns what it did; a migration that failed, was blocked or interrupted is told there, not thrown
 * @throws {DelembicError} when nothing could be run: wrong configuration or files, no database, no lock
 */
export async function upgrade(options: RunOptions = {}): Promise<RunReport> {
  return await (await import("./src/library.ts")).upgrade(options);
}

/**
 * Undoes applied migrations back to the target, as `delembic downgrade` does.
 *
 * @throws {DelembicError} as {@link upgrade}; also when one of them has no `downgrade`
 */
export async function downgrade(options: RunOptions & { readonly target: string }): Promise<RunReport> {
  return await (await import("./src/library.ts")).downgrade(options);
}

/**
 * All migrations with their states, in the order of a run, as `delembic history` does. Changes nothing.
 *
 * @throws {DelembicError} when the configuration is wrong, or the database cannot be reached
 */
export async function history(options: ProjectOptions = {}): Promise<MigrationEntry[]> {
  return await (await import("./src/library.ts")).history(options);
}

export type { MigrationEntry, ProjectOptions, RunOptions } from "./src/library.ts";
export type { BlockedMigration, RunFailure, RunReport } from "./src/runner.ts";
export type { EventSink, RunEvent } from "./src/events.ts";
export type { MigrationKind } from "./src/migration.ts";
export type { EndedRun, Hook } from "./src/hooks.ts";
export type { RunStatus } from "./src/ledger.ts";
export type { Progress } from "./src/progress.ts";
export type { Block } from "./src/plan.ts";
export type { MigrationState } from "./src/state.ts";
export { DelembicError, type ErrorOptions, EXIT, type ExitCode, type Fault, type Place } from "./src/errors.ts";
export { DataMigration } from "./src/migration.ts";
export type {
  BatchLoadOptions,
  BatchOptions,
  Migration,
  MigrationOptions,
  Range,
  Run,
  ThrottleOptions,
} from "./src/migration.ts";
export { backfill, type BackfillOptions } from "./src/recipe_backfill.ts";
export {
  type ArchiveOptions,
  archiveRows,
  type CopiedColumns,
  type CopyOptions,
  copyTable,
  type SourceTable,
} from "./src/recipe_copy.ts";
export { type UpsertOptions, type UpsertReport, upsertRows } from "./src/recipe_upsert.ts";
export { mergeDuplicates, type MergeOptions, type MergeReport, type SoftReference } from "./src/recipe_merge.ts";
export { assertCount, assertNoRows, type ExpectedCount } from "./src/recipe_assert.ts";
export type { SqlPart, TableName } from "./src/recipe_sql.ts";
export type { Connection, Query, Rows, Sql } from "./src/connection.ts";
export type { LoadOptions, LoadReport, LoadRow } from "./src/bulk_options.ts";
export type { Fragment, Identifier, List } from "./src/sql.ts";
export type { DialectName, Row } from "./src/db/database.ts";
