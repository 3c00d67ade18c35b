import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const MIGRATION = `import { archiveRows, assertCount, assertNoRows, backfill, copyTable } from "delembic";
export default {
  revision: "D002",
  dependsOn: "D001",
  batch: { table: "visit", size: 70, target: 0 },
  async apply(conn, range) {
    const { sql } = conn;
    await copyTable(conn, { from: "visit", to: "seen", columns: { id: "id", place: sql\`upper(place)\` }, range });
    await archiveRows(conn, { from: "visit", to: "archive", where: sql\`id <= \${300}\`, range });
    await backfill(conn, "visit", { set: { n: sql\`n + 1\` }, where: sql\`id <> 500\`, range });
  },
  async validate(conn) {
    const { sql } = conn;
    await assertNoRows(conn, sql\`select * from visit where n <> 1 and id <> 500\`);
    await assertCount(conn, sql\`select count(*) from archive\`, 300);
  },
};
`;

onEachDatabase("the recipes work within batches, each row once", async (kind) => {
  const rows = Array.from({ length: 1000 }, (_, n) => `(${n + 1}, 'p${n + 1}', 0)`).join(", ");
  await using project = await testProject(kind, {
    "D001.sql": `-- delembic revision: D001
-- delembic upgrade
create table visit (id int primary key, place varchar(20), n int);
create table archive (id int primary key, place varchar(20), n int);
create table seen (id int primary key, place varchar(20));
insert into visit values ${rows};
`,
    "D002.js": MIGRATION,
    "/deno.json": JSON.stringify({ imports: { delembic: new URL("../../mod.ts", import.meta.url).href } }),
  });
  const ran = await project.delembic(["upgrade"]);
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(await project.rows("select count(*), sum(n) from visit"), ["700 | 699"]);
  assert.deepEqual(await project.rows("select count(*), sum(n), max(id) from archive"), ["300 | 0 | 300"]);
  assert.deepEqual(await project.rows("select count(*), max(place) from seen"), ["1000 | P999"]);
});
