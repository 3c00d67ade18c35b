/**
 * Walks that go wrong, as a user meets them: batches that do not keep to their transaction, servers that refuse, people
 * who want it to stop.
 */

import assert from "node:assert/strict";
import { refuseControl } from "../../src/walk_errors.ts";
import { readWalk } from "../../src/batch_ledger.ts";
import { openDatabase } from "../../src/db/connect.ts";
import { targetOf } from "../contract/contract_ground.ts";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { administer, type Kind, onEachDatabase, testWith } from "../support.ts";
import { raising, seeded } from "../walk_ground.ts";

const ROWS = 20;
const RAISE = "await conn.sql`update person set touched = touched + 1 where ${range}`;";

/** A migration whose batches run this code, with these members of `batch`. */
function applying(code: string, batch = "size: 5, target: 0", more = ""): Record<string, string> {
  return {
    "D002_raise.js": `let calls = 0;
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export default { revision: "D002", batch: { table: "person", ${batch} },
  async apply(conn, range) {
    ${code}
  },
  ${more}
};
`,
  };
}

/** How often rows were touched, and how many rows so often. */
function touches(project: TestProject): Promise<string[]> {
  return project.rows("select touched, count(*) from person group by touched order by touched");
}

onEachDatabase("what a batch does after its time is up gets into no other batch", async (kind) => {
  await using project = await testProject(
    kind,
    applying(
      `if (++calls === 1) await rest(3_700); else await rest(200); ${RAISE}`,
      'size: 20, target: 0, timeout: "300ms"',
    ),
  );
  await project.execute(...seeded(ROWS));
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 0, err);
  assert.match(err, /Attempt 2 after: The batch took longer than its timeout of 0\.3 s/);
  assert.deepEqual(await touches(project), [`1 | ${ROWS}`]);
});

onEachDatabase("a batch cannot end the transaction that its checkpoint is in", async (kind) => {
  await using project = await testProject(kind, applying(`${RAISE} await conn.execute("commit");`));
  await project.execute(...seeded(ROWS));
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 1, err);
  assert.match(err, /FAILED: A statement in the batch ends its transaction, so the batch could be done twice/);
  assert.deepEqual(await touches(project), [`0 | ${ROWS}`]);
});

Deno.test("statements that end a batch's transaction are known, however they are written", () => {
  for (
    const text of ["COMMIT", "/* a */ -- b\n end", "rollback", "ROLLBACK WORK", "begin", "start  transaction", "abort"]
  ) {
    assert.throws(() => refuseControl(text), { code: "batch-commits" }, text);
  }
  for (
    const text of ["savepoint a", "rollback to a", "rollback work to a", "select 'commit'", "update ends set a = 1"]
  ) {
    refuseControl(text);
  }
});

/** Rows that the ledger says are done. */
async function done(project: TestProject): Promise<number> {
  const [rows = "0"] = await project.rows("select sum(rows_done) from delembic_batch").catch(() => ["0"]);
  return Number(rows) || 0;
}

/** Ends a process that waits, and gives what it said; it must not take long. */
async function ended(child: Deno.ChildProcess) {
  const start = performance.now();
  child.kill("SIGTERM");
  const ran = await finished(child);
  assert.ok(performance.now() - start < 8_000, `it took ${performance.now() - start} ms to end`);
  return ran;
}

/** Keeps all others from the table until it is disposed of. */
async function tableLock(kind: Kind, url: string): Promise<AsyncDisposable> {
  const session = await (await openDatabase(targetOf(kind, url))).connect("work");
  if (kind === "postgresql") await session.begin();
  await session.query(
    kind === "postgresql" ? "lock table person in access exclusive mode" : "lock tables person write",
  );
  return { [Symbol.asyncDispose]: () => session.close() };
}

