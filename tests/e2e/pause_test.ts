/** Pausing, resuming and beginning anew a migration in batches, and what show, log and history tell of it meanwhile. */

import assert from "node:assert/strict";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { type Kind, onEachDatabase, type Ran, testWith } from "../support.ts";
import { assertRaised, raising, seeded } from "../walk_ground.ts";

const ROWS = 3_000;
/** Some seconds for the whole table. */
const SLOW = "size 100 target 0 pause 80ms";

async function slowWalk(kind: Kind, batch = SLOW): Promise<TestProject> {
  const project = await testProject(kind, raising(batch));
  await project.execute(...seeded(ROWS));
  return project;
}

async function rowsDone(project: TestProject): Promise<number> {
  const [sum = "0"] = await project.rows("select coalesce(sum(rows_done), 0) from delembic_batch").catch(() => []);
  return Number(sum);
}

onEachDatabase(
  "pause stops a walk after its batch, upgrade ends with 124, resume and upgrade do the rest",
  async (kind) => {
    // while the file is there it waits, however long our own commands take to start
    await using project = await slowWalk(kind, "size 100 target 0 pause 150ms\n-- delembic throttle: file wait");
    const waitFile = `${project.folder}/delembic/wait`;
    const child = project.start(["upgrade"]);
    const ending = finished(child);
    await until("some batches are done", async () => await rowsDone(project) >= 300);
    await Deno.writeTextFile(waitFile, "");
    const live = JSON.parse((await project.delembic(["show", "D002", "--json"])).out);
    assert.deepEqual([live.status, live.walk.status, live.walk.paused, live.walk.table, live.walk.key], [
      "running",
      "running",
      false,
      "person",
      ["id"],
    ]);
    assert.ok(live.walk.rowsDone >= 300 && live.walk.rowsDone < ROWS, JSON.stringify(live.walk));
    assert.ok(live.walk.rowsPerSecond > 0 && live.walk.rowsPerSecond < 2_000, String(live.walk.rowsPerSecond));
    assert.ok(live.walk.secondsLeft > 0, "time left");
    const held = live.walk.ranges.filter(({ state }: { state: string }) => state === "running");
    assert.match(held[0].holder, /^run-.+-\d+-/);

    const paused = await project.delembic(["pause", "D0"]);
    assert.match(
      paused.out + paused.err,
      /^D002 (?:pauses after its present batch|is paused)\. It has done [\d,]+ of about [\d,]+ rows \(\d+ %\)\.\nTo let it go on: delembic resume D002\n$/,
    );
    const { code, err } = await ending;
    assert.equal(code, 124, err);
    await Deno.remove(waitFile);
    const done = await rowsDone(project);
    assert.ok(done < ROWS, `${done} rows`);
    assert.match(err, /^ {2}PAUSED: D002 is paused after [\d,]+ rows\n/m);
    assert.match(err, /Run 'delembic resume D002', then 'delembic upgrade' to go on\.\n/);

    const again = await project.delembic(["upgrade"]);
    assert.equal(again.code, 124);
    assert.equal(await rowsDone(project), done, "nothing is done while it is paused");
    assert.match((await project.delembic(["pause", "D002"])).out, /^D002 is paused already\. It has done /);
    assert.match((await project.delembic(["history"])).out, /^pending {3}D002 {2}raise {2}\(\d+ %, paused\)$/m);
    assert.match(
      (await project.delembic(["check"])).out,
      /^pending {2}Migration D002 is paused\.\n +Run 'delembic resume D002', then 'delembic upgrade' to go on\.$/m,
    );
    const shown = (await project.delembic(["show", "D002"])).out;
    assert.match(shown, /^ {2}State: +paused$/m);
    assert.match(shown, /^ {2}Paused by: +\S+@\S+, 20/m);

    const resumed = await project.delembic(["resume", "D002"]);
    assert.match(
      resumed.out,
      /^D002 may go on\. It has done [\d,]+ of about .*\.\nTo do the rest: delembic upgrade\n$/,
    );
    assert.equal((await project.delembic(["resume", "D002"])).out, "D002 is not paused.\n");
    const last = await project.delembic(["upgrade"]);
    assert.equal(last.code, 0, last.err);
    await assertRaised(project, ROWS, "paused and resumed");
    const log = JSON.parse((await project.delembic(["log", "D002", "--json"])).out);
    assert.deepEqual(log.runs.map(({ status }: { status: string }) => status).reverse(), [
      "interrupted",
      "paused",
      "interrupted",
      "resumed",
      "success",
    ]);
    assert.equal(log.walk.rowsDone, ROWS);
  },
);

const PLAIN = "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n";

