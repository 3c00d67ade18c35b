/**
 * The SQL of a draft: which rows are in the way, what is kept, with names as the kind of file writes them. Pure.
 *
 * @module
 */

import type { TableRef } from "./alembic/operation.ts";
import type { DialectName } from "./db/database.ts";
import { conversionOf } from "./draft_conversion.ts";
import type { Need } from "./draft_need.ts";

/** How names and foreign SQL stand in a file: in a template of TypeScript, or as they are. */
export interface SqlWriter {
  readonly dialect: DialectName;
  /** A name; several are joined by dots. */
  id(...parts: readonly string[]): string;
  /** SQL that comes from an Alembic script. */
  foreign(sql: string): string;
}

const PLAIN_REGEXP = /^[a-z_][a-z0-9_]*$/;
/** Words that one of the databases reserves, and that people take for names of columns and tables. */
const RESERVED = new Set(
  ("add all alter analyze and any array as asc authorization between binary both by call cascade case cast change char " +
    "character check collate column condition constraint convert create cross cube current_date current_time " +
    "current_timestamp current_user cursor database databases date day default deferrable delete desc describe distinct " +
    "do double drop each else end except exists explain false fetch float for force foreign freeze from full fulltext " +
    "function generated glob grant group grouping groups having if ignore ilike in index initially inner insert int " +
    "integer intersect interval into is isnull join key keys kill lateral leading left like limit lines load " +
    "localtime localtimestamp lock long match mod natural not notnull null numeric of offset on only option or order " +
    "out outer over overlaps partition placing plan precision primary procedure range rank read real references regexp " +
    "release rename repeat replace require restrict return returning revoke right rlike row row_number rows schema " +
    "select sensitive separator session_user set show similar smallint some sql ssl starting symmetric system table " +
    "tablesample text then time timestamp to trailing transaction trigger true type union unique unlock unsigned update " +
    "usage use user using values varchar varying verbose view when where while window with write year zone").split(" "),
);

/** Whether a name can stand without quotes in every database. */
export function isPlainName(name: string): boolean {
  return PLAIN_REGEXP.test(name) && !RESERVED.has(name);
}

/** The names of a SQL file. */
export function plainWriter(dialect: DialectName): SqlWriter {
  const quote = dialect === "mysql" ? "`" : '"';
  const quoted = (name: string) => `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
  return {
    dialect,
    id: (...parts) => parts.map((part) => isPlainName(part) ? part : quoted(part)).join("."),
    foreign: (sql) => sql,
  };
}

/** Names within `` conn.sql`…` ``. */
export function templateWriter(dialect: DialectName): SqlWriter {
  return {
    dialect,
    id: (...parts) =>
      parts.every(isPlainName)
        ? parts.join(".")
        : `\${conn.sql.id(${parts.map((part) => JSON.stringify(part)).join(", ")})}`,
    foreign: (sql) => sql.replace(/[\\`]|\$\{/g, "\\$&"),
  };
}

export function tableIn(write: SqlWriter, { schema, name }: TableRef): string {
  return schema === undefined ? write.id(name) : write.id(schema, name);
}

/** Where the rows of a table or column go that is dropped: a table beside it. */
export function archiveOf({ schema, name }: TableRef, column: string | undefined): TableRef {
  return { schema, name: column === undefined ? `${name}_archive` : `${name}_${column}_archive` };
}

/** A query that gives the rows that are in the way; `undefined` where none can be. */
export function wrongRows(need: Need, write: SqlWriter): string | undefined {
  const table = tableIn(write, need.table);
  const key = need.primaryKey.length === 0 ? undefined : need.primaryKey.map((name) => write.id(name));
  const shown = (...names: string[]) => key === undefined ? "*" : [...new Set([...key, ...names])].join(", ");
  switch (need.kind) {
    case "fill": {
      const sources = need.sources.map(({ name }) => write.id(name));
      const column = write.id(need.column);
      if (need.notNull !== undefined) return `select ${shown(...sources)} from ${table} where ${column} is null`;
      if (sources.length === 0) return undefined;
      const any = sources.map((name) => `${name} is not null`).join(" or ");
      return `select ${shown(...sources)} from ${table} where ${column} is null and ${
        sources.length > 1 ? `(${any})` : any
      }`;
    }
    case "orphans":
      return orphans(need, write);
    case "duplicates":
      return duplicates(need, write);
    case "conversion": {
      return `select ${shown(write.id(need.column))} from ${table} where ${lostIn(need, write)}`;
    }
    case "violations":
      return `select ${shown()} from ${table} where not (${write.foreign(need.condition)})`;
    case "archive":
    case "seed":
      return undefined;
  }
}

/** Which values are lost; those that nobody can tell of from the types are all of them. */
function lostIn(need: Extract<Need, { kind: "conversion" }>, write: SqlWriter): string {
  const mark = "\u0000";
  const lost = conversionOf(need.from, need.to, { column: mark, dialect: write.dialect });
  const column = write.id(need.column);
  return typeof lost === "object" ? write.foreign(lost.lost).replaceAll(mark, () => column) : `${column} is not null`;
}

function orphans(
  { table, primaryKey, columns, target, targetColumns }: Extract<Need, { kind: "orphans" }>,
  write: SqlWriter,
) {
  const shown = [...new Set([...primaryKey, ...columns])].map((name) => write.id("c", name)).join(", ");
  const present = columns.map((name) => `${write.id("c", name)} is not null`).join(" and ");
  const equal = columns.map((name, at) => `${write.id("p", targetColumns[at] ?? name)} = ${write.id("c", name)}`);
  return `select ${shown} from ${tableIn(write, table)} c where ${present} and not exists (select 1 from ${
    tableIn(write, target)
  } p where ${equal.join(" and ")})`;
}

function duplicates({ table, parts, primary, where }: Extract<Need, { kind: "duplicates" }>, write: SqlWriter) {
  const texts = parts.map(({ text, isColumn }) => isColumn ? write.id(text) : write.foreign(text));
  // NULL is like no other, but in a primary key
  const present = primary ? [] : texts.map((text) => `${text} is not null`);
  const conditions = [...present, ...(where === undefined ? [] : [`(${write.foreign(where)})`])];
  const list = texts.join(", ");
  const all = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
  return `select ${list}, count(*) as twins from ${tableIn(write, table)}${all} group by ${list} having count(*) > 1`;
}

/** The statement that keeps what is dropped, and the two counts that must be alike. */
export function archiveSql(need: Extract<Need, { kind: "archive" }>, write: SqlWriter) {
  const { table, column, primaryKey } = need;
  const from = tableIn(write, table), to = tableIn(write, archiveOf(table, column));
  const columns = column === undefined || primaryKey.length === 0
    ? "*"
    : [...new Set([...primaryKey, column])].map((name) => write.id(name)).join(", ");
  const where = column === undefined ? "" : ` where ${write.id(column)} is not null`;
  return {
    create: `create table ${to} as select ${columns} from ${from}${where}`,
    kept: `select count(*) from ${to}`,
    all: `select count(*) from ${from}${where}`,
  };
}

/** What texts of several columns are, one behind the other. */
export function joinedText(columns: readonly string[], write: SqlWriter): string {
  const ids = columns.map((name) => write.id(name));
  return write.dialect === "mysql" ? `concat_ws(' ', ${ids.join(", ")})` : ids.join(" || ' ' || ");
}
