/** Defects 25 to 31 of the Python tool: the files that `init` and `revision` write, or write over. */

import assert from "node:assert/strict";
import { temporaryFolder } from "../support.ts";
import { delembic } from "./cli.ts";
import { peer } from "./peer.ts";

const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n";
const MISSING = "Warning: The SQLite database does not exist: FOLDER/app.db\n";
const TEMPLATE = "filename_template = %(revision)s_%(slug)s\n";
const PROJECT = { "delembic.ini": INI + TEMPLATE, "delembic/versions/.gitkeep": "" };

async function ran(folder: string, ...args: string[]): Promise<[number, string, string]> {
  const { code, out, err } = await delembic("source", args, { cwd: folder, env: {} });
  return [code, out.replaceAll(folder, "FOLDER"), err.replaceAll(folder, "FOLDER")];
}

function versions(folder: string): string[] {
  return [...Deno.readDirSync(`${folder}/delembic/versions`)].map(({ name }) => name).sort();
}

const MESSAGES = ["2024 load", "日本語", "", 'say "hi"', "ends with \\", "two\nlines", "*/ ${x} `y` --"];

for (const kind of ["ts", "sql"]) {
  peer(`25: any message makes a ${kind} file that can be read, and says what was said`, ["sqlite"], async () => {
    await using folder = await temporaryFolder(PROJECT);
    for (const message of MESSAGES) {
      const [code, , err] = await ran(folder.path, "revision", "-m", message, ...kind === "sql" ? ["--sql"] : []);
      assert.deepEqual([code, err], [0, ""], message);
    }
    assert.deepEqual(versions(folder.path), [
      ".gitkeep",
      ...["D001_2024_load", "D002", "D003", "D004_say_hi", "D005_ends_with", "D006_two_lines", "D007_x_y"].map((name) =>
        `${name}.${kind}`
      ),
    ]);
    const [, out, err] = await ran(folder.path, "history", "--json");
    assert.equal(err, "");
    const { migrations } = JSON.parse(out);
    assert.deepEqual(migrations.map(({ description }: { description: string }) => description), MESSAGES);
    const upgrade = await ran(folder.path, "upgrade");
    assert.deepEqual([upgrade[0], upgrade[2]], [0, ""]);
  });
}

peer("26: a long message makes a file name that fits", ["sqlite"], async () => {
  await using folder = await temporaryFolder(PROJECT);
  for (const message of ["word ".repeat(60), "x".repeat(300), "😀".repeat(300), "é".repeat(5000)]) {
    const [code, , err] = await ran(folder.path, "revision", "-m", message);
    assert.deepEqual([code, err], [0, ""]);
  }
  assert.deepEqual(versions(folder.path), [
    ".gitkeep",
    `D001_${"word_".repeat(18).slice(0, -1)}.ts`,
    `D002_${"x".repeat(92)}.ts`,
    "D003.ts",
    `D004_${"e".repeat(92)}.ts`,
  ]);
  assert.equal((await ran(folder.path, "upgrade"))[0], 0);
});

const BAD_TEMPLATES = [
  ["fixed", "has no %(revision)s", "Without it two migrations could have one file; put it in."],
  ["%(slug)s", "has no %(revision)s", "Without it two migrations could have one file; put it in."],
  [
    "_%(revision)s",
    "begins with '_'",
    "Files whose names begin so are helpers, and never run as migrations; begin with something else.",
  ],
  ["a/%(revision)s", "has a slash", "Migration files stand in the folder 'versions' itself; take it out."],
] as const;

peer("27: a template by which files could be written over, or never be read, is refused", ["sqlite"], async () => {
  await using folder = await temporaryFolder(PROJECT);
  for (const [template, is, hint] of BAD_TEMPLATES) {
    await Deno.writeTextFile(`${folder.path}/delembic.ini`, `${INI}filename_template = ${template}\n`);
    assert.deepEqual(await ran(folder.path, "revision", "-m", "x"), [
      2,
      "",
      `Error: filename_template ${is}\n  at delembic.ini:4\nHint: ${hint}\n`,
    ]);
  }
  assert.deepEqual(versions(folder.path), [".gitkeep"]);
  await Deno.writeTextFile(`${folder.path}/delembic.ini`, `${INI}filename_template = %%(revision)s_%%(slug)s\n`);
  assert.equal((await ran(folder.path, "revision", "-m", "x"))[1], "Created delembic/versions/D001_x.ts\n");
});

