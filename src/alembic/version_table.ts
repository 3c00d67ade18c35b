/**
 * The table in which Alembic keeps which revisions a database is at.
 *
 * @module
 */

import { DatabaseError, type Queryable } from "../db/database.ts";
import { compareIds } from "../graph.ts";
import type { VersionTable } from "./tree.ts";

/**
 * The rows of the version table: the database's heads, in natural order. No table, or no such schema, means base: no
 * rows. Must not be called within a transaction, which on PostgreSQL a missing table would abort.
 *
 * @throws {DatabaseError}
 */
export async function readVersionRows(db: Queryable, { table, schema }: VersionTable): Promise<string[]> {
  const name = [schema, table].filter((part) => part !== undefined).map((part) => db.dialect.quoteId(part)).join(".");
  try {
    const { rows } = await db.query(`select version_num from ${name}`);
    return rows.map(({ version_num }) => String(version_num)).sort(compareIds);
  } catch (error) {
    // MySQL says of a schema that is not there that the database is missing
    const isBase = error instanceof DatabaseError &&
      (error.kind === "missing-table" || error.kind === "missing-database");
    if (isBase) return [];
    throw error;
  }
}
