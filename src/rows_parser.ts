/**
 * What the readers of text formats share: rows out of pieces of text, and what is done with those that are bad.
 *
 * @module
 */

import type { BadRow, RowChunk } from "./rows.ts";
import { BadRowError, RowFileError } from "./rows_errors.ts";
import { REPLACEMENT, type TextPiece } from "./rows_text.ts";

/** Rows that were whole in a text. */
export interface Parsed extends RowChunk {
  /** How much of the text they were; the rest is given again, with more behind it. */
  readonly consumed: number;
}

/** Reads one format; it knows the line and the number of the row that comes next. */
export interface RowParser {
  /** @param last whether the source ends with this text */
  parse(piece: TextPiece, last: boolean): Parsed;
}

/** The longest row, in characters: what is longer is an open quote or bracket, and would fill the memory. */
export const MAX_ROW_LENGTH = 64 * 1024 * 1024;

/** What a position is called that is not in the text. */
export const NOWHERE = Number.MAX_SAFE_INTEGER;

export function find(text: string, searched: string, from: number): number {
  const at = text.indexOf(searched, from);
  return at < 0 ? NOWHERE : at;
}

/** The next character, from a position on, that no row may hold. */
export function findOdd({ text, broken }: TextPiece, from: number): number {
  const nul = find(text, "\0", from);
  return broken ? Math.min(nul, find(text, REPLACEMENT, from)) : nul;
}

/** What is wrong with a text that holds a character that no row may hold. */
export function oddity(text: string, encoding: string): { problem: string; hint: string } {
  if (text.includes("\0")) {
    return {
      problem: "There is a NUL character in the row",
      hint: 'No database takes it in a text. A file of UTF-16 is declared by `encoding: "utf-16le"`.',
    };
  }
  return {
    problem: `There are bytes in the row that are not ${encoding.toUpperCase()}`,
    hint: 'Declare the encoding of the file, as by `encoding: "windows-1252"`, or write the file as UTF-8.',
  };
}

/** Bad rows: thrown, or kept where they are collected. */
export class BadRows {
  /** What messages call the source. */
  readonly source: string;
  readonly #collect: boolean;
  #kept: BadRow[] = [];

  constructor(source: string, collect: boolean) {
    this.source = source;
    this.#collect = collect;
  }

  /** @throws {BadRowError} unless they are collected */
  add(bad: Omit<BadRow, "column" | "value"> & Partial<BadRow>, hint?: string): void {
    const whole = { column: undefined, value: undefined, ...bad };
    if (!this.#collect) throw new BadRowError(this.source, whole, { hint });
    this.#kept.push(whole);
  }

  /** Those since the last call. */
  taken(): readonly BadRow[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }
}

/** The rows of pieces of text, chunk by chunk. A row that is longer than many pieces is not read again for each. */
export async function* chunksOf(
  pieces: AsyncIterable<TextPiece>,
  parser: RowParser,
  file: string,
): AsyncGenerator<RowChunk> {
  let rest: TextPiece = { text: "", broken: false };
  let more: TextPiece[] = [];
  let length = 0;
  for await (const piece of pieces) {
    more.push(piece);
    length += piece.text.length;
    if (length <= rest.text.length) continue;
    const piled = pile(rest, more);
    const parsed = parser.parse(piled, false);
    rest = { text: piled.text.slice(parsed.consumed), broken: piled.broken };
    more = [];
    length = 0;
    if (parsed.rows.length > 0 || parsed.bad.length > 0) yield parsed;
    if (rest.text.length > MAX_ROW_LENGTH) throw tooLong(rest.text, file);
  }
  const parsed = parser.parse(pile(rest, more), true);
  if (parsed.rows.length > 0 || parsed.bad.length > 0) yield parsed;
}

/** What is said of a row of which no end is in sight. */
export function tooLong(text: string, file: string): RowFileError {
  return new RowFileError(`A row is longer than ${MAX_ROW_LENGTH >> 20} million characters`, {
    file,
    hint: `Probably a quote or a bracket is never closed; the row begins with ${JSON.stringify(text.slice(0, 50))}.`,
  });
}

function pile(rest: TextPiece, more: readonly TextPiece[]): TextPiece {
  return { text: rest.text + more.map(({ text }) => text).join(""), broken: rest.broken || more.some((p) => p.broken) };
}
