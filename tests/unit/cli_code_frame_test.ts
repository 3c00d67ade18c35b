import assert from "node:assert/strict";
import fc from "fast-check";
import { codeFrame } from "../../src/cli/code_frame.ts";
import { textWidth } from "../../src/text_width.ts";
import { visible } from "../../src/visible.ts";

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

Deno.test("codeFrame() puts the mark below what is meant, behind tabs and wide, invisible and harmful characters", () => {
  for (const before of ["\t\t", "日本語 ", "👩‍👩‍👧 ", "e\u0301 ", "\u202e\x1b[31m", ""]) {
    const [line = "", mark = ""] = codeFrame(`${before}wrong();`, { line: 1, column: before.length + 1 });
    assert.equal(textWidth(mark.slice(0, mark.indexOf("^"))), textWidth(line.slice(0, line.indexOf("wrong"))), before);
    assert.equal(visible(line), line);
  }
});

Deno.test("codeFrame() reads every convention of line breaks", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["one", "two", "three"].join(end);
    assert.deepEqual(codeFrame(text, { line: 2, column: 2 }), ["1 | one", "2 | two", "  |  ^"]);
  }
});

Deno.test("codeFrame() is as wide as it may be, wherever the column is in a line of any length", () => {
  const parts = fc.constantFrom("a", "日", "👩", "\t", "\x1b", " ");
  const line = fc.array(parts, { minLength: 1, maxLength: 400 }).map((found) => found.join(""));
  fc.assert(fc.property(line, line, fc.integer({ min: 10, max: 130 }), (left, right, width) => {
    const frame = codeFrame(`${left}!${right}`, { line: 1, column: left.length + 1 }, width);
    assert.equal(frame.length, 2);
    const [shown = "", mark = ""] = frame;
    assert.ok(textWidth(shown) <= Math.max(width, 24), shown);
    assert.equal(textWidth(shown.slice(0, shown.indexOf("!"))), mark.indexOf("^"));
  }));
});

Deno.test("codeFrame() shows where it cut, and takes no time for megabytes", () => {
  const text = `${"日".repeat(2_000_000)}\n${"é".repeat(2_000_000)}wrong${"y".repeat(2_000_000)}`;
  const start = performance.now();
  assert.deepEqual(codeFrame(text, { line: 2, column: 2_000_001 }, 44), [
    `1 | ${"日".repeat(19)}…`,
    `2 | …${"é".repeat(19)}wrong${"y".repeat(14)}…`,
    `  | ${" ".repeat(20)}^`,
  ]);
  assert.ok(performance.now() - start < 1_000);
});
