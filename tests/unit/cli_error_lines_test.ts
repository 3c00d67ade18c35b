import assert from "node:assert/strict";
import {
  errorDocument,
  errorLines,
  exitCodeOf,
  failureDocument,
  failureLines,
  faultLines,
  placeOf,
  thrownText,
  type View,
} from "../../src/cli/error_lines.ts";
import { paint } from "../../src/cli/text.ts";
import type { Line } from "../../src/cli/text.ts";
import { DatabaseError } from "../../src/db/database.ts";
import { DelembicError, FaultsError } from "../../src/errors.ts";

const FILES: Record<string, string> = { "versions/D003.sql": "-- fix\nupdate visit\n  set x = 1;\n" };
const view: View = { shown: (file) => `app/${file}`, source: (file) => FILES[file], verbose: false };
const NO_FILES = { file: undefined, folder: "/app" };

function text(lines: readonly Line[]): string {
  return lines.map((line) => paint(line, { colour: false, redact: (text) => text })).join("\n");
}

Deno.test("errorLines() tells what happened, where, with the code, and what to do", () => {
  const error = new DelembicError("Unknown dependency 'D00l'", {
    code: "unknown-dependency",
    hint: "Did you mean D001?",
    place: { file: "versions/D003.sql", line: 3, column: 7 },
  });
  assert.equal(
    text(errorLines(error, view)),
    [
      "Error: Unknown dependency 'D00l'",
      "  at app/versions/D003.sql:3:7",
      "    2 | update visit",
      "    3 |   set x = 1;",
      "      |       ^",
      "Hint: Did you mean D001?",
    ].join("\n"),
  );
});

Deno.test("errorLines() indents a message of several lines", () => {
  assert.equal(text(errorLines(new DelembicError("one\ntwo", { code: "x" }), view)), "Error: one\n  two");
});

Deno.test("errorLines() shows all faults of all files", () => {
  const error = new FaultsError([
    { code: "a", message: "First", place: { file: "versions/D003.sql", line: 1 }, hint: "Mend it." },
    { code: "b", message: "Second", place: { file: "versions/gone.ts" } },
  ]);
  assert.equal(
    text(errorLines(error, view)),
    [
      "Error: 2 problems in the migration files",
      "",
      "  First",
      "    at app/versions/D003.sql:1",
      "      1 | -- fix",
      "    Hint: Mend it.",
      "",
      "  Second",
      "    at app/versions/gone.ts",
    ].join("\n"),
  );
});

Deno.test("with --verbose the last line of an error, of a fault and of a failure names its code", () => {
  const verbose = { ...view, verbose: true };
  const last = (lines: readonly Line[]) => text(lines).split("\n").at(-1);
  const line = "Code: a-b; 'delembic help a-b' explains it.";
  const error = new DelembicError("m", { code: "a-b", hint: "Mend it." });
  assert.equal(last(errorLines(error, verbose)), line);
  assert.equal(last(failureLines(error, verbose, NO_FILES)), `    ${line}`);
  assert.equal(last(faultLines({ code: "a-b", message: "m", place: { file: "x.py" } }, verbose)), `  ${line}`);
  assert.equal(
    last(errorLines(new TypeError("m"), verbose)),
    "Code: internal; 'delembic help internal' explains it.",
  );
  // what a migration's own code throws has none
  assert.equal(text(failureLines(new Error("m"), verbose, NO_FILES)).includes("Code:"), false);
  assert.equal(text(errorLines(error, view)), "Error: m\nHint: Mend it.");
});

Deno.test("errorLines() tells a defect as one, with its stack", () => {
  const error = new TypeError("x is not a function");
  error.stack = "TypeError: x is not a function\n    at f (file:///x.ts:1:2)";
  assert.equal(
    text(errorLines(error, view)),
    [
      "Internal error: TypeError: x is not a function",
      "      at f (file:///x.ts:1:2)",
      "Hint: This is a defect of Delembic. Please report it with the lines above.",
    ].join("\n"),
  );
  assert.equal(exitCodeOf(error), 1);
});

