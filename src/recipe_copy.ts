/**
 * `copyTable` and `archiveRows`: rows of one table into another, of the same database or from another one.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type { TableShape } from "./db/catalog.ts";
import type { Range } from "./migration.ts";
import { sessionOf } from "./recipe_session.ts";
import {
  alike,
  type ColumnPair,
  columnsOf,
  condition,
  idList,
  insertInto,
  isPart,
  joinSql,
  keyOf,
  matching,
  nameOf,
  raw,
  RecipeError,
  shapeOf,
  type SqlPart,
  tableId,
  type TableName,
  withStage,
} from "./recipe_sql.ts";

/** A table of another database: of what `run.source(name)` gave. */
export interface SourceTable {
  /** Where the table is: what `run.source(name)` gave. */
  readonly source: Connection;
  /** The table there. */
  readonly table: TableName;
}

/** Columns that have the same name in both tables; or for columns of the new table what goes there: a column's name, or SQL. */
export type CopiedColumns = readonly string[] | Readonly<Record<string, string | SqlPart>>;

/** What {@link copyTable} copies, and where to. */
export interface CopyOptions {
  /** The table that is read. */
  readonly from: TableName | SourceTable;
  /** The table that is written to. */
  readonly to: TableName;
  /** Which columns. @default all columns of `from`, which `to` must have */
  readonly columns?: CopiedColumns;
  /** Only rows of `from` for which this holds. @default all rows */
  readonly where?: SqlPart;
  /** Only the rows of this batch, where `from` is the table that is walked. */
  readonly range?: Range;
  /** What to do with a row whose key is in `to` already. @default "error" */
  readonly onConflict?: "error" | "skip" | "update";
  /** The columns of the unique key that decides. @default the primary key of `to` */
  readonly key?: string | readonly string[];
}

/**
 * Copies rows, and tells how many arrived. Within one database no row leaves it; from a source the rows are streamed.
 *
 * ```ts
 * await copyTable(conn, { from: "person", to: "person_new" });
 * const legacy = await run.source("legacy");
 * await copyTable(conn, { from: { source: legacy, table: "users" }, to: "person", columns: { id: "id", name: "login" } });
 * ```
 *
 * @throws when a table or a column is not there, or a row cannot be taken
 */
export async function copyTable(conn: Connection, options: CopyOptions): Promise<number> {
  const { from, to } = options;
  const target = await shapeOf(conn, to);
  if (isSource(from)) return await copyFromSource(conn, { ...options, from }, target);
  const columns = copied(options.columns, await shapeOf(conn, from), target);
  const names = columns.map(({ name }) => name);
  const { onConflict = "error" } = options;
  if (onConflict === "error") {
    const values = conn.sql.list(columns.map(({ value }) => valueIn(conn, value)));
    const { count } = await conn.sql`${insertInto(conn, to, names)} select ${values} from ${
      tableId(conn, from)
    } where ${condition(conn, options)}`;
    return count;
  }
  const key = keyAmong(names, target, options.key);
  const named = columns.map(({ name, value }) => conn.sql`${valueIn(conn, value)} as ${conn.sql.id(name)}`);
  const rows = conn.sql`select ${conn.sql.list(named)} from ${tableId(conn, from)} where ${condition(conn, options)}`;
  return await withStage(conn, rows, async (stage) => {
    const parts = { table: to, stage, on: alike(key) };
    const others = names.filter((name) => !key.includes(name));
    let changed = 0;
    if (onConflict === "update" && others.length > 0) {
      const set = others.map((name) => [name, conn.sql`${conn.sql.id("s", name)}`] as const);
      changed = (await conn.sql`${joinSql(conn).update(conn, { ...parts, set })}`).count;
    }
    return changed + await insertMissing(conn, { ...parts, names });
  }, key);
}

/** Adds the staged rows whose key is not there. @returns how many */
export async function insertMissing(
  conn: Connection,
  { table, stage, on, names }: {
    readonly table: TableName;
    readonly stage: string;
    readonly on: readonly ColumnPair[];
    readonly names: readonly string[];
  },
): Promise<number> {
  const { count } = await conn.sql`${insertInto(conn, table, names)} select ${idList(conn, names, "s")} from ${
    conn.sql.id(stage)
  } s where not exists (select 1 from ${tableId(conn, table)} t where ${matching(conn, on)})`;
  return count;
}

function isSource(from: TableName | SourceTable): from is SourceTable {
  return typeof from === "object" && "source" in from;
}

async function copyFromSource(
  conn: Connection,
  options: CopyOptions & { readonly from: SourceTable },
  target: TableShape,
): Promise<number> {
  const { from: { source, table }, to, where, range, onConflict = "error", key } = options;
  if (range !== undefined) {
    throw new RecipeError(
      "recipe-option",
      "A batch is of a table of the migration's own database: it cannot choose rows of a source",
      "Copy without 'range', in 'upgrade': the rows are streamed.",
    );
  }
  const columns = copied(options.columns, await shapeOf(source, table), target);
  const named = columns.map(({ name, value }) => source.sql`${valueIn(source, value)} as ${source.sql.id(name)}`);
  const rows = source.stream<Record<string, unknown>>`select ${source.sql.list(named)} from ${
    tableId(source, table)
  } where ${condition(source, { where })}`;
  const report = await conn.load(to, rows, {
    onConflict,
    ...(onConflict === "error" || key === undefined ? {} : { key }),
  });
  return report.loaded;
}

interface CopiedColumn {
  readonly name: string;
  readonly value: string | SqlPart;
}

