/**
 * What SQLite knows of its tables, by its pragmas: https://sqlite.org/pragma.html
 *
 * Names are compared without regard to case, as SQLite does. Texts with a NUL character are no keys to walk by: the driver
 * reads them only up to it.
 *
 * @module
 */

import type {
  Asker,
  Catalog,
  ColumnKind,
  ColumnShape,
  Reference,
  TablePath,
  TableShape,
  UniqueKey,
} from "./catalog.ts";
import { quoted } from "./sqlite_text.ts";

export const sqliteCatalog: Catalog = {
  async describe(db, table) {
    const found = await find(db, table);
    if (found === undefined) return undefined;
    const { rows } = await db.query(
      `select name, type, "notnull", dflt_value, pk, hidden from pragma_table_xinfo(?, ?) where hidden <> 1 order by cid`,
      [found.name, found.schema],
    );
    const columns = rows as unknown as readonly XInfo[];
    const indexes = await uniqueIndexes(db, found);
    const shapes = columns.map((column) => shapeOf(column, isRowidAlias(column, found, columns, indexes)));
    return { path: table, columns: shapes, keys: await keysOf(db, found, columns, indexes) } satisfies TableShape;
  },

  async estimateRows(db, table) {
    const found = await find(db, table);
    if (found === undefined || found.kind === "view") return undefined;
    const from = quotedPath(found);
    const few = await numberOf(db, `select count(*) as n from (select 1 from ${from} limit ${FEW_ROWS + 1})`);
    if (few === undefined || few <= FEW_ROWS) return few;
    return await analyzedRows(db, found) ?? await rowsByRowid(db, found);
  },

  async referencesTo(db, table) {
    const found = await find(db, table);
    if (found === undefined) return [];
    const { rows } = await db.query(
      `select m.name as child, f.id, f."from" as "column", f."to" as parent
        from ${quoted(found.schema)}.sqlite_master m, pragma_foreign_key_list(m.name, ?) f
        where m.type = 'table' and f."table" = ? collate nocase order by m.name, f.id desc, f.seq`,
      [found.schema, found.name],
    );
    const parentKey = rows.some(({ parent }) => parent === null) ? await primaryColumns(db, found) : [];
    return grouped(rows as unknown as readonly ForeignColumn[]).map((columns) =>
      reference(table, found, columns, parentKey)
    );
  },

  // a value is compared with the affinity and the collation of the column that it stands beside
  comparable: (placeholder) => placeholder,
};

/** A table where it was found. */
interface Found {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "view" | "virtual" | "shadow";
  readonly withoutRowid: boolean;
}

interface XInfo {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  /** Its place in the primary key, from 1; 0 when it is not in it. */
  readonly pk: number;
  /** 2 and 3: computed. */
  readonly hidden: number;
}

/** Where an unqualified name is looked for: temporary tables first, then `main`, then what was attached, in order. */
async function find(db: Asker, table: TablePath): Promise<Found | undefined> {
  const name = table.at(-1) ?? "";
  const schema = table.length > 1 ? table.at(-2) : null;
  const { rows: [row] } = await db.query(
    `select t.schema, t.name, t.type, t.wr from pragma_table_list(?) t join pragma_database_list d on d.name = t.schema
      where (? is null or t.schema = ? collate nocase)
      order by case t.schema when 'temp' then 0 when 'main' then 1 else 2 end, d.seq limit 1`,
    [name, schema, schema],
  );
  if (row === undefined) return undefined;
  return {
    schema: String(row["schema"]),
    name: String(row["name"]),
    kind: row["type"] as Found["kind"],
    withoutRowid: row["wr"] === 1,
  };
}

function shapeOf(column: XInfo, rowidAlias: boolean): ColumnShape {
  return {
    name: column.name,
    type: column.type,
    kind: sqliteKind(column.type),
    // any other column of a primary key may hold NULL: https://sqlite.org/quirks.html
    nullable: column.notnull === 0 && !rowidAlias,
    hasDefault: rowidAlias || (column.dflt_value !== null && !/^null$/i.test(column.dflt_value)),
    generated: column.hidden > 1,
  };
}

