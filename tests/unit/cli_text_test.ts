import assert from "node:assert/strict";
import fc from "fast-check";
import { wrap } from "../../src/cli/narrow.ts";
import { columns, linesOf, paint, styled } from "../../src/cli/text.ts";
import { visible } from "../../src/visible.ts";

const plain = { colour: false, redact: (text: string) => text };

Deno.test("visible() writes what could move the cursor as escapes", () => {
  assert.equal(visible("a\x1b[2Jb\rc\nd\x07\x9b31m"), "a\\x1b[2Jb\\rc\\nd\\x07\\x9b31m");
});

Deno.test("visible() writes what turns the direction of the text as escapes", () => {
  assert.equal(visible("abc\u202Edef\u2066\u200F"), "abc\\u202edef\\u2066\\u200f");
});

Deno.test("visible() keeps tabs, letters of all languages and joined emoji", () => {
  const text = "a\tété 日本語 شمارش 👩‍👩‍👧";
  assert.equal(visible(text), text);
});

Deno.test("visible() leaves no control character in any text, and says the same twice", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(visible(text), /(?!\t)\p{Cc}/u);
    assert.equal(visible(visible(text)), visible(text));
  }));
});

Deno.test("paint() colours the styled pieces alone, and only when it may", () => {
  const line = [styled("red", "Error:"), " no"];
  assert.equal(paint(line, plain), "Error: no");
  assert.equal(paint(line, { ...plain, colour: true }), "\x1b[31mError:\x1b[39m no");
  assert.equal(paint([styled("red", "")], { ...plain, colour: true }), "");
});

Deno.test("paint() makes foreign text within a style harmless", () => {
  assert.equal(paint([styled("red", "a\x1b[0mb")], { ...plain, colour: true }), "\x1b[31ma\\x1b[0mb\x1b[39m");
});

Deno.test("paint() takes secrets out of every piece", () => {
  const redact = (text: string) => text.replaceAll("secret", "***");
  assert.equal(paint(["a secret ", styled("dim", "secret")], { colour: false, redact }), "a *** ***");
});

Deno.test("linesOf() splits at every convention and adds no empty last line", () => {
  assert.deepEqual(linesOf("a\r\nb\rc\nd\n"), ["a", "b", "c", "d"]);
  assert.deepEqual(linesOf(""), [""]);
  assert.deepEqual(linesOf("a\n\nb"), ["a", "", "b"]);
});

Deno.test("columns() aligns cells by what is seen and ends no line with blanks", () => {
  const lines = columns([["a", "bcd", ""], ["日\x1b", "e", "f"]], { 2: 1 });
  assert.deepEqual(lines.map((line) => paint(line, plain)), ["a       bcd", "日\\x1b  e    f"]);
});

Deno.test("wrap() breaks at blanks alone", () => {
  assert.deepEqual(wrap("one two  three-and-more\nfour", 8), ["one two", "three-and-more", "four"]);
  assert.deepEqual(wrap("", 8), []);
});
