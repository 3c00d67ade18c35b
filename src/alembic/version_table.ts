/**
 * The table in which Alembic keeps which revisions a database is at.
 *
 * @module
 */

import { DatabaseError, type Queryable } from "../db/database.ts";
import { DelembicError, EXIT } from "../errors.ts";
import { compareIds } from "../graph.ts";
import type { VersionTable } from "./tree.ts";

/**
 * The rows of the version table: the database's heads, in natural order. No table, or no such schema, means base: no
 * rows. Must not be called within a transaction, which on PostgreSQL a missing table would abort.
 *
 * @throws {DatabaseError} @throws {DelembicError} when the table is in a SQLite file that is not attached
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
    if (!isBase) throw error;
    if (db.dialect.name === "sqlite" && schema !== undefined) await requireAttached(db, schema);
    return [];
  }
}

/** On SQLite a schema is another file, which whoever connects attaches; without it nothing is known. */
async function requireAttached(db: Queryable, schema: string): Promise<void> {
  const { rows } = await db.query("select name from pragma_database_list");
  if (rows.some(({ name }) => String(name).toLowerCase() === schema.toLowerCase())) return;
  throw new DelembicError(`Alembic's version table is in '${schema}', which is another SQLite file: it was not read`, {
    code: "alembic-version-schema",
    exitCode: EXIT.usage,
    hint: "Keep it in the file that Delembic opens, without version_table_schema; " +
      "if it is there, set 'alembic_version_schema = main' in delembic.ini.",
  });
}
