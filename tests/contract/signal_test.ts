/** Signals and time limits. */

import assert from "node:assert/strict";
import { onEachDatabase, testWith } from "../support.ts";
import { finished, testProject, until } from "../project.ts";

const SLEEP = { postgresql: "select pg_sleep(60)", mysql: "select sleep(60)" } as const;
const RUNNING = {
  postgresql:
    "select 1 from pg_stat_activity where datname = current_database() and query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()",
  mysql:
    "select 1 from information_schema.processlist where db = database() and info like '%sleep(60)%' and id <> connection_id()",
} as const;

for (const kind of ["postgresql", "mysql"] as const) {
  for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    testWith(
      [kind === "mysql" ? "mysql" : "postgres"],
      `${kind}: ${signal} during a long statement: the server stops it, exit ${exit}`,
      async () => {
        await using project = await testProject(kind, {
          "D001_sleep.sql": `-- delembic revision: D001\n-- delembic description: sleep\n-- delembic upgrade\n${
            SLEEP[kind]
          };\n`,
        });
        const child = project.start(["upgrade"]);
        await until("the statement runs", async () => (await project.rows(RUNNING[kind])).length === 1);
        const start = performance.now();
        child.kill(signal);
        const { code, out, err } = await finished(child);
        assert.equal(code, exit, out + err);
        assert.ok(performance.now() - start < 10_000);
        assert.match(err, new RegExp(`INTERRUPTED: Interrupted by ${signal}`));
        assert.deepEqual(await project.rows(RUNNING[kind]), []);
        assert.deepEqual(await project.rows("select revision, status from delembic_run_history"), [
          "D001 | interrupted",
        ]);
        assert.deepEqual(await project.rows("select revision from delembic_version"), []);
        const again = await project.delembic(["history"]);
        assert.equal(again.out, "pending   D001  sleep\n");
        const lock = await project.rows("select holder from delembic_lock");
        assert.deepEqual(lock, ["NULL"], "the lock is free at once");
      },
    );
  }
}

onEachDatabase("SIGINT while user code waits: rolled back, interrupted, exit 130", async (kind) => {
  await using project = await testProject(kind, {
    "D001_wait.js": `export default { revision: "D001", async upgrade(conn) {
  await conn.sql\`create table made (id int)\`;
  await conn.sql\`insert into made values (1)\`;
  await new Promise((resolve) => setTimeout(resolve, 60000));
}, idempotent: true };
`,
  });
  const child = project.start(["upgrade"]);
  await until(
    "D001 runs",
    async () => (await project.rows("select revision from delembic_run_history").catch(() => [])).length === 1,
  );
  await new Promise((resolve) => setTimeout(resolve, 700));
  child.kill("SIGINT");
  const { code, out, err } = await finished(child);
  assert.equal(code, 130, out + err);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history"), ["D001 | interrupted"]);
  if (kind !== "mysql") await assert.rejects(project.rows("select * from made"));
});

onEachDatabase("--max-time ends a run with exit 124; the next run goes on", async (kind) => {
  await using project = await testProject(kind, {
    "D001_fast.sql": "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n",
    "D002_wait.js": `export default { revision: "D002", async upgrade(conn, run) {
  await new Promise((resolve) => setTimeout(resolve, Deno.env.get("PATIENCE") ? 0 : 60000));
} };
`,
  });
  const first = await project.delembic(["upgrade", "--max-time", "1.5"]);
  assert.equal(first.code, 124, first.out + first.err);
  assert.match(first.err, /The time given with --max-time is used up/);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history order by id"), [
    "D001 | success",
    "D002 | interrupted",
  ]);
  const second = await project.delembic(["upgrade"], { PATIENCE: "yes" });
  assert.equal(second.code, 0, second.out + second.err);
});

onEachDatabase("a migration that takes longer than its timeout fails", async (kind) => {
  await using project = await testProject(kind, {
    "D001_wait.js": `export default { revision: "D001", timeout: 0.5, async upgrade() {
  await new Promise((resolve) => setTimeout(resolve, 60000));
} };
`,
  });
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 1, out + err);
  assert.match(err, /FAILED: Took longer than its timeout of 0\.5 s/);
  assert.deepEqual(await project.rows("select revision, status from delembic_version"), ["D001 | failed"]);
});
