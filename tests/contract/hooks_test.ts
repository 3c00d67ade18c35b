/** What a project is told when a run has ended, and what a hook cannot do to the run. */

import assert from "node:assert/strict";
import { history, upgrade } from "../../mod.ts";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const INI = `[delembic]
script_location = delembic
sqlalchemy.url = \${DELEMBIC_TEST_URL}
on_success = told
on_failure = told
hook_timeout = 1s
`;
const ENV = `export async function told(run) {
  await Deno.writeTextFile("told.ndjson", JSON.stringify(run) + "\\n", { append: true });
}
`;
const GOOD = "-- delembic revision: D001\n-- delembic upgrade\ninsert into t values (1);\n";
const BAD =
  "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\ninsert into nosuch values (1);\n";
const FILES = { "/delembic.ini": INI, "/delembic/env.js": ENV, "D001_good.sql": GOOD };

async function toldIn(folder: string): Promise<Record<string, unknown>[]> {
  const text = await Deno.readTextFile(`${folder}/told.ndjson`).catch(() => "");
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

onEachDatabase("hooks: told of a run that did something, and of one that failed", async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.execute("create table t (v int)");
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  await project.write({ "D002_bad.sql": BAD });
  assert.equal((await project.delembic(["upgrade"])).code, 1);
  const [first, second, ...more] = await toldIn(project.folder);
  assert.deepEqual(more, [], "nothing to do is nothing to tell");
  const { database, durationSeconds, ...rest } = first ?? {};
  assert.deepEqual(rest, {
    ...{ command: "upgrade", section: "delembic", done: ["D001"], failed: null, blocked: [], error: null, exitCode: 0 },
  });
  assert.ok(typeof durationSeconds === "number" && durationSeconds >= 0);
  assert.doesNotMatch(String(database), /:[^/@]+@/, "no password");
  const failed = second?.["failed"] as { revision: string; error: string };
  assert.equal(failed.revision, "D002");
  assert.match(failed.error, /nosuch/);
  assert.equal(second?.["exitCode"], 1);
});

onEachDatabase("hooks: one that fails or takes too long is a warning, and the exit code is the run's", async (kind) => {
  const env = `export function told() { throw new Error("nobody listens"); }
export function slow() { return new Promise(() => setInterval(() => {}, 1000)); }
`;
  await using project = await testProject(kind, { ...FILES, "/delembic/env.js": env });
  await project.execute("create table t (v int)");
  const first = await project.delembic(["upgrade"]);
  assert.equal(first.code, 0, first.err);
  assert.match(first.err, /^Warning: 'on_success' failed: nobody listens\n {2}What the run did stands/m);
  await project.write({ "D002_bad.sql": BAD, "/delembic.ini": INI.replace("on_failure = told", "on_failure = slow") });
  const second = await project.delembic(["upgrade"]);
  assert.equal(second.code, 1, second.err);
  assert.match(second.err, /^Warning: 'on_failure' took longer than 1 s$/m);
});

onEachDatabase("hooks: one that is not there is refused before anything runs", async (kind) => {
  await using project = await testProject(kind, { ...FILES, "/delembic/env.js": "export const other = 1;\n" });
  await project.execute("create table t (v int)");
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 2);
  assert.match(err, /^Error: delembic\/env\.js exports no function 'told', which 'on_success' names/m);
  assert.match(err, /Write: export async function told\(run\) \{ … \}/);
  assert.deepEqual(await project.rows("select v from t"), []);
});

onEachDatabase("hooks: a program's runs call them too, also when the run cannot begin", async (kind) => {
  await using project = await testProject(kind, FILES);
  const env = `export const heard = [];
export function told(run) { heard.push(run.exitCode); }
`;
  await project.write({ "/delembic/env.js": env });
  await project.execute("create table t (v int)");
  const options = { cwd: project.folder, url: project.db.url };
  const ini = INI.replace("\${DELEMBIC_TEST_URL}", "");
  await project.write({ "/delembic.ini": ini });
  await upgrade(options);
  await project.write({
    "D002_two.sql": "-- delembic revision: D002\n-- delembic depends_on: D009\n-- delembic upgrade\nselect 1;\n",
  });
  await assert.rejects(upgrade(options), /D009/);
  const { heard } = await import(`file://${project.folder}/delembic/env.js`);
  assert.deepEqual(heard, [0, 2]);
  assert.equal((await history(options)).length, 2);
});
