/**
 * Which version table Delembic reads from an `env.py`, beside the one that Alembic takes when it runs it.
 *
 * @module
 */

import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { loadAlembic } from "../../src/alembic/load.ts";
import { FaultsError } from "../../src/errors.ts";
import { outside, run, temporaryFolder, testWith, writeFiles } from "../support.ts";
import { ENV_FILES, HEAD } from "./alembic_env_files.ts";

type Answer = readonly [table: string, schema: string | null];

async function askAlembic(folders: readonly string[]): Promise<Answer[]> {
  const program = new URL("alembic_envs.py", import.meta.url).pathname;
  const { code, out, err } = await run(outside.python ?? "", [program], {
    stdin: JSON.stringify(folders),
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  equal(code, 0, err);
  return JSON.parse(out);
}

async function ourAnswer(folder: string): Promise<Answer | { unknown: string }> {
  const tree = await loadAlembic({ alembic: { file: `${folder}/alembic.ini`, section: "alembic" }, folder });
  try {
    const { table, schema } = tree.versionTable;
    return [table, schema ?? null];
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    return {
      unknown: error.message.replace(/^The version_table\w* that env.py sets cannot be known without running it: /, ""),
    };
  }
}

testWith(["python"], "the version table of an env.py is read as Alembic takes it, or not known", async (t) => {
  await using temporary = await temporaryFolder();
  const names = Object.keys(ENV_FILES);
  ok(names.length >= 60, `${names.length} files`);
  for (const [i, name] of names.entries()) {
    const { env, ini = "", files = {} } = ENV_FILES[name] ?? { env: "" };
    await writeFiles(`${temporary.path}/${i}`, {
      "alembic.ini": `[alembic]\nscript_location = %(here)s/m\nprepend_sys_path = .\npath_separator = os\n${ini}\n`,
      "m/env.py": HEAD + env,
      ...files,
    });
  }
  const answers = await askAlembic(names.map((_, i) => `${temporary.path}/${i}`));
  for (const [i, name] of names.entries()) {
    await t.step(name, async () => {
      const [table, schema] = answers[i] as Answer;
      ok(!table.includes(" "), table);
      const unknown = ENV_FILES[name]?.unknown;
      // SQLAlchemy takes an empty schema for none
      const expected = unknown === undefined ? [table, schema || null] : { unknown };
      deepStrictEqual(await ourAnswer(`${temporary.path}/${i}`), expected);
    });
  }
});
