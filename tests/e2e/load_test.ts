/**
 * Loads as a user meets them: the program as a process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type TestProject, testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const TABLE = "create table person (id integer not null primary key, name varchar(20) not null, age smallint)";

const SQL = `-- delembic revision: D001
-- delembic upgrade
-- delembic load: person from data/person.csv
update person set name = upper(name) where id = 2;
-- delembic load: person (id, name) from 'data/more people.tsv' no header on conflict (id) update
-- delembic downgrade
delete from person;
`;

async function people(project: TestProject): Promise<string[]> {
  return await project.rows("select id, name, age from person order by id");
}

onEachDatabase("a SQL migration loads files at their place among the statements", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": SQL,
    "/delembic/data/person.csv": "id,name,age\n1,Ada,36\n2,Grace,\n",
    "/delembic/data/more people.tsv": "2\tGrace Hopper\n3\tEdsger\n",
  });
  await project.execute(TABLE);
  const ran = await project.delembic(["upgrade"]);
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(await people(project), ["1 | Ada | 36", "2 | Grace Hopper | NULL", "3 | Edsger | NULL"]);
  assert.deepEqual(
    await project.rows(
      "select part, status, table_name, rows_done, rows_before, rows_after from delembic_batch where kind = 'load' order by part desc",
    ),
    ["-1 | done | person | 2 | 0 | 2", "-2 | done | person | 2 | 2 | 3"],
  );
  const [detail = ""] = await project.rows("select detail from delembic_batch where kind = 'load' and part = -2");
  assert.deepEqual(JSON.parse(detail), {
    source: "delembic/data/more people.tsv",
    read: 2,
    skipped: 0,
    rejected: 0,
    beforeExact: true,
    afterExact: true,
  });
});

onEachDatabase(
  "a bad row fails the migration with file, line, column and value, and nothing is loaded",
  async (kind) => {
    await using project = await testProject(kind, {
      "D001.sql": SQL,
      "/delembic/data/person.csv": "id,name,age\n1,Ada,36\n2,Grace,abc\n",
      "/delembic/data/more people.tsv": "",
    });
    await project.execute(TABLE);
    const ran = await project.delembic(["upgrade"]);
    assert.equal(ran.code, 1);
    const type = kind === "mysql" ? "smallint(6)" : "smallint";
    assert.match(
      ran.err,
      new RegExp(`FAILED: Column age: "abc" is not an integer \\(${type.replace(/[()]/g, "\\$&")}\\)`),
    );
    assert.match(ran.err, /at delembic\/data\/person\.csv:3/);
    assert.deepEqual(await people(project), []);
    await project.write({ "/delembic/data/person.csv": "id,name,age\n1,Ada,36\n2,Grace,37\n" });
    assert.equal((await project.delembic(["upgrade"])).code, 0);
    assert.deepEqual(await people(project), ["1 | Ada | 36", "2 | GRACE | 37"]);
  },
);

onEachDatabase("a TypeScript migration loads with map, defaults and a reject file", async (kind) => {
  await using project = await testProject(kind, {
    "D001.ts": `export default {
  revision: "D001",
  data: "data/person.ndjson",
  async upgrade(conn) {
    const report = await conn.load("person", "data/person.ndjson", {
      map: (row) => row.name === "nobody" ? undefined : { id: row.id, name: String(row.name).trim() },
      defaults: { age: 1 },
      onBadRow: "collect",
    });
    const more = await conn.load("person", [{ id: 10, name: "given", age: null }, { id: 11, name: "too", age: 2 }]);
    if (report.read !== 4 || report.loaded !== 2 || report.skipped !== 1 || report.rejected !== 1) {
      throw new Error(JSON.stringify(report));
    }
    if (more.loaded !== 2) throw new Error(JSON.stringify(more));
  },
};
`,
    "/delembic/data/person.ndjson": [
      '{"id": 1, "name": " Ada "}',
      '{"id": 2, "name": "nobody"}',
      '{"id": 1, "name": "twice"}',
      '{"id": 3, "name": "Grace"}',
    ].join("\n"),
  });
  await project.execute(TABLE);
  const ran = await project.delembic(["upgrade"]);
  assert.equal(ran.code, 0, ran.err);
  assert.match(
    ran.err,
    /delembic\/data\/person\.ndjson: 1 bad row left out, see delembic\/data\/person\.ndjson\.rejected/,
  );
  assert.deepEqual(await people(project), ["1 | Ada | 1", "3 | Grace | 1", "10 | given | NULL", "11 | too | 2"]);
  const rejected = await Deno.readTextFile(`${project.folder}/delembic/data/person.ndjson.rejected`);
  assert.deepEqual(JSON.parse(rejected), { id: 1, name: "twice" });
});

onEachDatabase(
  "a data file that is not there is told before anything runs, and one that changed is a change",
  async (kind) => {
    await using project = await testProject(kind, {
      "D001.sql": SQL,
      "/delembic/data/person.csv": "id,name,age\n1,Ada,36\n",
    });
    await project.execute(TABLE);
    const missing = await project.delembic(["upgrade"]);
    assert.equal(missing.code, 2);
    assert.match(missing.err, /Cannot read the data file data\/more people\.tsv: No such file or directory/);
    assert.match(missing.err, /at delembic\/versions\/D001\.sql:5/);
    assert.deepEqual(await people(project), []);
    await project.write({ "/delembic/data/more people.tsv": "3\tEdsger\n" });
    assert.equal((await project.delembic(["upgrade"])).code, 0);
    assert.match((await project.delembic(["history"])).out, /^applied +D001/m);
    await project.write({ "/delembic/data/more people.tsv": "3\tDijkstra\n" });
    assert.match((await project.delembic(["history"])).out, /^changed +D001/m);
  },
);

onEachDatabase("a load outside of a transaction has one of its own", async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": `-- delembic revision: D001
-- delembic transaction: false
-- delembic idempotent: true
-- delembic upgrade
-- delembic load: person from data/person.csv
`,
    "/delembic/data/person.csv": "id,name,age\n1,Ada,36\n2,,36\n",
  });
  await project.execute(TABLE);
  assert.equal((await project.delembic(["upgrade"])).code, 1);
  assert.deepEqual(await people(project), []);
  await project.write({ "/delembic/data/person.csv": "id,name,age\n1,Ada,36\n2,Eve,36\n" });
  const ran = await project.delembic(["upgrade"]);
  assert.equal(ran.code, 0, ran.err);
  assert.deepEqual(await people(project), ["1 | Ada | 36", "2 | Eve | 36"]);
});
