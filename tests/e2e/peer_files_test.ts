/** Defects 9 to 11, 20 to 24 and 38 of the Python tool: what it makes of migration files, and what it says of them. */

import assert from "node:assert/strict";
import { finished, type TestProject, testProject } from "../project.ts";
import { ALL, peer, timeless } from "./peer.ts";

function sql(revision: string, ...more: string[]): string {
  return [`-- delembic revision: ${revision}`, ...more.map((line) => `-- delembic ${line}`), "-- delembic upgrade", ""]
    .join("\n");
}

/** Exit code, stdout without its durations, stderr. */
async function ran(project: TestProject, ...args: string[]): Promise<[number, string, string]> {
  const { code, out, err } = await project.delembic(args);
  return [code, timeless(out).replaceAll(project.folder, "FOLDER"), err.replaceAll(project.folder, "FOLDER")];
}

peer("9: two files with one revision are refused, and neither runs", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001_one.sql": `${sql("D001")}create table one (n int);\n`,
    "D001_two.sql": `${sql("D001")}create table two (n int);\n`,
  });
  for (const args of [["upgrade"], ["upgrade", "D001"]]) {
    assert.deepEqual(await ran(project, ...args), [
      2,
      "",
      `Error: Revision D001 is in 2 places: delembic/versions/D001_one.sql:1, delembic/versions/D001_two.sql:1
  at delembic/versions/D001_two.sql:1
    1 | -- delembic revision: D001
Hint: Give one of them another id: delembic rename D001 NEW_ID delembic/versions/D001_two.sql
`,
    ]);
  }
  await assert.rejects(project.rows("select * from one"));
});

peer("10: migrations from 'revision' run in the order in which they were made", ["sqlite"], async (kind) => {
  for (const ids of ["sequential", "timestamp", "hex"]) {
    await using project = await testProject(kind);
    await project.write({
      "/delembic.ini":
        `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${project.db.url}\nrevision_ids = ${ids}\n`,
    });
    const messages = ["first", "second", "third", "fourth", "fifth"];
    for (const message of messages) await project.delembic(["revision", "-m", message, "--sql"]);
    const { code, out, err } = await project.delembic(["upgrade"]);
    assert.equal(code, 0, err);
    assert.deepEqual(out.match(/(?<=: ).*/g), messages, ids);
  }
});

peer("11: a script that was edited after it was applied is changed, and check fails", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": sql("D001", "description: first"),
    "D002.sql": sql("D002", "depends_on: D001", "description: second"),
  });
  await project.delembic(["upgrade"]);
  assert.deepEqual(await ran(project, "check"), [0, "Everything is applied.\n", ""]);
  await project.write({ "D002.sql": `${sql("D002", "depends_on: D001", "description: second")}select 2;\n` });
  assert.deepEqual(await ran(project, "history"), [0, "applied   D001  first\nchanged   D002  second\n", ""]);
  assert.deepEqual(await ran(project, "check"), [
    1,
    `changed  Migration D002 was changed after it was applied (delembic/versions/D002.sql).
         Put the change into a new migration, or accept it with 'delembic repair D002'.
`,
    "",
  ]);
  assert.deepEqual(await ran(project, "upgrade"), [
    0,
    "Already up to date.\n",
    `Warning: Migration D002 was changed after it was applied (delembic/versions/D002.sql)
  Put the change into a new migration, or accept it with 'delembic repair'.
`,
  ]);
});

peer(
  "11: a script that was deleted after it was applied is missing, and still a dependency",
  ["sqlite"],
  async (kind) => {
    await using project = await testProject(kind, {
      "D001.sql": sql("D001", "description: first"),
      "D002.sql": sql("D002", "depends_on: D001", "description: second"),
    });
    await project.delembic(["upgrade", "D001"]);
    await Deno.remove(`${project.folder}/delembic/versions/D001.sql`);
    assert.deepEqual(await ran(project, "history"), [0, "pending   D002  second\nmissing   D001\n", ""]);
    assert.deepEqual(await ran(project, "check"), [
      1,
      `pending  Migration D002 is not applied.
         Run 'delembic upgrade'.
missing  Migration D001 is applied, but there is no file of it.
         Put the file back, or check that this is the right database.
`,
      "",
    ]);
    assert.deepEqual(await ran(project, "upgrade"), [0, "Running D002: second\n  OK (0.00s)\n", ""]);
    assert.deepEqual(await ran(project, "current"), [
      0,
      "D001  (applied TIME; its file is missing)\nD002  (applied TIME)\n",
      "",
    ]);
  },
);

