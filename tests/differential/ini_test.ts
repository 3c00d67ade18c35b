import assert from "node:assert/strict";
import fc from "fast-check";
import { IniError, interpolate, parseIni } from "../../src/ini.ts";
import { outside, run, testWith } from "../support.ts";

type Values = [section: string, entries: [key: string, value: string | null][]][] | null;

const FILES = 6_000;

// Pieces that a line is made of. The first group makes lines that mean something likely.
const NAMES = ["a", "b", "A", "sqlalchemy.url", "key with space", "İ", "ΑΣ", "ẞ", "__proto__", "here", "x]y"];
const SPACES = ["", "", "", " ", "  ", "\t", "    ", "\u00a0", "\u3000", "\x1c", "\x85", "\v", "\f", "\u2028"];
const VALUES = [
  "1",
  "",
  "value ; no comment",
  "v # none",
  "=",
  ":",
  "%",
  "%%",
  "%(a)s",
  "%(B)s/%(a)s",
  "%(here)s",
  "%(key with space)s",
  "%(missing)s",
  "%(a)",
  "%(",
  "%()s",
  "100%s",
  "[x]",
  "é日本語",
  "\ufeff",
  "\\",
  '"q"',
  "\0",
];
const ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n"];

const name = fc.constantFrom(...NAMES);
const space = fc.constantFrom(...SPACES);
const value = fc.constantFrom(...VALUES);
const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(space, name, space, fc.constantFrom("=", ":", " = "), space, value, value, space) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("  ", "\t", " ", "\u3000 "), value, space) },
  { weight: 2, arbitrary: fc.tuple(space, fc.constantFrom("[s]", "[t]", "[DEFAULT]", "[x]y]", "[ s ]", "[default]")) },
  { weight: 1, arbitrary: fc.tuple(space) },
  { weight: 1, arbitrary: fc.tuple(space, fc.constantFrom("#", ";", "# a = b", ";c")) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...NAMES, ...SPACES, ...VALUES, "[", "]", "[]", "#"), { maxLength: 4 }),
  },
).map((parts) => parts.join(""));
const file = fc.tuple(
  fc.constantFrom("[s]\n", "[s]\n", "[s]\n", "[DEFAULT]\n", ""),
  fc.array(fc.tuple(line, fc.constantFrom(...ENDS)), { maxLength: 9 }),
  fc.constantFrom("", "tail = 1", "  tail"),
).map(([head, lines, tail]) => head + lines.flat().join("") + tail);

testWith(
  ["python"],
  "parseIni() and interpolate() read 6,000 generated files as Python's configparser does",
  async () => {
    const seed = Number(Deno.env.get("DELEMBIC_TEST_SEED") ?? Date.now() % 2 ** 31);
    // Python refuses a byte order mark; ours takes it away
    const texts = fc.sample(file.filter((text) => !text.startsWith("\ufeff")), { numRuns: FILES, seed });
    const answer = await run(outside.python ?? "", [new URL("ini.py", import.meta.url).pathname], {
      stdin: JSON.stringify(texts),
      env: { PYTHONIOENCODING: "utf-8" },
    });
    assert.equal(answer.code, 0, answer.err);
    const expected = JSON.parse(answer.out) as [raw: Values, interpolated: Values][];
    let accepted = 0;
    texts.forEach((text, index) => {
      const where = `seed ${seed}, file ${index}: ${JSON.stringify(text)}`;
      assert.deepEqual(ourRaw(text), expected[index]?.[0], `raw, ${where}`);
      assert.deepEqual(ourInterpolated(text), expected[index]?.[1], `interpolated, ${where}`);
      if (Array.isArray(expected[index]?.[0])) accepted++;
    });
    // the generator is worth nothing if nearly all is refused, or nothing
    assert.ok(accepted > FILES / 10 && accepted < FILES * 0.9, `${accepted} of ${FILES} were accepted`);
  },
);

function ourRaw(text: string): Values {
  try {
    const ini = parseIni(text, "x.ini");
    return ini.sections().map((section) => [
      section,
      ini.keys(section).map((key) => [key, ini.get(section, key) ?? null]),
    ]);
  } catch (error) {
    if (error instanceof IniError) return null;
    throw error;
  }
}

function ourInterpolated(text: string): Values {
  try {
    const ini = parseIni(text, "x.ini");
    return ini.sections().map((section) => {
      const keys = [...new Set([...ini.keys(section), "here"])];
      return [
        section,
        keys.map((key): [string, string | null] => [key, ourValue(() => interpolated(section, key))])
          .sort(([a], [b]) => compareCodePoints(a, b)),
      ];
      function interpolated(section: string, key: string) {
        return interpolate(ini, section, key, { here: "/some/where" });
      }
    });
  } catch (error) {
    if (error instanceof IniError) return null;
    throw error;
  }
}

function ourValue(get: () => string | undefined): string | null {
  try {
    return get() ?? null;
  } catch (error) {
    if (error instanceof IniError) return null;
    throw error;
  }
}

/** The order of Python's `sorted`. */
function compareCodePoints(a: string, b: string): number {
  const x = [...a].map((c) => c.codePointAt(0) ?? 0), y = [...b].map((c) => c.codePointAt(0) ?? 0);
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return (x[i] ?? 0) - (y[i] ?? 0);
  return x.length - y.length;
}
