/**
 * `backfill`: sets columns of the rows that need it.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type { Range } from "./migration.ts";
import { columnsOf, condition, RecipeError, shapeOf, type SqlPart, tableId, type TableName } from "./recipe_sql.ts";

/** What {@link backfill} sets, and where. */
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
export async function backfill(conn: Connection, table: TableName, options: BackfillOptions): Promise<number> {
  const { set, where, range } = options;
  const columns = Object.keys(set);
  if (columns.length === 0) {
    throw new RecipeError("recipe-option", "'set' names no column", "Write set: { column: value }.");
  }
  columnsOf(await shapeOf(conn, table), columns);
  const sets = columns.map((column) => conn.sql`${conn.sql.id(column)} = ${set[column]}`);
  const { count } = await conn.sql`update ${tableId(conn, table)} set ${conn.sql.list(sets)} where ${
    condition(conn, { where, range })
  }`;
  return count;
}
