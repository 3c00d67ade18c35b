/**
 * How the lists of an `alembic.ini` are split, beside how Alembic splits them, on generated values.
 *
 * @module
 */

import { deepStrictEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { listOfLocations, listOfPaths } from "../../src/alembic/config.ts";
import { AlembicConfigError } from "../../src/alembic/config_error.ts";
import { type Options, readOptions } from "../../src/alembic/options.ts";
import { IniError } from "../../src/ini.ts";
import { outside, run, temporaryFolder, testWith } from "../support.ts";

const FILES = 1_000;
const SEED = Number(Deno.env.get("DELEMBIC_TEST_SEED") ?? 20260115);

const PIECES = [
  "a",
  "b/c",
  ".",
  "..",
  ",",
  ", ",
  " ",
  "  ",
  ":",
  ";",
  "\n  ",
  "\n\n  ",
  "%%",
  "%(x)s",
  "x y",
  "\t",
  "\u00a0",
];
const value = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join(""));
const separator = fc.constantFrom("os", "space", "newline", ":", ";", "", "|", "Space", "%(sep)s");

const ini = fc.record({
  path_separator: fc.option(separator, { nil: undefined }),
  version_path_separator: fc.option(separator, { nil: undefined }),
  version_locations: fc.option(value, { nil: undefined }),
  prepend_sys_path: fc.option(value, { nil: undefined }),
}).map((options) => {
  const lines = Object.entries(options).flatMap(([name, text]) => text === undefined ? [] : [`${name} = ${text}`]);
  return `[DEFAULT]\nx = one two\nsep = ;\n[alembic]\n${lines.join("\n")}\n`;
});

/** The list, or the name of Python's error. */
function ours(read: () => readonly string[]): readonly string[] | string {
  try {
    return read();
  } catch (error) {
    ok(error instanceof AlembicConfigError || error instanceof IniError, `${error}`);
    return error instanceof AlembicConfigError ? "ValueError" : "InterpolationError";
  }
}

testWith(
  ["python"],
  `the lists of ${FILES} generated ini files are split as Alembic splits them (seed ${SEED})`,
  async () => {
    const texts = fc.sample(ini, { numRuns: FILES, seed: SEED });
    const program = new URL("alembic_lists.py", import.meta.url).pathname;
    const { code, out, err } = await run(outside.python ?? "", [program], { stdin: JSON.stringify(texts) });
    equal(code, 0, err);
    const answers: unknown[] = JSON.parse(out);
    await using folder = await temporaryFolder();
    const file = `${folder.path}/alembic.ini`;
    let lists = 0;
    for (const [i, text] of texts.entries()) {
      await Deno.writeTextFile(file, text);
      const options: Options = await readOptions(file, "alembic");
      const found = {
        version_locations: ours(() => listOfLocations(options)),
        prepend_sys_path: ours(() => listOfPaths(options)),
      };
      deepStrictEqual(found, answers[i], text);
      lists += Object.values(found).filter((list) => list.length > 1).length;
    }
    ok(lists > FILES / 2, `only ${lists} lists were compared`);
  },
);
