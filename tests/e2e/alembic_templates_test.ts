/** Projects that Alembic itself makes, from each of its templates: what Delembic says of them, beside what Alembic says. */

import assert from "node:assert/strict";
import { type Kind, type Outside, outside, type Ran, run, testWith } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";

const TEMPLATES = ["generic", "async", "multidb", "pyproject", "pyproject_async"];

const MIGRATION = `-- delembic revision: D001
-- delembic depends_on: billing@head, bbb
-- delembic description: first rows
-- delembic upgrade
insert into t_bbb values (1);
`;

async function alembic({ folder }: TestProject, ...args: string[]): Promise<Ran> {
  const program = (outside.python ?? "").replace(/python[\d.]*$/, "alembic");
  const ran = await run(program, args, { cwd: folder });
  assert.equal(ran.code, 0, `${args.join(" ")}: ${ran.out}${ran.err}`);
  return ran;
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(file, change(await Deno.readTextFile(file)));
}

/** A new revision whose upgrade makes a table of its name, in each database that the template has. */
async function revision(project: TestProject, id: string, ...args: string[]): Promise<void> {
  const { out } = await alembic(project, "revision", "-m", `make ${id}`, "--rev-id", id, ...args);
  const [, file = ""] = /Generating (\S+) \.\.\./.exec(out.replace(/\s+/g, " ")) ?? [];
  const table = (text: string) => text.replace(/pass$/, `op.create_table("t_${id}", sa.Column("n", sa.Integer()))`);
  await edit(file, (text) => text.replace(/def upgrade(?:_\w+)?\(\)[^\0]*?pass$/gm, table));
}

/** A project of the template with a branch: bbb and ccc (billing) build on aaa. */
async function fromTemplate(project: TestProject, template: string): Promise<void> {
  await alembic(project, "init", "-t", template, "migrations");
  // what the second engine of the template multidb has is not ours
  await edit(
    `${project.folder}/alembic.ini`,
    (text) =>
      text.replace("driver://user:pass@localhost/dbname2", `sqlite:///${project.folder}/two.db`)
        .replace("driver://user:pass@localhost/dbname", project.db.pythonUrl.replaceAll("%", "%%")),
  );
  await revision(project, "aaa");
  await revision(project, "bbb");
  await revision(project, "ccc", "--head", "aaa", "--splice", "--branch-label", "billing");
  await project.write({
    "/delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n" +
      `alembic_config = ${template.startsWith("pyproject") ? "pyproject.toml" : "alembic.ini"}\n`,
    "D001.sql": MIGRATION,
  });
}

/** The lines of an answer; which of two branches comes first is not the same. */
function lines({ out }: Ran): string[] {
  return out.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "" && !line.startsWith("INFO")).sort();
}

async function sameHeadsAndHistory(project: TestProject): Promise<void> {
  for (const command of ["heads", "history"]) {
    const ours = await project.delembic(["alembic", command]);
    assert.equal(ours.err, "");
    assert.deepEqual(lines(ours), lines(await alembic(project, command)));
  }
}

/** @param ini what `alembic` is called with */
async function sameCurrent(project: TestProject, ...ini: string[]): Promise<void> {
  const ids = (ran: Ran) => lines(ran).map((line) => line.split(" ")[0]);
  const ours = await project.delembic(["alembic", "current"]);
  assert.equal(ours.err, "");
  const theirs = await alembic(project, ...ini, "current");
  assert.deepEqual(ids(ours), [...new Set(ids(theirs))]);
}

/** `upgrade` waits for Alembic, then runs. */
async function gateWorks(project: TestProject, ...ini: string[]): Promise<void> {
  await alembic(project, ...ini, "upgrade", "bbb");
  await sameCurrent(project, ...ini);
  const blocked = await project.delembic(["upgrade"]);
  assert.match(
    blocked.err,
    /^BLOCKED: Migration D001 requires Alembic revision\(s\) \['ccc'\] to be applied first\.$/m,
  );
  assert.equal(blocked.code, 1);
  await alembic(project, ...ini, "upgrade", "heads");
  await sameCurrent(project, ...ini);
  const done = await project.delembic(["upgrade"]);
  assert.equal(done.code, 0, done.out + done.err);
  assert.deepEqual(await project.rows("select n from t_bbb"), ["1"]);
}

for (const template of TEMPLATES) {
  testWith(["python"], `sqlite: a project of Alembic's template ${template} is read as Alembic reads it`, async () => {
    await using project = await testProject("sqlite");
    await fromTemplate(project, template);
    await sameHeadsAndHistory(project);
    if (!template.endsWith("async")) return await gateWorks(project);
    // an asynchronous driver is not there: the same scripts are run by way of another env.py
    await alembic(project, "-c", "plain.ini", "init", "plain");
    await edit(
      `${project.folder}/plain.ini`,
      (text) =>
        text.replace("driver://user:pass@localhost/dbname", project.db.pythonUrl)
          .replace("[alembic]", "[alembic]\nversion_locations = %(here)s/migrations/versions"),
    );
    await gateWorks(project, "-c", "plain.ini");
  });
}

const SERVERS: readonly (readonly [kind: Kind, need: Outside])[] = [["postgresql", "postgres"], ["mysql", "mysql"]];

for (const [kind, need] of SERVERS) {
  testWith([need, "python"], `${kind}: a version table with a name and a schema of its own is found`, async () => {
    await using project = await testProject(kind);
    await fromTemplate(project, "generic");
    const schema = kind === "postgresql" ? "Admin" : project.db.name;
    if (kind === "postgresql") await project.execute('create schema "Admin"');
    await edit(
      `${project.folder}/alembic.ini`,
      (text) => text.replace("[alembic]", `[alembic]\nmeta_schema = ${schema}`),
    );
    await edit(`${project.folder}/migrations/env.py`, (text) =>
      text.replace(
        "connection=connection, target_metadata=target_metadata",
        'connection=connection, target_metadata=target_metadata,\n            version_table="Schema_Version", ' +
          'version_table_schema=config.get_main_option("meta_schema")',
      ));
    await sameHeadsAndHistory(project);
    await gateWorks(project);
    const table = kind === "postgresql" ? '"Admin"."Schema_Version"' : "Schema_Version";
    assert.deepEqual(await project.rows(`select version_num from ${table} order by 1`), ["bbb", "ccc"]);
  });
}
