/** `delembic guard`: what it prints stops real Alembic until the data migration is applied, and not longer. */

import assert from "node:assert/strict";
import { guardPython, guardSql } from "../../src/guard.ts";
import { type Kind, onEachDatabase, outside, type Ran, run, testWith } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";

const ENV = `
import os
from alembic import context
from sqlalchemy import create_engine

url = os.environ["ALEMBIC_URL"]
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
`;

const CREATE = `
from alembic import op
import sqlalchemy as sa

revision = "aaaa00000001"
down_revision = None

def upgrade():
    op.create_table("person", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))
`;

function guarded(lines: readonly string[]): string {
  return `
from alembic import op

revision = "bbbb00000002"
down_revision = "aaaa00000001"

def upgrade():
${lines.join("\n")}
    op.drop_column("person", "name")
`;
}

const MIGRATION = `-- delembic revision: D001
-- delembic depends_on: aaaa00000001
-- delembic upgrade
insert into person (id, name) values (1, 'Ada');
`;

async function project(kind: Kind, lines: readonly string[]): Promise<TestProject> {
  return await testProject(kind, {
    "D001.sql": MIGRATION,
    "/delembic.ini":
      "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\nalembic_config = alembic.ini\n",
    "/alembic.ini": "[alembic]\nscript_location = schema\n",
    "/schema/env.py": ENV,
    "/schema/versions/a.py": CREATE,
    "/schema/versions/b.py": guarded(lines),
  });
}

function alembic({ folder, db }: TestProject, ...args: string[]): Promise<Ran> {
  const env = { ALEMBIC_URL: db.pythonUrl, PYTHONDONTWRITEBYTECODE: "1" };
  return run(outside.python ?? "python", ["-m", "alembic", ...args], { cwd: folder, env });
}

function onEachWithPython(name: string, fn: (kind: Kind) => Promise<void>): void {
  testWith(["python"], `sqlite: ${name}`, () => fn("sqlite"));
  testWith(["python", "postgres"], `postgresql: ${name}`, () => fn("postgresql"));
  testWith(["python", "mysql"], `mysql: ${name}`, () => fn("mysql"));
}

const PROBLEM_REGEXP = /Data migration D001 is not applied/;
const REMEDY_REGEXP = /[Rr]un '?delembic upgrade D001'? first/;

onEachWithPython("a guarded Alembic revision fails until the data migration is applied", async (kind) => {
  await using made = await project(kind, guardPython("D001", kind));
  assert.equal((await alembic(made, "upgrade", "aaaa00000001")).code, 0);
  // there is no ledger yet
  const without = await alembic(made, "upgrade", "head");
  assert.notEqual(without.code, 0);
  assert.match(without.err, PROBLEM_REGEXP);
  assert.match(without.err, REMEDY_REGEXP);
  // another migration is in the ledger, and this one has failed
  const { code, err } = await made.delembic(["upgrade"]);
  assert.equal(code, 0, err);
  for (
    const change of [
      "update delembic_version set status = 'failed'",
      "update delembic_version set revision = 'D0011', status = 'success'",
    ]
  ) {
    await made.execute(change);
    const refused = await alembic(made, "upgrade", "head");
    assert.notEqual(refused.code, 0, change);
    assert.match(refused.err, PROBLEM_REGEXP);
    assert.match(refused.err, REMEDY_REGEXP);
    assert.deepEqual(await made.rows("select version_num from alembic_version"), ["aaaa00000001"]);
  }
  await made.execute("update delembic_version set revision = 'D001'");
  const passed = await alembic(made, "upgrade", "head");
  assert.equal(passed.code, 0, passed.err);
  assert.deepEqual(await made.rows("select version_num from alembic_version"), ["bbbb00000002"]);
});

onEachWithPython("in Alembic's offline mode the guard is part of the script", async (kind) => {
  await using made = await project(kind, guardPython("D001", kind));
  const { code, out, err } = await alembic(made, "upgrade", "aaaa00000001:bbbb00000002", "--sql");
  assert.equal(code, 0, err);
  assert.match(out, PROBLEM_REGEXP);
  assert.match(out, /ALTER TABLE person DROP COLUMN name/);
});

onEachDatabase("the bare SQL of a guard fails before, and passes after", async (kind) => {
  await using made = await testProject(kind, {
    "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n",
  });
  const printed = await made.delembic(["guard", "D001", "--sql"]);
  assert.equal(printed.err, "");
  assert.equal(printed.out, `${guardSql("D001", kind)}\n`);
  const statements = printed.out.trimEnd().split(/;\n(?! {2,}|end\b|hint)|;$/).filter((text) => text !== "");
  await assert.rejects(
    made.execute(...statements),
    (error) => PROBLEM_REGEXP.test(String(error)) || REMEDY_REGEXP.test(String(error)),
  );
  assert.equal((await made.delembic(["upgrade"])).code, 0);
  await made.execute(...statements);
});

Deno.test("guard prints Python, or a document, for the database that is said", async () => {
  await using made = await testProject("sqlite", { "D001.sql": MIGRATION });
  const { code, out } = await made.delembic(["guard", "D0", "--dialect", "PostgreSQL"]);
  assert.equal(code, 0);
  assert.equal(
    out,
    `    # Fails unless data migration D001 is applied: 'delembic guard D001'
    op.execute("""
        do $delembic$
        begin
          if to_regclass('delembic_version') is null then
            raise exception using message = 'Data migration D001 is not applied',
              hint = 'Run ''delembic upgrade D001'' first.';
          end if;
          if not exists (select 1 from delembic_version where revision = 'D001' and status = 'success') then
            raise exception using message = 'Data migration D001 is not applied',
              hint = 'Run ''delembic upgrade D001'' first.';
          end if;
        end
        $delembic$
    """)
`,
  );
  const json = await made.delembic(["guard", "D001", "--json", "--dialect", "mariadb"]);
  const document = JSON.parse(json.out);
  assert.equal(document.revision, "D001");
  assert.equal(document.dialect, "mysql");
  assert.equal(document.statements.length, 8);
  assert.equal(document.python, `${guardPython("D001", "mysql").join("\n")}\n`);
});

Deno.test("guard tells what it does not know", async () => {
  await using made = await testProject("sqlite", { "D001.sql": MIGRATION });
  assert.deepEqual(await made.delembic(["guard", "D009"]), {
    code: 2,
    out: "",
    err: "Error: Unknown target revision: D009\nHint: Run 'delembic history' to see what there is.\n",
  });
  assert.deepEqual(await made.delembic(["guard", "D001", "--dialect", "oracle"]), {
    code: 2,
    out: "",
    err: "Error: There is no dialect 'oracle'\nHint: Write postgresql, mysql, mariadb or sqlite.\n",
  });
});
