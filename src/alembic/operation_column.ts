/**
 * Columns and types of SQLAlchemy as a script writes them: `sa.Column("id", sa.Integer(), nullable=False)`.
 *
 * @module
 */

import type { ColumnSpec, ColumnType, ForeignKeySpec, KeyPart, TableRef, TypeKind } from "./operation.ts";
import {
  lastName,
  NO_ARGUMENTS,
  type OpArguments,
  type OpValue,
  textOfValue,
  textsOfValue,
} from "./operation_value.ts";

/** The kinds of types by their names in SQLAlchemy and its dialects, in capitals. */
const KINDS: Readonly<Record<string, TypeKind>> = {
  ...kindsOf("text", "STRING UNICODE TEXT UNICODETEXT VARCHAR NVARCHAR CHAR NCHAR CITEXT TINYTEXT MEDIUMTEXT LONGTEXT"),
  ...kindsOf("text", "CLOB AUTOSTRING"),
  ...kindsOf("integer", "INTEGER INT SMALLINTEGER SMALLINT BIGINTEGER BIGINT TINYINT MEDIUMINT"),
  ...kindsOf("decimal", "NUMERIC DECIMAL MONEY"),
  ...kindsOf("float", "FLOAT REAL DOUBLE DOUBLE_PRECISION"),
  ...kindsOf("boolean", "BOOLEAN BOOL"),
  ...kindsOf("date", "DATE"),
  ...kindsOf("datetime", "DATETIME TIMESTAMP"),
  ...kindsOf("time", "TIME"),
  ...kindsOf("uuid", "UUID GUID"),
  ...kindsOf("json", "JSON JSONB"),
  ...kindsOf("bytes", "LARGEBINARY BINARY VARBINARY BLOB BYTEA TINYBLOB MEDIUMBLOB LONGBLOB"),
  ...kindsOf("enum", "ENUM"),
};

const BITS: Readonly<Record<string, number>> = {
  TINYINT: 8,
  SMALLINT: 16,
  SMALLINTEGER: 16,
  MEDIUMINT: 24,
  INT: 32,
  INTEGER: 32,
  BIGINT: 64,
  BIGINTEGER: 64,
};

function kindsOf(kind: TypeKind, names: string): Record<string, TypeKind> {
  return Object.fromEntries(names.split(" ").map((name) => [name, kind]));
}

/** A type; `undefined` where the value is none. */
export function typeOf(value: OpValue | undefined): ColumnType | undefined {
  if (value === undefined || value.kind === "none") return undefined;
  if (value.kind !== "call" && value.kind !== "name") {
    return { kind: "other", text: value.kind === "unknown" ? value.text : "?" };
  }
  const { positional, named } = value.kind === "call" ? value.given : NO_ARGUMENTS;
  const name = (lastName(value) ?? "").toUpperCase();
  // sa.String().with_variant(…) and the like are methods of a type
  const kind = KINDS[name] ?? "other";
  const number = (key: string, at: number) => {
    const found = named.get(key) ?? positional[at];
    return found?.kind === "number" ? found.value : undefined;
  };
  const text = value.kind === "call" ? value.text : value.path;
  switch (kind) {
    case "text":
      return { kind, text, length: name.includes("TEXT") || name === "CITEXT" ? undefined : number("length", 0) };
    case "integer":
      return { kind, text, bits: BITS[name] };
    case "decimal":
      return { kind, text, precision: number("precision", 0), scale: number("scale", 1) ?? 0 };
    case "enum":
      return { kind, text, values: enumValues(positional) };
    default:
      return { kind, text };
  }
}

function enumValues(positional: readonly OpValue[]): readonly string[] | undefined {
  const texts = positional.map(textOfValue).filter((text) => text !== undefined);
  return texts.length === positional.length && texts.length > 0 ? texts : undefined;
}

function isType(value: OpValue): boolean {
  const name = lastName(value);
  return name !== undefined && !NO_TYPES.has(name);
}

const NO_TYPES = new Set([
  "ForeignKey",
  "CheckConstraint",
  "PrimaryKeyConstraint",
  "UniqueConstraint",
  "Identity",
  "Computed",
  "Sequence",
  "DefaultClause",
  "FetchedValue",
]);

