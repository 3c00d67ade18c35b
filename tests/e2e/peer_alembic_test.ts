/** Defects 12 and 39 to 43 of the Python tool: how it goes with Alembic, here with Alembic itself. */

import assert from "node:assert/strict";
import { type Kind, outside, type Ran, run } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";
import { ALL, peer, timeless } from "./peer.ts";

const WITH_ALEMBIC: readonly (Kind | "python")[] = [...ALL, "python"];

/** Three scripts, of which the second one depends on the first, and the third on the second. */
const SCRIPTS = Object.fromEntries(
  [["aaa", "None"], ["bbb", "'aaa'"], ["ccc", "'bbb'"]].map(([id, down]) => [
    `/migrations/versions/${id}_script.py`,
    `"""make ${id}"""
from alembic import op
import sqlalchemy as sa

revision = "${id}"
down_revision = ${down}

def upgrade():
    op.create_table("t_${id}", sa.Column("n", sa.Integer))

def downgrade():
    op.drop_table("t_${id}")
`,
  ]),
);

/** @param configured what `context.configure` is given besides the connection */
function envPy(configured = ""): string {
  return `import os
import sqlalchemy as sa
from alembic import context

with sa.create_engine(os.environ["PYTHON_URL"]).connect() as connection:
    context.configure(connection=connection${configured})
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
`;
}

function sql(revision: string, dependsOn: string, statement = "select 1"): string {
  return `-- delembic revision: ${revision}
-- delembic depends_on: ${dependsOn}
-- delembic description: step ${revision}
-- delembic upgrade
${statement};
`;
}

const FILES = {
  "/delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n" +
    "alembic_config = alembic.ini\nfilename_template = %(revision)s_%(slug)s\n",
  "/alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
  "/migrations/env.py": envPy(),
  ...SCRIPTS,
  "D001.sql": sql("D001", "aaa", "insert into t_aaa values (1)"),
  "D002.sql": sql("D002", "D001, bbb", "insert into t_bbb values (2)"),
};

async function alembic({ folder, db }: TestProject, ...args: string[]): Promise<Ran> {
  const program = (outside.python ?? "").replace(/python[\d.]*$/, "alembic");
  const ran = await run(program, args, { cwd: folder, env: { PYTHON_URL: db.pythonUrl } });
  assert.equal(ran.code, 0, ran.out + ran.err);
  return ran;
}

async function ran({ delembic, folder }: TestProject, ...args: string[]): Promise<[number, string, string]> {
  const { code, out, err } = await delembic(args);
  return [code, timeless(out).replaceAll(folder, "FOLDER"), err.replaceAll(folder, "FOLDER")];
}

const BOTH = "Running D001: step D001\n  OK (0.00s)\nRunning D002: step D002\n  OK (0.00s)\n";

peer("12: a schema that was taken back under an applied migration is found", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, FILES);
  await alembic(project, "upgrade", "head");
  assert.deepEqual(await ran(project, "upgrade"), [0, BOTH, ""]);
  assert.deepEqual(await ran(project, "check"), [0, "Everything is applied.\n", ""]);
  await alembic(project, "downgrade", "aaa");
  assert.deepEqual(await ran(project, "check"), [
    1,
    `ungrounded  Migration D002 is applied, but Alembic revision(s) ['bbb'] that it needs are not in the database any more.
            Run 'alembic upgrade head', or look at what the data of that migration has become.
`,
    "",
  ]);
  const { out } = await project.delembic(["check", "--json"]);
  assert.deepEqual(
    JSON.parse(out).problems.map(({ kind, revision, missing }: Record<string, unknown>) => ({
      kind,
      revision,
      missing,
    })),
    [{ kind: "ungrounded", revision: "D002", missing: ["bbb"] }],
  );
});

