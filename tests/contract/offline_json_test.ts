import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { onEachClient, runScript } from "../script_client.ts";
import { testWith } from "../support.ts";

const DOCUMENTS = "create table document (id integer not null primary key, doc json, name varchar(50))";

/** A migration with this in its `upgrade`. */
function script(body: string): Record<string, string> {
  return { "D001.ts": `export default { revision: "D001", async upgrade({ sql, load }) {\n${body}\n} };\n` };
}

onEachClient("JSON that is JSON in a run is so in a script", async (kind) => {
  const cast = kind === "postgresql" ? "::jsonb" : "";
  const files = script(`
    await sql\`insert into document (id, doc, name) values (1, \${{ a: ["x", null] }}, \${"5"}), (2, \${null}, \${"[1]"})\`;
    await sql\`insert into document (id, doc) values (3, \${"[1]"}${cast})\`;
    await load("document", [{ id: 4, doc: { b: 1 } }, { id: 5, doc: null }]);`);
  await using online = await testProject(kind, files);
  await using offline = await testProject(kind, files);
  for (const project of [online, offline]) await project.execute(DOCUMENTS);
  assert.equal((await online.delembic(["upgrade"])).code, 0);
  const { out } = await offline.delembic(["upgrade", "--sql"]);
  const ran = await runScript(offline.db, out);
  assert.deepEqual([ran.code, ran.err], [0, ""]);
  const query = kind === "postgresql"
    ? "select id, doc::text, name from document order by id"
    : "select id, doc, name from document order by id";
  assert.deepEqual(await offline.rows(query), await online.rows(query));
});

onEachClient("a text that would be something else in JSON stops the script", async (kind) => {
  const bodies = [
    'await load("document", [{ id: 1, doc: "5" }]);',
    // only PostgreSQL tells a driver that a placeholder is for JSON
    ...(kind === "postgresql"
      ? [
        'await sql`insert into document (id, doc) values (1, ${"5"})`;',
        "await sql`insert into document (id, doc) values (1, ${[]})`;",
      ]
      : []),
  ];
  for (const body of bodies) {
    await using project = await testProject(kind, script(body));
    await project.execute(DOCUMENTS);
    const { out } = await project.delembic(["upgrade", "--sql"]);
    const { code, err } = await runScript(project.db, out);
    assert.notEqual(code, 0, body);
    assert.match(err, /document\.doc holds JSON: load it with|A text or list of D001 goes into JSON/);
    assert.deepEqual(await project.rows("select * from document"), []);
  }
});

testWith(
  ["postgres"],
  "postgresql: batches with a text that would be something else in JSON do not begin",
  async () => {
    await using project = await testProject("postgresql", {
      "D001.ts": `export default { revision: "D001", batch: { table: "document", key: "id" },
  async apply({ sql }, range) { await sql\`update document set doc = \${"5"} where \${range}\`; } };\n`,
    });
    await project.execute(DOCUMENTS, "insert into document (id) values (1)");
    const { out } = await project.delembic(["upgrade", "--sql"]);
    const { code, err } = await runScript(project.db, out);
    assert.equal(code, 3);
    assert.match(err, /A text or list of D001 goes into JSON/);
    assert.deepEqual(await project.rows("select * from delembic_run_history"), []);
  },
);

onEachClient("a value that a load of a run would refuse or change stops the script", async (kind) => {
  const table = "create table kept (id integer not null primary key, born date, active boolean)";
  for (const row of ["x,2024-01-01,1", "1,2024-02-30,1", ...(kind === "sqlite" ? ["1,2024-01-01,yes"] : [])]) {
    await using project = await testProject(kind, {
      "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\n-- delembic load: kept from data/kept.csv\n",
      "/delembic/data/kept.csv": `id,born,active\n${row}\n`,
    });
    await project.execute(table);
    const { out } = await project.delembic(["upgrade", "--sql"]);
    assert.notEqual((await runScript(project.db, out)).code, 0, row);
    assert.deepEqual(await project.rows("select * from kept"), [], row);
    assert.deepEqual(await project.rows("select * from delembic_version"), [], row);
  }
});

onEachClient(
  "a load of many rows, with defaults, renamed columns and a table to be emptied, is that of a run",
  async (kind) => {
    const files = {
      "D001.js": `export default { revision: "D001", async upgrade({ sql, load }) {
  await sql\`insert into document (id, name) values (1, 'goes')\`;
  await load("document", "data/many.csv", { columns: { id: "number" }, defaults: { name: "it's" }, ignore: ["rest"], replace: true });
} };
`,
      "/delembic/data/many.csv": `number,rest\n${Array.from({ length: 1201 }, (_, at) => `${at},x\n`).join("")}`,
    };
    await using online = await testProject(kind, files);
    await using offline = await testProject(kind, files);
    for (const project of [online, offline]) await project.execute(DOCUMENTS);
    assert.equal((await online.delembic(["upgrade"])).code, 0);
    const { out } = await offline.delembic(["upgrade", "--sql"]);
    const ran = await runScript(offline.db, out);
    assert.deepEqual([ran.code, ran.err], [0, ""]);
    for (
      const query of [
        "select name, count(*), min(id), max(id) from document group by name",
        "select table_name, detail, rows_done, rows_before, rows_after from delembic_batch",
      ]
    ) assert.deepEqual(await offline.rows(query), await online.rows(query));
  },
);