/** The names that people give to types, before SQLite's own rules: https://sqlite.org/datatype3.html#affname */
const KINDS: readonly (readonly [RegExp, ColumnKind])[] = [
  [/bool/i, "boolean"],
  [/^(?:datetime|timestamp)/i, "timestamp"],
  [/^date\b/i, "date"],
  [/^time\b/i, "time"],
  [/^interval/i, "interval"],
  [/^(?:uuid|guid|uniqueidentifier)/i, "uuid"],
  [/^json/i, "json"],
  [/int/i, "integer"],
  [/char|clob|text|^string/i, "text"],
  [/blob|binary|^bytea/i, "bytes"],
  [/real|floa|doub/i, "float"],
  [/dec|numeric|number|money/i, "decimal"],
];

/** What a column of a declared type holds, if all is right. Pure. */
export function sqliteKind(type: string): ColumnKind {
  return KINDS.find(([regexp]) => regexp.test(type))?.[1] ?? "other";
}

interface Index {
  readonly name: string;
  /** `pk`, `u` (a constraint) or `c` (`create unique index`). */
  readonly origin: string;
  readonly columns: readonly { readonly name: string | null; readonly collation: string }[];
}

async function uniqueIndexes(db: Asker, { schema, name }: Found): Promise<readonly Index[]> {
  const { rows } = await db.query(
    `select i.name, i.origin, x.name as "column", x.coll from pragma_index_list(?, ?) i, pragma_index_xinfo(i.name, ?) x
      where i."unique" = 1 and i.partial = 0 and x.key = 1 order by i.seq desc, x.seqno`,
    [name, schema, schema],
  );
  const byName = Map.groupBy(rows, (row) => String(row["name"]));
  return [...byName].map(([name, columns]) => ({
    name,
    origin: String(columns[0]?.["origin"]),
    columns: columns.map((row) => ({ name: row["column"] as string | null, collation: String(row["coll"]) })),
  }));
}

/** Whether the column is the rowid: the one column of a primary key that has no index of its own. */
function isRowidAlias(column: XInfo, { kind, withoutRowid }: Found, all: readonly XInfo[], indexes: readonly Index[]) {
  return column.pk === 1 && kind === "table" && !withoutRowid && all.every(({ pk }) => pk < 2) &&
    indexes.every(({ origin }) => origin !== "pk");
}

async function keysOf(
  db: Asker,
  found: Found,
  columns: readonly XInfo[],
  indexes: readonly Index[],
): Promise<UniqueKey[]> {
  const collations = await collationsOf(
    db,
    found,
    new Set(indexes.flatMap((index) => index.columns.map(({ name }) => name))),
  );
  const usable = indexes.filter((index) =>
    index.columns.every(({ name, collation }) => {
      const own = name === null ? undefined : collations.get(name);
      // unique without regard to case is unique with it, but not the other way round
      return own === "BINARY" || own === collation.toUpperCase();
    })
  );
  const keys = usable.filter(({ origin }) => origin !== "pk").map(({ name, columns }) => ({
    name,
    columns: columns.map((column) => column.name ?? ""),
    primary: false,
  }));
  const primary = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk).map(({ name }) => name);
  if (primary.length > 0) {
    const own = indexes.find(({ origin }) => origin === "pk");
    if (own !== undefined && !usable.includes(own)) return keys;
    return [{ name: "primary key", columns: primary, primary: true }, ...keys];
  }
  const rowid = found.kind === "table" && !found.withoutRowid && !columns.some(({ name }) => /^rowid$/i.test(name));
  return rowid ? [...keys, { name: "rowid", columns: ["rowid"], primary: false }] : keys;
}