peer("12: a migration waits for its Alembic revision, and runs when it is there", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, FILES);
  await alembic(project, "upgrade", "aaa");
  assert.deepEqual(await ran(project, "upgrade"), [
    1,
    "Running D001: step D001\n  OK (0.00s)\nRunning D002: step D002\n",
    `BLOCKED: Migration D002 requires Alembic revision(s) ['bbb'] to be applied first.
Run 'alembic upgrade head' before retrying.
`,
  ]);
  await alembic(project, "upgrade", "head");
  assert.deepEqual(await ran(project, "upgrade"), [0, "Running D002: step D002\n  OK (0.00s)\n", ""]);
});

const strace = await run("strace", ["-V"]).then(({ code }) => code === 0, () => false);

Deno.test({
  name: `peer 39: each Alembic script is read once in a run${strace ? "" : " (needs strace)"}`,
  ignore: !strace,
  fn: async () => {
    await using project = await testProject("sqlite", {
      ...FILES,
      ...Object.fromEntries(
        ["D003", "D004", "D005", "D006"].map((id) => [`${id}.sql`, sql(id, id === "D006" ? "bbb" : "aaa, bbb")]),
      ),
    });
    await project.execute(
      "create table alembic_version (version_num text)",
      "insert into alembic_version values ('ccc')",
      "create table t_aaa (n int)",
      "create table t_bbb (n int)",
    );
    const log = `${project.folder}/opened.txt`;
    const main = new URL("../../main.ts", import.meta.url).pathname;
    const { code, out, err } = await run(
      "strace",
      ["-f", "-e", "trace=openat,open", "-o", log, Deno.execPath(), "run", "-A", "--no-check", "-q", main, "upgrade"],
      { cwd: project.folder, env: { DELEMBIC_TEST_URL: project.db.url, NO_COLOR: "1" } },
    );
    assert.equal(code, 0, err);
    assert.equal(out.match(/OK/g)?.length, 6);
    const opened = (await Deno.readTextFile(log)).matchAll(/"([^"]*_script\.py)"/g);
    assert.deepEqual([...opened].map(([, file]) => file?.replace(/.*\//, "")).sort(), [
      "aaa_script.py",
      "bbb_script.py",
      "ccc_script.py",
    ]);
  },
});

peer("40: the version table that env.py names is the one that is read", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, FILES);
  const schema = kind === "sqlite" ? undefined : kind === "mysql" ? project.db.name : "meta";
  if (kind === "postgresql") await project.execute("create schema meta");
  await project.write({
    "/migrations/env.py": envPy(
      `, version_table="schema_state"${schema === undefined ? "" : `, version_table_schema="${schema}"`}`,
    ),
  });
  await alembic(project, "upgrade", "head");
  assert.deepEqual(await ran(project, "alembic", "current"), [0, "ccc (head)\n", ""]);
  assert.deepEqual(await ran(project, "upgrade"), [0, BOTH, ""]);
});

peer("40: a version table that env.py computes is told to be named, and then read", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.write({ "/migrations/env.py": envPy(', version_table="_".join(["schema", "state"])') });
  await alembic(project, "upgrade", "head");
  assert.deepEqual(await ran(project, "upgrade"), [
    2,
    "",
    `Error: The version_table that env.py sets cannot be known without running it: it is "_".join(["schema", "state"])
  at migrations/env.py:6
    5 | with sa.create_engine(os.environ["PYTHON_URL"]).connect() as connection:
    6 |     context.configure(connection=connection, version_table="_".join(["schema", "state"]))
Hint: Set 'alembic_version_table' in delembic.ini.
`,
  ]);
  await project.write({ "/delembic.ini": `${FILES["/delembic.ini"]}alembic_version_table = schema_state\n` });
  assert.deepEqual(await ran(project, "upgrade"), [0, BOTH, ""]);
});

peer("12: show asks Alembic also for what an applied migration needs", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, FILES);
  await alembic(project, "upgrade", "head");
  assert.deepEqual(await ran(project, "upgrade"), [0, BOTH, ""]);
  assert.match((await ran(project, "show", "D001"))[1], /\nDepends on: +alembic \w+ \(applied\)\n/);
  await alembic(project, "downgrade", "base");
  assert.match((await ran(project, "show", "D001"))[1], /\nDepends on: +alembic \w+ \(not applied\)\n/);
});

