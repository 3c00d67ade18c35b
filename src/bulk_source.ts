/**
 * The rows of a load as they go to the database: read, changed by `map`, put into the order of the columns, looked at.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import { type ColumnPlan, planColumns } from "./bulk_columns.ts";
import type { LoadEnvironment, LoadOptions, LoadRow } from "./bulk_options.ts";
import { type ValueCheck, valueCheck } from "./bulk_values.ts";
import type { TableShape } from "./db/catalog.ts";
import { jsonText } from "./db/json_value.ts";
import { DelembicError, messageOf } from "./errors.ts";
import type { BadRow, CsvText, RowChunk, RowReader } from "./rows.ts";
import { BadRowError } from "./rows_errors.ts";

/** Where rows come from, and how they are read. */
export interface RowSource {
  readonly source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>;
  readonly options: LoadOptions;
  readonly environment: Pick<LoadEnvironment, "folder" | "shownFrom">;
  /** Whether bad rows are given, and not thrown. */
  readonly collect: boolean;
}

/** What messages call the source. */
export function sourceName({ source, environment }: Pick<RowSource, "source" | "environment">): string {
  if (typeof source !== "string") return "the given rows";
  return relative(environment.shownFrom, resolve(environment.folder, source)).replaceAll("\\", "/");
}

export async function openSource({ source, options, environment, collect }: RowSource): Promise<RowReader> {
  const shownName = sourceName({ source, environment });
  if (typeof source !== "string") {
    const { rowsOf } = await import("./rows_iterable.ts");
    return await rowsOf(source, { name: shownName, collect, columns: options.columns, ignore: options.ignore });
  }
  const { openRowFile } = await import("./rows_file.ts");
  return await openRowFile(resolve(environment.folder, source), { ...options, shownName, collect });
}

/** Rows that are ready for the database, and what became of the others of their part of the source. */
export interface ReadyChunk {
  readonly rows: readonly (readonly unknown[])[];
  readonly bad: readonly BadRow[];
  /** Left out by `map`. */
  readonly skipped: number;
  /** The row of the source that this one comes from. */
  place(index: number): RowPlace;
}

export interface RowPlace {
  readonly line: number | undefined;
  /** Of the source, from 1. */
  readonly row: number;
  readonly text: string;
}

/** A source whose columns were fitted to the table's. */
export interface PreparedRows {
  readonly plan: ColumnPlan;
  /** Its bytes, where the database reads them by itself and nothing has to change. */
  readonly csv: CsvText | undefined;
  chunks(): AsyncIterable<ReadyChunk>;
}

/** What is made of a row: its values, nothing, or what is wrong with it. */
type Made =
  | readonly unknown[]
  | undefined
  | { readonly problem: Pick<BadRow, "column" | "value" | "problem">; readonly cause?: unknown };

/**
 * Fits the columns of a source to a table.
 *
 * @param looseTypes whether the values have to be looked at, as the database does not
 * @throws {ColumnsError}
 */
export async function prepareRows(
  reader: RowReader,
  shape: TableShape,
  source: RowSource,
  looseTypes: boolean,
): Promise<PreparedRows> {
  const { options } = source;
  if (options.map !== undefined) return await mappedRows(reader, shape, source, looseTypes);
  const plan = planColumns(shape, reader, options);
  const make = rowMaker(plan, looseTypes, reader.typed);
  return {
    plan,
    csv: plan.asIs ? reader.csv : undefined,
    async *chunks() {
      let before = 0;
      for await (const chunk of reader.chunks()) {
        yield make === undefined ? untouched(chunk, before, reader) : made(chunk, before, make, reader, source.collect);
        before += chunk.rows.length + chunk.bad.length;
      }
    },
  };
}

