/** A run of SQLite that has planned, and a script that is quicker. */

import assert from "node:assert/strict";
import { run } from "../support.ts";
import { finished, testProject, until } from "../project.ts";

const FILES = {
  "D001_one.sql": "-- delembic revision: D001\n-- delembic upgrade\ninsert into t values (1);\n",
  "D002_two.sql":
    "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\ninsert into t values (2);\n",
};

async function state(pid: number): Promise<string> {
  return /^State:\s+(\w)/m.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1] ?? "";
}

for (const journal of ["wal", "delete"]) {
  Deno.test(`sqlite: what a script applies while a run begins is not done again (journal mode ${journal})`, async () => {
    await using project = await testProject("sqlite", FILES);
    await project.execute(`pragma journal_mode = ${journal}`, "create table t (v int)");
    const { out: script } = await project.delembic(["upgrade", "D001", "--sql"]);
    await Deno.writeTextFile(`${project.folder}/script.sql`, script);
    const child = project.start(["upgrade"], { DELEMBIC_STOP_AT: "planned" });
    await until("the run has planned", async () => await state(child.pid) === "T");
    const file = project.db.url.replace("sqlite:///", "");
    const client = await run("sh", ["-c", `sqlite3 '${file}' < script.sql`], { cwd: project.folder });
    assert.equal(client.code, 0, client.err);
    child.kill("SIGCONT");
    const ended = await finished(child);
    assert.equal(ended.code, 1, ended.out + ended.err);
    assert.match(
      ended.err,
      /INTERRUPTED: D001 was applied by a script while this run began\nHint: Nothing was done twice\./,
    );
    assert.deepEqual(await project.rows("select v from t"), ["1"]);
    const again = await project.delembic(["upgrade"]);
    assert.equal(again.code, 0, again.err);
    assert.deepEqual(await project.rows("select v from t order by v"), ["1", "2"]);
    assert.deepEqual(
      await project.rows("select revision, status from delembic_run_history order by id"),
      ["D001 | success", "D001 | interrupted", "D002 | success"],
    );
  });
}
