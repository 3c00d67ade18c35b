/** Defects 44 to 49 of the Python tool: its pipeline. */

import assert from "node:assert/strict";
import { type Kind, type Ran, run } from "../support.ts";
import type { TestProject } from "../project.ts";
import { bothToolsProject, type Script, sqlText, timeless, tsText } from "../pipeline_ground.ts";
import { ALL, peer } from "./peer.ts";

const ON_ALL: readonly (Kind | "python")[] = [...ALL, "python"];
const ON_SQLITE: readonly (Kind | "python")[] = ["sqlite", "python"];

const SEEN = `op.create_table("seen", sa.Column("revision", sa.String(10)), sa.Column("version", sa.String(32)))`;

const CHAIN: Readonly<Record<string, Script>> = { aaa: { upgrade: SEEN }, bbb: { down: "aaa" }, ccc: { down: "bbb" } };

async function pipeline(project: TestProject, ...args: string[]): Promise<[number, string, string]> {
  const { code, out, err }: Ran = await project.delembic(["pipeline", ...args]);
  return [code, timeless(out), err];
}

function seen(project: TestProject): Promise<string[]> {
  return project.rows("select revision, version from seen order by revision, version");
}

peer("44: a migration waits for what the migrations that it depends on need", ON_ALL, async (kind) => {
  await using project = await bothToolsProject(kind, CHAIN, {
    "D001.sql": sqlText("D001", "ccc", "select 1"),
    "D002.ts": tsText("D002", ["D001", "aaa"], "select 1"),
  });
  assert.deepEqual(await pipeline(project, "run", "--auto"), [
    0,
    `Auto-generated pipeline  (5 steps)

[1/5] Schema → ccc  (alembic → ccc)
    done in 0.0s

[2/5] Data: step D001  (delembic → D001)
Running D001: step D001
  OK (0.00s)
    done in 0.0s

[3/5] Data: step D002  (delembic → D002)
Running D002: step D002
  OK (0.00s)
    done in 0.0s

[4/5] Schema → head  (alembic → head)
    already there

[5/5] Data migrations → head  (delembic → head)
    already there

Pipeline complete — 3 step(s) ran, 2 already there.
`,
    "",
  ]);
  assert.deepEqual(await seen(project), ["D001 | ccc", "D002 | ccc"]);
});

