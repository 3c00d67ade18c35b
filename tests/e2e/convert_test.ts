/** `delembic convert` as a user sees it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { testWith } from "../support.ts";
import { pythonMigration, pythonProject } from "../python_project.ts";

const PLAIN = pythonMigration("D001", {
  upgrade: ['conn.execute(text("create table t (a int)"))'],
  validate: ['assert conn.scalar(text("select count(*) from t")) == 0, "empty"'],
});

const MIXED = pythonMigration("D002", {
  dependsOn: ["D001"],
  upgrade: [
    'conn.execute(text("insert into t values (1)"))',
    'for row in conn.execute(text("select a from t")):',
    "    print(row)",
  ],
});

Deno.test("convert prints what it would be, and changes nothing", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": PLAIN }, "");
  const { code, out, err } = await project.delembic(["convert", "D001"]);
  equal(code, 0, err);
  equal(
    out,
    `-- delembic revision: D001
-- delembic description: step D001

-- delembic upgrade
create table t (a int);

-- delembic validate
-- empty
select (select count(*) from t) = 0;
`,
  );
  equal(err, "");
  match((await project.delembic(["convert", "D001", "--ts"])).out, /^import type \{ Migration \} from/);
  match((await project.delembic(["history"])).out, /^pending {3}D001 {2}step D001\n$/);
});

Deno.test("convert --write takes the place of the Python file, which is kept and not read", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": PLAIN, "D002.py": MIXED }, "");
  const plain = await project.delembic(["convert", "D001", "--write"]);
  equal(plain.out, "Created delembic/versions/D001.sql\nKept delembic/versions/_D001.py, which is not read any more\n");
  const mixed = await project.delembic(["convert", "D00", "--write", "--json"]);
  equal(mixed.code, 1, "two begin with it");
  const { code, out, err } = await project.delembic(["convert", "D002", "--write"]);
  equal(code, 0, err);
  equal(out, "Created delembic/versions/D002.ts\nKept delembic/versions/_D002.py, which is not read any more\n");
  equal(err, "Warning: Not converted: delembic/versions/D002.py:12: what it goes through is not known\n");
  const names = [...Deno.readDirSync(`${project.folder}/delembic/versions`)].map(({ name }) => name).sort();
  deepEqual(names, [".gitkeep", "D001.sql", "D002.ts", "_D001.py", "_D002.py"]);
  ok(Deno.statSync(`${project.folder}/delembic/delembic.d.ts`).isFile);
  const ran = await project.delembic(["upgrade"]);
  equal(ran.code, 1);
  match(ran.err, /FAILED: not converted yet: see line 12 of D002\.py\n {4}at delembic\/versions\/D002\.ts:\d+:/);
  deepEqual(await project.rows("select a from t"), []);
});

Deno.test("convert --json has the text, and what is left", async () => {
  await using project = await pythonProject("sqlite", { "D002.py": MIXED.replace('["D001"]', "[]") }, "");
  const { code, out } = await project.delembic(["convert", "D002", "--json", "--sql"]);
  equal(code, 0);
  const document = JSON.parse(out);
  equal(document.kind, "sql");
  match(document.text, /^select not_converted_yet_see_line_12\(\);$/m);
  deepEqual(document.unconverted, [{
    line: 12,
    why: "what it goes through is not known",
    code: 'for row in conn.execute(text("select a from t")):\n    print(row)',
  }]);
});

Deno.test("convert --sql tells of a check between statements, which SQL has in 'validate' only", async () => {
  const upgrade = [
    'conn.execute(text("create table t (a int)"))',
    'assert conn.scalar(text("select count(*) from t")) == 1, "one"',
    'conn.execute(text("delete from t"))',
  ];
  await using project = await pythonProject("sqlite", { "D001.py": pythonMigration("D001", { upgrade }) }, "");
  const { out, err } = await project.delembic(["convert", "D001", "--sql"]);
  match(out, /^-- Not converted .*\n-- {3}-- one\n-- {3}select \(select count\(\*\) from t\) = 1;$/m);
  equal(
    err,
    "Warning: Not converted: delembic/versions/D001.py:12: SQL checks in 'validate' only; --ts does it here\n",
  );
  match((await project.delembic(["convert", "D001"])).out, /if \(!await conn\.value`select/);
});

testWith(["python"], "a migration that we ran as Python asks for 'repair' once it is converted", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": PLAIN });
  equal((await project.delembic(["upgrade"])).code, 0);
  const { err } = await project.delembic(["convert", "D001", "--write"]);
  equal(
    err,
    "Warning: D001 is applied as the Python file that it was\n  Accept the new file with 'delembic repair D001'.\n",
  );
  equal((await project.delembic(["check"])).code, 1);
  equal((await project.delembic(["repair", "D001"])).out, "Accepted the changed file of D001\n");
  equal((await project.delembic(["check"])).out, "Everything is applied.\n");
});

for (
  const [what, args, code, message] of [
    ["no id", ["convert"], 2, /Error: Missing argument|missing required argument|Error: .*id/i],
    ["an unknown one", ["convert", "D009"], 1, /^Error: There is no one migration D009\nHint: Run 'delembic history'/],
    ["one of ours", ["convert", "D003"], 2, /^Error: D003 is no Python migration: delembic\/versions\/D003\.sql\n/],
    ["both forms", ["convert", "D001", "--sql", "--ts"], 2, /^Error: Options '--sql' and '--ts' exclude each other\n/],
    [
      "one of two in a file",
      ["convert", "D001", "--write"],
      2,
      /^Error: The file of D001 has other migrations too: D002\n/,
    ],
  ] as const
) {
  Deno.test(`convert: ${what} is told`, async () => {
    await using project = await pythonProject("sqlite", {
      "both.py": PLAIN + MIXED,
      "D003.sql": "-- delembic revision: D003\n-- delembic upgrade\nselect 1;\n",
    }, "");
    const ran = await project.delembic(args);
    equal(ran.code, code, ran.err);
    match(ran.err, message);
  });
}

Deno.test("convert --write overwrites nothing", async () => {
  await using project = await pythonProject("sqlite", { "D001.py": PLAIN, "_D001.py": "" }, "");
  const { code, err } = await project.delembic(["convert", "D001", "--write"]);
  equal(code, 2);
  match(err, /^Error: .*_D001\.py is there already\n/);
  ok(Deno.statSync(`${project.folder}/delembic/versions/D001.py`).isFile);
});
