/**
 * NDJSON: a row a line, as JSON. Blank lines are skipped.
 *
 * @module
 */

import { readJsonRow } from "./rows_json_row.ts";
import type { RowShape } from "./rows_objects.ts";
import { type BadRows, find, findOdd, NOWHERE, oddity, type Parsed, type RowParser } from "./rows_parser.ts";
import type { TextPiece } from "./rows_text.ts";

export class NdjsonParser implements RowParser {
  readonly #shape: RowShape;
  readonly #bad: BadRows;
  readonly #encoding: string;
  #line = 1;
  #row = 1;

  constructor(shape: RowShape, bad: BadRows, encoding: string) {
    this.#shape = shape;
    this.#bad = bad;
    this.#encoding = encoding;
  }

  parse(piece: TextPiece, last: boolean): Parsed {
    const { text } = piece;
    const rows: unknown[][] = [];
    const lines: number[] = [];
    let at = 0, odd = -1;
    while (at < text.length) {
      let end = find(text, "\n", at);
      if (end === NOWHERE && !last) break;
      end = Math.min(end, text.length);
      if (odd < at) odd = findOdd(piece, at);
      const line = text.slice(at, end);
      if (line.trim() !== "") {
        const values = this.#values(line, odd < end);
        if (values !== undefined) {
          rows.push(values);
          lines.push(this.#line);
        }
        this.#row++;
      }
      this.#line++;
      at = end + 1;
    }
    return { rows, lines, bad: this.#bad.taken(), consumed: Math.min(at, text.length) };
  }

  #values(text: string, odd: boolean): unknown[] | undefined {
    const shaped = odd ? oddity(text, this.#encoding) : readJsonRow(text, this.#shape);
    if ("values" in shaped) return shaped.values;
    this.#bad.add({ line: this.#line, row: this.#row, problem: shaped.problem, text: text.trim() }, shaped.hint);
    return undefined;
  }
}
