/**
 * CSV that is checked as bytes, and handed on as it stands. Where something is wrong the reader of records is asked
 * about that record, so that both say the same.
 *
 * @module
 */

import { LineNumbers } from "./rows_line_numbers.ts";

/** What bytes mean; all others are text. */
const DELIMITER = 1, LF = 2, CR = 3, QUOTE = 4, NUL = 5, HIGH = 6;

const QUOTE_BYTE = 0x22, LF_BYTE = 0x0a;

/** The ends of lines. */
const ENDS = { lf: Uint8Array.of(0x0a), cr: Uint8Array.of(0x0d), crlf: Uint8Array.of(0x0d, 0x0a) } as const;

/** What a buffer of CSV holds. */
export interface Scan {
  /** The whole records, all with the same end of line, without empty lines. */
  readonly parts: readonly Uint8Array[];
  /** How many bytes were whole records. */
  readonly consumed: number;
  /** Whether there are bytes in them that may be no UTF-8. */
  readonly high: boolean;
  /** Where a record begins in which something is wrong. */
  readonly faultAt: number | undefined;
}

/** Checks buffers of UTF-8 one after another: quotes, counts of fields and NUL. */
export class CsvScanner {
  readonly lines: LineNumbers;
  readonly #width: number;
  readonly #outside: Uint8Array;
  readonly #outsideHigh: Uint8Array;
  /** How the first record's line ends: a database takes all to end so. */
  #eol: keyof typeof ENDS | undefined;
  /** Of the record that comes next. */
  #row = 1;
  #line: number;
  /** Of the quoted fields of the record: ends of lines within, and whether there are bytes above ASCII, and NUL. */
  #inner = 0;
  #high = false;
  #nul = false;

  /** @param options `width`: how many fields each record has; `line`: where the first one begins */
  constructor(options: { readonly delimiter: number; readonly width: number; readonly line: number }) {
    this.#width = options.width;
    this.#line = options.line;
    this.lines = new LineNumbers(options.line);
    this.#outside = kindsOf({ [options.delimiter]: DELIMITER }, HIGH);
    this.#outsideHigh = kindsOf({ [options.delimiter]: DELIMITER }, 0);
  }

  /** The row that comes next, and the line on which it begins: of the record with the fault, if there is one. */
  get next(): { readonly row: number; readonly line: number } {
    return { row: this.#row, line: this.#line };
  }

  /** @param last whether the source ends with the buffer */
  scan(bytes: Uint8Array, last: boolean): Scan {
    const parts = new Parts(bytes);
    const length = bytes.length;
    this.#high = false;
    let kinds = this.#outside;
    let start = 0, field = 0, fields = 1;
    this.#inner = 0;
    for (let at = 0;; at++) {
      let kind = 0;
      while (at < length && (kind = kinds[bytes[at] as number] as number) === 0) at++;
      if (at >= length && (!last || start >= length)) break;
      if (kind === DELIMITER) {
        fields++;
        field = at + 1;
      } else if (kind === HIGH) {
        this.#high = true;
        kinds = this.#outsideHigh;
      } else if (kind === QUOTE) {
        if (at !== field) return this.#fault(parts, start);
        at = this.#closingQuote(bytes, at);
        if (at === length ? last : at + 1 < length && !this.#endsField(bytes[at + 1] as number)) {
          return this.#fault(parts, start);
        }
        if (at === length) break;
      } else if (kind === NUL) {
        return this.#fault(parts, start);
      } else {
        // the end of a line, or of the source
        if (kind === CR && at + 1 === length && !last) break;
        const next = kind === CR && bytes[at + 1] === LF_BYTE ? at + 2 : at + 1;
        if (at === start) this.#emptyLine(parts, start, next);
        else if (fields !== this.#width || this.#nul) return this.#fault(parts, start);
        else this.#record(parts, at, next);
        start = field = next;
        fields = 1;
        at = next - 1;
      }
    }
    parts.take(Math.min(start, length));
    return { parts: parts.taken, consumed: Math.min(start, length), high: this.#high, faultAt: undefined };
  }

  #fault(parts: Parts, start: number): Scan {
    parts.take(start);
    return { parts: parts.taken, consumed: start, high: this.#high, faultAt: start };
  }

  #emptyLine(parts: Parts, start: number, next: number): void {
    parts.take(start);
    parts.skip(next);
    this.#line++;
    // with one field it is a row: readers of records take it, and no database is given these bytes
    if (this.#width === 1) this.#row++;
    else this.lines.add(this.#row, 1);
  }

  /** The end of a record at `end`; the next one begins at `next`. */
  #record(parts: Parts, end: number, next: number): void {
    this.#row++;
    this.#line += 1 + this.#inner;
    if (this.#inner > 0) this.lines.add(this.#row, this.#inner);
    this.#inner = 0;
    const eol = parts.eolAt(end, next);
    if (eol === this.#eol || eol === undefined) return;
    if (this.#eol === undefined) {
      this.#eol = eol;
      return;
    }
    parts.take(end);
    parts.put(ENDS[this.#eol]);
    parts.skip(next);
  }

  /** Where the quotes that open at `open` close, or the end of the bytes. */
  #closingQuote(bytes: Uint8Array, open: number): number {
    const length = bytes.length;
    for (let at = open + 1; at < length; at++) {
      const kind = INSIDE[bytes[at] as number] as number;
      if (kind === 0) continue;
      if (kind === QUOTE) {
        if (bytes[at + 1] !== QUOTE_BYTE) return at;
        at++;
      } else if (kind === HIGH) this.#high = true;
      else if (kind === NUL) this.#nul = true;
      // CR LF is one end of line
      else if (kind === LF || bytes[at + 1] !== LF_BYTE) this.#inner++;
    }
    return length;
  }

  #endsField(byte: number): boolean {
    const kind = this.#outside[byte] as number;
    return kind === DELIMITER || kind === LF || kind === CR;
  }
}

/** What is handed on of a buffer: as little as possible is copied. */
class Parts {
  readonly taken: Uint8Array[] = [];
  readonly #bytes: Uint8Array;
  #from = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Hands on what is before `end`. */
  take(end: number): void {
    if (end > this.#from) this.taken.push(this.#bytes.subarray(this.#from, end));
    this.#from = end;
  }

  skip(next: number): void {
    this.#from = next;
  }

  put(bytes: Uint8Array): void {
    this.taken.push(bytes);
  }

  /** The end of line between the two; `undefined` at the end of the source. */
  eolAt(end: number, next: number): keyof typeof ENDS | undefined {
    if (end === this.#bytes.length) return undefined;
    if (next - end === 2) return "crlf";
    return this.#bytes[end] === LF_BYTE ? "lf" : "cr";
  }
}

/** A table of what each byte means. */
function kindsOf(more: Readonly<Record<number, number>>, high: number): Uint8Array {
  const kinds = new Uint8Array(256).fill(high, 0x80);
  for (const [byte, kind] of Object.entries({ ...more, 0x0a: LF, 0x0d: CR, 0x22: QUOTE, 0: NUL })) {
    kinds[Number(byte)] = kind;
  }
  return kinds;
}

const INSIDE = kindsOf({}, HIGH);