/** The collation in which each column is compared, where it is one of SQLite's own. No pragma tells it. */
async function collationsOf(db: Asker, found: Found, names: ReadonlySet<string | null>): Promise<Map<string, string>> {
  const columns = [...names].filter((name) => name !== null);
  if (columns.length === 0) return new Map();
  // a UNION compares as its first part does
  const same = (name: string, other: string) =>
    `(select count(*) from (select ${quoted(name)} from ${
      quotedPath(found)
    } where 0 union select 'a' union select ${other}))`;
  const counts = columns.flatMap((name, i) => [`${same(name, "'A'")} as c${i}`, `${same(name, "'a '")} as r${i}`]);
  const { rows: [row] } = await db.query(`select ${counts.join(", ")}`);
  return new Map(columns.map((name, i) => [
    name,
    row?.[`c${i}`] === 1 ? "NOCASE" : row?.[`r${i}`] === 1 ? "RTRIM" : "BINARY",
  ]));
}

/** Up to here rows are counted. */
const FEW_ROWS = 10_000;

/** As the last ANALYZE saw it. */
async function analyzedRows(db: Asker, { schema, name }: Found): Promise<number | undefined> {
  const master = await db.query(`select 1 from ${quoted(schema)}.sqlite_master where name = 'sqlite_stat1'`);
  if (master.rows.length === 0) return undefined;
  const rows = await numberOf(
    db,
    `select max(cast(stat as integer)) as n from ${quoted(schema)}.sqlite_stat1 where tbl = ? collate nocase`,
    [name],
  );
  // when there were so few it is long ago
  return rows === undefined || rows <= FEW_ROWS ? undefined : rows;
}

/** By the span of the rowids, and how densely they lie at both of its ends. */
async function rowsByRowid(db: Asker, found: Found): Promise<number | undefined> {
  if (found.kind !== "table" || found.withoutRowid) return undefined;
  const from = quotedPath(found);
  const { rows: [row] } = await db.query(
    `select (select min(rowid) from ${from}) as first, (select max(rowid) from ${from}) as last,
      (select rowid from ${from} order by rowid limit 1 offset ${FEW_ROWS}) as after,
      (select rowid from ${from} order by rowid desc limit 1 offset ${FEW_ROWS}) as before`,
  ).catch(() => ({ rows: [] })); // a column that is called rowid
  if (row === undefined) return undefined;
  const [first, last, after, before] = ["first", "last", "after", "before"].map((name) => Number(row[name]));
  if (first === undefined || last === undefined || after === undefined || before === undefined) return undefined;
  const density = 2 * FEW_ROWS / (after - first + (last - before));
  return Math.round((last - first + 1) * density);
}

interface ForeignColumn {
  readonly child: string;
  readonly id: number;
  readonly column: string;
  /** `null`: the primary key's. */
  readonly parent: string | null;
}

function grouped(columns: readonly ForeignColumn[]): ForeignColumn[][] {
  return [...Map.groupBy(columns, ({ child, id }) => `${child}\0${id}`).values()];
}

function reference(
  table: TablePath,
  { schema }: Found,
  columns: readonly ForeignColumn[],
  parentKey: readonly string[],
): Reference {
  const child = columns[0]?.child ?? "";
  const own = columns.map(({ column }) => column);
  return {
    // SQLite forgets the name that was given
    name: `${child} (${own.join(", ")})`,
    table: table.length === 1 && schema === "main" ? [child] : [schema, child],
    columns: own,
    to: columns.map(({ parent }, i) => parent ?? parentKey[i] ?? ""),
  };
}

async function primaryColumns(db: Asker, { schema, name }: Found): Promise<string[]> {
  const { rows } = await db.query("select name from pragma_table_xinfo(?, ?) where pk > 0 order by pk", [name, schema]);
  return rows.map((row) => String(row["name"]));
}

async function numberOf(db: Asker, text: string, params: readonly unknown[] = []): Promise<number | undefined> {
  const { rows: [row] } = await db.query(text, params);
  const value = row?.["n"];
  return typeof value === "number" ? value : undefined;
}

function quotedPath({ schema, name }: Found): string {
  return `${quoted(schema)}.${quoted(name)}`;
}
