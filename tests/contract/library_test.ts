/** Delembic in a program: what it is given back, what it hears, what is in the database then. */

import assert from "node:assert/strict";
import { DelembicError, downgrade, EXIT, history, type RunEvent, upgrade } from "../../mod.ts";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const ONE = `-- delembic revision: D001
-- delembic description: first
-- delembic upgrade
insert into t values (1);
-- delembic downgrade
delete from t;
`;
const TWO = `export default {
  revision: "D002",
  dependsOn: "D001",
  async upgrade(conn, run) {
    run.log("two comes");
    await conn.sql\`insert into t values (\${2})\`;
  },
};
`;

const FILES = { "D001_first.sql": ONE, "D002_second.js": TWO };

onEachDatabase("library: upgrade(), history() and downgrade() do what the commands do", async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.execute("create table t (v int)");
  const options = { config: "delembic.ini", cwd: project.folder, url: project.db.url };
  const pending = await history(options);
  assert.deepEqual(pending.map(({ revision, status }) => [revision, status]), [["D001", "pending"], [
    "D002",
    "pending",
  ]]);

  const events: RunEvent[] = [];
  const report = await upgrade({ ...options, target: "D002", wait: 5, onEvent: (event) => events.push(event) });
  assert.deepEqual([report.exitCode, report.done.map(({ revision }) => revision)], [EXIT.done, ["D001", "D002"]]);
  assert.deepEqual(events.filter(({ type }) => type !== "progress").map(({ type }) => type), [
    ...["running", "ok", "running", "log", "ok"],
  ]);
  assert.deepEqual(await project.rows("select v from t order by v"), ["1", "2"]);
  assert.equal((await upgrade(options)).upToDate, true);

  const [first] = await history(options);
  assert.deepEqual([first?.status, first?.description, first?.kind, first?.file], [
    ...["applied", "first", "sql", "delembic/versions/D001_first.sql"],
  ]);
  assert.match(first?.appliedAt ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

  await assert.rejects(downgrade({ ...options, target: "base" }), {
    code: "no-downgrade",
    message: "Cannot undo D002: it has no downgrade",
  });
  assert.equal((await project.delembic(["current"])).out.startsWith("D002  (applied "), true);
});

onEachDatabase("library: a failure is in the report; what could not be run at all is thrown", async (kind) => {
  await using project = await testProject(kind, FILES);
  const options = { cwd: project.folder, url: project.db.url };
  const failed = await upgrade(options);
  assert.equal(failed.exitCode, EXIT.failed);
  assert.equal(failed.failed?.revision, "D001");
  assert.match(failed.failed?.error ?? "", /\bt\b/);

  const thrown = await upgrade({ ...options, target: "D9" }).catch((error: unknown) => error);
  assert.ok(thrown instanceof DelembicError);
  assert.deepEqual([thrown.code, thrown.exitCode], ["unknown-target", EXIT.usage]);
  await assert.rejects(upgrade({ ...options, lockTimeout: "soon" }), /'lockTimeout' must be a number of seconds/);
  await assert.rejects(history({ ...options, config: "other.ini" }), /other\.ini/);
});

onEachDatabase("library: a signal ends a run in good order", async (kind) => {
  const slow = `export default {
    revision: "D001",
    async upgrade(conn, run) {
      await conn.sql\`insert into t values (1)\`;
      run.log("begun");
      await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
    },
  };`;
  await using project = await testProject(kind, { "D001_slow.js": slow });
  await project.execute("create table t (v int)");
  const stopping = new AbortController();
  const report = await upgrade({
    cwd: project.folder,
    url: project.db.url,
    signal: stopping.signal,
    onEvent: ({ type }) => type === "log" && stopping.abort(),
  });
  assert.deepEqual([report.exitCode, report.interrupted?.message], [
    EXIT.sigterm,
    "Stopped by the program that runs it",
  ]);
  assert.deepEqual(await project.rows("select * from t"), []);
  assert.deepEqual(await project.rows("select status from delembic_run_history"), ["interrupted"]);

  const never = await upgrade({ cwd: project.folder, url: project.db.url, signal: AbortSignal.abort() });
  assert.deepEqual([never.done, never.interrupted?.code], [[], "interrupted"]);
});
