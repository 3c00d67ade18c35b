/**
 * The piece of a user's file in which something is wrong.
 *
 * @module
 */

import type { Place } from "../errors.ts";
import { fitted, fittedEnd, textWidth } from "../text_width.ts";
import { visible } from "../visible.ts";
import { linesOf } from "./text.ts";

/** How much of a line is shown, in columns, where there is room for it. */
const MAX_WIDTH = 100;
/** Less is not shown on the narrowest terminal. */
const MIN_WIDTH = 20;

/**
 * The line of the place with the one before it, numbered, and a mark under the column. Of a long line there is what is
 * around the column. Empty when the place has no line or the text does not have that line. Pure.
 *
 * @param width of all of the frame, in columns
 */
export function codeFrame(text: string, { line, column }: Pick<Place, "line" | "column">, width = Infinity): string[] {
  const lines = linesOf(text);
  const wrong = line === undefined ? undefined : lines[line - 1];
  if (line === undefined || wrong === undefined || wrong.trim() === "") return [];
  const digits = String(line).length;
  const room = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width - digits - " | ".length));
  const row = (label: string, piece: string) => `${label.padStart(digits)} | ${piece}`.trimEnd();
  const before = line > 1 ? pieceAt(lines[line - 2] ?? "", 1, room).text : "";
  const marked = column !== undefined && column <= wrong.length + 1;
  const { text: piece, mark } = pieceAt(wrong, marked ? column : 1, room);
  return [
    ...(before.trim() === "" ? [] : [row(String(line - 1), before)]),
    row(String(line), piece),
    ...(marked ? [row("", `${" ".repeat(mark)}^`)] : []),
  ];
}

/** A part of a line, with the columns that stand before the one in question. */
interface LinePiece {
  readonly text: string;
  readonly mark: number;
}

/** As much as there is room for around a column, which counts from 1 in units of UTF-16, as errors do. */
function pieceAt(line: string, column: number, room: number): LinePiece {
  // nobody measures megabytes for the few characters that are shown
  const reach = room * 4;
  const left = shown(line.slice(Math.max(0, column - 1 - reach), column - 1));
  const right = shown(line.slice(column - 1, column - 1 + reach));
  const leftWidth = textWidth(left);
  const rightWidth = textWidth(right);
  if (leftWidth + rightWidth <= room) return { text: left + right, mark: leftWidth };
  const start = fittedEnd(left, Math.max(Math.floor(room / 2), room - rightWidth));
  const mark = textWidth(start);
  return { text: start + fitted(right, room - mark), mark };
}

/** As it is printed; a tab is a blank, so that the mark stands below what is meant. */
function shown(text: string): string {
  return visible(text.replaceAll("\t", " "));
}