/** `sa.Column(…)`; `undefined` where its name is not known, or it is something else. */
export function columnOf(value: OpValue | undefined): ColumnSpec | undefined {
  if (value?.kind !== "call" || lastName(value) !== "Column") return undefined;
  const { positional, named, open } = value.given;
  const first = named.get("name") ?? positional[0];
  const name = textOfValue(first);
  if (name === undefined) return undefined;
  const others = named.has("name") ? positional : positional.slice(1);
  const inner = (of: string) => others.filter((item) => item.kind === "call" && lastName(item) === of);
  const primaryKey = isTrue(named.get("primary_key"));
  const type = named.get("type_") ?? (others[0] !== undefined && isType(others[0]) ? others[0] : undefined);
  const serverDefault = named.get("server_default");
  return {
    name,
    type: typeOf(type),
    nullable: nullableOf(named, primaryKey, open),
    filled: (serverDefault !== undefined && serverDefault.kind !== "none") ||
      ["Identity", "Computed", "Sequence"].some((word) => inner(word).length > 0),
    primaryKey,
    unique: isTrue(named.get("unique")),
    clientDefault: literalOf(named.get("default")),
    references: inner("ForeignKey").flatMap((key) => {
      const target = key.kind === "call" ? textOfValue(key.given.positional[0]) : undefined;
      return target === undefined ? [] : [target];
    }),
  };
}

function nullableOf(named: ReadonlyMap<string, OpValue>, primaryKey: boolean, open: boolean): boolean | undefined {
  const given = named.get("nullable");
  if (given === undefined) return open ? undefined : !primaryKey;
  return given.kind === "boolean" ? given.value : undefined;
}

export function isTrue(value: OpValue | undefined): boolean {
  return value?.kind === "boolean" && value.value;
}

function literalOf(value: OpValue | undefined): string | number | boolean | undefined {
  if (value?.kind === "text") return value.text;
  return value?.kind === "number" || value?.kind === "boolean" ? value.value : undefined;
}

/** What a table is created with, besides its columns. */
export interface TableParts {
  readonly columns: readonly ColumnSpec[];
  readonly primaryKey: readonly string[];
  readonly unique: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKeySpec[];
  readonly open: boolean;
}

/** The columns and constraints that `op.create_table` is given behind the name. */
export function tablePartsOf({ positional, open }: OpArguments): TableParts {
  const columns: ColumnSpec[] = [], primaryKey: string[] = [], unique: string[][] = [];
  const foreignKeys: ForeignKeySpec[] = [];
  let unread = open;
  for (const item of positional) {
    const given = item.kind === "call" ? item.given : NO_ARGUMENTS;
    const column = columnOf(item);
    if (column !== undefined) columns.push(column);
    else if (lastName(item) === "PrimaryKeyConstraint") primaryKey.push(...textList(given.positional));
    else if (lastName(item) === "UniqueConstraint") unique.push(textList(given.positional));
    else if (lastName(item) === "ForeignKeyConstraint") foreignKeys.push(...foreignKeyOf(given));
    else if (item.kind !== "call" || !NO_TYPES.has(lastName(item) ?? "")) unread = true;
  }
  const marked = columns.filter((column) => column.primaryKey).map(({ name }) => name);
  return { columns, primaryKey: primaryKey.length > 0 ? primaryKey : marked, unique, foreignKeys, open: unread };
}

function textList(values: readonly OpValue[]): string[] {
  return values.map(textOfValue).filter((text) => text !== undefined);
}

function foreignKeyOf({ positional, named }: OpArguments): ForeignKeySpec[] {
  const columns = textsOfValue(named.get("columns") ?? positional[0]);
  const targets = textsOfValue(named.get("refcolumns") ?? positional[1])?.map(targetOf);
  const [first] = targets ?? [];
  if (columns === undefined || targets === undefined || first === undefined) return [];
  return [{ columns, target: first.table, targetColumns: targets.map(({ column }) => column) }];
}

/** `"person.id"` or `"schema.person.id"`. */
export function targetOf(text: string): { readonly table: TableRef; readonly column: string } {
  const parts = text.split(".");
  const column = parts.pop() ?? "";
  const name = parts.pop() ?? column;
  return { table: { schema: parts.length === 0 ? undefined : parts.join("."), name }, column };
}

/** A column of an index, or `sa.text("lower(email)")`. */
export function keyPartsOf(value: OpValue | undefined): KeyPart[] | undefined {
  if (value?.kind === "text") return [{ text: value.text, isColumn: true }];
  if (value?.kind !== "list") return undefined;
  const parts = value.items.map((item): KeyPart | undefined => {
    if (item.kind === "text") return { text: item.text, isColumn: true };
    const text = sqlOf(item);
    return text === undefined ? undefined : { text, isColumn: false };
  });
  return parts.includes(undefined) ? undefined : parts.filter((part) => part !== undefined);
}

/** The SQL of a text, or of `sa.text("…")`; of a format string with a `?` for each part that is not known. */
export function sqlOf(value: OpValue | undefined): string | undefined {
  if (value?.kind === "text") return value.text;
  if (value?.kind === "unknown") return value.template;
  const isText = value?.kind === "call" && ["text", "DDL", "literal_column"].includes(lastName(value) ?? "");
  return isText ? sqlOf(value.given.positional[0]) : undefined;
}
