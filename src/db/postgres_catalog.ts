/**
 * What PostgreSQL knows of its tables, from `pg_catalog`: https://www.postgresql.org/docs/current/catalogs.html
 *
 * A name of one part is looked for along `search_path`, as in a statement. Names are exact: `Person` is not `person`.
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
import { quotePath } from "./postgres_name.ts";

export const postgresCatalog: Catalog = { describe, estimateRows, referencesTo, comparable };

/** Tables, partitioned and foreign ones, views, materialized views. */
const TABLE_KINDS = "c.relkind in ('r', 'p', 'f', 'v', 'm')";

/** A domain's base type, and what it and the domains between add. */
const COLUMNS = `
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, base.name as base, base.class, base.category,
  a.attnotnull or base.not_null as required,
  a.attgenerated <> '' as generated,
  a.attgenerated = '' and (a.atthasdef or a.attidentity <> '' or base.has_default) as has_default
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join lateral (
  with recursive up as (
    select * from pg_type where oid = a.atttypid
    union all
    select t.* from up join pg_type t on up.typtype = 'd' and t.oid = up.typbasetype
  )
  select min(typname) filter (where typtype <> 'd') as name,
    min(typtype) filter (where typtype <> 'd') as class,
    min(typcategory) filter (where typtype <> 'd') as category,
    bool_or(typnotnull) as not_null, bool_or(typdefault is not null) as has_default
  from up
) base on true
where c.oid = to_regclass($1) and ${TABLE_KINDS}
order by a.attnum`;

/** An index that is deferrable, being built, partial or of expressions makes no key of columns. */
const KEYS = `
select x.relname as name, i.indisprimary as is_primary,
  array(
    select a.attname from unnest(i.indkey) with ordinality k(num, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
    where k.place <= i.indnkeyatts order by k.place
  ) as columns
from pg_index i join pg_class x on x.oid = i.indexrelid
where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid and i.indimmediate
  and i.indpred is null and i.indexprs is null
order by i.indisprimary desc, x.oid`;

async function describe(db: Asker, path: TablePath): Promise<TableShape | undefined> {
  const table = quoted(path);
  if (table === undefined) return undefined;
  const { rows } = await db.query(COLUMNS, [table]);
  if (rows.length === 0) return undefined;
  const keys = await db.query(KEYS, [table]);
  // a table without columns is a row without a name
  const columns = rows.filter(({ name }) => name !== null).map(columnOf);
  return { path, columns, keys: keys.rows.map(keyOf) };
}

/** `undefined` for what cannot be the name of a table here: another database is out of reach. */
function quoted(path: TablePath): string | undefined {
  return path.length === 1 || path.length === 2 ? quotePath(path) : undefined;
}

/** GENERATED ALWAYS AS IDENTITY is a default: COPY brings values into it. */
function columnOf(row: Record<string, unknown>): ColumnShape {
  return {
    name: String(row["name"]),
    type: String(row["type"]),
    kind: kindOf(String(row["base"]), String(row["class"]), String(row["category"])),
    nullable: row["required"] !== true,
    hasDefault: row["has_default"] === true,
    generated: row["generated"] === true,
  };
}

function keyOf(row: Record<string, unknown>): UniqueKey {
  return { name: String(row["name"]), columns: row["columns"] as string[], primary: row["is_primary"] === true };
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  int2: "integer",
  int4: "integer",
  int8: "integer",
  oid: "integer",
  numeric: "decimal",
  float4: "float",
  float8: "float",
  bool: "boolean",
  char: "text",
  bytea: "bytes",
  date: "date",
  time: "time",
  timetz: "time",
  timestamp: "timestamp",
  timestamptz: "timestamp",
  interval: "interval",
  uuid: "uuid",
  json: "json",
  jsonb: "json",
};

/** By `typname`, `typtype` and `typcategory` of `pg_type`. */
function kindOf(base: string, type: string, category: string): ColumnKind {
  if (type === "e") return "enum";
  if (category === "A") return "array";
  // citext and others of extensions are strings by their own word
  return KINDS[base] ?? (category === "S" ? "text" : "other");
}

/** A table that should have fewer rows than this, and is small, is counted. */
const COUNTED_ROWS = 10_000;
/** In the planner's units: reading a page in order costs 1, so this is some 80 MB. */
const COUNTED_COST = 10_000;

/** The planner knows of partitions, and of rows that came after the statistics. */
async function estimateRows(db: Asker, path: TablePath): Promise<number | undefined> {
  const table = quoted(path);
  if (table === undefined) return undefined;
  // asked first: an error would leave the transaction failed
  const { rows: [readable] } = await db.query(
    `select 1 from pg_class c where c.oid = to_regclass($1) and ${TABLE_KINDS} and c.relkind <> 'v'
      and has_table_privilege(c.oid, 'select')`,
    [table],
  );
  if (readable === undefined) return undefined;
  const { rows: [explained] } = await db.query(`explain (format json) select 1 from ${table}`);
  const { rows: planned, cost } = planOf(explained?.["QUERY PLAN"]);
  if (planned > COUNTED_ROWS || cost > COUNTED_COST) return planned;
  const { rows: [few] } = await db.query(
    `select count(*) as n from (select 1 from ${table} limit ${COUNTED_ROWS}) few`,
  );
  const counted = Number(few?.["n"]);
  return counted < COUNTED_ROWS ? counted : Math.max(counted, planned);
}

function planOf(explained: unknown): { rows: number; cost: number } {
  const [{ Plan }] = explained as [{ Plan: { "Plan Rows": number; "Total Cost": number } }];
  return { rows: Plan["Plan Rows"], cost: Plan["Total Cost"] };
}

/** Those of partitions are their table's, and not said again. */
const REFERENCES = `
select k.conname as name, case when not pg_table_is_visible(c.oid) then n.nspname end as schema, c.relname as tab,
  array(select attname from unnest(k.conkey) with ordinality u(num, place)
    join pg_attribute on attrelid = k.conrelid and attnum = u.num order by place) as columns,
  array(select attname from unnest(k.confkey) with ordinality u(num, place)
    join pg_attribute on attrelid = k.confrelid and attnum = u.num order by place) as targets
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f' and k.conparentid = 0 and k.confrelid = to_regclass($1)
order by n.nspname, c.relname, k.conname`;

async function referencesTo(db: Asker, path: TablePath): Promise<readonly Reference[]> {
  const table = quoted(path);
  if (table === undefined) return [];
  const { rows } = await db.query(REFERENCES, [table]);
  return rows.map(({ name, schema, tab, columns, targets }) => ({
    name: String(name),
    table: schema === null ? [String(tab)] : [String(schema), String(tab)],
    columns: columns as string[],
    to: targets as string[],
  }));
}

const LENGTH_REGEXP = /\([^()"]*\)$/;
const BIT_REGEXP = /^bit\b/;

/**
 * Beside a column a placeholder has the column's type, except where the type has no operators of its own: those of
 * composite types are of `record`, those of `regclass` of `oid`. A cast leaves out the length, by which it would cut.
 */
function comparable(placeholder: string, { kind, type }: ColumnShape): string {
  const plain = kind !== "other" || BIT_REGEXP.test(type);
  return plain ? placeholder : `${placeholder}::${type.replace(LENGTH_REGEXP, "")}`;
}
