/**
 * On projects with one Alembic head, `pipeline generate` gives the steps that the Python tool gives, from the same
 * files, wherever those are right: see defects 44 and 45 in `tests/e2e/peer_pipeline_test.ts` for where they are not.
 */

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { loadConfig } from "../../src/config.ts";
import { openDatabase } from "../../src/db/connect.ts";
import { generatePipeline } from "../../src/pipeline_generate.ts";
import { loadProject } from "../../src/project.ts";
import { outside, run, temporaryFolder, testWith, writeFiles } from "../support.ts";
import { ENV_PY, scriptText } from "../pipeline_ground.ts";
import { delembic } from "../e2e/cli.ts";

const STEPS_PY = new URL("./pipeline_steps.py", import.meta.url).pathname;

type Step = readonly [name: string, type: string, target: string];

interface PythonMigration {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly description: string;
}

function migrationText({ id, dependsOn, description }: PythonMigration): string {
  return `from delembic import DataMigration

class M(DataMigration):
    revision = ${JSON.stringify(id)}
    depends_on = ${JSON.stringify(dependsOn)}
    description = ${JSON.stringify(description)}

    def upgrade(self, conn):
        pass
`;
}

function projectFiles(revisions: readonly string[], migrations: readonly PythonMigration[]): Record<string, string> {
  return {
    "delembic.ini": "[delembic]\nalembic_config = alembic.ini\nsqlalchemy.url = sqlite:///app.db\n",
    "delembic/env.py": "",
    "delembic/versions/.gitkeep": "",
    "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n",
    "migrations/env.py": ENV_PY,
    ...Object.fromEntries(revisions.map((id, at) => {
      const down = revisions[at - 1];
      return [`migrations/versions/${id}.py`, scriptText(id, down === undefined ? {} : { down })];
    })),
    ...Object.fromEntries(migrations.map((migration) => [
      `delembic/versions/${migration.id}.py`,
      migrationText(migration),
    ])),
  };
}

/**
 * A chain of revisions and migrations that the Python tool understands: each names itself the latest revision that it
 * needs, or none of those that it depends on names any.
 */
const projects = fc.record({
  revisions: fc.integer({ min: 1, max: 6 }),
  migrations: fc.array(
    fc.record({
      at: fc.option(fc.nat({ max: 5 }), { freq: 3 }),
      more: fc.option(fc.nat({ max: 5 })),
      parents: fc.array(fc.nat({ max: 7 }), { maxLength: 2 }),
      description: fc.constantFrom("load", "it's done", "a: b", "# no comment", "größer", "yes", "x - y", "'quoted'"),
    }),
    { maxLength: 8 },
  ),
}).map(({ revisions, migrations }) => {
  const chain = Array.from({ length: revisions }, (_, at) => `${"abcdef"[at]}${at}c0ffee${at}`);
  const latest: number[] = [];
  const made = migrations.map(({ at, more, parents, description }, index): PythonMigration => {
    const wanted = at === null ? -1 : Math.min(at, revisions - 1);
    const others = [...new Set(parents)].filter((other) => other < index && (latest[other] ?? -1) <= wanted);
    latest.push(wanted);
    const schema = wanted < 0 ? [] : [wanted, ...more === null || more > wanted ? [] : [more]];
    return {
      id: `D${String(index + 1).padStart(3, "0")}`,
      dependsOn: [
        ...others.map((other) => `D${String(other + 1).padStart(3, "0")}`),
        ...schema.map((n) => chain[n] ?? ""),
      ],
      description: `${description} ${index}`,
    };
  });
  return projectFiles(chain, made);
});

/** The order of migrations of one checkpoint is no promise: ours is natural, theirs by breadth. */
function byCheckpoint(steps: readonly Step[]): Step[] {
  const sorted: Step[] = [];
  let turn: Step[] = [];
  const flush = () => {
    sorted.push(...turn.sort(([, , a], [, , b]) => a < b ? -1 : 1));
    turn = [];
  };
  for (const step of steps) {
    if (step[1] === "delembic" && step[2] !== "head") turn.push(step);
    else {
      flush();
      sorted.push(step);
    }
  }
  flush();
  return sorted;
}

