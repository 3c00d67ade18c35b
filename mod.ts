/**
 * What a migration may import. At run time only {@link DataMigration}; all else are types.
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
export type { BatchOptions, Migration, MigrationOptions, Range, Run, ThrottleOptions } from "./src/migration.ts";
export type { Connection, Query, Rows, Sql } from "./src/connection.ts";
export type { LoadOptions, LoadReport, LoadRow } from "./src/bulk_options.ts";
export type { Fragment, Identifier, List } from "./src/sql.ts";
export type { DialectName, Row } from "./src/db/database.ts";
