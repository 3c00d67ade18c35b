/** Defects 1 to 6 of the Python tool: data that is lost or doubled, runs that leave no trace. */

import assert from "node:assert/strict";
import postgres from "postgres";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { ALL, peer, timeless } from "./peer.ts";

const START = "-- delembic revision: D001\n-- delembic upgrade\ncreate table t (n int);\n";

/** Loads three rows by COPY on the driver itself. */
function copy(validate: string): string {
  return `export default { revision: "D002", dependsOn: ["D001"],
  async upgrade(conn) {
    const copy = await conn.native\`copy t from stdin\`.writable();
    await new Promise((resolve, reject) => copy.on("error", reject).on("finish", resolve).end("1\\n2\\n3\\n"));
  },
  async validate(conn) { ${validate} },
};
`;
}

function ledger(project: TestProject): Promise<string[]> {
  return project.rows("select revision, status from delembic_run_history order by id");
}

peer(
  "1: rows that COPY brings on the driver's own connection are there when it says OK",
  ["postgresql"],
  async (kind) => {
    await using project = await testProject(kind, { "D001.sql": START, "D002.js": copy("") });
    const { code, out, err } = await project.delembic(["upgrade"]);
    assert.deepEqual([code, timeless(out), err], [
      0,
      "Running D001\n  OK (0.00s)\nRunning D002\n  OK (0.00s)\n",
      "",
    ]);
    assert.deepEqual(await project.rows("select n from t order by n"), ["1", "2", "3"]);
  },
);

peer("2: a validate() that fails undoes what COPY brought", ["postgresql"], async (kind) => {
  const files = { "D001.sql": START, "D002.js": copy('throw new Error("wrong count");') };
  await using project = await testProject(kind, files);
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 1);
  assert.match(err, /^ {2}FAILED: wrong count\n {4}at delembic\/versions\/D002\.js:6:\d+\n/);
  assert.deepEqual(await project.rows("select n from t"), []);
  await project.write({ "D002.js": copy("") });
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  assert.deepEqual(await project.rows("select n from t order by n"), ["1", "2", "3"]);
});

const INSERT = `-- delembic revision: D002
-- delembic depends_on: D001
-- delembic upgrade
insert into t values (1);
`;

peer("3: killed between the work and the end of the run, it is applied once", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": START, "D002.sql": INSERT });
  const killed = await project.delembic(["upgrade"], { DELEMBIC_CRASH_AT: "committed@D002", DELEMBIC_LEASE: "2,1" });
  assert.deepEqual([killed.code, killed.err], [137, ""]);
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, out, err.replace(/^Waiting for the lock: .*\n/, "")], [0, "Already up to date.\n", ""]);
  assert.deepEqual(await project.rows("select n from t"), ["1"]);
  assert.deepEqual(await ledger(project), ["D001 | success", "D002 | success"]);
});

peer("3: killed while its record waits for a lock, it is applied once", ["postgresql"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": START, "D002.sql": INSERT });
  await project.delembic(["upgrade", "D001"]);
  const other = postgres(project.db.url, { max: 1, onnotice: () => {} });
  await other.unsafe("begin; lock table delembic_version in share row exclusive mode");
  const child = project.start(["upgrade"], { DELEMBIC_LEASE: "2,1" });
  const waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await until("the record waits", async () => (await project.rows(waiting)).length > 0);
  child.kill("SIGKILL");
  await finished(child);
  await other.unsafe("rollback");
  await other.end();
  const again = await project.delembic(["upgrade"]);
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(await project.rows("select n from t"), ["1"]);
  assert.deepEqual(await ledger(project), ["D001 | success", "D002 | interrupted", "D002 | success"]);
});

const SLOW_INSERT = `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`insert into t values (1)\`;
  await new Promise((resolve) => setTimeout(resolve, 1000));
} };
`;