onEachDatabase("pause before the beginning, and what cannot be paused", async (kind) => {
  await using project = await testProject(kind, { "D001.sql": PLAIN, ...raising("size 1000") });
  await project.execute(...seeded(10));
  const told = async (...args: string[]) => {
    const { code, out, err } = await project.delembic(args);
    return [code, out + err];
  };
  assert.deepEqual(await told("pause", "D001"), [
    2,
    "Error: Migration D001 does not work in batches: there is nothing to pause\n" +
    "Hint: It is one transaction: all of it happens, or nothing. 'batch' and 'apply' make it a walk that can be paused.\n",
  ]);
  assert.deepEqual(await told("resume", "D002"), [0, "D002 is not paused.\n"]);
  const document = (await project.delembic(["pause", "D002", "--json"])).out;
  assert.deepEqual(JSON.parse(document), {
    revision: "D002",
    paused: true,
    changed: true,
    rowsDone: 0,
    rowsTotal: null,
  });
  assert.deepEqual(await told("pause", "D002"), [
    0,
    "D002 is paused already.\nTo let it go on: delembic resume D002\n",
  ]);
  const stopped = await project.delembic(["upgrade"]);
  assert.deepEqual([stopped.code, stopped.out.includes("Running D002: raise\n")], [124, true]);
  assert.deepEqual(await project.rows("select sum(touched) from person"), ["0"]);
  assert.deepEqual(await told("resume", "D002"), [0, "D002 may go on.\nTo do it: delembic upgrade\n"]);
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  assert.deepEqual(await told("pause", "D002"), [
    2,
    "Error: Migration D002 is applied already: there is nothing to pause\n",
  ]);
  const [code, text] = await told("pause", "nosuch");
  assert.deepEqual([code, String(text).split("\n")[0]], [2, "Error: Unknown target revision: nosuch"]);
});

onEachDatabase("repair --restart forgets how far a walk is, and keeps who did that", async (kind) => {
  const broken = raising("size 100 target 0")["D002_raise.sql"]?.replace(
    "where :range;",
    "where :range;\ninsert into once (id) select 1 from person where id > 40000 and :range;",
  );
  await using project = await testProject(kind, { "D002_raise.sql": broken ?? "" });
  await project.execute(
    ...seeded(ROWS),
    "create table once (id int not null primary key)",
    "insert into once values (1)",
  );
  const failed = await project.delembic(["upgrade"]);
  assert.equal(failed.code, 1, failed.out + failed.err);
  const done = await rowsDone(project);
  assert.ok(done > 0 && done < ROWS, `${done} rows`);
  const shown = (await project.delembic(["show", "D002"])).out;
  assert.match(shown, /^ {2}State: +failed$/m);
  assert.match(shown, /^ {2}Ranges: +1 failed$/m);
  assert.match(shown, /^ {2}1 +failed +- +\d+ +39663 +1,100 +11$/m);
  assert.match(shown, /^ {2}Range \d+ failed:\n {4}.*\(in the batch of person, id after \d+ up to \d+\)$/m);

  const ids = [["repair", "--restart"], ["repair", "D002", "--restart", "--applied"]];
  for (const args of ids) assert.equal((await project.delembic(args)).code, 2, args.join(" "));
  const restarted = await project.delembic(["repair", "D002", "--restart"]);
  assert.deepEqual([restarted.code, restarted.err], [0, ""]);
  assert.match(restarted.out, /^D002 begins anew with the next upgrade; it had done [\d,]+ rows in \d+ batches\.\n$/);
  assert.deepEqual(await project.rows("select count(*) from delembic_batch"), ["0"]);
  const twice = await project.delembic(["repair", "D002", "--restart"]);
  assert.deepEqual([twice.code, twice.err.split("\n")[0]], [
    2,
    "Error: Migration D002 has done no batch yet, so it begins at the beginning anyway",
  ]);
  assert.match(
    (await project.delembic(["log", "D002", "-v"])).out,
    /repaired .*\n {4}Begins anew; it was after \d+ rows/,
  );
  await project.write(raising("size 100 target 0"));
  await project.execute("update person set touched = 0");
  const again = await project.delembic(["upgrade"]);
  assert.equal(again.code, 0, again.err);
  await assertRaised(project, ROWS, "restarted");
});

const SERVERS = [["postgres", "postgresql"], ["mysql", "mysql"]] as const;

for (const [need, kind] of SERVERS) {
  testWith([need], `${kind}: upgrade --join helps a run, and says what it did`, async () => {
    await using project = await slowWalk(kind, "size 25 target 0 pause 50ms");
    const nothing: Ran = await project.delembic(["upgrade", "--join"]);
    assert.deepEqual([nothing.code, nothing.out], [0, "Nothing to help with.\n"], nothing.err);
    const run = finished(project.start(["upgrade"]));
    await until("some batches are done", async () => await rowsDone(project) >= 100);
    const helper = finished(project.start(["upgrade", "--join"]));
    const both = /^ {2}Workers: +(\S+, process \d+; \S+, process \d+ \(joined\)|.*\(joined\); \S+, process \d+)$/m;
    await until("both are at it", async () => both.test((await project.delembic(["show", "D002"])).out));
    const [ran, helped] = await Promise.all([run, helper]);
    assert.deepEqual([ran.code, helped.code], [0, 0], ran.err + helped.err);
    assert.match(helped.out, /^Joining D002: raise\nDid [\d,]+ rows of D002 \(\d+\.\d\ds\)\n$/);
    await assertRaised(project, ROWS, "joined");
  });
}
