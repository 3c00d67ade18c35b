/**
 * Killed, or cut off from the server, at each named step: every next run ends in the same data as an undisturbed one,
 * each migration applied once, the history complete.
 */

import assert from "node:assert/strict";
import { onEachDatabase, testWith } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";
import { type StepName, STEPS } from "../../src/steps.ts";

/** Each migration counts how often it was applied: any repetition shows in the sum. */
const FILES = {
  "D001_start.sql": `-- delembic revision: D001
-- delembic upgrade
create table counter (name varchar(20) primary key, n int);
insert into counter values ('D002', 0), ('D003', 0);
`,
  "D002_js.js": `export default { revision: "D002", dependsOn: ["D001"], description: "in JavaScript",
  async upgrade(conn) { await conn.sql\`update counter set n = n + 1 where name = 'D002'\`; },
  async validate(conn) { if (await conn.value\`select n from counter where name = 'D002'\` !== 1) throw new Error("twice"); },
};
`,
  "D003_sql.sql": `-- delembic revision: D003
-- delembic depends_on: D002
-- delembic upgrade
update counter set n = n + 1 where name = 'D003';
-- delembic validate
select n = 1 from counter where name = 'D003';
`,
};

const UNDISTURBED = ["D002 | 1", "D003 | 1"];
const IN_MIGRATION: readonly StepName[] = STEPS.slice(STEPS.indexOf("run-opened"), STEPS.indexOf("run-closed") + 1);

/** Every step once, those of a migration for each of the two that count. D001 is applied before. */
const PLACES = STEPS.flatMap((step) => IN_MIGRATION.includes(step) ? [`${step}@D002`, `${step}@D003`] : [step]);

const LEASE = { DELEMBIC_LEASE: "1,0.3" };

async function settled(project: TestProject, place: string): Promise<void> {
  const again = await project.delembic(["upgrade", "--lock-timeout", "30"], LEASE);
  assert.equal(again.code, 0, `${place}: ${again.out}${again.err}`);
  assert.deepEqual(await project.rows("select name, n from counter order by name"), UNDISTURBED, place);
  assert.deepEqual(
    await project.rows("select revision, status from delembic_version order by revision"),
    ["D001 | success", "D002 | success", "D003 | success"],
    place,
  );
  assert.deepEqual(await project.rows("select revision from delembic_run_history where ended_at is null"), [], place);
  assert.deepEqual(
    await project.rows(
      "select revision, count(*) from delembic_run_history where status = 'success' group by revision order by revision",
    ),
    ["D001 | 1", "D002 | 1", "D003 | 1"],
    place,
  );
  const strange = await project.rows(
    "select distinct status from delembic_run_history where status not in ('success', 'interrupted', 'failed')",
  );
  assert.deepEqual(strange, [], place);
}

async function prepared(kind: Parameters<typeof testProject>[0]): Promise<TestProject> {
  const project = await testProject(kind, FILES);
  const { code, out, err } = await project.delembic(["upgrade", "D001"]);
  assert.equal(code, 0, out + err);
  return project;
}

/** As it was with nothing applied but D001: quicker than another database for each place. */
async function begunAnew(project: TestProject): Promise<void> {
  await project.execute(
    "update counter set n = 0",
    "delete from delembic_version where revision <> 'D001'",
    "delete from delembic_run_history where revision <> 'D001'",
  );
}

onEachDatabase("killed with SIGKILL at every step, then run again: as if nothing had been", async (kind, t) => {
  await using project = await prepared(kind);
  let kills = 0;
  for (const place of PLACES) {
    await t.step(place, async () => {
      await begunAnew(project);
      const killed = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CRASH_AT: place });
      assert.equal(killed.code, 137, `${place}: ${killed.out}${killed.err}`);
      kills++;
      await settled(project, place);
    });
  }
  report(`${kind}: ${kills} kills, each followed by a run that left the same data`);
});

for (const kind of ["postgresql", "mysql"] as const) {
  testWith([kind === "mysql" ? "mysql" : "postgres"], `${kind}: cut off by the server at every step`, async (t) => {
    await using project = await prepared(kind);
    let cuts = 0;
    for (const place of PLACES) {
      await t.step(place, async () => {
        await begunAnew(project);
        const cut = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CUT_AT: place });
        assert.ok([0, 1, 4].includes(cut.code), `${place}: exit ${cut.code} ${cut.out}${cut.err}`);
        assert.match(cut.err, /^cut off: [1-9] sessions$/m, place);
        cuts++;
        await settled(project, place);
      });
    }
    report(`${kind}: ${cuts} times cut off, each followed by the same data`);
  });
}

function report(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