peer("45: a migration waits for each of the branches that it needs", ON_ALL, async (kind) => {
  const scripts: Record<string, Script> = {
    aaa: { upgrade: SEEN },
    ccc: { down: "aaa" },
    eee: { down: "aaa" },
    fff: { down: ["ccc", "eee"] },
  };
  await using project = await bothToolsProject(kind, scripts, { "D001.sql": sqlText("D001", "eee, ccc", "select 1") });
  const [code, out, err] = await pipeline(project, "run", "--auto");
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(out.match(/^\[.*$/gm), [
    "[1/5] Schema → ccc  (alembic → ccc)",
    "[2/5] Schema → eee  (alembic → eee)",
    "[3/5] Data: step D001  (delembic → D001)",
    "[4/5] Schema → head  (alembic → head)",
    "[5/5] Data migrations → head  (delembic → head)",
  ]);
  assert.deepEqual(await seen(project), ["D001 | ccc", "D001 | eee"]);
});

peer("46: an unknown type of a step is told before anything runs", ON_SQLITE, async (kind) => {
  await using project = await bothToolsProject(kind, CHAIN, { "D001.sql": sqlText("D001", "aaa", "select 1") });
  await project.write({
    "/pipeline.yaml": `steps:
- name: schema
  type: alembic
  target: head
- name: models
  type: dbt
  target: all
`,
  });
  assert.deepEqual(await pipeline(project, "run"), [
    2,
    "",
    `Error: Unknown step type: 'dbt'
  at pipeline.yaml:6:9
    5 | - name: models
    6 |   type: dbt
      |         ^
Hint: There are alembic and delembic.
`,
  ]);
  assert.deepEqual(await project.rows("select name from sqlite_master"), []);
});

peer("47: a target of digits is the revision of that name", ON_SQLITE, async (kind) => {
  await using project = await bothToolsProject(kind, { ...CHAIN, "001": { down: "ccc" } }, {
    "one.sql": sqlText("001", "aaa", "select 1"),
  });
  await project.write({
    "/pipeline.yaml":
      "steps:\n- {name: schema, type: alembic, target: 001}\n- {name: data, type: delembic, target: 001}\n",
  });
  const [code, out, err] = await pipeline(project, "run");
  assert.deepEqual([code, err], [0, ""], out);
  assert.deepEqual(await seen(project), ["001 | 001"]);
});

for (const text of ["steps:\n", "steps: []\n"]) {
  peer(`47: ${JSON.stringify(text)} is told as empty`, ON_SQLITE, async (kind) => {
    await using project = await bothToolsProject(kind, CHAIN, {});
    await project.write({ "/pipeline.yaml": text });
    assert.deepEqual(await pipeline(project, "run"), [
      2,
      "",
      `Error: The list 'steps' is empty
  at pipeline.yaml:1:1
    1 | ${text.trim()}
      | ^
Hint: Run 'delembic pipeline generate' to see how one looks.
`,
    ]);
  });
}

peer("48: what migrations log is shown, whatever Alembic does to its loggers", ON_SQLITE, async (kind) => {
  await using project = await bothToolsProject(kind, {
    ...CHAIN,
    bbb: { down: "aaa", upgrade: 'print("bbb prints", flush=False)' },
  }, {
    "D001.ts": `export default {
  revision: "D001",
  dependsOn: ["bbb"],
  description: "talk",
  upgrade(conn, run) {
    run.log("a word of the migration");
    console.log("a word on the console");
  },
};
`,
  });
  await project.write({
    "/alembic.ini": `[alembic]
script_location = %(here)s/migrations
path_separator = os
[loggers]
keys = root, alembic
[handlers]
keys = console
[formatters]
keys =
[logger_root]
level = WARNING
handlers = console
[logger_alembic]
level = INFO
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
`,
    "/migrations/env.py": `import os
from logging.config import fileConfig
import sqlalchemy as sa
from alembic import context

fileConfig(context.config.config_file_name)
with sa.create_engine(os.environ["PYTHON_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
`,
  });
  const [code, out, err] = await pipeline(project, "run", "--auto");
  assert.equal(code, 0, err);
  assert.match(out, /^\[1\/4\] Schema → bbb .*\nbbb prints\n {4}done in 0\.0s$/m);
  assert.match(out, /^Running D001: talk\na word on the console\n {2}OK \(0\.00s\)$/m);
  assert.match(err, /^Running upgrade aaa -> bbb, make bbb$/m);
  assert.match(err, /^ {2}a word of the migration$/m);
});

peer("49: pipeline.yaml is looked for, and written, beside delembic.ini", ON_SQLITE, async (kind) => {
  await using project = await bothToolsProject(kind, CHAIN, { "D001.sql": sqlText("D001", "aaa", "select 1") });
  await project.write({ "/deep/down/.gitkeep": "" });
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const below = (...args: string[]) =>
    run(Deno.execPath(), ["run", "-A", "--quiet", "--no-check", main, "pipeline", ...args], {
      cwd: `${project.folder}/deep/down`,
      env: { DELEMBIC_TEST_URL: project.db.url, PYTHON_URL: project.db.pythonUrl, NO_COLOR: "1" },
    });
  assert.deepEqual(await below("generate"), {
    code: 0,
    out: "Generated ../../pipeline.yaml  (4 steps)\nReview and edit if needed, then run: delembic pipeline run\n",
    err: "",
  });
  const { code, out, err } = await below("run");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^Running pipeline: \.\.\/\.\.\/pipeline\.yaml {2}\(4 steps\)\n/);
  assert.deepEqual(await seen(project), ["D001 | aaa"]);
});
