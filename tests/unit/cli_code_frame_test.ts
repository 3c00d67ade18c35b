import assert from "node:assert/strict";
import { codeFrame } from "../../src/cli/code_frame.ts";

const TEXT = "select 1;\nselect\n\tnope;\n\nselect 2;\n";

Deno.test("codeFrame() shows the line, the one before it, and a mark under the column", () => {
  assert.deepEqual(codeFrame(TEXT, { line: 3, column: 2 }), ["2 | select", "3 |  nope;", "  |  ^"]);
});

Deno.test("codeFrame() shows no mark without a column, and no empty line before", () => {
  assert.deepEqual(codeFrame(TEXT, { line: 5 }), ["5 | select 2;"]);
  assert.deepEqual(codeFrame(TEXT, { line: 1, column: 8 }), ["1 | select 1;", "  |        ^"]);
});

Deno.test("codeFrame() aligns the numbers of lines", () => {
  const text = Array.from({ length: 10 }, (_, at) => `line${at + 1}`).join("\n");
  assert.deepEqual(codeFrame(text, { line: 10, column: 1 }), [" 9 | line9", "10 | line10", "   | ^"]);
});

Deno.test("codeFrame() is empty for a line that is not there, or is empty", () => {
  assert.deepEqual(codeFrame(TEXT, {}), []);
  assert.deepEqual(codeFrame(TEXT, { line: 4 }), []);
  assert.deepEqual(codeFrame(TEXT, { line: 99, column: 1 }), []);
});

Deno.test("codeFrame() shows of a very long line what is around the column", () => {
  const frame = codeFrame(`${"x".repeat(5000)}!${"y".repeat(5000)}`, { line: 1, column: 5001 });
  assert.equal(frame.length, 2);
  assert.equal(frame[0]?.length, "1 | ".length + 100);
  assert.equal(frame[0]?.[frame[1]?.indexOf("^") ?? 0], "!");
});
