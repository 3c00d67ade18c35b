/**
 * Where Delembic finds Alembic's scripts, beside where real Alembic finds them, in many layouts of projects. What it refuses
 * to read is something that Alembic refuses, or finds nothing in.
 *
 * @module
 */

import { deepStrictEqual, equal, match, ok } from "node:assert/strict";
import { readAlembicConfig } from "../../src/alembic/config.ts";
import { loadAlembic } from "../../src/alembic/load.ts";
import { DelembicError } from "../../src/errors.ts";
import { outside, run, temporaryFolder, testWith, writeFiles } from "../support.ts";
import { type Layout, layouts } from "./alembic_layouts.ts";

/** What `alembic_configs.py` prints for one layout. */
interface Answer {
  readonly error?: string;
  readonly scriptLocation?: string;
  readonly versionLocations?: readonly string[];
  readonly revisions?: readonly (readonly [revision: string, path: string])[];
}

async function askAlembic(questions: readonly unknown[]): Promise<Answer[]> {
  const program = new URL("alembic_configs.py", import.meta.url).pathname;
  const { code, out, err } = await run(outside.python ?? "", [program], {
    stdin: JSON.stringify(questions),
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  equal(code, 0, err);
  return JSON.parse(out);
}

async function ourAnswer(folder: string, { config = "alembic.ini", section = "alembic" }: Layout) {
  const alembic = { file: `${folder}/${config}`, section };
  try {
    const { scriptLocation, versionLocations } = await readAlembicConfig(alembic);
    const tree = await loadAlembic({ alembic, folder: "/" });
    const [fault] = tree.faults;
    if (fault !== undefined) return { refused: fault.code };
    const revisions = [...tree.revisions.values()].map(({ revision, file }) => [revision, `/${file}`]);
    return {
      scriptLocation: real(scriptLocation),
      versionLocations: [...new Set(versionLocations.map(real))].sort(),
      revisions: revisions.sort(),
    };
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    match(error.hint ?? "", /\.$/);
    return { refused: error.code };
  }
}

/** The path with its links followed; as it is where it is not there. */
function real(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

testWith(["python"], "loadAlembic() finds scripts where Alembic does, in every layout", async (t) => {
  await using temporary = await temporaryFolder();
  const names = Object.keys(layouts(""));
  ok(names.length >= 90, `${names.length} layouts`);
  const cases: { name: string; folder: string; layout: Layout }[] = [];
  for (const [i, name] of names.entries()) {
    const folder = `${temporary.path}/${i}`;
    const layout = layouts(folder)[name] as Layout;
    await writeFiles(folder, layout.files);
    for (const [link, to] of Object.entries(layout.links ?? {})) await Deno.symlink(to, `${folder}/${link}`);
    cases.push({ name, folder, layout });
  }
  const answers = await askAlembic(cases.map(({ folder, layout: { files, section = "alembic" } }) => ({
    folder,
    ini: `${folder}/alembic.ini`,
    toml: files["pyproject.toml"] === undefined ? null : `${folder}/pyproject.toml`,
    section,
    sites: [`${folder}/.venv/lib/python3.11/site-packages`],
  })));
  for (const [i, { name, folder, layout }] of cases.entries()) {
    const answer = answers[i] as Answer;
    await t.step(name, async () => {
      const ours = await ourAnswer(folder, layout);
      if (layout.refused === undefined) return deepStrictEqual(ours, answer);
      deepStrictEqual(ours, { refused: layout.refused });
      ok(answer.error !== undefined || answer.revisions?.length === 0, "Alembic finds something there");
    });
  }
});
