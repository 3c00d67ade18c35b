/**
 * `upsertRows`: reference data as it stands in the migration.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type { ColumnShape, TableShape } from "./db/catalog.ts";
import { insertMissing } from "./recipe_copy.ts";
import {
  alike,
  columnsOf,
  idList,
  joined,
  joinSql,
  keyOf,
  nameOf,
  RecipeError,
  shapeOf,
  type SqlPart,
  tableId,
  type TableName,
  withStage,
} from "./recipe_sql.ts";

/** How {@link upsertRows} treats what is there already. */
export interface UpsertOptions {
  /** The columns by which a row is found. @default the primary key */
  readonly key?: string | readonly string[];
  /** Deletes the rows of the table that are not among those given. @default false */
  readonly deleteOthers?: boolean;
}

/** What became of the rows. */
export interface UpsertReport {
  /** Rows that were not there. */
  readonly added: number;
  /** Rows that were there and different. */
  readonly changed: number;
  /** They were so already, and were not touched. */
  readonly unchanged: number;
  /** Rows that were there and are not given. */
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
export async function upsertRows(
  conn: Connection,
  table: TableName,
  rows: readonly Readonly<Record<string, unknown>>[],
  options: UpsertOptions = {},
): Promise<UpsertReport> {
  const shape = await shapeOf(conn, table);
  const key = keyOf(shape, options.key);
  if (rows.length === 0) {
    if (options.deleteOthers !== true) return { added: 0, changed: 0, unchanged: 0, deleted: 0 };
    throw new RecipeError(
      "recipe-rows",
      `There are no rows, so all of ${nameOf(table)} would be deleted`,
      `If that is what you want, write conn.sql\`delete from ${nameOf(table)}\`.`,
    );
  }
  const names = namesIn(rows, shape, key);
  const empty = conn.sql`select ${idList(conn, names)} from ${tableId(conn, table)} where 1 = 0`;
  return await withStage(conn, empty, async (stage) => {
    await fill(conn, stage, columnsOf(shape, names), rows);
    await refuseTwins(conn, stage, key);
    const { deleteOthers = false } = options;
    return await merge(conn, { table, shape, stage, names, key, rows: rows.length, deleteOthers });
  }, key);
}

/** The columns, which all rows must have. */
function namesIn(
  rows: readonly Readonly<Record<string, unknown>>[],
  shape: TableShape,
  key: readonly string[],
): readonly string[] {
  const names = Object.keys(rows[0] ?? {});
  columnsOf(shape, names);
  for (const [index, row] of rows.entries()) {
    const lacking = names.find((name) => row[name] === undefined);
    if (lacking !== undefined) throw rowError(index, `has no '${lacking}'`, "Write null for NULL.");
    const further = Object.keys(row).find((name) => !names.includes(name));
    if (further !== undefined) throw rowError(index, `has '${further}', which the first row has not`);
    const nothing = key.find((name) => row[name] === undefined || row[name] === null);
    if (nothing !== undefined) throw rowError(index, `has no value for '${nothing}', by which it would be found`);
  }
  return names;
}

function rowError(index: number, problem: string, hint?: string): RecipeError {
  return new RecipeError("recipe-rows", `Row ${index + 1} ${problem}`, hint);
}

/** Values of one statement; SQLite takes 32,766, PostgreSQL 65,535. */
const MOST_VALUES = 10_000;

async function fill(
  conn: Connection,
  stage: string,
  columns: readonly ColumnShape[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const { sql } = conn;
  const size = Math.max(1, Math.floor(MOST_VALUES / columns.length));
  for (let at = 0; at < rows.length; at += size) {
    const lists = rows.slice(at, at + size).map((row) =>
      sql`(${sql.list(columns.map((column) => valueFor(conn, column, row[column.name])))})`
    );
    await sql`insert into ${sql.id(stage)} values ${sql.list(lists)}`;
  }
}

/** Only PostgreSQL tells a driver that a placeholder is for JSON, where a text is one of JSON's own. */
function valueFor({ dialect }: Connection, { kind }: ColumnShape, value: unknown): unknown {
  if (kind !== "json" || dialect === "postgresql") return value;
  return typeof value === "string" || typeof value === "boolean" ? JSON.stringify(value) : value;
}

async function refuseTwins(conn: Connection, stage: string, key: readonly string[]): Promise<void> {
  const keys = idList(conn, key);
  const [twin] = await conn.sql`select ${keys} from ${conn.sql.id(stage)} group by ${keys} having count(*) > 1`;
  if (twin === undefined) return;
  const shown = key.map((name) => `${name} ${Deno.inspect(twin[name])}`).join(", ");
  throw new RecipeError("recipe-rows", `Two rows have the same key: ${shown}`);
}

interface Merging {
  readonly table: TableName;
  readonly shape: TableShape;
  readonly stage: string;
  readonly names: readonly string[];
  readonly key: readonly string[];
  readonly rows: number;
  readonly deleteOthers: boolean;
}

/** Deletes first, so that what goes does not stand in the way of what comes. */
async function merge(conn: Connection, merging: Merging): Promise<UpsertReport> {
  const { table, shape, stage, names, key, rows, deleteOthers } = merging;
  const on = alike(key);
  const deleted = deleteOthers ? await removeOthers(conn, table, stage, key) : 0;
  const others = columnsOf(shape, names).filter(({ name, generated }) => !generated && !on.some(([k]) => k === name));
  let changed = 0;
  if (others.length > 0) {
    const set = others.map(({ name }) => [name, conn.sql`${conn.sql.id("s", name)}`] as const);
    const where: SqlPart = joined(conn, others.map((column) => joinSql(conn).differs(conn, column)), "or");
    changed = (await conn.sql`${joinSql(conn).update(conn, { table, stage, on, where, set })}`).count;
  }
  const added = await insertMissing(conn, { table, stage, on, names });
  return { added, changed, unchanged: rows - added - changed, deleted };
}

/** Rows of the table that are not staged. */
async function removeOthers(
  conn: Connection,
  table: TableName,
  stage: string,
  key: readonly string[],
): Promise<number> {
  const { count } = await conn.sql`delete from ${tableId(conn, table)} where (${idList(conn, key)}) not in (select ${
    idList(conn, key, "s")
  } from ${conn.sql.id(stage)} s)`;
  return count;
}
