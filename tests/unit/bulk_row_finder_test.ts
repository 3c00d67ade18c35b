/**
 * Finding the row again that a database named by a number.
 *
 * @module
 */

import assert from "node:assert/strict";
import { RowFinder } from "../../src/bulk_row_finder.ts";

const ROWS = [["1", "a\nb"], ["2", "c\nd"], ["3", "e\r\nf"], ["4", "g"], ["5", "old"]];

/** The row by its number in all, looked for in chunks of two. */
function found(row: number, byLine: boolean, value?: string): number | undefined {
  const finder = new RowFinder({ row, value }, byLine, 1);
  for (let at = 0; at < ROWS.length; at += 2) {
    const index = finder.find(ROWS.slice(at, at + 2));
    if (index !== undefined) return at + index;
  }
  return undefined;
}

Deno.test("RowFinder finds a row by its number", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((row) => found(row, false)), [0, 1, 2, 3, 4, undefined]);
});

Deno.test("RowFinder finds a row by the line in which it ends; those within the first row do not count", () => {
  assert.equal(found(1, true), 0);
  assert.equal(found(3, true, "c\nd"), 1);
  assert.equal(found(7, true, "old"), 4);
});

Deno.test("RowFinder counts the ends of lines that are the file's, by the value", () => {
  // in a file whose lines end in CR LF, the LF alone within a value is no end of a line
  assert.equal(found(6, true, "old"), 4);
  assert.equal(found(6, true, "g"), 3);
});
