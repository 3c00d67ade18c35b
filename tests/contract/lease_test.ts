/** The lease: lost by a process that stood still, kept by one that computes. */

import assert from "node:assert/strict";
import { testWith } from "../support.ts";
import { finished, testProject, until } from "../project.ts";

const START = `-- delembic revision: D001
-- delembic upgrade
create table counter (name varchar(20) primary key, n int);
insert into counter values ('D002', 0);
`;

for (const kind of ["postgresql", "mysql"] as const) {
  const needs = kind === "mysql" ? "mysql" as const : "postgres" as const;
  for (const place of ["upgraded", "validated", "version-written"]) {
    testWith(
      [needs],
      `${kind}: stopped at '${place}' past its lease, woken after another took over: cannot commit`,
      async () => {
        await using project = await testProject(kind, {
          "D001_start.sql": START,
          "D002_count.sql":
            "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\nupdate counter set n = n + 1;\n",
        });
        await project.delembic(["upgrade", "D001"]);
        const asleep = project.start(["upgrade"], { DELEMBIC_STOP_AT: `${place}@D002`, DELEMBIC_LEASE: "2,1" });
        await until(
          "it stands still",
          async () => (await Deno.readTextFile(`/proc/${asleep.pid}/stat`)).includes(") T "),
        );
        const other = await project.delembic(["upgrade", "--lock-timeout", "30"], { DELEMBIC_LEASE: "60,15" });
        assert.equal(other.code, 0, other.out + other.err);
        Deno.kill(asleep.pid, "SIGCONT");
        const woken = await finished(asleep);
        assert.equal(woken.code, 4, woken.out + woken.err);
        assert.match(woken.err, /The lock was lost: another run took it after this one's lease had expired/);
        assert.deepEqual(await project.rows("select n from counter"), ["1"]);
        assert.deepEqual(
          await project.rows("select status from delembic_run_history where revision = 'D002' order by id"),
          [
            "interrupted",
            "success",
          ],
        );
        assert.deepEqual(await project.rows("select status from delembic_version where revision = 'D002'"), [
          "success",
        ]);
      },
    );
  }

  testWith([needs], `${kind}: a migration that computes for three lease times keeps the lock and commits`, async () => {
    await using project = await testProject(kind, {
      "D001_start.sql": START,
      "D002_busy.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`update counter set n = n + 1\`;
  const end = Date.now() + 6000;
  while (Date.now() < end);
} };
`,
    });
    await project.delembic(["upgrade", "D001"]);
    const busy = project.start(["upgrade"], { DELEMBIC_LEASE: "2,0.5" });
    await until(
      "D002 runs",
      async () => (await project.rows("select revision from delembic_run_history where ended_at is null")).length > 0,
    );
    const waiting = project.start(["upgrade"], { DELEMBIC_LEASE: "2,0.5" });
    const [first, second] = await Promise.all([finished(busy), finished(waiting)]);
    assert.equal(first.code, 0, first.out + first.err);
    assert.equal(second.code, 0, second.out + second.err);
    assert.match(second.err, /Waiting for the lock/);
    assert.equal(second.out, "Already up to date.\n");
    assert.deepEqual(await project.rows("select n from counter"), ["1"]);
    assert.deepEqual(await project.rows("select status from delembic_run_history where revision = 'D002'"), [
      "success",
    ]);
  });

  testWith(
    [needs],
    `${kind}: the audit connection is dropped during a long migration: it succeeds and is recorded`,
    async () => {
      await using project = await testProject(kind, {
        "D001_start.sql": START,
        "D002_long.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`update counter set n = n + 1\`;
  await new Promise((resolve) => setTimeout(resolve, 2500));
} };
`,
      });
      await project.delembic(["upgrade", "D001"]);
      const child = project.start(["upgrade"], { DELEMBIC_LEASE: "2,0.5" });
      await until(
        "D002 runs",
        async () => (await project.rows("select revision from delembic_run_history where ended_at is null")).length > 0,
      );
      await dropAudit(project);
      const { code, out, err } = await finished(child);
      assert.equal(code, 0, out + err);
      assert.deepEqual(await project.rows("select n from counter"), ["1"]);
      assert.deepEqual(await project.rows("select status from delembic_run_history where revision = 'D002'"), [
        "success",
      ]);
    },
  );
}

/** Ends the session that wrote the open row: on PostgreSQL by its name, on MariaDB the one without a transaction. */
async function dropAudit(project: Awaited<ReturnType<typeof testProject>>): Promise<void> {
  if (project.db.kind === "postgresql") {
    const gone = await project.rows(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'delembic audit'",
    );
    assert.deepEqual(gone, ["true"]);
    return;
  }
  let ids: string[] = [];
  await until("one of its two sessions is in a transaction", async () => {
    ids = await project.rows(
      `select id from information_schema.processlist where db = database() and id <> connection_id()
         and id not in (select trx_mysql_thread_id from information_schema.innodb_trx)`,
    );
    return ids.length === 1;
  });
  await project.execute(`kill ${ids[0]}`);
}
