/**
 * CSV as `LOAD DATA` reads it: the bytes of the file, where only what the server would take for something else is written
 * in another way. Rows never become JavaScript's strings, which takes longer than all the rest of a load.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { BulkCsv } from "./database.ts";

const QUOTE = 0x22, LF = 0x0a, CR = 0x0d;
/** This unquoted word is NULL to the server, whatever else is declared. */
const NULL_WORD = Buffer.from("NULL"), QUOTED_NULL_WORD = Buffer.from('"NULL"');

/** Bytes that go to the server at once. */
const PIECE_BYTES = 64 * 1024;

/** A file of well-formed CSV, in UTF-8, with the same end of line behind each record. */
export class InfileCsv {
  /** The clauses of `LOAD DATA` for it; in hex, which no mode of the server changes. */
  readonly format: string;
  readonly #delimiter: string;
  readonly #nullText: string;
  readonly #null: Uint8Array;
  readonly #writtenNull: Uint8Array;
  readonly #escape: number;
  /** Which bytes end a field. */
  readonly #ends = new Uint8Array(256);

  /** @param first some whole records, which show how lines end */
  constructor({ delimiter, null: nullText }: Pick<BulkCsv, "delimiter" | "null">, first: Uint8Array) {
    this.#delimiter = delimiter;
    this.#nullText = nullText;
    // a character that no text has: backslashes would have to be doubled
    this.#escape = delimiter === "\x01" ? 0x02 : 0x01;
    this.#null = this.#escaped(Buffer.from(nullText));
    this.#writtenNull = Uint8Array.of(this.#escape, 0x4e);
    for (const end of [delimiter.charCodeAt(0), LF, CR]) this.#ends[end] = 1;
    this.format = `character set utf8mb4 fields terminated by ${hex(delimiter)} optionally enclosed by 0x22 ` +
      `escaped by ${hex(String.fromCharCode(this.#escape))} lines terminated by ${hex(this.#endOfLine(first))}`;
  }

  /** The text for the server of whole records. */
  *pieces(csv: Uint8Array): Generator<Buffer> {
    const text = this.#rewritten(this.#escaped(csv));
    const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
  }

  /** The values of whole records. */
  rows(csv: Uint8Array): (string | null)[][] {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(csv);
    const rows: (string | null)[][] = [];
    for (let row: (string | null)[] = [], at = 0; at < text.length || row.length > 0;) {
      const end = this.#endOfField(text, at);
      row.push(this.#value(text.slice(at, end)));
      at = end + (text.startsWith("\r\n", end) ? 2 : 1);
      if (text[end] === this.#delimiter) continue;
      rows.push(row);
      row = [];
    }
    return rows;
  }

  #endOfField(text: string, start: number): number {
    let at = start;
    while (text[at] === '"') at = text.indexOf('"', at + 1) + 1;
    while (at < text.length && this.#ends[text.charCodeAt(at)] !== 1) at++;
    return at;
  }

  #value(field: string): string | null {
    if (field.startsWith('"')) return field.slice(1, -1).replaceAll('""', '"');
    return field === this.#nullText ? null : field;
  }

  #endOfLine(csv: Uint8Array): string {
    for (let at = 0; at < csv.length; at++) {
      if (csv[at] === QUOTE) at = afterQuotes(csv, at);
      if (csv[at] === CR) return csv[at + 1] === LF ? "\r\n" : "\r";
      if (csv[at] === LF) break;
    }
    return "\n";
  }

  #escaped(bytes: Uint8Array): Uint8Array {
    const escape = this.#escape;
    if (!bytes.includes(escape)) return bytes;
    const doubled: number[] = [];
    for (let at = bytes.indexOf(escape); at >= 0; at = bytes.indexOf(escape, at + 1)) doubled.push(at);
    return replaced(bytes, doubled, () => ({ length: 1, by: Uint8Array.of(escape, escape) }));
  }

  /** With what stands for NULL as the server writes it, and the word NULL as a text. */
  #rewritten(csv: Uint8Array): Uint8Array {
    const places = this.#placesOfNull(csv);
    if (places.length === 0) return csv;
    const { length } = this.#null;
    return replaced(
      csv,
      places,
      (at) =>
        this.#isNull(csv, at, this.#endOf(csv, at))
          ? { length, by: this.#writtenNull }
          : { length: NULL_WORD.length, by: QUOTED_NULL_WORD },
    );
  }

  #endOf(csv: Uint8Array, start: number): number {
    const ends = this.#ends;
    let at = start;
    while (at < csv.length && ends[csv[at] as number] === 0) at++;
    return at;
  }

  /** Where fields begin that stand for NULL, or would. */
  #placesOfNull(csv: Uint8Array): number[] {
    const { length } = csv;
    const ends = this.#ends;
    const places: number[] = [];
    let start = 0;
    for (let afterDelimiter = false; start < length || afterDelimiter;) {
      let at = start;
      if (csv[at] === QUOTE) at = afterQuotes(csv, at);
      else {
        while (at < length && ends[csv[at] as number] === 0) at++;
        if (this.#isNull(csv, start, at) || at - start === 4 && isAt(csv, start, NULL_WORD)) places.push(start);
      }
      const end = csv[at];
      afterDelimiter = at < length && end !== LF && end !== CR;
      start = end === CR && csv[at + 1] === LF ? at + 2 : at + 1;
    }
    return places;
  }

  #isNull(csv: Uint8Array, start: number, end: number): boolean {
    return end - start === this.#null.length && isAt(csv, start, this.#null);
  }
}

function hex(text: string): string {
  return `0x${Buffer.from(text).toString("hex")}`;
}

function isAt(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false;
  }
  return true;
}

/** Behind the quotes that close those at `open`. */
function afterQuotes(csv: Uint8Array, open: number): number {
  let at = open + 1;
  for (; at < csv.length; at++) {
    if (csv[at] !== QUOTE) continue;
    if (csv[at + 1] !== QUOTE) return at + 1;
    at++;
  }
  return at;
}

/** Copying by a call takes longer than byte by byte below about this length. */
const SHORT = 48;

function replaced(
  bytes: Uint8Array,
  places: readonly number[],
  replacement: (place: number) => { readonly length: number; readonly by: Uint8Array },
): Uint8Array {
  const out = Buffer.allocUnsafe(bytes.length + places.length * 2);
  let from = 0, to = 0;
  const copy = (source: Uint8Array, start: number, end: number) => {
    if (end - start > SHORT) out.set(source.subarray(start, end), to);
    else for (let at = start; at < end; at++) out[to + at - start] = source[at] as number;
    to += end - start;
  };
  for (const place of places) {
    copy(bytes, from, place);
    const { length, by } = replacement(place);
    copy(by, 0, by.length);
    from = place + length;
  }
  copy(bytes, from, bytes.length);
  return out.subarray(0, to);
}
