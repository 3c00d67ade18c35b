/**
 * Walks that go wrong, as a user meets them: batches that do not keep to their transaction, servers that refuse, people
 * who want it to stop.
 */

import assert from "node:assert/strict";
import { refuseControl } from "../../src/walk_errors.ts";
import { type TestProject, testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";
import { seeded } from "../walk_ground.ts";

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
