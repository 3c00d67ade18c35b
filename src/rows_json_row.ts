/**
 * One row of JSON.
 *
 * @module
 */

import { isRawJson, parseJson } from "./db/json_value.ts";
import { messageOf } from "./errors.ts";
import type { RowShape, Shaped } from "./rows_objects.ts";

/**
 * The values of a row that is an object or an array. Numbers lose no digit: what a JavaScript number cannot hold is a
 * `bigint`, or the text of the number. Objects and arrays within the row stay what they are.
 */
export function readJsonRow(text: string, shape: RowShape): Shaped {
  let row: unknown;
  try {
    row = parseJson(text);
  } catch (error) {
    return { problem: `The row is not JSON: ${reasonOfJson(messageOf(error), text)}` };
  }
  const shaped = shape.valuesOf(isRawJson(row) ? null : row);
  if ("values" in shaped && text.length > 15) {
    shaped.values.forEach((value, index) => {
      if (isRawJson(value)) shaped.values[index] = value.rawJSON;
    });
  }
  return shaped;
}

const POSITION_REGEXP = / at position (\d+)/;
/** V8 quotes the text around the place, and counts lines within the text. */
const SURPLUS_REGEXP = / \(line \d+ column \d+\)|, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON|in JSON(?= at)/gs;

/** V8's message, with the place in the words of this program. */
function reasonOfJson(message: string, text: string): string {
  const at = POSITION_REGEXP.exec(message)?.[1];
  const reason = message.replace(SURPLUS_REGEXP, "").replace(POSITION_REGEXP, "").trim();
  const place = at === undefined ? "" : `, ${placeIn(text, Number(at))}`;
  return `${reason}${place}`;
}

function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  const column = `character ${(before.at(-1)?.length ?? 0) + 1}`;
  return before.length === 1 ? column : `${column} of its line ${before.length}`;
}