for (const kind of ["postgresql", "mysql"] as const) {
  const need = kind === "mysql" ? "mysql" : "postgres";

  testWith([need], `${kind}: a walk that waits for a table or its throttle's query heeds a signal`, async () => {
    await using project = await testProject(kind, raising("size 1 target 0 pause 300ms"));
    await project.execute(...seeded(ROWS));
    const child = project.start(["upgrade"]);
    await until("it is at work", async () => await done(project) > 0);
    {
      await using _lock = await tableLock(kind, project.db.url);
      await new Promise((resolve) => setTimeout(resolve, 600));
      assert.equal((await ended(child)).code, 143);
      const again = project.start(["upgrade"]);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.equal((await ended(again)).code, 143);
    }
    const sleep = kind === "mysql" ? "select sleep(60)" : "select count(*) from (select pg_sleep(60)) x";
    const [file = "", text = ""] = Object.entries(raising("size 5 target 0"))[0] ?? [];
    const throttled = text.replace("-- delembic upgrade", `-- delembic throttle: query ${sleep}\n-- delembic upgrade`);
    await project.write({ [file]: throttled });
    const waiting = project.start(["upgrade"]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { code, err } = await ended(waiting);
    assert.equal(code, 143, err);
    await project.write({ [file]: text });
    assert.equal((await project.delembic(["upgrade"])).code, 0);
    assert.deepEqual(await touches(project), [`1 | ${ROWS}`]);
  });
}

onEachDatabase("a walk that rests between batches is paused at once; a failed validation ends it", async (kind) => {
  await using project = await testProject(kind, raising("size 1200 target 0 pause 60s"));
  await project.execute(...seeded(2_000));
  const walking = finished(project.start(["upgrade"]));
  await until("it is at work", async () => await done(project) > 0);
  const start = performance.now();
  assert.equal((await project.delembic(["pause", "D002"])).code, 0);
  const { code, err } = await walking;
  assert.ok(performance.now() - start < 10_000, `it took ${performance.now() - start} ms to pause`);
  assert.equal(code, 124, err);
  assert.match(err, /D002 is paused after 1,200 rows/);
  await project.write(applying(RAISE, "size: 1200, target: 0", "validate: () => false"));
  await Deno.remove(`${project.folder}/delembic/versions/D002_raise.sql`);
  assert.equal((await project.delembic(["resume", "D002"])).code, 0);
  const failed = await project.delembic(["upgrade"]);
  assert.equal(failed.code, 1, failed.err);
  assert.deepEqual(await touches(project), ["1 | 2000"]);
  assert.deepEqual(await project.rows("select status from delembic_batch where kind = 'walk'"), ["failed"]);
});

onEachDatabase("what a migration in batches loads when it validates is told beside its ranges", async (kind) => {
  await using project = await testProject(
    kind,
    applying(RAISE, "size: 5, target: 0", 'async validate(conn) { await conn.load("seen", [{ id: 1 }, { id: 2 }]); },'),
  );
  await project.execute(...seeded(ROWS), "create table seen (id int primary key)");
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 0, err);
  const told = await project.delembic(["show", "D002"]);
  assert.match(told.out, /Done: +20 rows in 4 batches/);
  assert.match(told.out, /Loads:\n.*\n {2}seen +the given rows +2 +2 /);
});

/** A role of the server that may have so many connections, as the owner of a database. */
async function limitedRole({ db }: TestProject, connections: number) {
  const role = `r_${db.name}`;
  await administer("postgresql", `create role ${role} login password 'x' connection limit ${connections}`);
  await administer("postgresql", `alter database ${db.name} owner to ${role}`);
  const url = new URL(db.url);
  url.username = role;
  url.password = "x";
  return {
    env: { DELEMBIC_TEST_URL: url.href, DELEMBIC_URL: url.href },
    [Symbol.asyncDispose]: async () => {
      await administer("postgresql", `alter database ${db.name} owner to current_user`);
      await administer("postgresql", `drop owned by ${role}`);
      await administer("postgresql", `drop role ${role}`);
    },
  };
}

testWith(
  ["postgres"],
  "postgresql: with fewer connections than wanted, a walk works with those that it gets",
  async () => {
    await using project = await testProject("postgresql", {
      "D002_raise.sql": `-- delembic retries: 0\n${raising("size 1 target 0 pause 20ms parallel 6")["D002_raise.sql"]}`,
    });
    await using role = await limitedRole(project, 3);
    await project.execute(...seeded(ROWS), `alter table person owner to r_${project.db.name}`);
    await project.execute(`grant all on schema public to r_${project.db.name}`);
    const { code, err } = await project.delembic(["upgrade"], role.env);
    assert.equal(code, 0, err);
    assert.match(err, /Warning: Works with fewer connections than 6: too many connections for role/);
    assert.deepEqual(await touches(project), [`1 | ${ROWS}`]);
    await project.execute(`drop schema public cascade`);
  },
);