/** Puts values into their places and looks at them; `undefined` where neither is needed. */
function rowMaker(
  plan: ColumnPlan,
  looseTypes: boolean,
  typed = false,
): ((values: unknown[]) => Made) | undefined {
  const checks = looseTypes ? plan.columns.map(valueCheck) : [];
  const checked = [...checks.keys()].filter((at) => checks[at] !== undefined);
  const documents = [...plan.columns.keys()].filter((at) => plan.columns[at]?.kind === "json");
  const { asIs, from, constants } = plan;
  if (asIs && checked.length === 0 && (documents.length === 0 || !typed)) return undefined;
  return (values) => {
    // the source's row stays what it is, for the reject file
    const row = from.map((index, at) => index === undefined ? constants[at] : values[index]);
    for (const at of documents) row[at] = jsonOf(row[at], typed && from[at] !== undefined);
    for (const at of checked) {
      const value = row[at];
      if (typeof value !== "string") continue;
      const result = (checks[at] as ValueCheck)(value);
      if ("value" in result) row[at] = result.value;
      else return { problem: { column: plan.columns[at]?.name, value, problem: result.problem } };
    }
    return row;
  };
}

/** A value for a column of JSON, as it is written there; the drivers know what else JSON can be. */
function jsonOf(value: unknown, typed: boolean): unknown {
  return typeof value === "boolean" || typed && typeof value === "string" ? jsonText(value) : value;
}

function untouched(chunk: RowChunk, before: number, reader: RowReader, skipped = 0): ReadyChunk {
  const { rows, bad } = chunk;
  return { rows, bad, skipped, place: (index) => placeOf(chunk, before, reader, index) };
}

function placeOf(chunk: RowChunk, before: number, { texts, firstRow = 1 }: RowReader, index: number): RowPlace {
  const values = chunk.rows[index] ?? [];
  return {
    line: chunk.lines?.[index],
    row: before + index + firstRow,
    text: texts?.textOf(values) ?? Deno.inspect(values, { compact: true, breakLength: Infinity }),
  };
}

/** @throws {BadRowError} unless bad rows are collected */
function made(
  chunk: RowChunk,
  before: number,
  make: (values: unknown[], place: RowPlaceOnly) => Made,
  reader: RowReader,
  collect: boolean,
): ReadyChunk {
  const rows: (readonly unknown[])[] = [];
  const origin: number[] = [];
  const bad = [...chunk.bad];
  let skipped = 0;
  for (const [index, values] of chunk.rows.entries()) {
    const row = make(values, { row: before + index + 1, line: chunk.lines?.[index] });
    if (row === undefined) skipped++;
    else if ("problem" in row) {
      const found = { ...placeOf(chunk, before, reader, index), ...row.problem };
      if (!collect) throw new BadRowError(reader.name, found, { hint: BAD_ROW_HINT, cause: row.cause });
      bad.push(found);
    } else {
      rows.push(row);
      origin.push(index);
    }
  }
  return { rows, bad, skipped, place: (index) => placeOf(chunk, before, reader, origin[index] ?? index) };
}

type RowPlaceOnly = { readonly row: number; readonly line: number | undefined };

export const BAD_ROW_HINT =
  'Mend the row, or let bad rows be collected: onBadRow: "collect", in SQL rejects 100. Nothing was loaded.';

/** What `map` threw for a row. */
class MapFailure {
  constructor(readonly cause: unknown) {}
}

type MappedRow = Readonly<Record<string, unknown>>;
type Mapped = MappedRow | undefined | MapFailure;
type MapRow = (values: readonly unknown[], place: RowPlaceOnly) => Mapped;

