/** Several processes at once. */

import assert from "node:assert/strict";
import { onEachDatabase } from "../support.ts";
import { finished, testProject, until } from "../project.ts";

const FILES = {
  "D001_start.sql": `-- delembic revision: D001
-- delembic upgrade
create table counter (name varchar(20) primary key, n int);
insert into counter values ('D002', 0), ('D003', 0);
`,
  "D002_slow.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`update counter set n = n + 1 where name = 'D002'\`;
  await new Promise((resolve) => setTimeout(resolve, 1500));
} };
`,
  "D003_last.sql": `-- delembic revision: D003
-- delembic depends_on: D002
-- delembic upgrade
update counter set n = n + 1 where name = 'D003';
`,
};

onEachDatabase("8 processes start at once on an empty database: each migration runs once", async (kind) => {
  await using project = await testProject(kind, FILES);
  const children = Array.from({ length: 8 }, () => project.start(["upgrade"]));
  const all = await Promise.all(children.map(finished));
  for (const { code, out, err } of all) assert.equal(code, 0, out + err);
  assert.deepEqual(await project.rows("select name, n from counter order by name"), ["D002 | 1", "D003 | 1"]);
  assert.deepEqual(await project.rows("select revision, status from delembic_run_history order by id"), [
    "D001 | success",
    "D002 | success",
    "D003 | success",
  ]);
  const ran = all.flatMap(({ out }) => out.match(/^Running D00\d/gm) ?? []).sort();
  assert.deepEqual(ran, ["Running D001", "Running D002", "Running D003"]);
  const waited = all.filter(({ err }) =>
    /Waiting for the lock: held by \S+@\S+, process \d+ \(upgrade\), since /.test(err)
  );
  assert.ok(waited.length >= 1, all.map(({ err }) => err).join("---\n"));
});

onEachDatabase("a lock that is not free in time is exit 4, and says who holds it", async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.delembic(["upgrade", "D001"]);
  const first = project.start(["upgrade"]);
  await until(
    "D002 runs",
    async () => (await project.rows("select revision from delembic_run_history where ended_at is null")).length > 0,
  );
  const { code, out, err } = await project.delembic(["upgrade", "--lock-timeout", "0.2"]);
  assert.equal(code, 4, out + err);
  assert.match(
    err,
    /Error: Another run holds the lock: \S+@\S+, process \d+ \(upgrade\), since \d{4}-\d\d-\d\d .*; waited 0 s\n/,
  );
  assert.equal((await finished(first)).code, 0);
});
