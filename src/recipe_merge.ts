/**
 * `mergeDuplicates`: of rows that are the same thing one stays, and what referred to the others refers to it.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type { Reference, TableShape } from "./db/catalog.ts";
import { sessionOf } from "./recipe_session.ts";
import {
  type ColumnPair,
  columnsOf,
  countOf,
  idList,
  isPart,
  joined,
  joinSql,
  keyOf,
  nameOf,
  pathOf,
  raw,
  RecipeError,
  shapeOf,
  type SqlPart,
  tableId,
  type TableName,
  withStage,
} from "./recipe_sql.ts";

/** Columns of a table that refer to the merged one without a foreign key. */
export interface SoftReference {
  /** The table. */
  readonly table: TableName;
  /** Those that hold the key of the other table. */
  readonly columns: string | readonly string[];
  /** The columns that they refer to. @default the primary key */
  readonly to?: string | readonly string[];
}

/** What {@link mergeDuplicates} takes for one row. */
export interface MergeOptions {
  /** The table. */
  readonly table: TableName;
  /** What makes rows the same: columns, or SQL such as `` conn.sql`lower(email)` ``. NULL is like no other. */
  readonly by: readonly (string | SqlPart)[];
  /** The row that stays: by the primary key, or the first one in this order: `` conn.sql`updated_at desc` ``. */
  readonly keep: "first" | "last" | SqlPart;
  /** What refers to the table without a foreign key; foreign keys are found. */
  readonly references?: readonly SoftReference[];
  /**
   * What to do with a row of another table that would become the same as another one there, by a unique key: such as two
   * memberships of the same group. `"delete"` keeps the one of the row that stays. @default "error"
   */
  readonly onCollision?: "error" | "delete";
}

/** What was done. */
export interface MergeReport {
  /** Rows of the table that are gone. */
  readonly merged: number;
  /** Rows of other tables that refer to another row now. */
  readonly repointed: number;
  /** Rows of other tables that were deleted by `onCollision`. */
  readonly collided: number;
}

/**
 * Merges duplicates: repoints whatever refers to them by foreign keys, then deletes them.
 *
 * ```ts
 * await mergeDuplicates(conn, { table: "person", by: [conn.sql`lower(email)`], keep: "first" });
 * ```
 *
 * @throws when rows of other tables would collide, or a foreign key refers to other columns than a unique key
 */
export async function mergeDuplicates(conn: Connection, options: MergeOptions): Promise<MergeReport> {
  const { table, onCollision = "error" } = options;
  const shape = await shapeOf(conn, table);
  const key = keyOf(shape);
  const references = await referencesOf(conn, shape, key, options.references ?? []);
  const columns = [...new Set([...key, ...references.flatMap(({ to }) => to)])];
  columnsOf(shape, columns);
  return await withStage(conn, duplicates(conn, options, { key, columns }), async (stage) => {
    await conn.sql`delete from ${conn.sql.id(stage)} where delembic_n = 1`;
    let repointed = 0, collided = 0;
    for (const reference of references) {
      const referring = { reference, columns, stage };
      collided += await settleCollisions(conn, referring, onCollision);
      repointed += await repoint(conn, referring);
    }
    const on = key.map((column): ColumnPair => [column, oldName(columns, column)]);
    const { count: merged } = await conn.sql`${joinSql(conn).remove(conn, { table, stage, on })}`;
    return { merged, repointed, collided };
  });
}

/** In the stage: the value of the row itself, and that of the row that stays. */
function oldName(columns: readonly string[], column: string): string {
  return `old_${columns.indexOf(column)}`;
}
function newName(columns: readonly string[], column: string): string {
  return `new_${columns.indexOf(column)}`;
}

async function referencesOf(
  conn: Connection,
  shape: TableShape,
  key: readonly string[],
  given: readonly SoftReference[],
): Promise<readonly Reference[]> {
  const session = sessionOf(conn);
  const found = await (await session.dialect.catalog()).referencesTo(session, shape.path);
  const soft = given.map(({ table, columns, to = key }): Reference => ({
    name: nameOf(table),
    table: pathOf(table),
    columns: typeof columns === "string" ? [columns] : columns,
    to: typeof to === "string" ? [to] : to,
  }));
  for (const { table, columns, to } of soft) {
    columnsOf(await shapeOf(conn, table), columns);
    if (columns.length === to.length) continue;
    throw new RecipeError(
      "recipe-option",
      `${columns.join(", ")} of ${nameOf(table)} cannot refer to ${to.join(", ")}`,
    );
  }
  return [...found, ...soft];
}

