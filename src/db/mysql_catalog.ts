/**
 * What MySQL or MariaDB knows of its tables. By `SHOW` where it can: `information_schema` does not know temporary
 * tables, and opens every table of the server for some questions.
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
import { DatabaseError } from "./database.ts";
import { quoteId } from "./mysql_name.ts";

export const mysqlCatalog: Catalog = { describe, estimateRows, referencesTo, comparable };

/** A table with fewer rows than this is counted. */
const COUNTED_ROWS = 10_000;

async function describe(db: Asker, path: TablePath): Promise<TableShape | undefined> {
  const table = quoted(path);
  if (table === undefined) return undefined;
  try {
    const { rows } = await db.query(`show full columns from ${table}`);
    const documents = rows.some(isLongText) ? await documentsOf(db, table) : () => false;
    const columns = rows.map((row) => columnOf(row, documents));
    const keys = keysOf((await db.query(`show index from ${table}`)).rows);
    return { path, columns, keys };
  } catch (error) {
    const missing = error instanceof DatabaseError &&
      (error.kind === "missing-table" || error.kind === "missing-database");
    if (missing) return undefined;
    throw error;
  }
}

/** `undefined` for what cannot be the name of a table here: there are databases, and no schemas within them. */
function quoted(path: TablePath): string | undefined {
  return path.length === 1 || path.length === 2 ? path.map(quoteId).join(".") : undefined;
}

function isLongText({ Type: type }: Record<string, unknown>): boolean {
  return type === "longtext";
}

/** MariaDB's JSON is LONGTEXT with a check, which nothing but the table's own statement tells of a temporary table, too. */
async function documentsOf(db: Asker, table: string): Promise<(name: string) => boolean> {
  const { rows: [row] } = await db.query(`show create table ${table}`);
  const statement = String(row?.["Create Table"]).toLowerCase();
  return (name) => statement.includes(`check (json_valid(${quoteId(name).toLowerCase()}))`);
}

function columnOf(row: Record<string, unknown>, isDocument: (name: string) => boolean): ColumnShape {
  const name = String(row["Field"]);
  const type = String(row["Type"]);
  const extra = String(row["Extra"]).toUpperCase();
  const generated = /\b(?:VIRTUAL|STORED|PERSISTENT)\b/.test(extra);
  return {
    name,
    type,
    kind: isLongText(row) && isDocument(name) ? "json" : kindOf(type),
    nullable: row["Null"] === "YES",
    hasDefault: !generated && (row["Default"] !== null || extra.includes("AUTO_INCREMENT")),
    generated,
  };
}

/** `bigint(20) unsigned` is `bigint`. */
function baseOf(type: string): string {
  return /^[a-z0-9]+/i.exec(type)?.[0].toLowerCase() ?? "";
}

/** By the first word of a type. BOOLEAN is a TINYINT; a YEAR is a number that is read as text. */
const KINDS: Readonly<Record<string, ColumnKind>> = {
  tinyint: "integer",
  smallint: "integer",
  mediumint: "integer",
  int: "integer",
  bigint: "integer",
  decimal: "decimal",
  float: "float",
  double: "float",
  char: "text",
  varchar: "text",
  tinytext: "text",
  text: "text",
  mediumtext: "text",
  longtext: "text",
  bit: "bytes",
  binary: "bytes",
  varbinary: "bytes",
  tinyblob: "bytes",
  blob: "bytes",
  mediumblob: "bytes",
  longblob: "bytes",
  date: "date",
  time: "time",
  datetime: "timestamp",
  timestamp: "timestamp",
  uuid: "uuid",
  json: "json",
  enum: "enum",
};

function kindOf(type: string): ColumnKind {
  return KINDS[baseOf(type)] ?? "other";
}

