/**
 * What the recipes are made of: names and conditions as they are given, tables as the catalog knows them, and the few
 * statements that each database writes in its own way.
 *
 * The recipes may be another copy of the code than the program's (see `src/recipe_session.ts`), so they make SQL by
 * `conn.sql` alone.
 *
 * @module
 */

import type { Connection, Query } from "./connection.ts";
import type { ColumnShape, TableShape } from "./db/catalog.ts";
import type { DialectName } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import type { Range } from "./migration.ts";
import { sessionOf } from "./recipe_session.ts";
import type { Fragment } from "./sql.ts";
import { closest } from "./suggest.ts";

/** `"person"`, `"staging.person"`, or its parts: `["staging", "person"]`. */
export type TableName = string | readonly string[];

/** A piece of SQL: `` conn.sql`left_at is null` ``. */
export type SqlPart = Query<unknown> | Fragment;

/** What is wrong with what a recipe was given, or with what it found. */
export class RecipeError extends DelembicError {
  constructor(code: string, message: string, hint?: string) {
    super(message, { code, hint });
  }
}

export function pathOf(table: TableName): readonly string[] {
  return typeof table === "string" ? table.split(".") : table;
}

/** As people write it. */
export function nameOf(table: TableName): string {
  return pathOf(table).join(".");
}

/** SQL as it stands, which is ours and never the user's. */
export function raw({ sql }: Connection, text: string): Query {
  const strings = [text];
  return sql(Object.assign(strings, { raw: strings }));
}

/** The quoted name of a table. */
export function tableId({ sql }: Connection, table: TableName) {
  return sql.id(...pathOf(table));
}

/** Quoted names with commas between them, each behind the table's alias where one is given. */
export function idList({ sql }: Connection, columns: readonly string[], alias?: string) {
  return sql.list(columns.map((column) => alias === undefined ? sql.id(column) : sql.id(alias, column)));
}

/** The start of a statement that adds rows; numbers that PostgreSQL would only give by itself are kept, too. */
export function insertInto(conn: Connection, table: TableName, columns: readonly string[]): SqlPart {
  const kept = raw(conn, conn.dialect === "postgresql" ? " overriding system value" : "");
  return conn.sql`insert into ${tableId(conn, table)} (${idList(conn, columns)})${kept}`;
}

/** All of the parts, with a word between them. */
export function joined(conn: Connection, parts: readonly SqlPart[], between: string): SqlPart {
  return parts.reduce((whole, part) => conn.sql`${whole}${raw(conn, ` ${between} `)}${part}`);
}

/** `where` and `range` as one condition. @throws {TypeError} for a condition that is a plain text */
export function condition(
  conn: Connection,
  { where, range }: { readonly where?: SqlPart | undefined; readonly range?: Range | undefined },
): SqlPart {
  if (where !== undefined && !isPart(where)) {
    throw new TypeError("'where' must be SQL: write where: conn.sql`…`, not a text");
  }
  const parts = [
    ...(where === undefined ? [] : [conn.sql`(${where})`]),
    ...(range === undefined ? [] : [conn.sql`${range}`]),
  ];
  return parts.length === 0 ? raw(conn, "1 = 1") : joined(conn, parts, "and");
}

/** Whether a value is SQL made by `conn.sql`, and no value for a placeholder. */
export function isPart(value: unknown): value is SqlPart {
  return typeof value === "object" && value !== null && ("then" in value || ("parts" in value && "values" in value));
}

/** The table as the database knows it. @throws {RecipeError} when there is none */
export async function shapeOf(conn: Connection, table: TableName): Promise<TableShape> {
  const session = sessionOf(conn);
  const shape = await (await session.dialect.catalog()).describe(session, pathOf(table));
  if (shape !== undefined) return shape;
  throw new RecipeError(
    "missing-table",
    `There is no table ${nameOf(table)}`,
    "Does an Alembic revision create it? Name it in 'dependsOn'.",
  );
}

/** Columns of a table by their names, which it must have. @throws {RecipeError} */
export function columnsOf(shape: TableShape, names: readonly string[]): ColumnShape[] {
  return names.map((name) => {
    const found = shape.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    const known = shape.columns.map((column) => column.name);
    const similar = closest(name, known);
    throw new RecipeError(
      "missing-column",
      `The table ${nameOf(shape.path)} has no column '${name}'`,
      similar === undefined ? `It has ${known.join(", ")}.` : `Did you mean '${similar}'?`,
    );
  });
}

/** The columns of the key that is given, or of the primary key. @throws {RecipeError} where they are not unique */
export function keyOf(shape: TableShape, given?: string | readonly string[]): readonly string[] {
  const table = nameOf(shape.path);
  if (given === undefined) {
    const primary = shape.keys.find((key) => key.primary);
    if (primary !== undefined) return primary.columns;
    throw new RecipeError(
      "no-key",
      `The table ${table} has no primary key`,
      "Say 'key', the columns of a unique index.",
    );
  }
  const columns = typeof given === "string" ? [given] : given;
  columnsOf(shape, columns);
  const same = (other: readonly string[]) =>
    other.length === columns.length && other.every((column) => columns.includes(column));
  if (shape.keys.some((key) => same(key.columns))) return columns;
  throw new RecipeError(
    "no-key",
    `${columns.join(", ")} of the table ${table} is not unique`,
    "Make a unique index on it, or say another 'key'.",
  );
}

