/**
 * Files of CSV and TSV: their header, and how their rows are read.
 *
 * @module
 */

import type { RowReader, RowTexts } from "./rows.ts";
import { readCsvRecord } from "./rows_csv_record.ts";
import { csvTextOf, isPlainCsv } from "./rows_csv_text.ts";
import { RowFileError } from "./rows_errors.ts";
import type { OpenText } from "./rows_open.ts";
import { BadRows, chunksOf, findOdd, NOWHERE, oddity } from "./rows_parser.ts";
import type { FieldRecord, RecordSyntax } from "./rows_record.ts";
import { RecordParser } from "./rows_records.ts";
import type { RowFileOptions } from "./rows_source.ts";
import { readTsvRecord } from "./rows_tsv_record.ts";
import { csvTexts, tsvTexts } from "./rows_write.ts";
import { joinedBytes, type TextPiece } from "./rows_text.ts";

/** What the beginning of a file tells of all of its rows. */
export interface DelimitedHead {
  readonly columns: readonly string[] | undefined;
  /** `undefined` where the first record is not one. */
  readonly width: number | undefined;
  readonly syntax: RecordSyntax;
  /** Of the first row. */
  readonly start: RecordPlace;
}

/** Where in a file a record begins. */
export interface RecordPlace {
  /** From 0. */
  readonly byte: number;
  /** From 1. */
  readonly line: number;
  /** From 1, without the header. */
  readonly row: number;
}

export interface DelimitedReader extends RowReader {
  readonly head: DelimitedHead;
}