/** With `map` the columns are those of the first row that it gives. */
async function mappedRows(
  reader: RowReader,
  shape: TableShape,
  { options, collect }: RowSource,
  looseTypes: boolean,
): Promise<PreparedRows> {
  const { columns } = options;
  const own = reader.columns ?? (isList(columns) ? columns : undefined) ??
    shape.columns.filter(({ generated }) => !generated).map(({ name }) => name);
  const mapRow: MapRow = (values, { row, line }) => {
    const named = Object.fromEntries(own.map((name, index) => [name, values[index]]));
    try {
      return checkedRow(options.map?.(named, line === undefined ? { row } : { row, line }), reader.name, { row, line });
    } catch (error) {
      if (error instanceof MapResultError) throw error;
      return new MapFailure(error);
    }
  };
  const iterator = reader.chunks()[Symbol.asyncIterator]();
  const { leftOut, seen, first } = await untilFirst(iterator, mapRow);
  const names = first === undefined ? own : Object.keys(first);
  const plan = planColumns(shape, { name: reader.name, columns: names, headerLine: reader.headerLine }, {
    ...(isList(columns) || columns === undefined ? {} : { columns }),
    ...(options.defaults === undefined ? {} : { defaults: options.defaults }),
    ...(options.ignore === undefined ? {} : { ignore: options.ignore.filter((name) => names.includes(name)) }),
  });
  const shapeRow = mappedShape(names, rowMaker(plan, looseTypes, reader.typed));
  return {
    plan,
    csv: undefined,
    async *chunks() {
      let before = leftOut;
      if (leftOut > 0) yield untouched({ rows: [], lines: undefined, bad: [] }, 0, reader, leftOut);
      const ready = (chunk: RowChunk, make: (values: unknown[], place: RowPlaceOnly) => Made) => {
        const at = before;
        before += chunk.rows.length + chunk.bad.length;
        return made(chunk, at, make, reader, collect);
      };
      // rows that were mapped to find the columns are not mapped again
      for (const { chunk, mapped } of seen.splice(0)) {
        const start = before + 1;
        yield ready(chunk, (_, { row }) => shapeRow(mapped[row - start]));
      }
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        yield ready(next.value, (values, place) => shapeRow(mapRow(values, place)));
      }
    },
  };
}

interface MappedChunk {
  readonly chunk: RowChunk;
  readonly mapped: readonly Mapped[];
}

/** Maps rows until one is there that is not left out; of parts of which nothing is left only the number is kept. */
async function untilFirst(
  iterator: AsyncIterator<RowChunk>,
  mapRow: MapRow,
): Promise<{ readonly leftOut: number; readonly seen: MappedChunk[]; readonly first: MappedRow | undefined }> {
  const seen: MappedChunk[] = [];
  let before = 0, leftOut = 0;
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return { leftOut, seen, first: undefined };
    const { rows, lines, bad } = next.value;
    const mapped = rows.map((values, index) => mapRow(values, { row: before + index + 1, line: lines?.[index] }));
    before += rows.length + bad.length;
    const first = mapped.find((row): row is MappedRow => row !== undefined && !(row instanceof MapFailure));
    if (seen.length === 0 && bad.length === 0 && mapped.every((row) => row === undefined)) leftOut += rows.length;
    else seen.push({ chunk: next.value, mapped });
    if (first !== undefined) return { leftOut, seen, first };
  }
}

/** `map` gave something that is no row: a mistake of its own, whatever the rows are. */
class MapResultError extends DelembicError {
  constructor(problem: string, hint: string, source: string, { row, line }: RowPlaceOnly) {
    super(`The option 'map' of a load gave ${problem}${line === undefined ? ` for row ${row} of ${source}` : ""}`, {
      code: "load-map",
      place: line === undefined ? undefined : { file: source, line },
      hint,
    });
  }
}

/** @throws {MapResultError} */
function checkedRow(row: unknown, source: string, place: RowPlaceOnly): MappedRow | undefined {
  if (row === undefined) return undefined;
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    const what = Array.isArray(row) ? "an array" : Deno.inspect(row);
    throw new MapResultError(
      what,
      "It gives an object, column: value, or undefined to leave the row out.",
      source,
      place,
    );
  }
  if (!("then" in row && typeof row.then === "function")) return row as MappedRow;
  throw new MapResultError("a promise", "It cannot be async: load what it needs before.", source, place);
}

function isList(columns: LoadOptions["columns"]): columns is readonly string[] {
  return Array.isArray(columns);
}

function mappedShape(
  names: readonly string[],
  make: ((values: unknown[]) => Made) | undefined,
): (row: Mapped) => Made {
  const known = new Set(names);
  return (row) => {
    if (row === undefined) return undefined;
    if (row instanceof MapFailure) {
      const problem = `'map' failed: ${messageOf(row.cause)}`;
      return { problem: { column: undefined, value: undefined, problem }, cause: row.cause };
    }
    const unknown = Object.keys(row).find((name) => !known.has(name));
    if (unknown !== undefined) {
      const problem = `'map' gave the column '${unknown}', which it did not give for the first row`;
      return { problem: { column: undefined, value: undefined, problem } };
    }
    const values = names.map((name) => row[name] ?? null);
    return make === undefined ? values : make(values);
  };
}
