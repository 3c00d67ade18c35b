/**
 * Loads in batches that are killed, cut off, paused or helped at any moment: every row of the file is in the table
 * exactly once, and the next run goes on where the last one was.
 */

import assert from "node:assert/strict";
import { BATCH_STEPS } from "../../src/steps.ts";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { type Kind, onEachDatabase, testWith } from "../support.ts";

const LEASE = { DELEMBIC_LEASE: "1,0.3" };
const SERVERS = [["postgres", "postgresql"], ["mysql", "mysql"]] as const;
const FILE = "/delembic/data/person.csv";

function migration(words: string, more = ""): Record<string, string> {
  return {
    "D001_load.sql": `-- delembic revision: D001
-- delembic batch: load person from data/person.csv ${words}
-- delembic upgrade
${more}`,
  };
}

/** Rows of which every third has a value of two lines. */
function people(rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_, id) => `${id},${id % 3 === 0 ? `"of ""two""\nlines ${id}"` : "one"}\n`,
  );
  return `id,name\n${lines.join("")}`;
}

/** No key: a row that came in twice would be there twice. */
const TABLE = "create table person (id bigint, name varchar(60))";

async function prepared(kind: Kind, rows: number, words: string, more?: string): Promise<TestProject> {
  const project = await testProject(kind, { ...migration(words, more), [FILE]: people(rows) });
  await project.execute(TABLE);
  return project;
}

async function assertLoaded(project: TestProject, rows: number, what: string): Promise<void> {
  const count = "select count(*) as a, count(distinct id) as b, min(id) as c, max(id) as d from person";
  assert.deepEqual(await project.rows(count), [`${rows} | ${rows} | 0 | ${rows - 1}`], what);
  const ends = "select revision from delembic_run_history where ended_at is null";
  assert.deepEqual(await project.rows(ends), [], what);
  assert.deepEqual(await project.rows("select revision, status from delembic_version"), ["D001 | success"], what);
  const done = "select sum(rows_done) as a, count(distinct status) as b from delembic_batch where kind = 'range'";
  assert.deepEqual(await project.rows(done), [`${rows} | 1`], what);
}

async function settled(project: TestProject, rows: number, what: string): Promise<void> {
  const again = await project.delembic(["upgrade", "--lock-timeout", "30"], LEASE);
  assert.equal(again.code, 0, `${what}: ${again.out}${again.err}`);
  await assertLoaded(project, rows, what);
}

const PLACES = BATCH_STEPS.map((step) => step.startsWith("batch") ? `${step}@D001#3` : step);

onEachDatabase("a load in batches killed at every step goes on where it was", async (kind, t) => {
  for (const place of PLACES) {
    await t.step(place, async () => {
      await using project = await prepared(kind, 600, "size 2KB");
      const killed = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CRASH_AT: place });
      assert.equal(killed.code, 137, `${place}: ${killed.out}${killed.err}`);
      await settled(project, 600, place);
    });
  }
});

for (const [need, kind] of SERVERS) {
  testWith([need], `${kind}: a load in batches cut off by the server at every step ends all the same`, async (t) => {
    for (const place of PLACES) {
      await t.step(place, async () => {
        await using project = await prepared(kind, 600, "size 2KB parallel 2");
        const cut = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CUT_AT: place });
        assert.ok([0, 1, 4].includes(cut.code), `${place}: exit ${cut.code} ${cut.out}${cut.err}`);
        assert.match(cut.err, /^cut off: [1-9] sessions$/m, place);
        await settled(project, 600, place);
      });
    }
  });
}

const ROWS = 300_000;

onEachDatabase("a load of 300,000 rows in batches, killed again and again at any moment", async (kind) => {
  await using project = await prepared(kind, ROWS, "size 32KB parallel 2");
  let kills = 0;
  for (; kills < 8; kills++) {
    const child = project.start(["upgrade", "--lock-timeout", "30"], LEASE);
    const timer = setTimeout(() => child.kill("SIGKILL"), 400 + Math.random() * 900);
    const { code, err } = await finished(child);
    clearTimeout(timer);
    if (code === 0) break;
    assert.equal(code, 137, err);
  }
  await settled(project, ROWS, `after ${kills} kills`);
  assert.ok(kills >= 1, `only ${kills} kills`);
});

for (const [need, kind] of SERVERS) {
  testWith([need], `${kind}: three processes at one load, of which one is killed`, async () => {
    await using project = await prepared(kind, ROWS, "size 24KB pause 20ms");
    const run = project.start(["upgrade", "--lock-timeout", "30"], LEASE);
    await until("the load has begun", async () => {
      const rows = await project.rows("select count(*) from delembic_batch").catch(() => ["0"]);
      return rows[0] !== "0";
    });
    const helpers = [1, 2].map(() => project.start(["upgrade", "--join"], LEASE));
    await until("all are at work", async () => {
      // who did a range is no longer its holder, but its session is kept
      const holders = await project.rows("select count(distinct backend) from delembic_batch where kind = 'range'");
      return Number(holders[0]) >= 3;
    });
    helpers[0]?.kill("SIGKILL");
    const [killed, helped, ended] = await Promise.all([...helpers.map(finished), finished(run)]);
    assert.equal(killed?.code, 137);
    assert.deepEqual([helped?.code, ended?.code], [0, 0], `${helped?.err}${ended?.err}`);
    await assertLoaded(project, ROWS, "one of three was killed");
  });
}