testWith(
  ["postgres"],
  "postgresql: a range that cannot be had in the server's time fails, and is not tried for ever",
  async () => {
    await using project = await testProject("postgresql", {
      "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n",
    });
    await project.execute(...seeded(ROWS));
    assert.equal((await project.delembic(["upgrade"])).code, 0);
    await project.execute(
      "create function rest() returns trigger language plpgsql as 'begin perform pg_sleep(2); return new; end'",
      "create trigger rest before insert on delembic_batch for each row when (new.kind = 'range') execute function rest()",
      `alter database ${project.db.name} set statement_timeout = '400ms'`,
    );
    await project.write({ "D002_raise.sql": `-- delembic retries: 1\n${raising("size 5")["D002_raise.sql"]}` });
    const child = project.start(["upgrade"]);
    const stopper = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const { code, err } = await finished(child);
    clearTimeout(stopper);
    assert.equal(code, 1, err);
    assert.match(err, /FAILED: canceling statement due to statement timeout/);
  },
);

testWith(["postgres"], "postgresql: a walk whose last key is NaN ends", async () => {
  await using project = await testProject("postgresql", raising("size 2 target 0"));
  await project.execute(
    "create table person (id float primary key, name text, touched int not null default 0)",
    "insert into person (id) values (0.1), (-0.0), ('NaN'), ('Infinity'), ('-Infinity')",
  );
  const child = project.start(["upgrade"]);
  const stopper = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const { code, err } = await finished(child);
  clearTimeout(stopper);
  assert.equal(code, 0, err);
  assert.deepEqual(await touches(project), ["1 | 5"]);
});

onEachDatabase("who helps is told what cannot be helped with; a stamped walk is over", async (kind) => {
  await using project = await testProject(kind, raising("size 2 target 0 pause 1s"));
  await project.execute(...seeded(ROWS));
  const child = project.start(["upgrade"]);
  await until("it is at work", async () => await done(project) > 0);
  await ended(child);
  // as it is when the process is killed, without the wait for its lease
  await project.execute("update delembic_batch set status = 'running' where kind = 'walk'");
  const [name = "", text = ""] = Object.entries(raising("size 2 target 0"))[0] ?? [];
  await Deno.remove(`${project.folder}/delembic/versions/${name}`);
  await project.write({ "D009.sql": "-- delembic revision: D009\n-- delembic upgrade\nselect 1;\n" });
  const without = await project.delembic(["upgrade", "--join"]);
  assert.equal(without.code, 0, without.err);
  assert.match(without.err, /Warning: Cannot help with D002: it is not among the migrations here\./);
  await project.write({ [name]: text });
  const stamped = await project.delembic(["stamp", "D002"]);
  assert.equal(stamped.code, 0, stamped.err);
  assert.deepEqual(await project.rows("select part from delembic_batch"), []);
  assert.match((await project.delembic(["upgrade", "--join"])).out, /Nothing to help with\./);
});

testWith(["mysql"], "mysql: a SET is no key; the walk's own row is locked without those of its ranges", async () => {
  await using project = await testProject("mysql", raising("size 2 target 0"));
  await project.execute("create table person (id set('a', 'b', 'c') primary key, name text, touched int default 0)");
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 1, err);
  assert.match(err, /The column id of person has the type set\('a','b','c'\), which no walk can go by/);
  await project.execute(
    "insert into delembic_batch (revision, part, kind, status) values ('D2', 0, 'walk', 'running'), ('D2', 1, 'range', 'running')",
  );
  const database = await openDatabase(targetOf("mysql", project.db.url));
  const [worker, claimer] = [await database.connect("work"), await database.connect("work")];
  try {
    await worker.begin();
    await worker.query("update delembic_batch set rows_done = 1 where revision = 'D2' and part = 1");
    await claimer.query("set innodb_lock_wait_timeout = 1");
    await claimer.begin();
    assert.equal((await readWalk(claimer, "D2", true))?.status, "running");
  } finally {
    await Promise.all([worker.close(), claimer.close()]);
  }
});
