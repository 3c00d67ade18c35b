/** `delembic graph` on a project, with states and Alembic's revisions. */

import assert from "node:assert/strict";
import { HOSTILE_TEXTS } from "../graph_ground.ts";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const INI =
  "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\nalembic_config = alembic.ini\n";

function sql(id: string, needs: string, body = "select 1;"): Record<string, string> {
  const dependsOn = needs === "" ? "" : `-- delembic depends_on: ${needs}\n`;
  return {
    [`${id}.sql`]:
      `-- delembic revision: ${id}\n${dependsOn}-- delembic description: step ${id}\n-- delembic upgrade\n${body}\n`,
  };
}

const FILES = {
  "/delembic.ini": INI,
  "/alembic.ini": "[alembic]\nscript_location = migrations\n",
  "/migrations/env.py": "",
  "/migrations/versions/a.py": '"""create"""\nrevision = "a1a1a1a1"\ndown_revision = None\n',
  "/migrations/versions/b.py":
    '"""add"""\nrevision = "b2b2b2b2"\ndown_revision = "a1a1a1a1"\nbranch_labels = ("billing",)\n',
  ...sql("D001", "a1a1a1a1"),
  ...sql("D002", "D001"),
  ...sql("D003", "D001", "insert into nowhere values (1);"),
  ...sql("D004", "D002, D003, billing"),
};

onEachDatabase("graph: shows the states of both sides and what needs what", async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.execute(
    "create table alembic_version (version_num varchar(32) not null)",
    "insert into alembic_version values ('a1a1a1a1')",
  );
  await project.delembic(["upgrade", "D002"]);
  await project.delembic(["upgrade", "D003"]);
  const { code, out, err } = await project.delembic(["graph"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    `●    D001  step D001
├─╮
● │  D002  step D002
│ ✗  D003  (failed)  step D003
├─╯
⊘    D004  (head, blocked)  step D004
`,
  );
  assert.equal(
    (await project.delembic(["graph", "--schema"])).out,
    `■      a1a1a1a1  (schema)  create
├─╮
● │    D001  step D001
├─│─╮
● │ │  D002  step D002
│ │ ✗  D003  (failed)  step D003
├─│─╯
│ □    b2b2b2b2  (billing, schema, head, pending)  add
├─╯
⊘      D004  (head, blocked)  step D004
`,
  );
  const { nodes, edges } = JSON.parse((await project.delembic(["graph", "--schema", "--json"])).out);
  assert.deepEqual(nodes.map(({ revision, kind, status }: Record<string, string>) => `${revision} ${kind} ${status}`), [
    "a1a1a1a1 schema applied",
    "D001 data applied",
    "D002 data applied",
    "D003 data failed",
    "b2b2b2b2 schema pending",
    "D004 data blocked",
  ]);
  assert.ok(
    edges.some(({ from, to, kind }: Record<string, string>) =>
      from === "schema:b2b2b2b2" && to === "data:D004" && kind === "gate"
    ),
  );
});

Deno.test("graph: writes files, and says what is wrong with a format or a place", async () => {
  await using project = await testProject("sqlite", FILES);
  await project.execute("create table alembic_version (version_num varchar(32) not null)");
  const { code, out } = await project.delembic(["graph", "--format", "svg", "-o", "graph.svg"]);
  assert.deepEqual([code, out], [0, "Wrote graph.svg\n"]);
  assert.match(await Deno.readTextFile(`${project.folder}/graph.svg`), /^<svg [^]*<\/svg>\n$/);
  const wrong = await project.delembic(["graph", "--format", "pdf"]);
  assert.deepEqual([wrong.code, wrong.out, wrong.err], [
    2,
    "",
    "Error: Option '--format' knows no 'pdf'\nHint: There are text, mermaid, dot, svg.\n",
  ]);
  const nowhere = await project.delembic(["graph", "-o", "no/such/folder/x.txt"]);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.err, /^Error: Cannot write no\/such\/folder\/x\.txt: No such file or directory\n/);
});

Deno.test("graph: faulty files are told and drawn, circles too", async () => {
  await using project = await testProject("sqlite", {
    ...sql("D001", ""),
    ...sql("D002", "D001"),
    ...sql("D003", "D004"),
    ...sql("D004", "D003"),
    "D005.ts": "export default { revision: 'D005',\n",
  });
  const { code, out, err } = await project.delembic(["graph"]);
  assert.equal(code, 0);
  assert.match(err, /Migrations depend on each other in a circle: D003 → D004 → D003/);
  assert.equal(
    out,
    `○    D001  (pending)  step D001
○    D002  (head, pending)  step D002
  !  D005  (faulty)
!    D003  (faulty)  step D003
!    D004  (faulty)  step D004
`,
  );
});

Deno.test("graph: tells when GitHub would not draw it", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 600 }, (_, at) => Object.entries(sql(`D${at + 100}`, at === 0 ? "" : `D${at + 99}`))[0] ?? []),
  );
  await using project = await testProject("sqlite", files);
  const { code, err } = await project.delembic(["graph", "--format", "mermaid", "-o", "graph.mmd"]);
  assert.equal(code, 0);
  assert.match(err, /^Warning: GitHub does not draw a Mermaid graph as large as this one$/m);
});

Deno.test("graph: hostile names reach no terminal and no picture as they are", async () => {
  await using project = await testProject(
    "sqlite",
    Object.fromEntries(HOSTILE_TEXTS.map((text, at) => [
      `D${at}.js`,
      `export default { revision: "D${at}", description: ${JSON.stringify(text)}, upgrade() {} };\n`,
    ])),
  );
  for (const format of ["text", "mermaid", "dot", "svg"]) {
    const { code, out } = await project.delembic(["graph", "--format", format]);
    assert.equal(code, 0, format);
    assert.equal(/(?!\n)[\p{Cc}\u061c\u200f\u202a-\u202e]/u.exec(out)?.[0], undefined, format);
    if (format === "svg") assert.doesNotMatch(out, /<script|<image/);
    const { code: written } = await project.delembic(["graph", "--format", format, "-o", `graph.${format}`]);
    assert.equal(written, 0);
    assert.equal(await Deno.readTextFile(`${project.folder}/graph.${format}`), out, format);
  }
});
