/**
 * Loads that are stopped in the middle, as a user meets them: nothing of them stays, nobody waits, the next run goes on.
 *
 * @module
 */

import assert from "node:assert/strict";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { administer, type Kind, onEachDatabase, testWith } from "../support.ts";

const TABLE = "create table person (id integer not null primary key, name varchar(20) not null)";

/** Gives rows, tells by a file that it has, and then gives none until there is another file. */
const WAITING = `import { existsSync, writeFileSync } from "node:fs";
async function* rows() {
  for (let id = 1; id <= 20_000; id++) yield { id, name: "Ada" };
  writeFileSync("begun", "");
  while (!existsSync("go on")) await new Promise((resolve) => setTimeout(resolve, 20));
}
export default {
  revision: "D001",
  retries: 0,
  async upgrade({ load }) {
    await load("person", rows());
  },
};
`;

async function waiting(kind: Kind): Promise<TestProject> {
  const project = await testProject(kind, { "D001.js": WAITING });
  await project.execute(TABLE);
  return project;
}

function begun(project: TestProject): Promise<void> {
  return until("the load has begun", () => Deno.stat(`${project.folder}/begun`).then(() => true, () => false));
}

/** Nothing stayed, nobody holds anything, and the migration can be done. */
async function goesOn(project: TestProject): Promise<void> {
  assert.deepEqual(await project.rows("select count(*) from person"), ["0"]);
  await Deno.writeTextFile(`${project.folder}/go on`, "");
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 0, err);
  assert.deepEqual(await project.rows("select count(*) from person"), ["20000"]);
}

onEachDatabase("Ctrl-C in the middle of a load ends it at once, and nothing was loaded", async (kind) => {
  await using project = await waiting(kind);
  const child = project.start(["upgrade"]);
  const ended = finished(child);
  await begun(project);
  const start = performance.now();
  child.kill("SIGINT");
  const ran = await ended;
  assert.equal(ran.code, 130, ran.err);
  assert.match(ran.err, /INTERRUPTED: Interrupted by SIGINT/);
  assert.ok(performance.now() - start < 8_000, `ended after ${performance.now() - start} ms`);
  await goesOn(project);
});

onEachDatabase("--max-time in the middle of a load ends it with 124, and nothing was loaded", async (kind) => {
  await using project = await waiting(kind);
  const ran = await project.delembic(["upgrade", "--max-time", "2"]);
  assert.equal(ran.code, 124, ran.err);
  await goesOn(project);
});

for (const kind of ["postgresql", "mysql"] as const) {
  const needs = kind === "mysql" ? "mysql" : "postgres";
  testWith(
    [needs],
    `${kind}: a load whose connection is cut fails at once, whatever its source waits for, and nothing was loaded`,
    async () => {
      await using project = await waiting(kind);
      const child = project.start(["upgrade"]);
      const ended = finished(child);
      await begun(project);
      await cutConnections(kind, project);
      const ran = await ended;
      assert.notEqual(ran.code, 0);
      assert.match(ran.err, /FAILED: .*connection/i);
      assert.doesNotMatch(ran.err, /Mend the row|Row \d|A row/, "no row is to blame");
      await goesOn(project);
    },
  );
}

/** Ends every connection to the database, as a fail-over does. */
async function cutConnections(kind: "postgresql" | "mysql", project: TestProject): Promise<void> {
  const { name } = project.db;
  if (kind === "postgresql") {
    return await administer(kind, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
  }
  const ids = await project.rows(
    `select id from information_schema.processlist where db = '${name}' and id <> connection_id()`,
  );
  // the program may end the others itself by then
  for (const id of ids) await administer(kind, `kill ${id}`).catch(() => undefined);
}
