import assert from "node:assert/strict";
import fc from "fast-check";
import { historyLines } from "../../src/cli/history.ts";
import { logLines } from "../../src/cli/log.ts";
import { cuttable, wrappable } from "../../src/cli/narrow.ts";
import { columns, type Line, paint, styled } from "../../src/cli/text.ts";
import type { RunRecord } from "../../src/ledger.ts";
import type { HistoryEntry } from "../../src/state.ts";
import { fittedEnd, textWidth } from "../../src/text_width.ts";
import { visible } from "../../src/visible.ts";

function painted(lines: readonly Line[], width?: number): string[] {
  return lines.flatMap((line) => paint(line, { colour: false, redact: (text) => text, width }).split("\n"));
}

Deno.test("a line gives way where it may, and only on a terminal that is too narrow", () => {
  const line: Line = [styled("green", "applied"), "  D001  ", cuttable("load all the people"), "  (24 %)"];
  assert.deepEqual(painted([line]), ["applied  D001  load all the people  (24 %)"]);
  assert.deepEqual(painted([line], 42), ["applied  D001  load all the people  (24 %)"]);
  assert.deepEqual(painted([line], 41), ["applied  D001  load all the peop…  (24 %)"]);
  assert.deepEqual(painted([line], 30), ["applied  D001  load a…  (24 %)"]);
  // an id, a state and a number are told whatever the terminal is
  assert.deepEqual(painted([line], 5), ["applied  D001  …  (24 %)"]);
});

Deno.test("a wide character is never halved, and a secret is gone before anything is cut", () => {
  assert.deepEqual(painted([["D1  ", cuttable("日本語の説明")]], 11), ["D1  日本語…"]);
  assert.deepEqual(painted([["D1  ", cuttable("日本語の説明")]], 10), ["D1  日本…"]);
  const redact = (text: string) => text.replaceAll("s3cret", "***");
  assert.equal(paint([cuttable("key s3cret and more")], { colour: false, redact, width: 9 }), "key *** …");
});

Deno.test("what has to be read to its end goes on below where it began", () => {
  const line: Line = ["Hint:  ", wrappable("one two three four five six")];
  assert.deepEqual(painted([line], 24), ["Hint:  one two three", "       four five six"]);
  assert.deepEqual(painted([line]), ["Hint:  one two three four five six"]);
  // a word a line would read worse
  assert.deepEqual(painted([line], 12), ["Hint:  one two three four five six"]);
});

Deno.test("a table is cut alike in all its lines, its last columns first", () => {
  const table = columns([["ID", "WHEN", "BY"], ["1", "yesterday", "alice"], ["2", "now", "bartholomew"]], {
    1: 4,
    2: 0,
  });
  assert.deepEqual(painted(table), [
    "ID  WHEN       BY",
    "1   yesterday  alice",
    "2   now        bartholomew",
  ]);
  assert.deepEqual(painted(table, 21), ["ID  WHEN       BY", "1   yesterday  alice", "2   now        barth…"]);
  assert.deepEqual(painted(table, 12), ["ID  WHEN", "1   yeste…", "2   now"]);
  assert.deepEqual(painted(table, 1), ["ID  WHEN", "1   yes…", "2   now"]);
});

const RUN: RunRecord = {
  id: 12,
  revision: "D003",
  startedAt: "2026-01-15T10:30:00.123456Z",
  endedAt: "2026-01-15T10:30:01.123456Z",
  seconds: 1,
  status: "failed",
  exception: "Error: boom",
  username: "alice",
  hostname: "build-7.example.org",
};

Deno.test("log fits 80 columns and 40, and says in both what became of which revision", () => {
  assert.deepEqual(painted(logLines([RUN], false), 80), [
    "ID  STARTED                           REVISION  STATUS  TOOK   BY",
    "12  2026-01-15 10:30:00.123456+00:00  D003      failed  1.00s  alice@build-7.ex…",
  ]);
  assert.deepEqual(painted(logLines([RUN], false), 40), [
    "ID  STARTED         REVISION  STATUS",
    "12  2026-01-15 10…  D003      failed",
  ]);
});

Deno.test("history fits each width from 24 on, whatever is in its descriptions, and in a pipe nothing is cut", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fc.constantFrom("日", "é", "👩", " ", "a", "\u202e", "\x1b"), { maxLength: 60 }).map((parts) =>
      parts.join("")
    ),
    fc.constantFrom("x".repeat(10_000), "日".repeat(5_000), "\u202eabc\x1b[2J"),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.integer({ min: 24, max: 200 }), (texts, width) => {
      const entries = texts.map((description, at): HistoryEntry => ({
        revision: `D00${at}`,
        status: "pending",
        // of a migration, only this is shown here
        migration: { description } as HistoryEntry["migration"],
        record: undefined,
      }));
      const lines = painted(historyLines(entries), width);
      for (const [at, line] of lines.entries()) {
        assert.ok(textWidth(line) <= width, `${line} in ${width}`);
        assert.ok(line.startsWith(`pending   D00${at}`));
      }
      const whole = painted(historyLines(entries));
      for (const [at, description] of texts.entries()) {
        assert.equal((whole[at] ?? "").trimEnd(), visible(`pending   D00${at}  ${description}`).trimEnd());
      }
    }),
  );
});

Deno.test("fittedEnd() keeps the end of a text", () => {
  assert.equal(fittedEnd("abcdef", 6), "abcdef");
  assert.equal(fittedEnd("abcdef", 4), "…def");
  assert.equal(fittedEnd("日本語", 5), "…本語");
  assert.equal(fittedEnd("日本語", 4), "…語");
  assert.equal(fittedEnd("abc", 0), "");
});
