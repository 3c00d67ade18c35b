/** Whole runs through a pooler in transaction mode. */

import assert from "node:assert/strict";
import { outside, testWith } from "../support.ts";
import { finished, type TestProject, testProject, until } from "../project.ts";

const NEEDS = ["postgres", "pgbouncer"] as const;

const FILES = {
  "D001_start.sql": `-- delembic revision: D001
-- delembic upgrade
create table item (id bigint primary key, name text, doc jsonb);
insert into item select n, 'item ' || n, jsonb_build_object('n', n) from generate_series(1, 500) n;
-- delembic validate
select count(*) = 500 from item;
-- delembic downgrade
drop table item;
`,
  "D002_copy.js": `export default { revision: "D002", dependsOn: ["D001"],
  async upgrade({ sql, stream, value }) {
    await sql\`create table copy (id bigint primary key, name text, doc jsonb)\`;
    for await (const { id, name, doc } of stream\`select * from item where id > \${9} order by id\`) {
      await sql\`insert into copy values (\${id}, \${name}, \${doc})\`;
    }
  },
  async validate({ value }) { return await value\`select count(*) from copy where doc->>'n' = id::text\` === 491; },
  async downgrade({ sql }) { await sql\`drop table copy\`; },
};
`,
};

const FAILING = `-- delembic revision: D003
-- delembic depends_on: D002
-- delembic upgrade
delete from copy;
insert into item values (1, 'again', null);
`;

/** The environment in which the program goes through the pooler; what the test asks itself does not. */
function throughPooler(project: TestProject): Record<string, string> {
  const url = new URL(project.db.url);
  url.port = new URL(outside.pgbouncer ?? "").port;
  return { DELEMBIC_URL: url.href };
}

testWith(NEEDS, "through a pooler: upgrade, a failure, and everything else do what they do without", async () => {
  await using project = await testProject("postgresql", { ...FILES, "D003_fails.sql": FAILING });
  const env = throughPooler(project);
  const first = await project.delembic(["upgrade"], env);
  assert.deepEqual([first.code, first.out.replace(/\d+\.\d\ds/g, "TIME"), first.err], [
    1,
    "Running D001\n  OK (TIME)\nRunning D002\n  OK (TIME)\nRunning D003\n",
    `  FAILED: duplicate key value violates unique constraint "item_pkey"
    at delembic/versions/D003_fails.sql:5:1
      4 | delete from copy;
      5 | insert into item values (1, 'again', null);
        | ^
    DETAIL: Key (id)=(1) already exists.
`,
  ]);
  assert.deepEqual(await project.rows("select count(*) from copy"), ["491"]);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history order by id"), [
    "D001 | success",
    "D002 | success",
    "D003 | failed",
  ]);
  assert.deepEqual(await project.rows("select holder from delembic_lock"), ["NULL"]);

  await project.write({ "D003_fails.sql": FAILING.replace("insert into item", "insert into copy") });
  const steps = [
    [["upgrade"], "Running D003\n  OK (TIME)\n"],
    [["check"], "Everything is applied.\n"],
    [["verify", "D001"], "Verifying D001\n  OK (TIME)\nVerified 1 migration, 0 failed.\n"],
    [["upgrade"], "Already up to date.\n"],
    [["history"], "applied   D001\napplied   D002\napplied   D003\n"],
  ] as const;
  for (const [args, out] of steps) {
    const ran = await project.delembic(args, env);
    assert.deepEqual([ran.code, ran.out.replace(/\d+\.\d\ds/g, "TIME"), ran.err], [0, out, ""]);
  }
  assert.deepEqual(await project.rows("select count(*) from copy"), ["1"]);
});

testWith(NEEDS, "through a pooler: 8 processes at once run each migration once", async () => {
  await using project = await testProject("postgresql", FILES);
  const env = throughPooler(project);
  const all = await Promise.all(Array.from({ length: 8 }, () => finished(project.start(["upgrade"], env))));
  for (const { code, out, err } of all) assert.equal(code, 0, out + err);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history order by id"), [
    "D001 | success",
    "D002 | success",
  ]);
});

testWith(NEEDS, "through a pooler: SIGINT stops the statement on the server", async () => {
  await using project = await testProject("postgresql", {
    "D001_sleep.sql": "-- delembic revision: D001\n-- delembic upgrade\nselect pg_sleep(60);\n",
  });
  const running = () =>
    project.rows(`select 1 from pg_stat_activity where datname = current_database() and state = 'active'
      and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`);
  const child = project.start(["upgrade"], throughPooler(project));
  await until("the statement runs", async () => (await running()).length === 1);
  child.kill("SIGINT");
  const { code, out, err } = await finished(child);
  assert.equal(code, 130, out + err);
  assert.deepEqual(await running(), []);
  assert.deepEqual(await project.rows("select status from delembic_run_history"), ["interrupted"]);
  assert.deepEqual(await project.rows("select holder from delembic_lock"), ["NULL"]);
});

testWith(NEEDS, "through a pooler: a migration that computes for three lease times keeps the lock", async () => {
  await using project = await testProject("postgresql", {
    "D001_busy.js": `export default { revision: "D001", async upgrade({ sql }) {
  await sql\`create table made (n int)\`;
  const end = Date.now() + 6000;
  while (Date.now() < end);
} };
`,
  });
  const env = { ...throughPooler(project), DELEMBIC_LEASE: "2,0.5" };
  const busy = project.start(["upgrade"], env);
  await until(
    "D001 runs",
    async () => (await project.rows("select revision from delembic_run_history").catch(() => [])).length > 0,
  );
  const waiting = await project.delembic(["upgrade"], env);
  const { code, out, err } = await finished(busy);
  assert.equal(code, 0, out + err);
  assert.deepEqual([waiting.code, waiting.out], [0, "Already up to date.\n"], waiting.err);
  assert.deepEqual(await project.rows("select status from delembic_run_history"), ["success"]);
});
