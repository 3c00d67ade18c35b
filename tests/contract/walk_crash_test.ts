/**
 * Walks in batches that are killed, cut off or put to sleep at any moment, by one process or several: every row is done
 * exactly once, and the next run goes on where the last one was.
 */

import assert from "node:assert/strict";
import { BATCH_STEPS } from "../../src/steps.ts";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { type Kind, onEachDatabase, testWith } from "../support.ts";
import { assertRaised, raising, seeded } from "../walk_ground.ts";

const LEASE = { DELEMBIC_LEASE: "1,0.3" };
const SERVERS = [["postgres", "postgresql"], ["mysql", "mysql"]] as const;

async function prepared(kind: Kind, rows: number, batch: string): Promise<TestProject> {
  const project = await testProject(kind, raising(batch));
  await project.execute(...seeded(rows));
  return project;
}

/** As it was before any run: quicker than another database for each place. */
async function begunAnew(project: TestProject): Promise<void> {
  await project.execute("update person set touched = 0, name = 'somebody'");
  // before the first run there are no such tables
  for (const table of ["version", "run_history", "batch"]) {
    await project.execute(`delete from delembic_${table}`).catch(() => undefined);
  }
}

async function settled(project: TestProject, rows: number, what: string): Promise<void> {
  const again = await project.delembic(["upgrade", "--lock-timeout", "30"], LEASE);
  assert.equal(again.code, 0, `${what}: ${again.out}${again.err}`);
  await assertRaised(project, rows, what);
}

const PLACES = BATCH_STEPS.flatMap((step) => step.startsWith("batch") ? [step, `${step}@D002#3`] : [step]);

onEachDatabase("a walk killed at every step goes on where it was", async (kind, t) => {
  await using project = await prepared(kind, 1_000, "size 100 target 0");
  for (const place of PLACES) {
    await t.step(place, async () => {
      await begunAnew(project);
      const killed = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CRASH_AT: place });
      assert.equal(killed.code, 137, `${place}: ${killed.out}${killed.err}`);
      await settled(project, 1_000, place);
    });
  }
});

for (const [need, kind] of SERVERS) {
  testWith([need], `${kind}: a walk cut off by the server at every step ends all the same`, async (t) => {
    await using project = await prepared(kind, 1_000, "size 100 target 0");
    for (const place of PLACES) {
      await t.step(place, async () => {
        await begunAnew(project);
        const cut = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CUT_AT: place });
        assert.ok([0, 1, 4].includes(cut.code), `${place}: exit ${cut.code} ${cut.out}${cut.err}`);
        assert.match(cut.err, /^cut off: [1-9] sessions$/m, place);
        await settled(project, 1_000, place);
      });
    }
  });
}

const ROWS = 200_000;

onEachDatabase("a walk over 200,000 rows, killed again and again at any moment", async (kind) => {
  await using project = await prepared(kind, ROWS, "size 400 target 0");
  let kills = 0;
  for (; kills < 8; kills++) {
    const child = project.start(["upgrade", "--lock-timeout", "30"], LEASE);
    // the beginning of a run is as good a moment as any other
    const timer = setTimeout(() => child.kill("SIGKILL"), 250 + Math.random() * (kind === "sqlite" ? 500 : 1_700));
    const { code, err } = await finished(child);
    clearTimeout(timer);
    if (code === 0) break;
    assert.equal(code, 137, err);
  }
  await settled(project, ROWS, `after ${kills} kills`);
  assert.ok(kills >= 3, `only ${kills} kills`);
});

for (const [need, kind] of SERVERS) {
  testWith([need], `${kind}: four processes at one walk, of which two are killed`, async () => {
    await using project = await prepared(kind, ROWS, "size 250 target 0");
    const run = project.start(["upgrade", "--lock-timeout", "30"], LEASE);
    await until("the walk has begun", async () => {
      const rows = await project.rows("select count(*) from delembic_batch").catch(() => ["0"]);
      return rows[0] !== "0";
    });
    const helpers = [1, 2, 3].map(() => project.start(["upgrade", "--join"], LEASE));
    await until("all are at work", async () => {
      const rows = await project.rows("select count(distinct holder) from delembic_batch where status = 'running'");
      return Number(rows[0]) >= 4;
    });
    helpers[0]?.kill("SIGKILL");
    run.kill("SIGKILL");
    const [killed, ...ended] = await Promise.all([...helpers.map(finished), finished(run)]);
    assert.equal(killed?.code, 137);
    assert.deepEqual(ended.map(({ code }) => code), [0, 0, 137], ended.map(({ err }) => err).join("\n"));
    await settled(project, ROWS, "two of four were killed");
    const holders = await project.rows(
      "select count(*) > 1 from delembic_batch where kind = 'range' and batches > 0",
    );
    assert.equal(holders.length, 1);
  });

  testWith(
    [need],
    `${kind}: a walk that slept past its lease cannot commit the batch that another run did`,
    async () => {
      await using project = await prepared(kind, 1_000, "size 100 target 0");
      const sleeper = project.start(["upgrade"], { ...LEASE, DELEMBIC_STOP_AT: "batch-applied@D002#3" });
      await until("it sleeps", async () => {
        const rows = await project.rows("select rows_done from delembic_batch where kind = 'range'").catch(() => []);
        return rows[0] === "200";
      });
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const other = await project.delembic(["upgrade", "--lock-timeout", "30"], LEASE);
      assert.equal(other.code, 0, other.err);
      sleeper.kill("SIGCONT");
      const slept = await finished(sleeper);
      assert.equal(slept.code, 4, slept.out + slept.err);
      await assertRaised(project, 1_000, "after it slept");
    },
  );
}
