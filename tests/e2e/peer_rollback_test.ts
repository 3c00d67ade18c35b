/** Defects 7 and 8 of the Python tool: what a migration leaves behind that failed, or that never ran. */

import assert from "node:assert/strict";
import { finished, testProject, until } from "../project.ts";
import { peer, timeless } from "./peer.ts";

const FAILS_AFTER_TABLE = `-- delembic revision: D001
-- delembic upgrade
create table made (n int);
insert into nosuch values (1);
`;
const FAILED_PLACE = `    at delembic/versions/D001.sql:4:1
      3 | create table made (n int);
      4 | insert into nosuch values (1);
        | ^
`;

peer("7: a failed migration's table is gone, and the next run makes it", ["sqlite", "postgresql"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FAILS_AFTER_TABLE });
  const first = await project.delembic(["upgrade"]);
  assert.deepEqual([first.code, first.out], [1, "Running D001\n"]);
  assert.equal(
    first.err,
    kind === "sqlite"
      ? `  FAILED: no such table: nosuch\n${FAILED_PLACE}`
      : `  FAILED: relation "nosuch" does not exist\n${
        FAILED_PLACE.replace(":1\n", ":13\n").replace("^", " ".repeat(12) + "^")
      }`,
  );
  await assert.rejects(project.rows("select * from made"), /made/);
  await project.write({ "D001.sql": FAILS_AFTER_TABLE.replace("nosuch", "made") });
  const second = await project.delembic(["upgrade"]);
  assert.deepEqual([second.code, timeless(second.out), second.err], [0, "Running D001\n  OK (0.00s)\n", ""]);
  assert.deepEqual(await project.rows("select * from made"), ["1"]);
});

const SETTLE = "See what is there, then settle it with 'delembic repair D001 --applied' or '--reverted'.";

peer("7: what MySQL commits together with a table is told, and is settled by a person", ["mysql"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FAILS_AFTER_TABLE });
  const first = await project.delembic(["upgrade"]);
  assert.deepEqual([first.code, first.err], [
    1,
    `  FAILED: Table '${project.db.name}.nosuch' doesn't exist
${FAILED_PLACE}    Hint: Statement 1 of 2 is committed, and stays.
    Hint: A part of it is committed. ${SETTLE}
`,
  ]);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history"), ["D001 | partial"]);
  const second = await project.delembic(["upgrade"]);
  assert.deepEqual([second.code, second.out, second.err], [
    5,
    "Running D001\n",
    `BLOCKED: Migration D001 was interrupted where it could not be undone: a part of it is committed.\n${SETTLE}\n`,
  ]);
  await project.execute("drop table made");
  assert.equal((await project.delembic(["repair", "D001", "--reverted"])).code, 0);
  await project.write({ "D001.sql": FAILS_AFTER_TABLE.replace("nosuch", "made") });
  const third = await project.delembic(["upgrade"]);
  assert.deepEqual([third.code, timeless(third.out), third.err], [0, "Running D001\n  OK (0.00s)\n", ""]);
  assert.deepEqual(await project.rows("select * from made"), ["1"]);
});

const HALF = `export default { revision: "D001", async upgrade(conn) {
  await conn.sql\`create table made (n int)\`;
  if (Deno.env.get("WAIT")) await new Promise((resolve) => setTimeout(resolve, 60_000));
  throw new Error("half");
} };
`;

peer("7: a script of which MySQL committed a part says so", ["mysql"], async (kind) => {
  await using project = await testProject(kind, { "D001.js": HALF });
  const { code, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, err], [
    1,
    `  FAILED: half
    at delembic/versions/D001.js:4:9
      3 |   if (Deno.env.get("WAIT")) await new Promise((resolve) => setTimeout(resolve, 60_000));
      4 |   throw new Error("half");
        |         ^
    Hint: A part of it is committed. ${SETTLE}
`,
  ]);
});

peer("7: a signal in the middle of what cannot be undone is exit 5, and says so", ["mysql"], async (kind) => {
  await using project = await testProject(kind, { "D001.js": HALF });
  const child = project.start(["upgrade"], { WAIT: "yes" });
  await until("a part is committed", async () => (await project.rows("show tables like 'made'")).length > 0);
  child.kill("SIGTERM");
  const { code, err } = await finished(child);
  assert.deepEqual([code, err], [
    5,
    `  INTERRUPTED: Interrupted by SIGTERM\nHint: A part of D001 is committed. ${SETTLE}\n`,
  ]);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history"), ["D001 | partial"]);
});

peer("8: an asynchronous upgrade() is waited for", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\ncreate table t (n int);\n",
    "D002.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  await conn.sql\`insert into t values (1)\`;
} };
`,
    "D003.js": `export default { revision: "D003", dependsOn: ["D002"], upgrade(conn) {
  conn.sql\`insert into t values (2)\`;
} };
`,
  });
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, timeless(out)], [
    1,
    "Running D001\n  OK (0.00s)\nRunning D002\n  OK (0.00s)\nRunning D003\n",
  ]);
  assert.equal(
    err,
    "  FAILED: A query was made but never run: insert into t values (2)\n    Hint: Write 'await' before it (D003.js:2).\n",
  );
  assert.deepEqual(await project.rows("select n from t"), ["1"]);
  await project.write({ "D003.js": 'export default { revision: "D003", dependsOn: ["D002"], *upgrade() {} };\n' });
  const generator = await project.delembic(["upgrade"]);
  assert.equal(generator.code, 2);
  assert.match(generator.err, /^Error: 'upgrade' must be a plain or async function, not a generator\n/);
});
