/**
 * CSV as rows that SQLite takes apart by itself: one blob with many rows, each an array of texts and NULLs in SQLite's
 * binary JSON (https://sqlite.org/jsonb.html), all in an array. The bytes of the file become those of the blob without
 * ever being JavaScript's strings; binding values one by one takes as long as all the rest of an insert.
 *
 * A row is not an array within the array, but a text that holds the bytes of one: `json_each` gives a text as it stands,
 * and would write an array as JSON. So it is the same text for SQLite and its bytes only where the database is UTF-8.
 *
 * @module
 */

import { CERTAIN_DIGITS, isPlainDate, isPlainInteger, isPlainMoment, isPlainNumber } from "./sqlite_plain.ts";
import type { ColumnKind } from "./catalog.ts";
import { looseReader, type LooseValue } from "./loose_value.ts";

const QUOTE = 0x22, LF = 0x0a, CR = 0x0d, MINUS = 0x2d, POINT = 0x2e, ZERO = 0x30;

/** Low nibbles of a header; NULL is a zero byte. Numbers are texts as well, which SQLite need not look at twice. */
const INTEGER = 0x03, FLOAT = 0x05, TEXT = 0x0a, ARRAY = 0x0b;
/** High nibbles: the size is in the next byte, in the next four bytes. */
const SIZE_1 = 0xc0, SIZE_4 = 0xe0;
/** A header with its size in four bytes. */
const LONG_HEADER = 5;
const ROW_HEADER = 2 * LONG_HEADER;

/** A field that is no value of its column. */
export interface RefusedField {
  /** Of the rows of this blob, from 0. */
  readonly row: number;
  readonly column: number;
  readonly text: string;
  readonly fault: "syntax" | "range";
}

/** Many rows, ready for the placeholder of {@link unpackSql}; valid until the next ones are packed. */
export interface PackedRows {
  readonly blob: Uint8Array;
  readonly count: number;
  /** Where in the CSV the next row begins. */
  readonly next: number;
  /** Of the row behind the last one, if it is the reason for which there are not more. */
  readonly refused: RefusedField | undefined;
}

/** Gives the fields of the packed rows, in order. */
export function unpackSql(columns: number): string {
  return Array.from({ length: columns }, (_, index) => `cast(value as blob) ->> '$[${index}]'`).join(", ");
}

/** How the bytes of a field are looked at first: what is plainly right need not become a string. */
type PlainCheck = (bytes: Uint8Array, start: number, end: number) => boolean;

const PLAIN: Partial<Record<ColumnKind, PlainCheck>> = {
  integer: isPlainInteger,
  decimal: isPlainNumber,
  float: isPlainNumber,
  date: isPlainDate,
  timestamp: isPlainMoment,
};

interface FieldCheck {
  readonly isNumber: boolean;
  readonly isPlain: PlainCheck;
  readonly read: (text: string) => LooseValue;
}

export class CsvPacker {
  readonly #delimiter: number;
  readonly #null: Uint8Array;
  readonly #checks: readonly (FieldCheck | undefined)[];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #out = new Uint8Array(0);
  /** Where the next byte is written. */
  #at = 0;
  #refused: RefusedField | undefined;