async function ourSteps(folder: string): Promise<Step[]> {
  const config = await loadConfig({ cwd: folder, env: () => undefined });
  const { dialect } = await openDatabase((await config.databaseUrl()).target);
  const steps = await generatePipeline(await loadProject(config, dialect), () => Promise.resolve(() => false));
  return steps.map(({ name, type, target }) => [name, type, target]);
}

testWith(["python"], "pipeline generate: the steps of 150 projects are those of the Python tool", async () => {
  await using folder = await temporaryFolder();
  const files = fc.sample(projects, { numRuns: 150, seed: 44 });
  const folders = files.map((_, at) => `${folder.path}/p${at}`);
  for (const [at, project] of files.entries()) await writeFiles(folders[at] ?? "", project);
  const { code, out, err } = await run(outside.python ?? "", [STEPS_PY], {
    stdin: folders.map((f) => `${f}\n`).join(""),
  });
  equal(code, 0, err);
  const theirs: Step[][] = out.trim().split("\n").map((line) => JSON.parse(line));
  equal(theirs.length, folders.length);
  for (const [at, path] of folders.entries()) {
    deepEqual(byCheckpoint(await ourSteps(path)), byCheckpoint(theirs[at] ?? []), JSON.stringify(files[at], null, 1));
  }
});

testWith(["python"], "pipeline generate: the text is that of the Python tool, to the letter", async () => {
  await using folder = await temporaryFolder(projectFiles(["3d1e3e6abc12", "8a51d0c2f7e4", "c01dc0ffee00"], [
    { id: "D001", dependsOn: ["3d1e3e6abc12"], description: "data D001" },
    { id: "D002", dependsOn: ["D001", "8a51d0c2f7e4"], description: "it's: data" },
    { id: "D003", dependsOn: [], description: "floating" },
  ]));
  const program = (outside.python ?? "").replace(/python[\d.]*$/, "delembic");
  const theirs = await run(program, ["pipeline", "generate", "--print"], { cwd: folder.path });
  const ours = await delembic("source", ["pipeline", "generate", "--print"], { cwd: folder.path });
  // it ends its text with two line ends
  deepEqual([ours.code, ours.out, ours.err], [0, theirs.out.replace(/\n\n$/, "\n"), ""]);
});

testWith(["python"], "pipeline init: the Python tool reads the steps that we write, and we read its", async () => {
  await using folder = await temporaryFolder(projectFiles(["abc123abc123"], []));
  const program = (outside.python ?? "").replace(/python[\d.]*$/, "delembic");
  for (const file of ["ours.yaml", "theirs.yaml"]) {
    const made = file === "ours.yaml"
      ? await delembic("source", ["pipeline", "init", "--file", file], { cwd: folder.path })
      : await run(program, ["pipeline", "init", "--file", file], { cwd: folder.path });
    equal(made.code, 0, made.err);
  }
  const code = `
from pathlib import Path
from delembic.pipeline import Pipeline
print([(s.name, s.type, s.target) for s in Pipeline.from_file(Path("ours.yaml")).steps])
`;
  const theirs = await run(outside.python ?? "", ["-c", code], { cwd: folder.path });
  equal(
    theirs.out,
    "[('Apply schema migrations', 'alembic', 'head'), ('Apply data migrations', 'delembic', 'head')]\n",
    theirs.err,
  );
  const ours = await delembic("source", ["pipeline", "run", "--file", "theirs.yaml", "--dry-run"], {
    cwd: folder.path,
  });
  deepEqual([ours.code, ours.out], [
    0,
    `Running pipeline: theirs.yaml  (2 steps)

[1/2] Apply schema migrations  (alembic → head)
    would run: alembic upgrade head

[2/2] Apply data migrations  (delembic → head)
    already there
`,
  ]);
});