Deno.test("errorLines() shows the cause's stack with --verbose", () => {
  const error = new DelembicError("Outer", { code: "x", cause: new Error("inner") });
  assert.match(
    text(errorLines(error, { ...view, verbose: true })),
    /^Error: Outer\n.*\n[\s\S]*Caused by: Error: inner/,
  );
});

Deno.test("failureLines() tells what the server said, and where", () => {
  const cause = new DatabaseError("unique", 'duplicate key value violates unique constraint "visit_pkey"', {
    details: { detail: "Key (id)=(1) already exists.", serverHint: "Use another." },
  });
  const error = Object.assign(cause, { place: { file: "versions/D003.sql", line: 2, column: 1 } });
  assert.equal(
    text(failureLines(error, view, NO_FILES)),
    [
      '  FAILED: duplicate key value violates unique constraint "visit_pkey"',
      "    at app/versions/D003.sql:2:1",
      "      1 | -- fix",
      "      2 | update visit",
      "        | ^",
      "    DETAIL: Key (id)=(1) already exists.",
      "    HINT: Use another.",
    ].join("\n"),
  );
});

Deno.test("failureLines() shows the whole of a message of several lines", () => {
  assert.match(
    text(failureLines(new Error("one\n  two\nthree"), view, NO_FILES)),
    /^ {2}FAILED: one\n {6}two\n {4}three$/,
  );
});

Deno.test("thrownText() is never empty, whatever is thrown (defect 20)", () => {
  class AssertionError extends Error {
    override readonly name = "AssertionError";
  }
  assert.equal(thrownText(new AssertionError("")), "AssertionError without a message");
  assert.equal(thrownText(new Error("  ")), "Error without a message");
  assert.equal(thrownText(undefined), "undefined was thrown");
  assert.equal(thrownText(""), '"" was thrown');
  assert.equal(thrownText("no rows"), "no rows");
  assert.equal(thrownText({ n: 1 }), "{ n: 1 } was thrown");
  assert.equal(thrownText(new ReferenceError("x is not defined")), "ReferenceError: x is not defined");
  assert.equal(thrownText(new Error("no rows loaded")), "no rows loaded");
});

Deno.test("placeOf() is the first frame in the migration's file, else in the project", () => {
  const error = new Error("x");
  error.stack = [
    "Error: x",
    "    at query (file:///opt/delembic/src/sql.ts:9:9)",
    "    at assertRows (file:///app/versions/_lib.ts:4:9)",
    "    at async Object.upgrade (file:///app/versions/D%20003.ts:12:5)",
  ].join("\n");
  assert.deepEqual(placeOf(error, { folder: "/app", file: "/app/versions/D 003.ts" }), {
    file: "versions/D 003.ts",
    line: 12,
    column: 5,
  });
  assert.deepEqual(placeOf(error, NO_FILES), { file: "versions/_lib.ts", line: 4, column: 9 });
  assert.equal(placeOf(error, { folder: "/other", file: undefined }), undefined);
  assert.equal(placeOf("text", NO_FILES), undefined);
});

Deno.test("errorDocument() is flat, and its own words win over the error's data", () => {
  const error = new DelembicError("What", {
    code: "why",
    hint: "Do",
    place: { file: "a.sql", line: 3 },
    data: { holder: "alice", message: "other" },
  });
  assert.deepEqual(errorDocument(error), {
    code: "why",
    message: "What",
    hint: "Do",
    file: "a.sql",
    line: 3,
    holder: "alice",
  });
});

Deno.test("failureDocument() has the message, the place and what the server said", () => {
  const error = new DatabaseError("unique", "duplicate", { details: { sqlState: "23505", detail: "Key" } });
  Object.assign(error, { place: { file: "a.sql", line: 3 } });
  assert.deepEqual(failureDocument(error, NO_FILES), {
    error: "duplicate",
    file: "a.sql",
    line: 3,
    sqlState: "23505",
    detail: "Key",
  });
});
