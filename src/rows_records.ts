/**
 * The records of CSV and TSV. What has no quotes and no escapes is cut at its delimiters; other records are read by the
 * way of their syntax.
 *
 * @module
 */

import { type BadRows, find, findOdd, NOWHERE, oddity, type Parsed, type RowParser } from "./rows_parser.ts";
import type { RecordSyntax } from "./rows_record.ts";
import type { TextPiece } from "./rows_text.ts";

export interface RecordOptions {
  readonly syntax: RecordSyntax;
  /** What messages call the encoding of the source. */
  readonly encoding: string;
  /** How many fields a row has; if not given, as many as the first. */
  readonly width: number | undefined;
  /** Whether a header says so. */
  readonly named: boolean;
  /** The line that is read next. */
  readonly line: number;
  /** The number of the row that is read next, from 1. */
  readonly row: number;
}

export class RecordParser implements RowParser {
  readonly #bad: BadRows;
  readonly #options: RecordOptions;
  #width: number;
  #line: number;
  #row: number;

  constructor(options: RecordOptions, bad: BadRows) {
    this.#bad = bad;
    this.#options = options;
    this.#width = options.width ?? 0;
    this.#line = options.line;
    this.#row = options.row;
  }

  /** How many fields a row has: 0 while that is not known. */
  get width(): number {
    return this.#width;
  }

  parse(piece: TextPiece, last: boolean): Parsed {
    const { text } = piece;
    const { null: nullText, special: specialText } = this.#options.syntax;
    const delimiter = String.fromCharCode(this.#options.syntax.delimiter);
    const rows: (string | null)[][] = [];
    const lines: number[] = [];
    // where each of these comes next; looked for again only when it was passed, so that the text is gone through once
    let comma = -1, lf = -1, cr = -1, special = -1, odd = -1;
    let at = 0;
    while (at < text.length) {
      if (lf < at) lf = find(text, "\n", at);
      if (cr < at) cr = find(text, "\r", at);
      if (special < at) special = find(text, specialText, at);
      if (odd < at) odd = findOdd(piece, at);
      let end = lf < cr ? lf : cr;
      if (special < end || odd < end) {
        const next = this.#careful(text, { at, last, odd, end }, rows, lines);
        if (next === undefined) break;
        at = next;
        continue;
      }
      // the row may go on behind this text, and so may CR LF
      if (!last && (end === NOWHERE || end === cr && cr === text.length - 1)) break;
      if (end === NOWHERE) end = text.length;
      if (end > at || this.#width === 1) {
        const row: (string | null)[] = [];
        for (let start = at;;) {
          if (comma < start) comma = find(text, delimiter, start);
          const stop = comma < end ? comma : end;
          const value = text.slice(start, stop);
          row.push(value === nullText ? null : value);
          if (stop === end) break;
          start = stop + 1;
        }
        this.#take(row, text, at, end, rows, lines);
      }
      this.#line++;
      at = end + (end === cr && lf === cr + 1 ? 2 : 1);
    }
    return { rows, lines, bad: this.#bad.taken(), consumed: Math.min(at, text.length) };
  }

  #take(
    row: (string | null)[],
    text: string,
    start: number,
    end: number,
    rows: (string | null)[][],
    lines: number[],
  ): void {
    if (row.length !== this.#width) {
      if (this.#width !== 0) {
        this.#refuse(this.#wrongWidth(row.length), text.slice(start, end));
        return;
      }
      this.#width = row.length;
    }
    rows.push(row);
    lines.push(this.#line);
    this.#row++;
  }

  /** A record with quotes, or with something that no row may hold. @returns where the next one begins */
  #careful(
    text: string,
    { at: start, last, odd, end }: { at: number; last: boolean; odd: number; end: number },
    rows: (string | null)[][],
    lines: number[],
  ): number | undefined {
    const { syntax } = this.#options;
    const record = syntax.read(text, start, last, { line: this.#line, lineEndAt: end }, syntax);
    if (record === undefined) return undefined;
    if (record.endMark === true) return record.next;
    if (odd < record.end) {
      const whole = text.slice(start, record.end);
      const { problem, hint } = oddity(whole, this.#options.encoding);
      this.#refuse(problem, whole, hint);
    } else if (record.fault !== undefined) {
      this.#refuse(record.fault, text.slice(start, record.end));
    } else {
      this.#take(record.fields, text, start, record.end, rows, lines);
    }
    this.#line += record.innerLines + 1;
    return record.next;
  }

  #refuse(problem: string, text: string, hint?: string): void {
    this.#bad.add({ line: this.#line, row: this.#row, problem, text }, hint);
    this.#row++;
  }

  #wrongWidth(count: number): string {
    const expected = `the ${this.#options.named ? "header" : "first row"} has ${this.#width}`;
    return `The row has ${count} ${count === 1 ? "field" : "fields"}; ${expected}`;
  }
}