/** All rows that have a like, numbered from the one that stays. */
function duplicates(
  conn: Connection,
  { table, by, keep }: MergeOptions,
  { key, columns }: { readonly key: readonly string[]; readonly columns: readonly string[] },
): SqlPart {
  if (by.length === 0) throw new RecipeError("recipe-option", "'by' is empty: what makes rows the same?");
  const same = () => by.map((one) => typeof one === "string" ? conn.sql`${conn.sql.id(one)}` : conn.sql`${one}`);
  const direction = raw(conn, keep === "last" ? " desc" : "");
  const byKey = key.map((column) => conn.sql`${conn.sql.id(column)}${direction}`);
  const order = isPart(keep) ? [conn.sql`${keep}`, ...byKey] : byKey;
  const known = joined(conn, same().map((one) => conn.sql`${one} is not null`), "and");
  const values = columns.flatMap((column) => [
    conn.sql`${conn.sql.id(column)} as ${conn.sql.id(oldName(columns, column))}`,
    conn.sql`first_value(${conn.sql.id(column)}) over delembic_same as ${conn.sql.id(newName(columns, column))}`,
  ]);
  return conn.sql`select ${conn.sql.list(values)}, row_number() over delembic_same as delembic_n from ${
    tableId(conn, table)
  } where ${known} window delembic_same as (partition by ${conn.sql.list(same())} order by ${conn.sql.list(order)})`;
}

interface Referring {
  readonly reference: Reference;
  /** Of the merged table, as the stage has them. */
  readonly columns: readonly string[];
  readonly stage: string;
}

async function repoint(conn: Connection, { reference, columns, stage }: Referring): Promise<number> {
  const { table, to } = reference;
  const pairs = reference.columns.map((column, index) => [column, to[index] ?? ""] as const);
  const on = pairs.map(([column, target]): ColumnPair => [column, oldName(columns, target)]);
  const set = pairs.map(([column, target]) =>
    [column, conn.sql`${conn.sql.id("s", newName(columns, target))}`] as const
  );
  return (await conn.sql`${joinSql(conn).update(conn, { table, stage, on, set })}`).count;
}

/** Looks at each unique key of the referring table that would not be unique any more. @returns rows that were deleted */
async function settleCollisions(
  conn: Connection,
  referring: Referring,
  rule: "error" | "delete",
): Promise<number> {
  const { reference } = referring;
  const shape = await shapeOf(conn, reference.table);
  let deleted = 0;
  for (const unique of shape.keys.filter((key) => key.columns.some((column) => reference.columns.includes(column)))) {
    const colliding = collisions(conn, referring, shape, unique.columns);
    deleted += await withStage(conn, colliding, async (stage) => {
      await conn.sql`delete from ${conn.sql.id(stage)} where delembic_n = 1`;
      const count = await countOf(conn, conn.sql`select count(*) from ${conn.sql.id(stage)}`);
      if (count === 0) return 0;
      if (rule === "error") throw collisionError(reference, unique.columns, count);
      const on = identity(shape, unique.columns).map((column): ColumnPair => [column, column]);
      return (await conn.sql`${joinSql(conn).remove(conn, { table: reference.table, stage, on })}`).count;
    });
  }
  return deleted;
}

/** The columns by which a row of the referring table is found again. */
function identity(shape: TableShape, unique: readonly string[]): readonly string[] {
  return shape.keys.find(({ primary }) => primary)?.columns ?? unique;
}

/** The referring rows, numbered among those that will have the same key, from the one that refers to what stays. */
function collisions(
  conn: Connection,
  { reference, columns, stage }: Referring,
  shape: TableShape,
  unique: readonly string[],
): SqlPart {
  const { sql } = conn;
  const pairs = reference.columns.map((column, index) => [column, reference.to[index] ?? ""] as const);
  const on = joined(
    conn,
    pairs.map(([column, target]) => sql`${sql.id("t", column)} = ${sql.id("s", oldName(columns, target))}`),
    "and",
  );
  const after = () =>
    unique.map((column) => {
      const target = pairs.find(([own]) => own === column)?.[1];
      const now = sql.id("t", column);
      return target === undefined ? sql`${now}` : sql`coalesce(${sql.id("s", newName(columns, target))}, ${now})`;
    });
  const known = joined(conn, unique.map((column) => sql`${sql.id("t", column)} is not null`), "and");
  const own = identity(shape, unique);
  return sql`select ${idList(conn, own, "t")}, row_number() over (partition by ${
    sql.list(after())
  } order by coalesce(s.delembic_n, 0), ${idList(conn, own, "t")}) as delembic_n from ${
    tableId(conn, reference.table)
  } t left join ${sql.id(stage)} s on ${on} where ${known}`;
}

function collisionError({ table }: Reference, unique: readonly string[], count: number): RecipeError {
  return new RecipeError(
    "merge-collision",
    `${count} ${count === 1 ? "row" : "rows"} of ${nameOf(table)} would have the same ${
      unique.join(", ")
    } as another one once the duplicates are merged`,
    'Say onCollision: "delete" to keep the row of the one that stays, or settle them before.',
  );
}
