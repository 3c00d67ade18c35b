/**
 * What the data needs because of a schema change, and what stands in its way.
 *
 * @module
 */

import { type ColumnType, type KeyPart, type SchemaOperation, type TableRef, tableText } from "./alembic/operation.ts";

/** One piece of work. Names are those of the schema between {@link after} and {@link before}. */
export type Need = NeedBase & NeedWork;

interface NeedBase {
  /** Where the change is written that needs it. */
  readonly place: SchemaOperation["place"];
  /** The Alembic revision of that script. */
  readonly revision: string;
  /** Why the change may not happen; `undefined` where it always does. */
  readonly onlyIf: string | undefined;
  table: TableRef;
  /** The primary key, as far as the scripts tell; empty where they do not. */
  readonly primaryKey: readonly string[];
  /** Whether the scripts show that the table has no primary key. */
  readonly keyless: boolean;
  /** Alembic revisions that must be there first. */
  readonly after: readonly string[];
  /** Alembic revisions that it must precede. */
  before: readonly string[];
}

export type NeedWork =
  | FillWork
  | { readonly kind: "archive"; readonly column: string | undefined }
  | {
    readonly kind: "orphans";
    readonly columns: readonly string[];
    readonly target: TableRef;
    readonly targetColumns: readonly string[];
    readonly nullable: boolean;
  }
  | {
    readonly kind: "duplicates";
    readonly parts: readonly KeyPart[];
    readonly primary: boolean;
    readonly where: string | undefined;
  }
  | {
    readonly kind: "conversion";
    readonly column: string;
    readonly from: ColumnType | undefined;
    readonly to: ColumnType;
  }
  | { readonly kind: "violations"; readonly condition: string }
  | { readonly kind: "seed"; readonly columns: readonly SeedColumn[] };

/** A column that is to get values. */
export interface FillWork {
  readonly kind: "fill";
  readonly column: string;
  readonly type: ColumnType | undefined;
  /** Where it becomes NOT NULL, when it does. */
  notNull: SchemaOperation["place"] | undefined;
  /** Whether the column was added without a value, or has been there. */
  readonly added: boolean;
  readonly unique: boolean;
  /** `default=` of the column. */
  readonly standard: string | number | boolean | undefined;
  /** Columns that are dropped later, and look as if this one came from them. */
  sources: readonly SourceColumn[];
  /** Whether it looks as if this is the source under a new name. */
  renamed: boolean;
}

export interface SourceColumn {
  readonly name: string;
  readonly place: SchemaOperation["place"];
}

export interface SeedColumn {
  readonly name: string;
  readonly values: readonly string[] | undefined;
  /** Whether a row has to say it. */
  readonly required: boolean;
}

export type FillNeed = NeedBase & FillWork;

/** A column that was dropped, and had rows before. */
export interface DroppedColumn {
  readonly table: TableRef;
  /** To keep what is in it. */
  readonly need: Need;
  readonly name: string;
  readonly kind: string | undefined;
  /** Among the columns of the table, when it was dropped. */
  readonly position: number;
  readonly revision: string;
  readonly place: SchemaOperation["place"];
}

/** A schema change that needs data work for which it leaves no room. */
export interface Obstacle {
  readonly place: SchemaOperation["place"];
  readonly revision: string;
  readonly message: string;
  readonly hint: string;
}

/** What was seen, and is no work: for whoever reads the screen. */
export interface Remark {
  readonly place: SchemaOperation["place"];
  readonly message: string;
}

/** All that a span of Alembic revisions means for the data. */
export interface SchemaReading {
  readonly needs: readonly Need[];
  readonly obstacles: readonly Obstacle[];
  readonly remarks: readonly Remark[];
  /** What could not be understood. */
  readonly unread: readonly Remark[];
}

/** What a need comes from, as a sentence without its end: `person.status is added without a server default`. */
export function sentenceOf(need: Need): string {
  const table = tableText(need.table);
  switch (need.kind) {
    case "fill":
      return fillSentence(table, need);
    case "archive":
      return need.column === undefined ? `the table ${table} is dropped` : `${table}.${need.column} is dropped`;
    case "orphans":
      return `${table} gets a foreign key: ${need.columns.join(", ")} to ${tableText(need.target)}`;
    case "duplicates":
      return `${need.parts.map(({ text }) => text).join(", ")} of ${table} becomes ${
        need.primary ? "its primary key" : "unique"
      }`;
    case "conversion":
      return `${table}.${need.column} becomes ${need.to.text}${
        need.from === undefined ? "" : `, and was ${need.from.text}`
      }`;
    case "violations":
      return `${table} gets a check: ${need.condition}`;
    case "seed":
      return `${table} looks like reference data, and is created empty`;
  }
}

function fillSentence(table: string, { column, added, notNull, sources, renamed }: FillWork): string {
  const [source] = sources;
  if (source !== undefined) {
    const names = sources.map(({ name }) => `${table}.${name}`).join(" and ");
    const dropped = `which ${sources.length === 1 ? "is" : "are"} dropped in ${source.place.file}:${source.place.line}`;
    return renamed
      ? `${table}.${column} looks like ${names} under a new name, ${dropped}`
      : `${table}.${column} looks as if it is made of ${names}, ${dropped}`;
  }
  if (!added) return `${table}.${column} becomes NOT NULL`;
  return notNull === undefined
    ? `${table}.${column} is added without a server default`
    : `${table}.${column} is added without a server default, and becomes NOT NULL in ${notNull.file}:${notNull.line}`;
}

/** What is drafted for it, in few words: for a description and a file's name. */
export function titleOf(need: Need): string {
  const { name } = need.table;
  switch (need.kind) {
    case "fill":
      return `${need.renamed ? "copy" : "backfill"} ${name}.${need.column}`;
    case "archive":
      return `archive ${need.column === undefined ? name : `${name}.${need.column}`}`;
    case "orphans":
      return `orphans of ${name}.${need.columns.join(", ")}`;
    case "duplicates":
      return `duplicates of ${name}`;
    case "conversion":
      return `check ${name}.${need.column}`;
    case "violations":
      return `check ${name}`;
    case "seed":
      return `seed ${name}`;
  }
}