for (const [need, kind] of SERVERS) {
  testWith(
    [need],
    `${kind}: a range that was handed out in a commit whose answer got lost is done all the same`,
    async () => {
      await using project = await prepared(kind, 3_000, "size 2KB pause 200ms");
      const run = project.start(["upgrade"], LEASE);
      await until("the load has begun", async () => {
        return (await project.rows("select 1 from delembic_batch where rows_done > 0").catch(() => [])).length > 0;
      });
      // while its worker waits for a lock, a range gets the name of a process of which no worker knows that it has it
      await project.execute(
        "begin",
        kind === "mysql" ? "select * from person for update" : "lock table person in access exclusive mode",
        kind === "mysql" ? "select sleep(1)" : "select pg_sleep(1)",
        "update delembic_batch set fence = fence + 1 where kind = 'range' and holder is not null",
        "commit",
      );
      assert.deepEqual(await project.rows("select count(*) from delembic_batch where fence > 1"), ["1"]);
      const ended = await finished(run);
      assert.equal(ended.code, 0, ended.out + ended.err);
      await assertLoaded(project, 3_000, "a range without a worker");
    },
  );
}

onEachDatabase("a load in batches is paused, tells how far it is, and goes on", async (kind) => {
  await using project = await prepared(kind, 3_000, "size 4KB pause 150ms");
  const run = project.start(["upgrade"], LEASE);
  await until("some batches are done", async () => {
    const rows = await project.rows("select sum(batches) from delembic_batch where kind = 'range'").catch(() => ["0"]);
    return Number(rows[0]) >= 2;
  });
  const paused = await project.delembic(["pause", "D001"]);
  assert.equal(paused.code, 0, paused.err);
  const ended = await finished(run);
  assert.equal(ended.code, 124, ended.out + ended.err);
  const { out } = await project.delembic(["show", "D001"]);
  assert.match(out, /^ {2}State: +paused$/m, out);
  assert.match(out, /^ {2}Table: +person, from delembic\/data\/person\.csv$/m, out);
  assert.match(out, /^ {2}Done: +[\d,]+ of about [\d,]+ rows \(\d+ %\) in \d+ batches$/m, out);
  assert.match(out, /^ {2}Size: +4 KB a batch$/m, out);
  assert.equal((await project.delembic(["resume", "D001"])).code, 0);
  await settled(project, 3_000, "paused");
});

onEachDatabase("a refused row is told with its line; once the table takes it the load goes on", async (kind) => {
  const text = people(1_000).replace("\n700,one\n", `\n700,"${"x".repeat(70)}"\n`);
  const line = text.slice(0, text.indexOf("700,")).split("\n").length;
  await using project = await testProject(kind, { ...migration("size 2KB"), [FILE]: text });
  await project.execute(
    kind === "sqlite" ? "create table person (id bigint, name varchar(60), check (length(name) < 61))" : TABLE,
  );
  const failed = await project.delembic(["upgrade"]);
  assert.equal(failed.code, 1, failed.out + failed.err);
  const shown = failed.out + failed.err;
  assert.match(shown, new RegExp(`delembic/data/person\\.csv:${line}\\b`), shown);
  assert.match(shown, kind === "sqlite" ? /not allowed by the check/ : /Column name: "xxxx/, shown);
  assert.match(shown, /in the batch of delembic\/data\/person\.csv from line \d+ to \d+\)/, shown);
  const [before] = await project.rows("select count(*) from person");
  assert.ok(Number(before) > 400 && Number(before) <= 700, before);
  if (kind === "sqlite") {
    await project.execute(
      "create table wide (id bigint, name text)",
      "insert into wide select * from person",
      "drop table person",
      "alter table wide rename to person",
    );
  } else {await project.execute(
      `alter table person ${kind === "mysql" ? "modify" : "alter"} name ${kind === "mysql" ? "" : "type"} varchar(90)`,
    );}
  await settled(project, 1_000, "after the table was mended");
});

onEachDatabase("a row that is none is told with its line, after the rows before it were loaded", async (kind) => {
  const text = people(1_000).replace("\n700,one\n", "\n700,one,more\n");
  const line = text.slice(0, text.indexOf("700,")).split("\n").length;
  await using project = await testProject(kind, { ...migration("size 2KB"), [FILE]: text });
  await project.execute(TABLE);
  const failed = await project.delembic(["upgrade"]);
  const shown = failed.out + failed.err;
  assert.equal(failed.code, 1, shown);
  assert.match(shown, new RegExp(`delembic/data/person\\.csv:${line}\\b`), shown);
  assert.match(shown, /The row has 3 fields; the header has 2/, shown);
  const [before] = await project.rows("select count(*) from person");
  assert.ok(Number(before) > 500 && Number(before) <= 700, before);
  await project.write({ [FILE]: people(1_000) });
  const changed = await project.delembic(["upgrade"]);
  assert.equal(changed.code, 1);
  assert.match(changed.out + changed.err, /delembic\/data\/person\.csv was changed since its load into person began/);
  assert.deepEqual(await project.rows("select count(*) from person"), [before]);
  await project.execute("delete from person");
  const restarted = await project.delembic(["repair", "D001", "--restart"]);
  assert.equal(restarted.code, 0, restarted.err);
  await settled(project, 1_000, "begun anew");
});

onEachDatabase("validate and downgrade of a load in batches", async (kind) => {
  const more = `-- delembic validate
select count(*) = 50 from person;
-- delembic downgrade
delete from person;
`;
  await using project = await prepared(kind, 50, "size 300", more);
  await settled(project, 50, "validated");
  const back = await project.delembic(["downgrade", "base"]);
  assert.equal(back.code, 0, back.err);
  assert.deepEqual(await project.rows("select count(*) from person"), ["0"]);
  assert.deepEqual(await project.rows("select * from delembic_batch"), []);
  await settled(project, 50, "once more");
});