/** The primary key comes first by itself. A part of a column, or an expression, makes no key of columns. */
function keysOf(rows: readonly Record<string, unknown>[]): readonly UniqueKey[] {
  const unique = rows.filter((row) => Number(row["Non_unique"]) === 0);
  const byName = Map.groupBy(unique, (row) => String(row["Key_name"]));
  return [...byName]
    .filter(([, parts]) => parts.every((part) => part["Sub_part"] === null && part["Column_name"] !== null))
    .map(([name, parts]) => ({
      name,
      columns: parts
        .toSorted((a, b) => Number(a["Seq_in_index"]) - Number(b["Seq_in_index"]))
        .map((part) => String(part["Column_name"])),
      primary: name === "PRIMARY",
    }))
    .toSorted((a, b) => Number(b.primary) - Number(a.primary));
}

async function estimateRows(db: Asker, path: TablePath): Promise<number | undefined> {
  const shape = await describe(db, path);
  const table = quoted(path);
  if (shape === undefined || table === undefined || await isView(db, path)) return undefined;
  const { rows: [some] } = await db.query(
    `select count(*) as n from (select 1 from ${table} limit ${COUNTED_ROWS}) some`,
  );
  const counted = Number(some?.["n"]);
  if (counted < COUNTED_ROWS) return counted;
  // information_schema.tables would do, but MySQL 8 keeps its numbers for a day
  const { rows } = await db.query(`explain format=traditional select 1 from ${table}`);
  return Math.max(counted, ...rows.map((row) => Number(row["rows"])));
}

async function isView(db: Asker, path: TablePath): Promise<boolean> {
  const { rows } = await db.query(
    `select 1 from information_schema.views where table_schema = ${schemaOf(path)} and table_name = ?`,
    path,
  );
  return rows.length > 0;
}

/** The database of a table, as SQL with a placeholder for what the path says. */
function schemaOf(path: TablePath): string {
  return path.length === 1 ? "database()" : "?";
}

async function referencesTo(db: Asker, path: TablePath): Promise<readonly Reference[]> {
  const { rows } = await db.query(
    `select constraint_name as name, nullif(table_schema, database()) as other, table_name as tab,
      column_name as col, referenced_column_name as target
    from information_schema.key_column_usage
    where referenced_table_schema = ${schemaOf(path)} and referenced_table_name = ?
    order by table_schema, table_name, constraint_name, ordinal_position`,
    path,
  );
  const byConstraint = Map.groupBy(rows, ({ name, other, tab }) => JSON.stringify([other, tab, name]));
  return [...byConstraint.values()].map((parts) => ({
    name: String(parts[0]?.["name"]),
    table: [parts[0]?.["other"], parts[0]?.["tab"]].filter((part) => part !== null).map(String),
    columns: parts.map(({ col }) => String(col)),
    to: parts.map(({ target }) => String(target)),
  }));
}

/**
 * A number that is compared with a text becomes a double, and an index on it is of no use; a FLOAT is never equal to the
 * double of the same digits. An ENUM is ordered by the numbers of its values but compared as text, unless the other side
 * is a number. Texts and times are taken in the column's own collation and type.
 */
function comparable(placeholder: string, { type }: ColumnShape): string {
  switch (baseOf(type)) {
    case "tinyint":
    case "smallint":
    case "mediumint":
    case "int":
    case "bigint":
      return `cast(${placeholder} as ${/ (?:unsigned|zerofill)\b/.test(type) ? "unsigned" : "signed"})`;
    case "year":
      return `cast(${placeholder} as unsigned)`;
    case "decimal":
      return `cast(${placeholder} as ${/^decimal\(\d+(?:,\d+)?\)/.exec(type)?.[0] ?? "decimal(65,30)"})`;
    case "float":
    case "double":
      return `cast(${placeholder} as ${baseOf(type)})`;
    case "bit":
      return `cast(conv(hex(${placeholder}), 16, 10) as unsigned)`;
    case "enum":
      return `field(convert(${placeholder} using utf8mb4) collate utf8mb4_bin, ${type.slice("enum(".length, -1)})`;
    default:
      return placeholder;
  }
}
