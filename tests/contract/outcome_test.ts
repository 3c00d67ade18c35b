/** What becomes of the data, the ledger and the exit code when a migration succeeds or fails, on each database. */

import assert from "node:assert/strict";
import { onEachDatabase, testWith } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";

const START = `-- delembic revision: D001
-- delembic description: make tables
-- delembic upgrade
create table parent (id int primary key);
create table child (id int primary key, parent int);
`;

const AFTER = `-- delembic revision: D003
-- delembic depends_on: D002
-- delembic upgrade
insert into child values (99, null);
`;

function script(revision: string, body: string): string {
  return `export default { revision: "${revision}", dependsOn: ["D001"], description: "the one that fails", ${body} };\n`;
}

async function version(project: TestProject): Promise<string[]> {
  return await project.rows("select revision, status from delembic_version order by revision");
}

async function history(project: TestProject): Promise<string[]> {
  return await project.rows("select revision, status from delembic_run_history order by id");
}

const failures: { name: string; text: string; fixed: string; says: string; stored: RegExp }[] = [
  {
    name: "upgrade() throws",
    text: script(
      "D002",
      `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; throw new Error("boom in upgrade"); }`,
    ),
    fixed: script("D002", `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; }`),
    says: "  FAILED: boom in upgrade\n",
    stored: /^Error: boom in upgrade\n\s+at [^]*D002/,
  },
  {
    name: "validate() throws",
    text: script(
      "D002",
      `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; },
      async validate() { throw new Error("expected 100 rows, got 6"); }`,
    ),
    fixed: script("D002", `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; }`),
    says: "  FAILED: expected 100 rows, got 6\n",
    stored: /^Error: expected 100 rows, got 6\n/,
  },
  {
    name: "validate() returns false",
    text: script(
      "D002",
      `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; }, validate: () => false`,
    ),
    fixed: script(
      "D002",
      `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; }, validate: () => true`,
    ),
    says: "  FAILED: validate() returned false\n",
    stored: /validate\(\) returned false/,
  },
  {
    name: "a statement fails",
    text: script(
      "D002",
      `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; await conn.sql\`insert into child values (1, null)\`; }`,
    ),
    fixed: script("D002", `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; }`),
    says: "  FAILED: ",
    stored: /insert into child values \(1, null\)/,
  },
];

for (const failure of failures) {
  onEachDatabase(`${failure.name}: rolled back, recorded, exit 1; mended and run again it succeeds`, async (kind) => {
    await using project = await testProject(kind, {
      "D001_start.sql": START,
      "D002_x.js": failure.text,
      "D003_after.sql": AFTER,
    });
    const first = await project.delembic(["upgrade"]);
    assert.equal(first.code, 1, first.out + first.err);
    assert.match(first.out, /^Running D001: make tables\n {2}OK \(\d+\.\d\ds\)\nRunning D002: the one that fails\n$/);
    assert.ok(first.err.includes(failure.says), first.err);
    assert.deepEqual(await project.rows("select * from child"), []);
    assert.deepEqual(await version(project), ["D001 | success", "D002 | failed"]);
    assert.deepEqual(await history(project), ["D001 | success", "D002 | failed"]);
    const [stored] = await project.rows("select exception from delembic_run_history where revision = 'D002'");
    assert.match(stored ?? "", failure.stored);

    await project.write({ "D002_x.js": failure.fixed });
    const second = await project.delembic(["upgrade"]);
    assert.equal(second.code, 0, second.out + second.err);
    assert.match(second.out, /^Running D002: the one that fails\n {2}OK \(.*\)\nRunning D003\n {2}OK \(.*\)\n$/);
    assert.deepEqual(await version(project), ["D001 | success", "D002 | success", "D003 | success"]);
    assert.deepEqual(await history(project), ["D001 | success", "D002 | failed", "D002 | success", "D003 | success"]);
    assert.deepEqual(await project.rows("select id from child order by id"), ["1", "99"]);
    const third = await project.delembic(["upgrade"]);
    assert.deepEqual([third.code, third.out, third.err], [0, "Already up to date.\n", ""]);
  });
}

/** A constraint that is checked at the commit. MariaDB and MySQL have none: there no commit fails for its data. */
const DEFERRED = "create table late (id int, parent int references parent (id) deferrable initially deferred);\n";

for (const kind of ["sqlite", "postgresql"] as const) {
  testWith(
    kind === "sqlite" ? [] : ["postgres"],
    `${kind}: a commit that fails is a failure like any other`,
    async () => {
      await using project = await testProject(kind, {
        "D001_start.sql": START + DEFERRED,
        "D002_x.sql":
          "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\ninsert into late values (1, 7);\n",
      });
      const first = await project.delembic(["upgrade"]);
      assert.equal(first.code, 1, first.out + first.err);
      assert.match(first.err, /FAILED: .*foreign key constraint/i);
      assert.deepEqual(await project.rows("select * from late"), []);
      assert.deepEqual(await version(project), ["D001 | success", "D002 | failed"]);
      await project.execute("insert into parent values (7)");
      const second = await project.delembic(["upgrade"]);
      assert.equal(second.code, 0, second.out + second.err);
      assert.deepEqual(await project.rows("select * from late"), ["1 | 7"]);
      assert.deepEqual(await history(project), ["D001 | success", "D002 | failed", "D002 | success"]);
    },
  );
}

onEachDatabase("a query that nobody awaited makes its migration fail, and nothing of it stays", async (kind) => {
  await using project = await testProject(kind, {
    "D001_start.sql": START,
    "D002_x.js": script(
      "D002",
      `async upgrade(conn) { await conn.sql\`insert into child values (1, null)\`; conn.sql\`insert into child values (2, null)\`; }`,
    ),
  });
  const { code, err } = await project.delembic(["upgrade"]);
  assert.equal(code, 1);
  assert.match(err, /FAILED: A query was made but never run: insert into child values \(2, null\)/);
  assert.match(err, /Write 'await' before it \(D002_x\.js:1\)\./);
  assert.deepEqual(await project.rows("select * from child"), []);
});
