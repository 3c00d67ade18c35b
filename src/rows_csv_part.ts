/**
 * A file of CSV in parts, each of whole records, that are read on their own: by several readers, now or tomorrow.
 *
 * @module
 */

import type { CsvText, RowReader } from "./rows.ts";
import { openBytes } from "./rows_bytes.ts";
import { csvTextOf, isPlainCsv, type LocatedCsv } from "./rows_csv_text.ts";
import { type DelimitedHead, openDelimited, type RecordPlace, textsOf } from "./rows_delimited.ts";
import { BadRowError, RowFileError } from "./rows_errors.ts";
import { OpenText, openText } from "./rows_open.ts";
import { BadRows, chunksOf } from "./rows_parser.ts";
import { RecordParser } from "./rows_records.ts";
import { kindOf, type RowFileOptions } from "./rows_source.ts";
import { TextPieces } from "./rows_text.ts";

const NOTHING = new Uint8Array(0);

/** Bytes that are looked at in one go: many, as each piece but the first is copied behind what is left of the last one. */
const PIECE_BYTES = 1024 * 1024;

/** A file of which the beginning was read. */
export interface CsvFile {
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
  readonly bytes: number;
  /** When it was written last, in milliseconds; `undefined` where the system does not say. */
  readonly modified: number | undefined;
  readonly head: DelimitedHead;
}

/** @throws {RowFileError} when it cannot be read in parts, or has no good header */
export async function openCsvFile(path: string, options: RowFileOptions): Promise<CsvFile> {
  const file = options.shownName;
  const fault = (message: string, hint: string) => new RowFileError(message, { file, hint });
  const { format, compression } = kindOf(path, options);
  if (format !== "csv" || compression !== "none") {
    const what = compression === "none" ? format.toUpperCase() : compression;
    throw fault(
      `The data file is ${what}, and only CSV that is not compressed is loaded in batches`,
      "Load it at once, with 'conn.load' or '-- delembic load: …', or make CSV of it before.",
    );
  }
  const { open } = await openText(path, options);
  await using _ = open;
  const { head } = await openDelimited(format, options, open);
  const { delimiter } = head.syntax;
  if (open.text.encoding !== "utf-8" || delimiter >= 0x80) {
    const what = delimiter >= 0x80 ? "has a delimiter that is not ASCII" : `is ${open.text.encoding.toUpperCase()}`;
    throw fault(`The data file ${what}, and cannot be loaded in batches`, "Write it as UTF-8, or load it at once.");
  }
  const { size, mtime } = await Deno.stat(path);
  return { path, name: file, bytes: size, modified: mtime?.getTime(), head };
}

/** A part of a file: the records from one place to before another. */
export interface RecordSpan {
  readonly from: RecordPlace;
  /** The byte before which it ends. */
  readonly to: number;
}

/** Records that were looked at: that each is whole and has all of its fields. */
export interface CheckedRecords extends RecordSpan {
  /** Where the record behind them begins. */
  readonly next: RecordPlace;
  readonly rows: number;
  /** They themselves, where a database takes them as they are. */
  readonly csv: CsvText | undefined;
}

/**
 * Reads on from a place up to the end of a record, about `limit` bytes behind it. Before a record that is none it ends
 * sooner.
 *
 * @throws {BadRowError} when already the first few records hold a bad one; {RowFileError}
 */
export async function checkRecords(
  file: CsvFile,
  { from, to }: RecordSpan,
  { limit, keep }: { readonly limit: number; readonly keep: boolean },
): Promise<CheckedRecords> {
  const pieceBytes = Math.min(limit, PIECE_BYTES);
  await using open = await openPart(file, { from, to }, pieceBytes);
  const csv = csvOf(file, open, from);
  const kept: Uint8Array[] = [];
  // one more piece would take it farther beyond the limit than it is away from it
  const enough = limit - pieceBytes / 2;
  try {
    for await (const bytes of csv.chunks()) {
      if (keep) kept.push(bytes);
      if (csv.done.bytes >= enough) break;
    }
  } catch (error) {
    // what is before the bad record can be taken
    if (!(error instanceof BadRowError || error instanceof RowFileError) || csv.done.bytes === 0) throw error;
  }
  const { rows, bytes, line } = csv.done;
  const next = { byte: from.byte + bytes, line, row: from.row + rows };
  return { from, to: next.byte, next, rows, csv: keep ? again(csv, kept, rows) : undefined };
}

/** CSV that is in memory. */
function again(csv: LocatedCsv, kept: readonly Uint8Array[], rows: number): CsvText {
  return {
    delimiter: csv.delimiter,
    null: csv.null,
    async *chunks() {
      yield* kept;
    },
    rows,
    lineOf: (row) => csv.lineOf(row),
  };
}

/** Reads a span of whole records. @param csv what of it was read and checked before */
export async function openRecords(file: CsvFile, span: RecordSpan, csv?: CsvText): Promise<RowReader> {
  const { name, head: { columns, width, syntax } } = file;
  const open = await openPart(file, span);
  const parser = new RecordParser(
    { syntax, encoding: "utf-8", width, named: columns !== undefined, line: span.from.line, row: span.from.row },
    new BadRows(name, false),
  );
  return {
    name,
    columns,
    headerLine: columns === undefined ? undefined : 1,
    width,
    firstRow: span.from.row,
    get progress() {
      return open.progress;
    },
    chunks: () => chunksOf(open.texts({ text: "", broken: false }), parser, name),
    csv: csv ?? (isPlainCsv("utf-8", syntax.delimiter, width) ? csvOf(file, open, span.from) : undefined),
    texts: textsOf("csv", columns, syntax),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

function csvOf({ name, head: { columns, width = 0, syntax } }: CsvFile, open: OpenText, from: RecordPlace): LocatedCsv {
  const { line, row } = from;
  return csvTextOf(open, { file: name, syntax, width, named: columns !== undefined, start: NOTHING, line, row });
}

/** @throws {RowFileError} when the file is not what it was */
async function openPart(file: CsvFile, { from, to }: RecordSpan, pieceBytes?: number): Promise<OpenText> {
  const { path, name } = file;
  const { size, mtime } = await Deno.stat(path);
  if (size !== file.bytes || mtime?.getTime() !== file.modified) {
    throw new RowFileError("The data file was written to while it was loaded", {
      file: name,
      hint: "A file that is loaded in batches has to stay as it is until all of it is loaded.",
    });
  }
  const part = { from: from.byte, to, ...(pieceBytes === undefined ? {} : { pieceBytes }) };
  const bytes = await openBytes(path, name, "none", part);
  return new OpenText(bytes, NOTHING, new TextPieces("utf-8", false));
}
