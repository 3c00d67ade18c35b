/** A pipeline on a real Alembic project with a branch, a merge and two heads, by the real Alembic, on each database. */

import assert from "node:assert/strict";
import { type Kind, type Outside, testWith } from "../support.ts";
import type { TestProject } from "../project.ts";
import {
  alembic,
  bothToolsProject,
  MIGRATIONS,
  pipelineProject,
  ROWS,
  SCRIPTS,
  scriptText,
  STEPS,
  timeless,
} from "../pipeline_ground.ts";

const SERVERS: Readonly<Record<Kind, readonly Outside[]>> = { sqlite: [], postgresql: ["postgres"], mysql: ["mysql"] };

function onEachDatabase(name: string, fn: (kind: Kind) => Promise<void>): void {
  for (const kind of ["sqlite", "postgresql", "mysql"] as const) {
    testWith(["python", ...SERVERS[kind]], `${kind}: ${name}`, () => fn(kind));
  }
}

/** The steps of a `pipeline run`, each with its last word: `alembic s01: done`. */
function stepsOf(out: string): string[] {
  return out.split(/\n\n(?=\[)/).slice(1).map((block) => {
    const [head = "", ...lines] = block.split("\n");
    const [, type, target] = /\((\w+) → (\S+)\)$/.exec(head) ?? [];
    const last = lines.findLast((line) => line.startsWith("    ")) ?? "";
    return `${type} ${target}: ${last.trim().replace(/ in .*/, "")}`;
  });
}

async function assertDone(project: TestProject): Promise<void> {
  for (const [query, rows] of Object.entries(ROWS)) assert.deepEqual(await project.rows(query), rows, query);
}

onEachDatabase("pipeline: generated, failed in the middle, gone on, and done once", async (kind) => {
  await using project = await pipelineProject(kind);
  await project.write({ "D005.sql": MIGRATIONS["D005.sql"]?.replace("into kind", "into nosuch") ?? "" });
  const generated = await project.delembic(["pipeline", "generate"]);
  assert.deepEqual(generated, {
    code: 0,
    out: "Generated pipeline.yaml  (18 steps)\nReview and edit if needed, then run: delembic pipeline run\n",
    err: "",
  });
  const failed = await project.delembic(["pipeline", "run"]);
  assert.equal(failed.code, 1, failed.out + failed.err);
  assert.deepEqual(stepsOf(failed.out), [
    ...STEPS.slice(0, 7).map((step) => `${step}: done`),
    "delembic D005: ",
  ]);
  assert.match(failed.err, /^ {2}FAILED: .*nosuch/m);
  assert.match(failed.err, /\n\nPipeline stopped at step 8 of 18\. Run it again to go on from there\.\n$/);
  assert.deepEqual(await project.rows("select revision from delembic_version where status = 'failed'"), ["D005"]);

  await project.write({ "D005.sql": MIGRATIONS["D005.sql"] ?? "" });
  const gone = await project.delembic(["pipeline", "run"]);
  assert.equal(gone.code, 0, gone.out + gone.err);
  assert.deepEqual(stepsOf(gone.out), [
    ...STEPS.slice(0, 7).map((step) => `${step}: already there`),
    ...STEPS.slice(7, 17).map((step) => `${step}: done`),
    "delembic head: already there",
  ]);
  assert.match(gone.out, /\nPipeline complete — 10 step\(s\) ran, 8 already there\.\n$/);
  await assertDone(project);

  const again = await project.delembic(["pipeline", "run"]);
  assert.deepEqual([again.code, stepsOf(again.out)], [0, STEPS.map((step) => `${step}: already there`)]);
  await assertDone(project);
});

onEachDatabase("pipeline run --auto: where Alembic fails it stops, and goes on from there", async (kind) => {
  await using project = await pipelineProject(kind);
  const script = "/migrations/versions/s07_script.py";
  await project.write({ [script]: scriptText("s07", { down: "s06", upgrade: 'raise RuntimeError("no s07 today")' }) });
  const failed = await project.delembic(["pipeline", "run", "--auto"]);
  assert.equal(failed.code, 1, failed.out + failed.err);
  assert.deepEqual(stepsOf(failed.out), [
    ...STEPS.slice(0, 14).map((step) => `${step}: done`),
    "alembic s07: ",
  ]);
  assert.match(failed.err, /RuntimeError: no s07 today\nError: '.* -m alembic upgrade s07' ended with exit code 1\n/);
  await project.write({ [script]: scriptText("s07", SCRIPTS["s07"] ?? {}) });
  const gone = await project.delembic(["pipeline", "run", "--auto", "--json"]);
  assert.equal(gone.code, 0, gone.err);
  const document = JSON.parse(gone.out);
  assert.deepEqual(
    document.steps.map(({ type, target, status }: Record<string, string>) => `${type} ${target}: ${status}`),
    [
      ...STEPS.slice(0, 14).map((step) => `${step}: present`),
      ...STEPS.slice(14, 17).map((step) => `${step}: done`),
      "delembic head: present",
    ],
  );
  assert.deepEqual(document.applied.map(({ revision }: Record<string, string>) => revision), ["D007"]);
  assert.deepEqual([document.failed, document.blocked, document.upToDate], [null, [], false]);
  await assertDone(project);
});

onEachDatabase("pipeline run --dry-run: tells what is there and what would run, and changes nothing", async (kind) => {
  await using project = await pipelineProject(kind);
  assert.equal((await alembic(project, "upgrade", "s02")).code, 0);
  assert.equal((await project.delembic(["upgrade", "D001"])).code, 0);
  const { code, out, err } = await project.delembic(["pipeline", "run", "--auto", "--dry-run"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(
    stepsOf(out),
    [
      ...STEPS.slice(0, 3).map((step) => `${step}: already there`),
      ...STEPS.slice(3, 17).map((step) => {
        const [type, target] = step.split(" ");
        return `${step}: would run${type === "alembic" ? `: alembic upgrade ${target}` : ` ${target}: step ${target}`}`;
      }),
      "delembic head: already there",
    ],
  );
  assert.deepEqual(await project.rows("select version_num from alembic_version"), ["s02"]);
  assert.deepEqual(await project.rows("select revision from delembic_version"), ["D001"]);
});

onEachDatabase("two pipelines at once: each step is done once, and both end well", async (kind) => {
  await using project = await pipelineProject(kind);
  const both = await Promise.all([1, 2].map(() => project.delembic(["pipeline", "run", "--auto"])));
  for (const { code, out, err } of both) assert.equal(code, 0, timeless(out) + err);
  await assertDone(project);
  assert.deepEqual(
    await project.rows("select revision, count(*) from delembic_run_history group by revision order by revision"),
    Array.from({ length: 8 }, (_, at) => `D00${at + 1} | 1`),
  );
});

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(["python", ...SERVERS[kind]], `${kind}: Alembic may work for longer than the lease lasts`, async () => {
    const slow = `import time
    open("began", "a").write("x")
    time.sleep(5)`;
    await using project = await bothToolsProject(kind, { aaa: { upgrade: slow } }, {});
    const env = { DELEMBIC_LEASE: "2,0.5" };
    const both = await Promise.all([1, 2].map(() => project.delembic(["pipeline", "run", "--auto"], env)));
    for (const { code, out, err } of both) assert.equal(code, 0, out + err);
    assert.equal(await Deno.readTextFile(`${project.folder}/began`), "x");
    const ends = both.map(({ out }) => /(\d step\(s\) ran.*)\.\n$/.exec(out)?.[1]);
    assert.deepEqual(ends.sort(), ["0 step(s) ran, 1 already there", "1 step(s) ran"]);
  });
}
