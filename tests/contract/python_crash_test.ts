/**
 * We, or the Python that runs a migration, killed at each named step, before the commit and behind it: every next run
 * ends in the same data as an undisturbed one, each migration applied once.
 */

import assert from "node:assert/strict";
import { type Kind, testWith } from "../support.ts";
import { pythonMigration, type PythonProject, pythonProject } from "../python_project.ts";
import { until } from "../project.ts";
import { type StepName, STEPS } from "../../src/steps.ts";

/** Each counts how often it was applied: any repetition shows. D003 kills its own Python where the test says so. */
const FILES = {
  "D001.sql": `-- delembic revision: D001
-- delembic upgrade
create table counter (name varchar(20) primary key, n int);
insert into counter values ('D002', 0), ('D003', 0), ('D004', 0);
`,
  "D002.py": pythonMigration("D002", {
    dependsOn: ["D001"],
    upgrade: ["conn.execute(text(\"update counter set n = n + 1 where name = 'D002'\"))"],
    validate: ["assert conn.execute(text(\"select n from counter where name = 'D002'\")).scalar() == 1"],
  }),
  "D003.py": pythonMigration("D003", {
    dependsOn: ["D002"],
    upgrade: [
      "import os, signal",
      "conn.execute(text(\"update counter set n = n + 1 where name = 'D003'\"))",
      "dialect, when = conn.dialect, os.environ.get('KILLED')",
      "commit = dialect.do_commit",
      "def killing(raw):",
      "    if when == 'after': commit(raw)",
      "    os.kill(os.getpid(), signal.SIGKILL)",
      "if when == 'within': killing(None)",
      "if when in ('before', 'after'): dialect.do_commit = killing",
    ],
    validate: ["assert conn.execute(text(\"select n from counter where name = 'D003'\")).scalar() == 1"],
  }),
  "D004.sql": `-- delembic revision: D004
-- delembic depends_on: D003
-- delembic upgrade
update counter set n = n + 1 where name = 'D004';
`,
};

const PLACES: readonly StepName[] = STEPS.slice(STEPS.indexOf("run-opened"), STEPS.indexOf("run-closed") + 1);
const SLEEP = { postgresql: "pg_sleep", mysql: "sleep" } as const;
const LEASE = { DELEMBIC_LEASE: "1,0.3" };

async function prepared(kind: Kind): Promise<PythonProject> {
  const project = await pythonProject(kind, FILES);
  const { code, out, err } = await project.delembic(["upgrade", "D001"]);
  assert.equal(code, 0, out + err);
  return project;
}

async function begunAnew(project: PythonProject): Promise<void> {
  await project.execute(
    "update counter set n = 0",
    "delete from delembic_version where revision <> 'D001'",
    "delete from delembic_run_history where revision <> 'D001'",
  );
}

async function settled(project: PythonProject, place: string, env: Record<string, string> = {}): Promise<void> {
  const again = await project.delembic(["upgrade", "--lock-timeout", "30"], { ...LEASE, ...env });
  assert.equal(again.code, 0, `${place}: ${again.out}${again.err}`);
  assert.deepEqual(
    await project.rows("select name, n from counter order by name"),
    ["D002 | 1", "D003 | 1", "D004 | 1"],
    place,
  );
  assert.deepEqual(
    await project.rows("select revision, status from delembic_version order by revision"),
    ["D001", "D002", "D003", "D004"].map((id) => `${id} | success`),
    place,
  );
  assert.deepEqual(await project.rows("select revision from delembic_run_history where ended_at is null"), [], place);
  assert.deepEqual(
    await project.rows(
      "select revision, count(*) from delembic_run_history where status = 'success' group by revision order by revision",
    ),
    ["D001", "D002", "D003", "D004"].map((id) => `${id} | 1`),
    place,
  );
}

for (const kind of ["sqlite", "postgresql", "mysql"] as const) {
  const needs = ["python", ...(kind === "sqlite" ? [] : [kind === "mysql" ? "mysql" : "postgres"] as const)] as const;

  testWith(
    needs,
    `${kind}: killed at every step of a migration in Python, then run again: as if nothing had been`,
    async (t) => {
      await using project = await prepared(kind);
      for (const place of PLACES.map((step) => `${step}@D002`)) {
        await t.step(place, async () => {
          await begunAnew(project);
          const killed = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_CRASH_AT: place });
          assert.equal(killed.code, 137, `${place}: ${killed.out}${killed.err}`);
          await settled(project, place);
        });
      }
    },
  );

  testWith(
    needs,
    `${kind}: Python killed at every step of a migration: the run says so, the next one ends it`,
    async (t) => {
      await using project = await prepared(kind);
      for (const place of PLACES.map((step) => `${step}@D002`)) {
        await t.step(place, async () => {
          await begunAnew(project);
          const killed = await project.delembic(["upgrade"], { ...LEASE, DELEMBIC_KILL_CHILD_AT: place });
          assert.match(killed.err, /killed: 1 children/);
          assert.ok([0, 1].includes(killed.code), `${place}: exit ${killed.code} ${killed.out}${killed.err}`);
          if (killed.code === 1) {
            assert.match(killed.err, /FAILED: Python ended while the migration was at work/, place);
          }
          await settled(project, place);
        });
      }
    },
  );

  testWith(needs, `${kind}: Python killed before its commit, and between that and its answer`, async (t) => {
    await using project = await prepared(kind);
    for (const when of ["within", "before", "after"]) {
      await t.step(when, async () => {
        await begunAnew(project);
        const killed = await project.delembic(["upgrade"], { ...LEASE, KILLED: when });
        // what was committed is found in the ledger, and the run goes on behind it
        assert.equal(killed.code, when === "after" ? 0 : 1, killed.out + killed.err);
        const rows = await project.rows("select n from counter where name = 'D003'");
        assert.deepEqual(rows, [when === "after" ? "1" : "0"]);
        await settled(project, when);
      });
    }
  });

  testWith(
    needs,
    `${kind}: we are killed while Python is at a statement: it ends by itself, and leaves nothing`,
    async () => {
      await using project = await prepared(kind);
      const slow = kind === "sqlite"
        ? "import time; time.sleep(60)"
        : `conn.execute(text("select ${SLEEP[kind]}(60)"))`;
      await project.write({
        "D002.py": `from delembic import DataMigration\nfrom sqlalchemy import text\n${
          pythonMigration("D002", {
            dependsOn: ["D001"],
            upgrade: [
              "conn.execute(text(\"update counter set n = n + 1 where name = 'D002'\"))",
              "import os, pathlib",
              "if not os.environ.get('FAST'):",
              "    pathlib.Path('at_work').write_text(str(os.getpid()))",
              `    ${slow}`,
            ],
          })
        }`,
      });
      const child = project.start(["upgrade"], LEASE);
      const file = `${project.folder}/at_work`;
      await until("Python is at work", async () => (await Deno.readTextFile(file).catch(() => "")) !== "");
      child.kill("SIGKILL");
      await child.output();
      const pid = await Deno.readTextFile(file);
      await until("Python has ended", () => Deno.stat(`/proc/${pid}`).then(() => false, () => true), 8_000);
      await settled(project, "at a statement", { FAST: "1" });
    },
  );
}