/** What goes where. @throws {RecipeError} when a column is not there, or would silently be left behind */
function copied(given: CopiedColumns | undefined, from: TableShape, to: TableShape): CopiedColumn[] {
  if (given === undefined) {
    const names = from.columns.filter(({ generated }) => !generated).map(({ name }) => name);
    const lacking = names.filter((name) => !to.columns.some((column) => column.name === name));
    if (lacking.length > 0) {
      throw new RecipeError(
        "missing-column",
        `The table ${nameOf(to.path)} lacks ${lacking.join(", ")}, which ${nameOf(from.path)} has`,
        "Add it, or say in 'columns' which ones are to be copied.",
      );
    }
    return names.map((name) => ({ name, value: name }));
  }
  const columns = isList(given)
    ? given.map((name): CopiedColumn => ({ name, value: name }))
    : Object.entries(given).map(([name, value]): CopiedColumn => ({ name, value }));
  if (columns.length === 0) throw new RecipeError("recipe-option", "'columns' names no column");
  columnsOf(to, columns.map(({ name }) => name));
  columnsOf(from, columns.flatMap(({ value }) => typeof value === "string" ? [value] : []));
  return columns;
}

function isList(columns: CopiedColumns): columns is readonly string[] {
  return Array.isArray(columns);
}

function valueIn(conn: Connection, value: string | SqlPart): SqlPart {
  if (typeof value !== "string" && !isPart(value)) {
    throw new TypeError("A value of 'columns' must be a name or conn.sql`…`");
  }
  return typeof value === "string" ? conn.sql`${conn.sql.id(value)}` : conn.sql`${value}`;
}

function keyAmong(names: readonly string[], target: TableShape, given: CopyOptions["key"]): readonly string[] {
  const key = keyOf(target, given);
  const without = key.filter((column) => !names.includes(column));
  if (without.length === 0) return key;
  throw new RecipeError("recipe-option", `The key's ${without.join(", ")} is not among the columns that are copied`);
}

/** What {@link archiveRows} moves, and where to. */
export interface ArchiveOptions {
  /** The table that loses its rows. */
  readonly from: TableName;
  /** The table that is written to. */
  readonly to: TableName;
  /** The rows to move. */
  readonly where: SqlPart;
  /** Only the rows of this batch, where `from` is the table that is walked. */
  readonly range?: Range;
  /** Which columns. @default all columns of `from`, which `to` must have */
  readonly columns?: CopiedColumns;
}

/**
 * Moves rows to another table, each exactly once whatever others do at the same time, and tells how many.
 *
 * ```ts
 * async apply(conn, range) {
 *   await archiveRows(conn, { from: "visit", to: "visit_archive", where: conn.sql`at < '2020-01-01'`, range });
 * }
 * ```
 *
 * @throws when a table or a column is not there
 */
export async function archiveRows(conn: Connection, options: ArchiveOptions): Promise<number> {
  const { from, to } = options;
  if (options.where === undefined) throw new TypeError("'where' is missing: which rows are to be moved?");
  const source = await shapeOf(conn, from);
  const columns = copied(options.columns, source, await shapeOf(conn, to));
  const where = condition(conn, options);
  const move = {
    into: insertInto(conn, to, columns.map(({ name }) => name)),
    values: conn.sql.list(columns.map(({ value }) => valueIn(conn, value))),
  };
  if (conn.dialect === "postgresql") {
    const named = conn.sql.list(
      columns.map(({ value }, index) => conn.sql`${valueIn(conn, value)} as ${conn.sql.id(`c${index}`)}`),
    );
    const names = idList(conn, columns.map((_, index) => `c${index}`));
    const result = await conn.sql`with moved as (delete from ${
      tableId(conn, from)
    } where ${where} returning ${named}) ${move.into} select ${names} from moved`;
    return result.count;
  }
  return await moveByKeys(conn, { from, key: keyOf(source), where, ...move });
}

interface Move {
  readonly from: TableName;
  readonly key: readonly string[];
  readonly where: SqlPart;
  readonly into: SqlPart;
  readonly values: unknown;
}

/** Where no statement deletes and gives rows back: the keys are taken and locked first, and only they are moved. */
async function moveByKeys(conn: Connection, { from, key, where, into, values }: Move): Promise<number> {
  if (!sessionOf(conn).inTransaction) {
    throw new RecipeError(
      "recipe-transaction",
      "Rows can be moved only within a transaction",
      "Take 'transaction: false' out of the migration.",
    );
  }
  const keys = idList(conn, key);
  const nothing = conn.sql`select ${keys} from ${tableId(conn, from)} where 1 = 0`;
  return await withStage(conn, nothing, async (stage) => {
    const lock = raw(conn, conn.dialect === "mysql" ? "for update" : "");
    const staged = await conn.sql`insert into ${conn.sql.id(stage)} select ${keys} from ${
      tableId(conn, from)
    } where ${where} ${lock}`;
    const inserted = await conn.sql`${into} select ${values} from ${tableId(conn, from)} where (${keys}) in (select ${
      idList(conn, key, "s")
    } from ${conn.sql.id(stage)} s)`;
    const deleted = await conn.sql`${joinSql(conn).remove(conn, { table: from, stage, on: alike(key) })}`;
    if (inserted.count === staged.count && deleted.count === staged.count) return staged.count;
    throw new RecipeError(
      "archive-count",
      `${staged.count} rows of ${
        nameOf(from)
      } were to be moved, but ${inserted.count} arrived and ${deleted.count} went`,
      "Does a trigger or a cascade change them meanwhile?",
    );
  }, key);
}