  /** @param kinds of the columns, in the order of the fields */
  constructor({ delimiter, null: nullText, kinds }: {
    readonly delimiter: string;
    readonly null: string;
    readonly kinds: readonly ColumnKind[];
  }) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#null = new TextEncoder().encode(nullText);
    this.#checks = kinds.map((kind) => {
      const read = looseReader(kind);
      const isNumber = kind === "integer" || kind === "decimal" || kind === "float";
      return read && { isNumber, isPlain: PLAIN[kind] ?? (() => false), read };
    });
  }

  /**
   * Packs rows of well-formed CSV from `start` on, until the blob has more than `limit` bytes or the CSV ends.
   *
   * @param csv UTF-8, with as many fields in each record as there are columns, and ending with one
   */
  pack(csv: Uint8Array, start: number, limit: number): PackedRows {
    // the last row begins below the limit; no field takes more than twice its bytes
    this.#reserve(limit + 2 * (csv.length - start) + 1024);
    this.#at = LONG_HEADER;
    this.#refused = undefined;
    let next = start, count = 0;
    while (next < csv.length && this.#at < limit) {
      const begin = this.#at;
      const end = this.#row(csv, next, count);
      if (this.#refused !== undefined) {
        this.#at = begin;
        break;
      }
      next = end;
      count++;
    }
    writeHeader(this.#out, 0, ARRAY, this.#at - LONG_HEADER);
    return { blob: this.#out.subarray(0, this.#at), count, next, refused: this.#refused };
  }

  #reserve(length: number): void {
    if (this.#out.length < length) this.#out = new Uint8Array(length);
  }

  /** @returns where the next record begins */
  #row(csv: Uint8Array, start: number, row: number): number {
    const begin = this.#at;
    this.#at += ROW_HEADER;
    const delimiter = this.#delimiter, length = csv.length;
    let at = start;
    for (let column = 0;; column++) {
      const field = this.#at;
      at = csv[at] === QUOTE ? this.#quoted(csv, at + 1) : this.#unquoted(csv, at);
      const check = this.#checks[column];
      if (check !== undefined && this.#out[field] !== 0) this.#look(check, field, row, column);
      if (at === length) break;
      const byte = csv[at++];
      if (byte === delimiter) continue;
      if (byte === CR && csv[at] === LF) at++;
      break;
    }
    const size = this.#at - begin - ROW_HEADER;
    writeHeader(this.#out, begin, TEXT, size + LONG_HEADER);
    writeHeader(this.#out, begin + LONG_HEADER, ARRAY, size);
    return at;
  }

  /** @returns where the field ends */
  #unquoted(csv: Uint8Array, start: number): number {
    const delimiter = this.#delimiter, length = csv.length;
    let end = start;
    for (; end < length; end++) {
      const byte = csv[end];
      if (byte === delimiter || byte === LF || byte === CR) break;
    }
    if (this.#isNull(csv, start, end)) this.#out[this.#at++] = 0;
    else this.#text(csv, start, end);
    return end;
  }

  #isNull(csv: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#null;
    if (end - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (csv[start + i] !== bytes[i]) return false;
    return true;
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    const out = this.#out;
    const size = end - start;
    let at = this.#at;
    if (size < 12) out[at++] = size << 4 | TEXT;
    else if (size < 256) {
      out[at++] = SIZE_1 | TEXT;
      out[at++] = size;
    } else {
      writeHeader(out, at, TEXT, size);
      at += LONG_HEADER;
    }
    // a call would take longer than the few bytes of most fields
    if (size < 100) { for (let i = start; i < end; i++) out[at++] = bytes[i] as number; }
    else {
      out.set(bytes.subarray(start, end), at);
      at += size;
    }
    this.#at = at;
  }

  /** @param start behind the quote that opens @returns behind the quote that closes */
  #quoted(csv: Uint8Array, start: number): number {
    const out = this.#out;
    const begin = this.#at;
    let to = begin + LONG_HEADER;
    let at = start;
    for (;; at++) {
      const byte = csv[at] as number;
      // of two quotes the second is the value's
      if (byte === QUOTE && csv[++at] !== QUOTE) break;
      out[to++] = byte;
    }
    writeHeader(out, begin, TEXT, to - begin - LONG_HEADER);
    this.#at = to;
    return at;
  }

  /** Looks at the text that was written at `field`. */
  #look({ isNumber, isPlain, read }: FieldCheck, field: number, row: number, column: number): void {
    const start = field + headerLength(this.#out[field] as number);
    if (isPlain(this.#out, start, this.#at)) {
      if (isNumber) this.#out[field] = (this.#out[field] as number) & 0xf0 | numberType(this.#out, start, this.#at);
      return;
    }
    const text = this.#decoder.decode(this.#out.subarray(start, this.#at));
    const found = read(text);
    if ("fault" in found) {
      this.#refused ??= { row, column, text, fault: found.fault };
    } else if (String(found.value) !== text) {
      const bytes = new TextEncoder().encode(String(found.value));
      this.#at = field;
      this.#text(bytes, 0, bytes.length);
    }
  }
}

/** Of a plain number; one that JSON would write otherwise, or that is beyond 64 bits, stays a text. */
function numberType(bytes: Uint8Array, start: number, end: number): number {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  let point = digits;
  while (point < end && bytes[point] !== POINT) point++;
  if (bytes[digits] === ZERO && (digits > start || point > digits + 1)) return TEXT;
  if (point < end) return FLOAT;
  return end - digits > CERTAIN_DIGITS ? TEXT : INTEGER;
}

function writeHeader(out: Uint8Array, at: number, type: number, size: number): void {
  out[at] = SIZE_4 | type;
  out[at + 1] = size >>> 24;
  out[at + 2] = size >>> 16;
  out[at + 3] = size >>> 8;
  out[at + 4] = size;
}

function headerLength(first: number): number {
  if (first >= SIZE_4) return LONG_HEADER;
  return first >= SIZE_1 ? 2 : 1;
}

/** The rows of a blob as values, for whom SQLite does not take them apart. */
export function unpackRows({ blob, count }: Pick<PackedRows, "blob" | "count">): (string | null)[][] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const rows: (string | null)[][] = [];
  for (let at = LONG_HEADER; rows.length < count;) {
    const end = at + LONG_HEADER + sizeAt(blob, at);
    const row: (string | null)[] = [];
    for (at += ROW_HEADER; at < end;) {
      const first = blob[at] as number;
      const start = at + headerLength(first);
      at = start + sizeAt(blob, at);
      row.push(first === 0 ? null : decoder.decode(blob.subarray(start, at)));
    }
    rows.push(row);
  }
  return rows;
}

function sizeAt(blob: Uint8Array, at: number): number {
  const first = blob[at] as number;
  if (first < SIZE_1) return first >> 4;
  if (first < SIZE_4) return blob[at + 1] as number;
  return new DataView(blob.buffer, blob.byteOffset + at + 1).getUint32(0);
}