/** What one database writes differently from another, for statements that join a table with a temporary one. */
export interface JoinSql {
  /** Changes `table` (alias `t`) by the rows of `stage` (alias `s`) that fit. */
  update(conn: Connection, parts: JoinParts & { readonly set: readonly (readonly [string, SqlPart])[] }): SqlPart;
  /** Deletes rows of `table` (alias `t`) for which there is a row of `stage` (alias `s`). */
  remove(conn: Connection, parts: JoinParts): SqlPart;
  /** Whether two columns hold different values, NULL being one, as bytes and not as a collation compares them. */
  differs(conn: Connection, column: ColumnShape): SqlPart;
  /** What stands in `create temporary table` so that rows of it are found; where it is needed. */
  stageKey(conn: Connection, columns: readonly string[]): SqlPart;
  dropStage(conn: Connection, stage: string): SqlPart;
}

export type ColumnPair = readonly [column: string, staged: string];

export interface JoinParts {
  readonly table: TableName;
  readonly stage: string;
  /** Columns of the table, each with the one of the stage that is equal to it. */
  readonly on: readonly ColumnPair[];
  /** A further condition. */
  readonly where?: SqlPart;
}

/** `update … from` and its kin, as PostgreSQL and SQLite have it. */
const FROM: Pick<JoinSql, "update" | "stageKey" | "dropStage"> = {
  update(conn, { table, stage, on, where, set }) {
    const sets = conn.sql.list(set.map(([column, value]) => conn.sql`${conn.sql.id(column)} = ${value}`));
    return conn.sql`update ${tableId(conn, table)} as t set ${sets} from ${conn.sql.id(stage)} s where ${
      matching(conn, on, where)
    }`;
  },
  // they make a hash or an index themselves
  stageKey: (conn) => raw(conn, ""),
  dropStage: (conn, stage) => conn.sql`drop table ${conn.sql.id(stage)}`,
};

const JOINS: Readonly<Record<DialectName, JoinSql>> = {
  postgresql: {
    ...FROM,
    remove: (conn, { table, stage, on }) =>
      conn.sql`delete from ${tableId(conn, table)} as t using ${conn.sql.id(stage)} s where ${matching(conn, on)}`,
    // not every type has an '='
    differs(conn, { name, kind }) {
      const [mine, theirs] = [conn.sql.id("t", name), conn.sql.id("s", name)];
      return kind === "json" || kind === "other" || kind === "text"
        ? conn.sql`${mine}::text collate "C" is distinct from ${theirs}::text collate "C"`
        : conn.sql`${mine} is distinct from ${theirs}`;
    },
  },
  sqlite: {
    ...FROM,
    // it looks the rows up by their key, where it would read all of the table for 'exists'
    remove(conn, { table, stage, on }) {
      const mine = idList(conn, on.map(([column]) => column), "t"),
        theirs = idList(conn, on.map(([, staged]) => staged));
      return conn.sql`delete from ${tableId(conn, table)} as t where (${mine}) in (select ${theirs} from ${
        conn.sql.id(stage)
      })`;
    },
    differs: (conn, { name }) => conn.sql`${conn.sql.id("t", name)} collate binary is not ${conn.sql.id("s", name)}`,
  },
  mysql: {
    update(conn, { table, stage, on, where, set }) {
      const sets = conn.sql.list(set.map(([column, value]) => conn.sql`${conn.sql.id("t", column)} = ${value}`));
      return conn.sql`update ${tableId(conn, table)} t join ${conn.sql.id(stage)} s on ${
        matching(conn, on, where)
      } set ${sets}`;
    },
    remove: (conn, { table, stage, on }) =>
      conn.sql`delete t from ${tableId(conn, table)} t join ${conn.sql.id(stage)} s on ${matching(conn, on)}`,
    differs(conn, { name, kind }) {
      const [mine, theirs] = [conn.sql.id("t", name), conn.sql.id("s", name)];
      return kind === "text" || kind === "enum"
        ? conn.sql`not (cast(${mine} as binary) <=> cast(${theirs} as binary))`
        : conn.sql`not (${mine} <=> ${theirs})`;
    },
    stageKey: (conn, columns) => conn.sql`(key (${idList(conn, columns)}))`,
    dropStage: (conn, stage) => conn.sql`drop temporary table ${conn.sql.id(stage)}`,
  },
};

export function joinSql(conn: Connection): JoinSql {
  return JOINS[conn.dialect];
}

/** `t.a = s.x and t.b = s.y`: in SQLite the column on the left decides the collation. */
export function matching(conn: Connection, on: readonly ColumnPair[], where?: SqlPart): SqlPart {
  const equal = on.map(([column, staged]) => conn.sql`${conn.sql.id("t", column)} = ${conn.sql.id("s", staged)}`);
  return joined(conn, [...equal, ...(where === undefined ? [] : [conn.sql`(${where})`])], "and");
}

/** Columns that have the same names in the stage. */
export function alike(columns: readonly string[]): ColumnPair[] {
  return columns.map((column) => [column, column]);
}

let stages = 0;

/** The name of a temporary table that nobody else uses. */
export function stageName(): string {
  return `delembic_recipe_${++stages}`;
}

/**
 * Makes a temporary table, and drops it again after `work`; where that fails, the transaction's end does it.
 *
 * @param key columns by which its rows are looked up
 */
export async function withStage<T>(
  conn: Connection,
  query: SqlPart,
  work: (stage: string) => Promise<T>,
  key?: readonly string[],
): Promise<T> {
  const stage = stageName();
  const index = key === undefined ? raw(conn, "") : joinSql(conn).stageKey(conn, key);
  await conn.sql`create temporary table ${conn.sql.id(stage)} ${index} as ${query}`;
  const result = await work(stage);
  await conn.sql`${joinSql(conn).dropStage(conn, stage)}`;
  return result;
}

/** A number that a query counted; MySQL gives sums as texts. */
export async function countOf(conn: Connection, query: SqlPart): Promise<number> {
  return Number(await conn.value`${query}`);
}
