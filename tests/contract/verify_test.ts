/** What `verify` asks again, and what it leaves out because the schema has gone on. */

import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { onEachDatabase } from "../support.ts";

const script = (revision: string, down: string | undefined) => `
revision = "${revision}"
down_revision = ${down === undefined ? "None" : `"${down}"`}
def upgrade(): pass
`;
const FILES = {
  "/alembic.ini": "[alembic]\nscript_location = alembic\n",
  "/alembic/env.py": "",
  "/alembic/versions/a1.py": script("a1", undefined),
  "/alembic/versions/a2.py": script("a2", "a1"),
  "D001_names.sql": `-- delembic revision: D001
-- delembic depends_on: a1
-- delembic requires_before: a2
-- delembic upgrade
update person set full_name = name;
-- delembic validate
select count(*) = 0 from person where full_name <> name;
`,
  "D002_other.sql": "-- delembic revision: D002\n-- delembic upgrade\nselect 1;\n-- delembic validate\nselect 1;\n",
};

onEachDatabase("verify leaves out what had to come before a schema that is there by now", async (kind) => {
  await using project = await testProject(kind, FILES);
  const ini = await Deno.readTextFile(`${project.folder}/delembic.ini`);
  await project.write({ "/delembic.ini": `${ini}alembic_config = alembic.ini\n` });
  await project.execute(
    "create table alembic_version (version_num varchar(32) not null primary key)",
    "insert into alembic_version values ('a1')",
    "create table person (name varchar(20), full_name varchar(20))",
    "insert into person values ('Ada', null)",
  );
  assert.equal((await project.delembic(["upgrade"])).code, 0);
  const before = await project.delembic(["verify"]);
  assert.match(
    before.out,
    /^Verifying D001\n {2}OK .*\nVerifying D002\n {2}OK .*\nVerified 2 migrations, 0 failed\.\n$/,
  );

  await project.execute("alter table person drop column name", "update alembic_version set version_num = 'a2'");
  const after = await project.delembic(["verify"]);
  assert.equal(after.code, 0, after.err);
  assert.match(after.out, /^Left out, as the schema has gone on since: D001\nVerified 1 migration, 0 failed\.\n$/m);
  assert.deepEqual(JSON.parse((await project.delembic(["verify", "--json"])).out).past, ["D001"]);
  const named = await project.delembic(["verify", "D001"]);
  assert.equal(named.code, 1, "who names it gets it");
});
