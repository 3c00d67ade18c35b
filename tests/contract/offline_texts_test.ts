import assert from "node:assert/strict";
import fc from "fast-check";
import { type TestProject, testProject } from "../project.ts";
import { onEachClient, runScript } from "../script_client.ts";
import type { Kind } from "../support.ts";

/** What a client may take for its own, or for the end of something. */
const PIECES = [
  ..."'\"\\`;:$/-*#?!.@%{}[]()",
  ...[
    "\n",
    "\r\n",
    "\t",
    " ",
    "''",
    "$$",
    "--",
    "/*",
    "*/",
    "\\q",
    "\\.",
    "\\gexec",
    "\\!",
    ".quit",
    ".tables",
    "go",
    "/",
  ],
  ...[
    "delimiter //",
    "delimiter",
    "quit",
    ":name",
    ":'x'",
    "$1",
    "?",
    "\\N",
    "\\c",
    "\\G",
    "use x",
    "é",
    "😀",
    "a",
    "0",
  ],
];
const texts = fc.array(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join("")), {
  minLength: 40,
  maxLength: 60,
});

function quoted(kind: Kind, text: string): string {
  const doubled = text.replaceAll("'", "''");
  return `'${kind === "mysql" ? doubled.replaceAll("\\", "\\\\") : doubled}'`;
}

async function migrated(project: TestProject, files: Record<string, string>): Promise<TestProject> {
  await project.write(files);
  await project.execute(
    `create table held (id integer not null primary key, value ${project.db.kind === "mysql" ? "longtext" : "text"})`,
  );
  return project;
}

const VALUES: Readonly<Record<Kind, string>> = {
  sqlite: "select id, hex(value) from held order by id",
  postgresql: "select id, encode(convert_to(value, 'UTF8'), 'hex') from held order by id",
  mysql: "select id, hex(value) from held order by id",
};

onEachClient("whatever stands in a text gets to the database as it is, by a client as by a run", async (kind) => {
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (values, windows) => {
      const inserts = values.map((text, id) => `insert into held (id, value) values (${id}, ${quoted(kind, text)});\n`);
      const sql = `-- delembic revision: D001\n-- delembic upgrade\n${inserts.join("")}`;
      const script = "export default { revision: 'D002', dependsOn: 'D001', async upgrade({ sql }) {\n" +
        `for (const [id, text] of ${JSON.stringify(values)}.entries())\n` +
        "await sql`insert into held (id, value) values (${1000 + id}, ${text})`;\n} };\n";
      const files = { "D001.sql": windows ? sql.replaceAll(/\r?\n/g, "\r\n") : sql, "D002.js": script };
      await using online = await migrated(await testProject(kind), files);
      await using offline = await migrated(await testProject(kind), files);
      assert.equal((await online.delembic(["upgrade"])).code, 0);
      const { out } = await offline.delembic(["upgrade", "--sql"]);
      const ran = await runScript(offline.db, out);
      assert.deepEqual([ran.code, ran.err], [0, ""], ran.out);
      assert.deepEqual(await offline.rows(VALUES[kind]), await online.rows(VALUES[kind]));
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

/** Statements that a client would read otherwise than the server does, each with what it changes. */
const ODD: Readonly<Record<Kind, readonly string[]>> = {
  sqlite: [
    "update held set id = 8\n/\n2",
    "update held set value = 'go' where value = (select\ngo from (select 'x' as go))",
    "create trigger t after insert on held begin update held set value = ';' where id = -1; end",
  ],
  postgresql: [
    "update held set value = (array['a', 'b', 'c'])[id:ENCODING]::text from (select 2 as encoding) e",
    "create function f() returns text language sql begin atomic select ';'::text; end",
    "do $$ begin perform 1; end $$",
    "create function g() returns text language sql as 'select '';''::text;'",
  ],
  mysql: [
    "update held join (select 9 as delimiter) d set held.id = d.\ndelimiter ",
    "create trigger t before insert on held for each row begin set new.value = ';'; set new.id = new.id + 1; end",
    'update held set value = "a;b\\"; -- c"',
    "update held set value = 'x' # ' ;\n where id = 9",
  ],
};

onEachClient("a statement that the client would read otherwise gets to the database as it is", async (kind) => {
  const statements = ODD[kind];
  const [first, ...more] = statements;
  const body = kind === "mysql" ? `${first};\ndelimiter $$\n${more.join("$$\n")}$$\n` : `${statements.join(";\n")};\n`;
  const files = { "D001.sql": `-- delembic revision: D001\n-- delembic upgrade\n${body}` };
  await using online = await migrated(await testProject(kind), files);
  await using offline = await migrated(await testProject(kind), files);
  for (const project of [online, offline]) await project.execute("insert into held values (1, 'x')");
  const run = await online.delembic(["upgrade"]);
  assert.equal(run.code, 0, run.err);
  const { out } = await offline.delembic(["upgrade", "--sql"]);
  const ran = await runScript(offline.db, out);
  assert.deepEqual([ran.code, ran.err], [0, ""], out);
  for (const project of [online, offline]) await project.execute("insert into held values (50, 'y')");
  assert.deepEqual(await offline.rows(VALUES[kind]), await online.rows(VALUES[kind]));
});

onEachClient("what a client does not hand on as it is cannot be printed", async (kind) => {
  const texts: Readonly<Record<Kind, readonly [text: string, what: string][]>> = {
    sqlite: [['select 1 as "a\r\nb"', "a name with a line's end"]],
    postgresql: [["select 1 \\gexec", "a backslash outside of quotes"]],
    mysql: [["select \\N", "a backslash outside of quotes"], ["select 1 as `a\\`", "a name with a backslash"]],
  };
  for (const [text, what] of [...texts[kind], ["select 'a\0b'", "a NUL character"] as const]) {
    await using project = await testProject(kind, {
      "D001.sql": `-- delembic revision: D001\n-- delembic upgrade\n\n${text};\n`,
    });
    const { code, out, err } = await project.delembic(["upgrade", "--sql"]);
    assert.deepEqual([code, out], [2, ""]);
    const client = { sqlite: "sqlite3", postgresql: "psql", mysql: "mariadb" }[kind];
    assert.ok(err.startsWith(`Error: The statement has ${what}, which ${client} does not hand on as it is\n`), err);
    assert.ok(err.includes("  at delembic/versions/D001.sql:4"), err);
  }
});
