/** Defects 32 to 37 of the Python tool: what it takes its configuration for. */

import assert from "node:assert/strict";
import { temporaryFolder } from "../support.ts";
import { testProject } from "../project.ts";
import { delembic } from "./cli.ts";
import { ALL, peer, timeless } from "./peer.ts";

const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n";
const FIRST = "-- delembic revision: D001\n-- delembic description: first\n-- delembic upgrade\nselect 1;\n";
const PROJECT = { "delembic.ini": INI, "delembic/versions/D001.sql": FIRST };

async function ran(
  folder: { readonly path: string },
  args: readonly string[],
  { below = "", env = {} }: { readonly below?: string; readonly env?: Record<string, string> } = {},
): Promise<[number, string, string]> {
  const { code, out, err } = await delembic("source", args, { cwd: folder.path + below, env });
  return [code, timeless(out).replaceAll(folder.path, "FOLDER"), err.replaceAll(folder.path, "FOLDER")];
}

peer("32: a relative SQLite file is beside the ini file, wherever one stands", ["sqlite"], async () => {
  await using folder = await temporaryFolder({ ...PROJECT, "sub/deep/.keep": "" });
  assert.equal((await ran(folder, ["upgrade"]))[0], 0);
  assert.deepEqual(await ran(folder, ["current"], { below: "/sub/deep" }), [0, "D001  (applied TIME)\n", ""]);
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/sub/deep`)].map(({ name }) => name), [".keep"]);
});

peer("33: the URL takes environment variables, and names one that is missing", ["sqlite"], async () => {
  const ini = INI.replace("sqlite:///app.db", "sqlite:///${DB_FOLDER}/${DB_NAME}.db");
  await using folder = await temporaryFolder({ ...PROJECT, "delembic.ini": ini });
  const env = { DB_FOLDER: folder.path, DB_NAME: "my" };
  assert.deepEqual(await ran(folder, ["upgrade"], { env }), [0, "Running D001: first\n  OK (0.00s)\n", ""]);
  assert.ok(Deno.statSync(`${folder.path}/my.db`).isFile);
  assert.deepEqual(await ran(folder, ["upgrade"], { env: { DB_FOLDER: folder.path } }), [
    2,
    "",
    `Error: The environment variable DB_NAME is not set; 'sqlalchemy.url' in [delembic] needs it
  at delembic.ini:3
Hint: Set it, or give --url.
`,
  ]);
});

peer("34: a comment behind the URL makes no database, and one behind a path is warned of", ["sqlite"], async () => {
  await using folder = await temporaryFolder(PROJECT);
  for (const sign of [";", "#"]) {
    await Deno.writeTextFile(`${folder.path}/delembic.ini`, INI.replace("app.db", `app.db ${sign} the database`));
    assert.deepEqual(await ran(folder, ["upgrade"]), [
      2,
      "",
      `Error: The value of 'sqlalchemy.url' in [delembic] has a '${sign}' in it
  at delembic.ini:3
Hint: It begins no comment there, but is part of the value. A comment needs a line of its own.
`,
    ]);
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["delembic", "delembic.ini"]);
  await Deno.writeTextFile(`${folder.path}/delembic.ini`, INI.replace("= delembic", "= delembic ; here"));
  assert.deepEqual(await ran(folder, ["upgrade"]), [
    2,
    "",
    "Warning: The ';' in the value of 'script_location' in [delembic], line 2, begins no comment: it is part of the " +
    "value. A comment needs a line of its own\n" +
    `Error: The folder of the migrations is not there: FOLDER/delembic ; here/versions
Hint: Run 'delembic init', or set 'script_location' in delembic.ini to the folder that has 'versions' in it.
`,
  ]);
});

peer("35: a byte order mark is no part of the file", ["sqlite"], async () => {
  await using folder = await temporaryFolder({
    "delembic.ini": `\uFEFF${INI.replaceAll("\n", "\r\n")}`,
    "delembic/versions/D001.sql": `\uFEFF${FIRST.replaceAll("\n", "\r\n")}`,
  });
  assert.deepEqual(await ran(folder, ["upgrade"]), [0, "Running D001: first\n  OK (0.00s)\n", ""]);
});

peer("36: a section with a slip of the finger is an error that names it", ["sqlite"], async () => {
  await using folder = await temporaryFolder({ ...PROJECT, "delembic.ini": INI.replace("[delembic]", "[delembik]") });
  assert.deepEqual(await ran(folder, ["upgrade"]), [
    2,
    "",
    `Error: Section [delembic] not found in FOLDER/delembic.ini
  at delembic.ini
Hint: Did you mean [delembik]? The file has [delembik]; name one with -n.
`,
  ]);
  await Deno.writeTextFile(`${folder.path}/delembic.ini`, INI.replace("script_location", "script_lokation"));
  assert.deepEqual(await ran(folder, ["upgrade"]), [
    0,
    "Running D001: first\n  OK (0.00s)\n",
    "Warning: Unknown key 'script_lokation' in [delembic], line 2; did you mean 'script_location'?\n",
  ]);
});

peer("37: of two sections on one database, the second's file with a taken id shows as changed", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await project.write({
    "/delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n" +
      "[silver]\nscript_location = silver\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n",
    "/silver/versions/D001.sql": FIRST.replace("first", "first of silver"),
  });
  await project.delembic(["upgrade"]);
  const silver = (command: string) => project.delembic(["-n", "silver", command]);
  assert.deepEqual(await silver("history"), { code: 0, out: "changed   D001  first of silver\n", err: "" });
  assert.deepEqual(await silver("check"), {
    code: 1,
    out: `changed  Migration D001 was changed after it was applied (silver/versions/D001.sql).
         Put the change into a new migration, or accept it with 'delembic repair D001'.
`,
    err: "",
  });
  assert.deepEqual(await silver("upgrade"), {
    code: 0,
    out: "Already up to date.\n",
    err: `Warning: Migration D001 was changed after it was applied (silver/versions/D001.sql)
  Put the change into a new migration, or accept it with 'delembic repair'.
`,
  });
});