peer("20: why it failed, and where, is on stderr, also for a bare assertion", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.js": `import assert from "node:assert";
export default { revision: "D001", description: "bare", upgrade() {
  assert(1 > 2);
} };
`,
  });
  assert.deepEqual(await ran(project, "upgrade"), [
    1,
    "Running D001: bare\n",
    `  FAILED: The expression evaluated to a falsy value:

      assert(1 > 2)
    at delembic/versions/D001.js:3:3
      2 | export default { revision: "D001", description: "bare", upgrade() {
      3 |   assert(1 > 2);
        |   ^
`,
  ]);
  const said = { "new Error()": "Error without a message", "undefined": "undefined was thrown", "''": '"" was thrown' };
  for (const [thrown, says] of Object.entries(said)) {
    await project.write({ "D001.js": `export default { revision: "D001", upgrade() { throw ${thrown}; } };\n` });
    const [code, out, err] = await ran(project, "upgrade");
    assert.deepEqual([code, out, err.split("\n")[0]], [1, "Running D001\n", `  FAILED: ${says}`]);
  }
});

peer("21: a broken file stops what may need it, and nothing else", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": sql("D001", "description: first"),
    "D002.ts": "export default {\n  revision: 'D002'\n  upgrade() {}\n};\n",
  });
  assert.deepEqual(await ran(project, "upgrade", "D001"), [
    0,
    "Running D001: first\n  OK (0.00s)\n",
    "Warning: Syntax error: Expected ',', got 'upgrade' (delembic/versions/D002.ts:3:3)\n",
  ]);
  const error = `Error: Syntax error: Expected ',', got 'upgrade'
  at delembic/versions/D002.ts:3:3
    2 |   revision: 'D002'
    3 |   upgrade() {}
      |   ^
`;
  assert.deepEqual(await ran(project, "upgrade"), [2, "", error]);
  assert.deepEqual(await ran(project, "history"), [0, "applied   D001  first\n", error]);
});

peer("22: a migration without upgrade() is found out before anything runs", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": sql("D001", "description: first"),
    "D002.js": `import { DataMigration } from "delembic";
export default class extends DataMigration {
  revision = "D002";
  dependsOn = ["D001"];
}
`,
    "D003.js": 'export default { dependsOn: ["D001"], upgrade() {} };\n',
  });
  assert.deepEqual(await ran(project, "upgrade"), [
    2,
    "",
    `Error: 2 problems in the migration files

  'upgrade' is missing
    at delembic/versions/D002.js
    Hint: Write 'async upgrade(conn) { … }'.

  'revision' is missing
    at delembic/versions/D003.js
    Hint: Give it an id, such as "D001".
`,
  ]);
  await assert.rejects(project.rows("select * from delembic_version"), /no such table/);
});

peer("23: one dependency may be a string, and is not read as letters", ["sqlite"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": sql("D001"),
    "D002.js": 'export default { revision: "D002", dependsOn: "D001", upgrade() {} };\n',
  });
  const { out } = await project.delembic(["history", "--json"]);
  assert.deepEqual(JSON.parse(out).migrations[1].dependsOn, ["D001"]);
  assert.deepEqual(await ran(project, "upgrade"), [
    0,
    "Running D001\n  OK (0.00s)\nRunning D002\n  OK (0.00s)\n",
    "",
  ]);
  for (
    const [member, says] of [
      ["dependsOn: [1]", "'dependsOn' must be an id or a list of ids, not 1"],
      ["dependsOn: 5", "'dependsOn' must be an id or a list of ids, not 5"],
      ["dependsOn: {}", "'dependsOn' must be an id or a list of ids, not {}"],
      ["revision: null", "'revision' must be a text, not null"],
      ["revision: 3", "'revision' must be a text, not 3"],
    ]
  ) {
    await project.write({ "D003.js": `export default { revision: "D003", ${member}, upgrade() {} };\n` });
    const [code, out, err] = await ran(project, "upgrade");
    assert.deepEqual([code, out, err.split("\n")[0]], [2, "", `Error: ${says}`]);
  }
});

peer("24: what happens is told when it happens, into a pipe too", ALL, async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": sql("D001"),
    "D002.js": `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn, run) {
  run.log("half of it");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
} };
`,
  });
  const child = project.start(["upgrade"]);
  const decoder = new TextDecoder();
  let out = "", err = "";
  for await (const bytes of child.stderr.values({ preventCancel: true })) {
    err += decoder.decode(bytes);
    if (err.includes("\n")) break;
  }
  for await (const bytes of child.stdout.values({ preventCancel: true })) {
    out += decoder.decode(bytes);
    if (out.includes("Running D002\n")) break;
  }
  child.kill("SIGKILL");
  await finished(child);
  assert.deepEqual([timeless(out), err], ["Running D001\n  OK (0.00s)\nRunning D002\n", "  half of it\n"]);
});

peer("38: a migration may have the name of any module", ["sqlite"], async (kind) => {
  const names = ["json", "path", "fs", "delembic", "postgres", "index", "mod", "process"];
  await using project = await testProject(kind, {
    ...Object.fromEntries(names.map((name) => [
      `${name}.js`,
      `import { join } from "node:path";
import process from "node:process";
import { DataMigration } from "delembic";
export default class extends DataMigration {
  revision = "${name}";
  description = JSON.stringify({ "${name}": join("a", "b"), argv: typeof process.argv });
  upgrade() {}
}
`,
    ])),
  });
  const [code, out, err] = await ran(project, "upgrade");
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    names.toSorted().map((name) => `Running ${name}: {"${name}":"a/b","argv":"object"}\n  OK (0.00s)\n`).join(""),
  );
});