peer("4: of two runs at once one does the work, and the other waits for it", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": START, "D002.js": SLOW_INSERT });
  await project.delembic(["upgrade", "D001"]);
  const both = await Promise.all([project.delembic(["upgrade", "head"]), project.delembic(["upgrade", "head"])]);
  const [worked, waited] = both.toSorted((one, other) => one.err.length - other.err.length);
  assert.deepEqual([worked?.code, timeless(worked?.out ?? ""), worked?.err], [
    0,
    "Running D002\n  OK (0.00s)\n",
    "",
  ]);
  assert.deepEqual([waited?.code, waited?.out], [0, "Already up to date.\n"]);
  assert.match(
    timeless(waited?.err ?? ""),
    /^Waiting for the lock: held by \S+@\S+, process \d+ \(upgrade head\), since TIME\n$/,
  );
  assert.deepEqual(await project.rows("select n from t"), ["1"]);
  assert.deepEqual(await ledger(project), ["D001 | success", "D002 | success"]);
});

peer("5: four first runs at once on an empty database all end well", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": START, "D002.sql": INSERT });
  const all = await Promise.all(Array.from({ length: 4 }, () => project.delembic(["upgrade"])));
  assert.deepEqual(all.map(({ code }) => code), [0, 0, 0, 0], all.map(({ err }) => err).join("---\n"));
  assert.deepEqual(all.map(({ out }) => timeless(out)).sort(), [
    ...Array(3).fill("Already up to date.\n"),
    "Running D001\n  OK (0.00s)\nRunning D002\n  OK (0.00s)\n",
  ]);
  assert.deepEqual(await project.rows("select n from t"), ["1"]);
  assert.deepEqual(await ledger(project), ["D001 | success", "D002 | success"]);
});

/** Runs until D002 is at work, and gives the process. */
async function atWork(project: TestProject): Promise<Deno.ChildProcess> {
  const child = project.start(["upgrade"], { DELEMBIC_LEASE: "2,1" });
  await until("D002 is at work", async () => (await ledger(project)).includes("D002 | running"));
  return child;
}

peer("6: a run that SIGKILL ended shows as running, then as interrupted", ALL, async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": START,
    "D002.js": SLOW_INSERT.replace("1000", "60_000"),
  });
  await project.delembic(["upgrade", "D001"]);
  const child = await atWork(project);
  child.kill("SIGKILL");
  assert.equal((await finished(child)).code, 137);
  assert.equal((await project.delembic(["history"])).out, "applied   D001\nrunning   D002\n");
  await project.write({ "D002.sql": INSERT });
  await Deno.remove(`${project.folder}/delembic/versions/D002.js`);
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, timeless(out)], [0, "Running D002\n  OK (0.00s)\n"]);
  assert.match(
    err,
    /^(Waiting for the lock: .*\n)?Closed the attempt at D002 that a dead run left open, as interrupted\.\n$/,
  );
  assert.deepEqual(await ledger(project), ["D001 | success", "D002 | interrupted", "D002 | success"]);
  assert.deepEqual(await project.rows("select n from t"), ["1"]);
});

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  peer(`6: a run that ${signal} ended is in the log as interrupted`, ALL, async (kind) => {
    await using project = await testProject(kind, {
      "D001.sql": START,
      "D002.js": SLOW_INSERT.replace("1000", "60_000"),
    });
    await project.delembic(["upgrade", "D001"]);
    const child = await atWork(project);
    child.kill(signal);
    const { code, out, err } = await finished(child);
    assert.deepEqual([code, out, err], [
      exit,
      "Running D002\n",
      `  INTERRUPTED: Interrupted by ${signal}\n` +
      "Hint: What was at work is rolled back, what was applied before stays. Run 'delembic upgrade' to go on.\n",
    ]);
    assert.deepEqual(await ledger(project), ["D001 | success", "D002 | interrupted"]);
    assert.deepEqual(await project.rows("select n from t"), []);
    assert.equal((await project.delembic(["history"])).out, "applied   D001\npending   D002\n");
  });
}

peer("6: a migration that ends the process has failed, whatever the exit code it gives", ALL, async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": START,
    "D002.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`insert into t values (1)\`;
  Deno.exit(0);
} };
`,
  });
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, timeless(out), err], [
    1,
    "Running D001\n  OK (0.00s)\nRunning D002\n",
    `  FAILED: Deno.exit(0) was called, which a migration must not do
    at delembic/versions/D002.js:3:8
      2 |   await conn.sql\`insert into t values (1)\`;
      3 |   Deno.exit(0);
        |        ^
    Hint: Throw an error where it should fail, return where it has nothing to do.
`,
  ]);
  assert.deepEqual(await ledger(project), ["D001 | success", "D002 | failed"]);
  assert.deepEqual(await project.rows("select n from t"), []);
});
