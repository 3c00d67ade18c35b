/**
 * The piece of a user's file in which something is wrong.
 *
 * @module
 */

import type { Place } from "../errors.ts";
import { linesOf } from "./text.ts";

const MAX_WIDTH = 100;

/**
 * The line of the place with the one before it, numbered, and a mark under the column. Empty when the place has no line
 * or the text does not have that line. Pure.
 */
export function codeFrame(text: string, { line, column }: Pick<Place, "line" | "column">): string[] {
  const lines = linesOf(text.replaceAll("\t", " "));
  const wrong = line === undefined ? undefined : lines[line - 1];
  if (line === undefined || wrong === undefined || wrong.trim() === "") return [];
  const width = String(line).length;
  // a line of thousands of characters is shown from a little before the column on
  const start = column !== undefined && wrong.length > MAX_WIDTH ? Math.max(0, column - MAX_WIDTH / 2) : 0;
  const cut = (text: string) => text.slice(start, start + MAX_WIDTH).trimEnd();
  const before = line > 1 ? lines[line - 2] ?? "" : "";
  const frame = before.trim() === "" ? [] : [`${String(line - 1).padStart(width)} | ${cut(before)}`];
  frame.push(`${String(line).padStart(width)} | ${cut(wrong)}`);
  if (column !== undefined && column <= wrong.length + 1) {
    frame.push(`${" ".repeat(width)} | ${" ".repeat(column - 1 - start)}^`);
  }
  return frame;
}
