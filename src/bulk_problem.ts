/**
 * What is wrong with a row that a database refused, in the same words for every database. Pure.
 *
 * @module
 */

import type { Refusal, RowFault } from "./db/bulk_sql.ts";
import type { ColumnKind, ColumnShape, TableShape } from "./db/catalog.ts";
import { columnNamed } from "./bulk_columns.ts";

/** Where in a row something is wrong, and what: the members of a bad row that tell it. */
export interface RowProblem {
  readonly column: string | undefined;
  readonly value: string | undefined;
  /** Continues a sentence that begins with the value; a whole one where there is no column. */
  readonly problem: string;
}

/** What is known of the row that was refused. */
export interface RefusedRow {
  readonly shape: TableShape;
  readonly columns: readonly ColumnShape[];
  /** Its values in the order of the columns, where they are known. */
  readonly values: readonly unknown[] | undefined;
}

/** What the driver tells besides: where it says itself which value it was. */
export interface ToldPlace {
  readonly column?: string | undefined;
  readonly value?: string | undefined;
}

export function problemOf(refusal: Refusal, told: ToldPlace, row: RefusedRow, message: string): RowProblem {
  const columns = columnsOf(refusal, told, row);
  const [column] = columns;
  if (refusal.fault === "width") {
    return {
      column: undefined,
      value: undefined,
      problem: `The row has not the ${row.columns.length} fields that are loaded: ${
        row.columns.map(({ name }) => name).join(", ")
      }`,
    };
  }
  if (column === undefined || columns.length > 1) {
    return { column: undefined, value: undefined, problem: whole(refusal, columns, row, message) };
  }
  const known = row.values?.[row.columns.indexOf(column)];
  const value = refusal.fault === "null" ? undefined : textOf(known) ?? told.value ?? refusal.value;
  return { column: column.name, value, problem: continued(refusal, column, message) };
}

/** The columns that it is about: as the server says, by the key that it names, or the only one that could be NULL. */
function columnsOf(refusal: Refusal, told: ToldPlace, { shape, columns, values }: RefusedRow): readonly ColumnShape[] {
  const key = refusal.fault === "unique" ? shape.keys.find(({ name }) => name === refusal.constraint) : undefined;
  const names = refusal.columns.length > 0
    ? refusal.columns
    : key?.columns ?? (told.column === undefined ? [] : [told.column]);
  const named = names.flatMap((name) => columnNamed(shape.columns, name) ?? []);
  // MariaDB names the check of a column by the column
  const checked = refusal.fault === "check" && shape.columns.find(({ name }) => name === refusal.constraint);
  if (checked) return [checked];
  if (named.length > 0 || refusal.fault !== "null") return named;
  const empty = columns.filter((column, at) => !column.nullable && values?.[at] === null);
  return empty.length === 1 ? empty : [];
}

const NOUNS: Partial<Record<ColumnKind, string>> = {
  integer: "an integer",
  decimal: "a number",
  float: "a number",
  boolean: "a boolean",
  date: "a date",
  time: "a time",
  timestamp: "a timestamp",
  interval: "an interval",
  uuid: "a UUID",
  json: "valid JSON",
  array: "an array",
};

/** What a text is not that is no value of the column: `is not an integer (smallint)`. */
export function notOfType({ kind, type }: ColumnShape): string {
  const noun = NOUNS[kind];
  return noun === undefined ? `is no value of the type ${type}` : `is not ${noun}${type === "" ? "" : ` (${type})`}`;
}

export function outOfRange({ type }: ColumnShape): string {
  return `is out of range for ${type}`;
}

function continued({ fault, constraint }: Refusal, column: ColumnShape, message: string): string {
  switch (fault) {
    case "syntax":
      // a text is one in any case: MySQL says only that it was cut
      return column.kind === "text" ? `is too long for ${column.type}` : notOfType(column);
    case "range":
      return outOfRange(column);
    case "too-long":
      return `is too long for ${column.type}`;
    case "null":
      return "is NULL, and the column takes none";
    case "encoding":
      return `has characters that ${column.type} cannot hold`;
    case "unique":
      return "is there already, and is unique";
    case "foreign-key":
      return "refers to a row that is not there";
    case "check":
      // MariaDB's JSON is text with a check
      if (column.kind === "json" && constraint === column.name) return notOfType(column);
      return constraint === undefined ? "is not allowed by a check" : `is not allowed by the check ${constraint}`;
    case "width":
    case "other":
      return `is refused: ${message}`;
  }
}

const SENTENCES: Partial<Record<RowFault, string>> = {
  syntax: "A value is not of its column's type",
  range: "A number is out of range",
  "too-long": "A value is too long for its column",
  null: "A value is NULL, and its column takes none",
  encoding: "A value has characters that its column cannot hold",
  unique: "A row with the same unique key is there already",
  "foreign-key": "The row refers to one that is not there",
};

function whole(refusal: Refusal, columns: readonly ColumnShape[], row: RefusedRow, message: string): string {
  if (columns.length > 1 && (refusal.fault === "unique" || refusal.fault === "foreign-key")) {
    const names = columns.map(({ name }) => name).join(", ");
    const values = columns.map((column) => textOf(row.values?.[row.columns.indexOf(column)]) ?? "…");
    const what = `(${names}) = (${values.map((value) => JSON.stringify(value)).join(", ")})`;
    return refusal.fault === "unique"
      ? `${what} is there already, and is unique`
      : `${what} refers to a row that is not there`;
  }
  if (refusal.fault === "check" && refusal.constraint !== undefined) {
    return `The row is not allowed by the check ${refusal.constraint}`;
  }
  return SENTENCES[refusal.fault] ?? `The row is refused: ${message}`;
}

/** A value as it stands in a source. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  return typeof value === "object"
    ? Deno.inspect(value, { compact: true, breakLength: Infinity, depth: 2 })
    : String(value);
}