peer("28: init keeps what is there", ["sqlite"], async () => {
  await using folder = await temporaryFolder({
    "delembic/env.ts": "// mine\n",
    "delembic/env.py": "# mine\n",
    "delembic/versions/D001.py": "# mine\n",
    "alembic.ini": "",
  });
  assert.deepEqual(await ran(folder.path, "init"), [
    0,
    `Created delembic.ini
Created delembic/delembic.d.ts
Created delembic/versions/.gitkeep
Kept delembic/env.ts, which was there already

Next: say in delembic.ini which database to use (sqlalchemy.url)
Next: delembic revision -m "load person"
`,
    "",
  ]);
  assert.deepEqual(await ran(folder.path, "-n", "silver", "init", "delembic"), [
    0,
    `Added [silver] to delembic.ini
Kept delembic/env.ts, which was there already
Kept delembic/delembic.d.ts, which was there already
Kept delembic/versions/.gitkeep, which was there already

Next: say in delembic.ini which database to use (sqlalchemy.url) in [silver]
Next: delembic -n silver revision -m "load person"
`,
    "",
  ]);
  const read = (name: string) => Deno.readTextFileSync(`${folder.path}/delembic/${name}`);
  assert.deepEqual(["env.ts", "env.py", "versions/D001.py"].map(read), ["// mine\n", "# mine\n", "# mine\n"]);
});

peer("29: init -n adds its section and leaves every other byte as it is", ["sqlite"], async () => {
  const ini = "; ours\r\n[DEFAULT]\r\nx = 1\r\n\r\n[delembic]\r\n# why\r\nscript_location=delembic\r\n" +
    "sqlalchemy.url : sqlite:///app.db";
  await using folder = await temporaryFolder({ ...PROJECT, "delembic.ini": ini });
  assert.equal((await ran(folder.path, "-n", "silver", "init", "silver"))[0], 0);
  const now = await Deno.readTextFile(`${folder.path}/delembic.ini`);
  assert.equal(now.slice(0, ini.length), ini);
  assert.match(now.slice(ini.length), /^\r\n\r\n(?:# .*\r\n)?\[silver\]\r\nscript_location = silver\r\n/);
  assert.deepEqual(await ran(folder.path, "history"), [0, "No migrations found.\n", MISSING]);
  const again = await ran(folder.path, "-n", "silver", "--url", "sqlite:///app.db", "history");
  assert.deepEqual(again, [0, "No migrations found.\n", MISSING]);
});

peer("30: init names what it made and what is to be done, of this section", ["sqlite"], async () => {
  await using folder = await temporaryFolder();
  assert.deepEqual(await ran(folder.path, "init", "data"), [
    0,
    `Created delembic.ini
Created data/env.ts
Created data/delembic.d.ts
Created data/versions/.gitkeep

Next: say in delembic.ini which database to use (sqlalchemy.url)
Next: say there where Alembic is configured (alembic_config), or take that line out
Next: delembic revision -m "load person"
`,
    "",
  ]);
  assert.deepEqual(await ran(folder.path, "-n", "silver", "init", "silver"), [
    0,
    `Added [silver] to delembic.ini
Created silver/env.ts
Created silver/delembic.d.ts
Created silver/versions/.gitkeep

Next: say in delembic.ini which database to use (sqlalchemy.url) in [silver]
Next: say there where Alembic is configured (alembic_config), or take that line out
Next: delembic -n silver revision -m "load person"
`,
    "",
  ]);
});

peer("31: init makes its folder where the ini file will look for it", ["sqlite"], async () => {
  await using folder = await temporaryFolder({ "conf/alembic.ini": "" });
  assert.deepEqual(await ran(folder.path, "-c", "conf/my.ini", "init", "migs"), [
    0,
    `Created conf/my.ini
Created conf/migs/env.ts
Created conf/migs/delembic.d.ts
Created conf/migs/versions/.gitkeep

Next: say in conf/my.ini which database to use (sqlalchemy.url)
Next: delembic -c conf/my.ini revision -m "load person"
`,
    "",
  ]);
  const url = ["--url", "sqlite:///a.db"];
  assert.deepEqual(await ran(folder.path, "-c", "conf/my.ini", ...url, "upgrade"), [0, "No migrations found.\n", ""]);
});
