/**
 * What a migration may import: {@link DataMigration}, what every team writes by hand otherwise, and types.
 *
 * ```ts
 * import { DataMigration, type Connection } from "delembic";
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