/** @throws {RowFileError} when there is no header, or not a good one */
export async function openDelimited(
  format: "csv" | "tsv",
  options: RowFileOptions,
  open: OpenText,
): Promise<DelimitedReader> {
  const file = options.shownName;
  const syntax = format === "csv" ? csvSyntax(options) : tsvSyntax(options);
  const head = await headOf(open, syntax);
  const { piece, record } = head;
  const hasHeader = options.header ?? true;
  const { encoding } = open.text;
  if (format === "csv" && options.delimiter === undefined) checkDelimiter(head, file);
  const columns = hasHeader ? headerOf(head, encoding, file) : undefined;
  const line = hasHeader ? 2 + (record?.innerLines ?? 0) : 1;
  const width = record?.fault === undefined ? record?.fields.length : undefined;
  const parser = new RecordParser(
    { syntax, encoding, width: columns?.length, named: hasHeader, line, row: 1 },
    new BadRows(file, options.collect ?? false),
  );
  const header = hasHeader ? piece.text.slice(0, record?.next) : "";
  const behind = bytesBehind(head, header);
  const csv = format === "csv" && options.collect !== true && isPlainCsv(encoding, syntax.delimiter, width)
    ? csvTextOf(open, { file, syntax, width: width ?? 0, line, named: hasHeader, start: behind })
    : undefined;
  return {
    name: file,
    columns,
    headerLine: hasHeader ? 1 : undefined,
    width,
    get progress() {
      return open.progress;
    },
    chunks: () => chunksOf(open.texts({ ...piece, text: piece.text.slice(header.length) }), parser, file),
    csv,
    texts: textsOf(format, columns, syntax),
    head: { columns, width, syntax, start: { byte: lengthOf(head.bytes) - behind.length, line, row: 1 } },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

export function textsOf(format: "csv" | "tsv", columns: readonly string[] | undefined, syntax: RecordSyntax): RowTexts {
  const { null: nullText } = syntax;
  if (format === "tsv") return tsvTexts({ columns, null: nullText });
  return csvTexts({ columns, null: nullText, delimiter: String.fromCharCode(syntax.delimiter) });
}

/** The bytes of the head, without a byte order mark and the header. */
function bytesBehind({ bytes, piece }: Head, header: string): Uint8Array {
  const all = joinedBytes(bytes);
  const hasMark = all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf && !piece.text.startsWith("\uFEFF");
  return all.subarray((hasMark ? 3 : 0) + new TextEncoder().encode(header).length);
}

function lengthOf(bytes: readonly Uint8Array[]): number {
  return bytes.reduce((sum, { length }) => sum + length, 0);
}

function tsvSyntax({ delimiter = "\t", null: nullText = "\\N", shownName: file }: RowFileOptions): RecordSyntax {
  if (delimiter !== "\t") {
    throw new RowFileError("TSV has tabs between its fields, and no other delimiter", {
      file,
      hint: `For fields in quotes, declare \`format: "csv"\` with \`delimiter: ${JSON.stringify(delimiter)}\`.`,
    });
  }
  return { delimiter: 0x09, null: nullText, special: "\\", read: readTsvRecord };
}

const FORBIDDEN_DELIMITER_REGEXP = /["\r\n\0\uFFFD\ud800-\udfff]/;

function csvSyntax({ delimiter = ",", null: nullText = "", shownName: file }: RowFileOptions): RecordSyntax {
  if (delimiter.length !== 1 || FORBIDDEN_DELIMITER_REGEXP.test(delimiter)) {
    throw new RowFileError(`${JSON.stringify(delimiter)} cannot be the delimiter of CSV`, {
      file,
      hint: "It is one character, and neither a quote nor an end of line.",
    });
  }
  if (nullText.includes(delimiter) || FORBIDDEN_DELIMITER_REGEXP.test(nullText)) {
    throw new RowFileError(`${JSON.stringify(nullText)} cannot stand for NULL in CSV`, {
      file,
      hint: "It has no quotes, delimiters and ends of lines.",
    });
  }
  return { delimiter: delimiter.charCodeAt(0), null: nullText, special: '"', read: readCsvRecord };
}

interface Head {
  /** All that was read, the first record included. */
  readonly piece: TextPiece;
  readonly bytes: readonly Uint8Array[];
  /** The first record; `undefined` in a file without any text. */
  readonly record: FieldRecord | undefined;
}

/** The longest header, in characters: what is longer is no header but an open quote. */
const MAX_HEADER_LENGTH = 1024 * 1024;

/** Reads so much that the first record is whole. */
async function headOf(open: OpenText, syntax: RecordSyntax): Promise<Head> {
  let piece: TextPiece = { text: "", broken: false };
  const bytes: Uint8Array[] = [];
  for (;;) {
    const { text, broken, last, ...next } = await open.next();
    bytes.push(next.bytes);
    piece = { text: piece.text + text, broken: piece.broken || broken };
    const whole = last || piece.text.length > MAX_HEADER_LENGTH;
    if (piece.text === "" && whole) return { piece, bytes, record: undefined };
    const record = syntax.read(piece.text, 0, whole, { line: 1, lineEndAt: 0 }, syntax);
    if (record !== undefined && piece.text !== "") return { piece, bytes, record };
  }
}

/** @throws {RowFileError} when the first line does not name the columns */
function headerOf({ piece, record }: Head, encoding: string, file: string): string[] {
  if (record === undefined) {
    throw new RowFileError("The data file is empty", { file, hint: "Its first line names the columns." });
  }
  const raw = piece.text.slice(0, record.end);
  const fault = (message: string, hint = "The first line names the columns; declare `header: false` if it does not.") =>
    new RowFileError(message, { file, line: 1, hint });
  if (findOdd({ ...piece, text: raw }, 0) !== NOWHERE) {
    const { problem, hint } = oddity(raw, encoding);
    throw fault(problem, hint);
  }
  if (record.fault !== undefined) throw fault(record.fault);
  if (raw === "") throw fault("The header is empty");
  const names = record.fields.map((name) => name ?? "");
  const unnamed = names.indexOf("");
  if (unnamed >= 0) throw fault(`The header has no name for column ${unnamed + 1}`);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw fault(`The header names the column ${JSON.stringify(twice)} twice`);
  return names;
}

/**
 * A first line without commas that would have several fields with another delimiter is not guessed at: a wrong guess
 * would load wrong data.
 *
 * @throws {RowFileError}
 */
function checkDelimiter({ piece, record }: Head, file: string): void {
  if (record === undefined || record.fault !== undefined || record.fields.length > 1) return;
  const [only] = record.fields;
  if (only === undefined || only === null || piece.text.startsWith('"') && !piece.text.startsWith('""')) return;
  const other = [";", "\t", "|"].find((delimiter) => only.includes(delimiter));
  if (other === undefined) return;
  const name = other === "\t" ? "tabs" : `"${other}"`;
  throw new RowFileError(`The first line has no "," between fields, but ${name}`, {
    file,
    line: 1,
    hint: `Declare it: \`delimiter: ${JSON.stringify(other)}\`; or \`delimiter: ","\` if it is one column indeed.`,
  });
}