peer("41: a slip of the finger in a dependency is told before anything runs", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, { ...FILES, "D003.sql": sql("D003", "D00l") });
  await alembic(project, "upgrade", "head");
  const message = "Migration D003 depends on 'D00l', which is neither a data revision nor an Alembic one";
  const details = `  at delembic/versions/D003.sql
  Hint: Did you mean D001? 'delembic history' and 'delembic alembic history' list what there is.
`;
  assert.deepEqual(await ran(project, "upgrade"), [2, "", `Error: ${message}\n${details.replace("  Hint", "Hint")}`]);
  assert.deepEqual(await ran(project, "history"), [
    0,
    "pending   D001  step D001\npending   D002  step D002\npending   D003  step D003\n",
    `Error: ${message}\n${details}`,
  ]);
  const [code, out] = await ran(project, "check");
  assert.deepEqual([code, out.slice(0, out.indexOf("pending"))], [
    1,
    `fault    ${message}\n${details.replace(/^/gm, " ".repeat(9)).trimEnd()}\n`,
  ]);
  assert.deepEqual(await ran(project, "upgrade", "D002"), [
    0,
    BOTH,
    `Warning: ${message} (delembic/versions/D003.sql)\n`,
  ]);
});

peer("42: a database that is ahead of this checkout is told as that", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, { ...FILES, "D010.sql": sql("D010", "") });
  await alembic(project, "upgrade", "head");
  await Deno.remove(`${project.folder}/migrations/versions/ccc_script.py`);
  const message = "The database is at Alembic revision 'ccc', which no script here has: it is ahead of this checkout";
  const hint =
    "Check out or deploy the version that has the script. 'delembic alembic current' shows the database's rows.";
  assert.deepEqual(await ran(project, "upgrade"), [1, "", `Error: ${message}\nHint: ${hint}\n`]);
  assert.deepEqual(await ran(project, "history"), [
    0,
    "pending   D001  step D001\npending   D002  step D002\npending   D010  step D010\n",
    `Warning: ${message}\n  ${hint}\n`,
  ]);
  assert.deepEqual(await ran(project, "revision", "-m", "x", "--sql"), [
    0,
    "Alembic heads captured: ['ccc']\nCreated delembic/versions/D011_x.sql\n",
    "Warning: The database is at Alembic revision ['ccc'], which no script here has: it is ahead of this checkout\n" +
    "  The migration is written against that schema. It cannot run before the script is here too.\n",
  ]);
  // what does not need Alembic goes on
  await Deno.remove(`${project.folder}/delembic/versions/D011_x.sql`);
  assert.deepEqual(await ran(project, "upgrade", "D010"), [0, "Running D010: step D010\n  OK (0.00s)\n", ""]);
});

peer("43: revision warns when the database is behind the scripts", WITH_ALEMBIC, async (kind) => {
  await using project = await testProject(kind, FILES);
  const behind = `Warning: The database is behind the Alembic scripts: ['ccc'] is not applied
  If the migration needs them, write them into its dependencies, or run 'alembic upgrade head' first.
`;
  await alembic(project, "stamp", "base");
  assert.deepEqual(await ran(project, "revision", "-m", "zero", "--sql"), [
    0,
    "Created delembic/versions/D003_zero.sql\n",
    behind,
  ]);
  await alembic(project, "upgrade", "aaa");
  assert.deepEqual(await ran(project, "revision", "-m", "one", "--sql"), [
    0,
    "Alembic heads captured: ['aaa']\nCreated delembic/versions/D004_one.sql\n",
    behind,
  ]);
  await alembic(project, "upgrade", "head");
  assert.deepEqual(await ran(project, "revision", "-m", "two", "--sql"), [
    0,
    "Alembic heads captured: ['ccc']\nCreated delembic/versions/D005_two.sql\n",
    "",
  ]);
  assert.match(
    await Deno.readTextFile(`${project.folder}/delembic/versions/D005_two.sql`),
    /^-- delembic depends_on: ccc$/m,
  );
});
