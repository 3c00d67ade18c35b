/**
 * Files of rows, written and read back, for the tests of reading.
 *
 * @module
 */

import { DelembicError } from "../src/errors.ts";
import type { BadRow, RowReader } from "../src/rows.ts";
import { openRowFile, type RowFileOptions } from "../src/rows_file.ts";

/** What was read of a file. */
export interface ReadRows {
  readonly columns: readonly string[] | undefined;
  readonly rows: unknown[][];
  readonly lines: number[];
  readonly bad: BadRow[];
}

export type Told = Pick<DelembicError, "code" | "message"> & { line?: number; hint?: string };

/** Runs `use` with a file of this content; messages call it `name`. */
export async function withFile<T>(
  name: string,
  content: string | Uint8Array,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "delembic_rows_" });
  try {
    const path = `${folder}/${name}`;
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export type Options = Omit<RowFileOptions, "shownName">;

/** All rows of a file, by the reader of rows. */
export function readRows(name: string, content: string | Uint8Array, options: Options = {}): Promise<ReadRows> {
  return withFile(name, content, async (path) => {
    await using reader = await openRowFile(path, { ...options, shownName: name });
    return await drained(reader);
  });
}

export async function drained(reader: RowReader): Promise<ReadRows> {
  const rows: unknown[][] = [], lines: number[] = [], bad: BadRow[] = [];
  for await (const chunk of reader.chunks()) {
    rows.push(...chunk.rows);
    lines.push(...chunk.lines ?? []);
    bad.push(...chunk.bad);
  }
  return { columns: reader.columns, rows, lines, bad };
}

/** The bytes that a database would be given; `undefined` where the file has to be read by rows. */
export function readCsvText(
  name: string,
  content: string | Uint8Array,
  options: Options = {},
): Promise<{ text: string; chunks: string[]; lineOf: (row: number) => number } | undefined> {
  return withFile(name, content, async (path) => {
    await using reader = await openRowFile(path, { ...options, shownName: name });
    const { csv } = reader;
    if (csv === undefined) return undefined;
    const chunks: string[] = [];
    for await (const bytes of csv.chunks()) chunks.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    return { text: chunks.join(""), chunks, lineOf: (row) => csv.lineOf(row) };
  });
}

/** What reading ends with, as a user is told it. Anything but a `DelembicError` is thrown on: that is a defect. */
export async function faultOf(reading: Promise<unknown>): Promise<Told | undefined> {
  try {
    await reading;
    return undefined;
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    const { code, message, hint, place } = error;
    return {
      code,
      message,
      ...(place?.line === undefined ? {} : { line: place.line }),
      ...(hint === undefined ? {} : { hint }),
    };
  }
}
