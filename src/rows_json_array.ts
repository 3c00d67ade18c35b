/**
 * JSON: an array of rows. Its elements are found one after another, so that a file of any size takes little memory.
 *
 * @module
 */

import { RowFileError } from "./rows_errors.ts";
import { readJsonRow } from "./rows_json_row.ts";
import type { RowShape } from "./rows_objects.ts";
import { type BadRows, findOdd, NOWHERE, oddity, type Parsed, type RowParser } from "./rows_parser.ts";
import { linesIn } from "./rows_record.ts";
import type { TextPiece } from "./rows_text.ts";

/** What may come next between the elements. */
type Expected = "array" | "first" | "element" | "separator" | "end";

const BLANKS_REGEXP = /[ \t\r\n]*/y;
const NDJSON_HINT = 'For a file with an object a line, declare `format: "ndjson"`.';

export class JsonArrayParser implements RowParser {
  readonly #shape: RowShape;
  readonly #bad: BadRows;
  readonly #encoding: string;
  #expected: Expected = "array";
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
    for (;;) {
      const start = behindBlanks(text, at);
      // a CR whose LF is still to come is one end of line
      const whole = !last && text.charCodeAt(start - 1) === 0x0d && start === text.length ? start - 1 : start;
      this.#line += linesIn(text.slice(at, whole));
      at = whole;
      if (start === text.length) break;
      if (this.#expected === "first" || this.#expected === "element") {
        if (text[at] === "]" && this.#expected === "first") {
          this.#expected = "end";
          at++;
          continue;
        }
        const end = elementEnd(text, at, last);
        if (end === undefined) break;
        if (odd < at) odd = findOdd(piece, at);
        const element = text.slice(at, end);
        this.#element(element, odd !== NOWHERE && odd < end, rows, lines);
        this.#line += linesIn(element);
        this.#expected = "separator";
        at = end;
      } else {
        this.#punctuation(text[at] ?? "");
        at++;
      }
    }
    if (last && this.#expected !== "end") throw this.#endedEarly();
    return { rows, lines, bad: this.#bad.taken(), consumed: at };
  }

  #element(text: string, odd: boolean, rows: unknown[][], lines: number[]): void {
    const shaped = odd ? oddity(text, this.#encoding) : readJsonRow(text, this.#shape);
    if ("values" in shaped) {
      rows.push(shaped.values);
      lines.push(this.#line);
    } else this.#bad.add({ line: this.#line, row: this.#row, problem: shaped.problem, text }, shaped.hint);
    this.#row++;
  }

  /** Takes a bracket or a comma between rows. */
  #punctuation(character: string): void {
    const next = this.#expected === "array" && character === "["
      ? "first"
      : this.#expected === "separator" && character === ","
      ? "element"
      : this.#expected === "separator" && character === "]"
      ? "end"
      : undefined;
    if (next === undefined) throw this.#unexpected(character);
    this.#expected = next;
  }

  #unexpected(character: string): RowFileError {
    const found = JSON.stringify(character);
    const place = { file: this.#bad.source, line: this.#line };
    switch (this.#expected) {
      case "array":
        return new RowFileError(`The file is no JSON array: it begins with ${found}`, { ...place, hint: NDJSON_HINT });
      case "end":
        return new RowFileError(`There is ${found} behind the end of the array`, place);
      default:
        return new RowFileError(`There is ${found} behind row ${this.#row - 1}, where a "," or "]" belongs`, place);
    }
  }

  #endedEarly(): RowFileError {
    const place = { file: this.#bad.source, line: this.#line };
    if (this.#expected !== "array") {
      return new RowFileError(`The file ends within the array, behind row ${this.#row - 1}: it is cut off`, place);
    }
    return new RowFileError("The data file is empty", { file: place.file, hint: "An array without rows is `[]`." });
  }
}

function behindBlanks(text: string, at: number): number {
  BLANKS_REGEXP.lastIndex = at;
  BLANKS_REGEXP.test(text);
  return BLANKS_REGEXP.lastIndex;
}

const OPENING_OR_CLOSING_REGEXP = /["[\]{}]/g;
const SCALAR_END_REGEXP = /[,\]}\s]/g;

/** Behind the element that begins at `start`; `undefined` when it may go on behind the text. */
function elementEnd(text: string, start: number, last: boolean): number | undefined {
  const first = text[start];
  if (first !== "{" && first !== "[" && first !== '"') {
    SCALAR_END_REGEXP.lastIndex = start + 1;
    const end = SCALAR_END_REGEXP.exec(text)?.index;
    return end ?? (last ? text.length : undefined);
  }
  let depth = 0;
  OPENING_OR_CLOSING_REGEXP.lastIndex = start;
  for (let match; (match = OPENING_OR_CLOSING_REGEXP.exec(text)) !== null;) {
    if (match[0] === '"') {
      const end = stringEnd(text, match.index);
      if (end === undefined) return undefined;
      OPENING_OR_CLOSING_REGEXP.lastIndex = end;
    } else depth += match[0] === "{" || match[0] === "[" ? 1 : -1;
    if (depth === 0) return OPENING_OR_CLOSING_REGEXP.lastIndex;
  }
  return undefined;
}

/** Behind the quote that ends the string that begins at `open`. */
function stringEnd(text: string, open: number): number | undefined {
  for (let at = open + 1;; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return undefined;
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}
