import assert from "node:assert/strict";
import type { DelembicError } from "../../src/errors.ts";
import { type Ini, IniError, interpolate, parseIni } from "../../src/ini.ts";

function lines(...parts: string[]): string {
  return parts.join("\n") + "\n";
}

function thrown(fn: () => unknown): DelembicError {
  try {
    fn();
  } catch (error) {
    assert.ok(error instanceof IniError);
    assert.equal(error.exitCode, 2);
    return error;
  }
  assert.fail("nothing was thrown");
}

function asObject(ini: Ini): Record<string, Record<string, string | undefined>> {
  return Object.fromEntries(
    ini.sections().map((
      section,
    ) => [section, Object.fromEntries(ini.keys(section).map((key) => [key, ini.get(section, key)]))]),
  );
}

Deno.test("parseIni() reads sections, both delimiters, and keys without case", () => {
  const ini = parseIni(
    lines("[delembic]", "Script_Location = data", "alembic_config: alembic.ini", "a=b=c:d"),
    "x.ini",
  );
  assert.deepEqual(asObject(ini), {
    delembic: { script_location: "data", alembic_config: "alembic.ini", a: "b=c:d" },
  });
  assert.equal(ini.get("delembic", "SCRIPT_LOCATION"), "data");
  assert.equal(ini.get("delembic", "nothing"), undefined);
  assert.equal(ini.get("nothing", "a"), undefined);
});

Deno.test("parseIni() takes # and ; for comments at the beginning of a line only", () => {
  const ini = parseIni(lines("# one", "[s]", "; two", "a = b ; c", "  # within", "  d # e"), "x.ini");
  assert.equal(ini.get("s", "a"), "b ; c\nd # e");
});

Deno.test("parseIni() continues a value over indented and blank lines", () => {
  const ini = parseIni(lines("[s]", "a = one", "", "  two", "\tthree", "", "b =", "  four", ""), "x.ini");
  assert.deepEqual(asObject(ini), { s: { a: "one\n\ntwo\nthree", b: "\nfour" } });
});

Deno.test("parseIni() gives every section the keys of [DEFAULT]", () => {
  const ini = parseIni(lines("[DEFAULT]", "x = 1", "y = 2", "[s]", "x = 3", "[DEFAULT]", "z = 4"), "x.ini");
  assert.deepEqual(asObject(ini), { s: { x: "3", y: "2", z: "4" } });
  assert.deepEqual(ini.ownKeys("s"), ["x"]);
  assert.equal(ini.get("DEFAULT", "y"), "2");
  assert.equal(ini.has("DEFAULT"), false);
});

Deno.test("parseIni() knows no prototype", () => {
  const ini = parseIni(lines("[__proto__]", "constructor = 1"), "x.ini");
  assert.equal(ini.get("__proto__", "constructor"), "1");
  assert.equal(ini.get("__proto__", "tostring"), undefined);
});

Deno.test("parseIni() reads a byte order mark, CRLF and lone CR", () => {
  const ini = parseIni("\ufeff[s]\r\na = 1\r  2\r\n", "x.ini");
  assert.equal(ini.get("s", "a"), "1\n2");
});

Deno.test("Ini.line() and Ini.sectionLine() count from 1, also for keys of [DEFAULT]", () => {
  const ini = parseIni(lines("", "[DEFAULT]", "y = 2", "[s]", "", "x = 3"), "x.ini");
  assert.equal(ini.line("s", "X"), 6);
  assert.equal(ini.line("s", "y"), 3);
  assert.equal(ini.line("s", "z"), undefined);
  assert.equal(ini.sectionLine("s"), 4);
});

Deno.test("parseIni() refuses what configparser refuses, each with line and remedy", () => {
  const cases: [string, string, string, number][] = [
    ["a = 1\n", "Line 1 stands before any [section]", "Begin the file with [delembic] (or [alembic]).", 1],
    [
      "[s]\nsomething\n",
      "Line 2 is neither a [section] nor 'key = value'",
      "Write 'key = value'; begin a comment with #; indent a line that continues the value above it.",
      2,
    ],
    [
      "[s]\n= 1\n",
      "Line 2 is neither a [section] nor 'key = value'",
      "Write 'key = value'; begin a comment with #; indent a line that continues the value above it.",
      2,
    ],
    ["[s]\n[t]\n[s]\n", "Section [s] is there twice: in lines 1 and 3", "Make one of the two.", 3],
    ["[s]\na = 1\nA: 2\n", "Key 'a' is in [s] twice: in lines 2 and 3", "Take one of the two out.", 3],
  ];
  for (const [text, message, hint, line] of cases) {
    const error = thrown(() => parseIni(text, "conf/x.ini"));
    assert.equal(error.message, message);
    assert.equal(error.hint, hint);
    assert.equal(error.code, "ini-syntax");
    assert.deepEqual(error.place, { file: "conf/x.ini", line });
  }
});

Deno.test("parseIni() names all lines that are wrong, without their text", () => {
  const error = thrown(() => parseIni("[s]\nsqlalchemy.url hunter22\na = 1\nb\n", "x.ini"));
  assert.equal(error.message, "Line 2 is neither a [section] nor 'key = value'; also wrong: line 4");
  assert.ok(!JSON.stringify(error.data).includes("hunter22"));
  assert.equal((error.data.faults as unknown[]).length, 2);
});

Deno.test("interpolate() replaces %(key)s and %%, from the section, [DEFAULT] and the defaults in this order", () => {
  const ini = parseIni(
    lines("[DEFAULT]", "b = default", "c = default", "[s]", "b = own", "a = %(B)s %(c)s %(here)s 100%%", "d = %(a)s"),
    "x.ini",
  );
  const defaults = { here: "/a%b", b: "given", other: "given" };
  assert.equal(interpolate(ini, "s", "d", defaults), "own default /a%b 100%");
  assert.equal(interpolate(ini, "s", "other", defaults), "given");
  assert.equal(interpolate(ini, "s", "nothing", defaults), undefined);
  assert.equal(interpolate(ini, "nothing", "a", defaults), undefined);
});

Deno.test("interpolate() refuses what configparser refuses, each with line and remedy", () => {
  const ini = parseIni(lines("[s]", "a = %(nothing)s", "b = 100%", "c = %(d)s", "d = %(c)s", "e = %(x"), "x.ini");
  const cases: [string, string, string, number][] = [
    [
      "a",
      "The value of 'a' in [s] refers to %(nothing)s, which is not in [s]",
      "Set 'nothing' there or in [DEFAULT]; write %% for a percent sign.",
      2,
    ],
    [
      "b",
      "The value of 'b' in [s] has a '%' that is neither '%%' nor the beginning of '%(key)s'",
      "Write %% for a percent sign.",
      3,
    ],
    [
      "c",
      "The value of 'c' in [s] goes through more than 10 references, probably in a circle",
      "Take one of the %(…)s out.",
      4,
    ],
    [
      "e",
      "The value of 'e' in [s] has a '%' that is neither '%%' nor the beginning of '%(key)s'",
      "Write %% for a percent sign.",
      6,
    ],
  ];
  for (const [key, message, hint, line] of cases) {
    const error = thrown(() => interpolate(ini, "s", key));
    assert.equal(error.message, message);
    assert.equal(error.hint, hint);
    assert.equal(error.code, "ini-interpolation");
    assert.deepEqual(error.place, { file: "x.ini", line });
  }
});
