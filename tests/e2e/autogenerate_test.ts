/** `revision --autogenerate` and `check --schema`: what they say, what they write, and what they refuse. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "../support.ts";
import { delembic } from "./cli.ts";

const HEAD = "from alembic import op\nimport sqlalchemy as sa\n";
const BASE = `${HEAD}revision = "aaaa00000001"
down_revision = None

def upgrade():
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(80)),
    )
`;
const ADD = `${HEAD}revision = "bbbb00000002"
down_revision = "aaaa00000001"

def upgrade():
    op.add_column("person", sa.Column("status", sa.Enum("new", "old", name="status")))
    op.add_column("person", sa.Column("seen", sa.Integer(), server_default="0"))
`;
const NOT_NULL = `${HEAD}revision = "cccc00000003"
down_revision = "bbbb00000002"

def upgrade():
    with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("status", existing_type=sa.String(), nullable=False)
        batch_op.create_unique_constraint("uq_person_email", ["email"])
    op.execute("ALTER TABLE person ADD COLUMN other integer")
`;
const INI =
  "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\nalembic_config = alembic.ini\n" +
  "filename_template = %(revision)s_%(slug)s\n";

function project(scripts: Record<string, string> = { a: BASE, b: ADD, c: NOT_NULL }) {
  return temporaryFolder({
    "delembic.ini": INI,
    "delembic/versions/.gitkeep": "",
    "alembic.ini": "[alembic]\nscript_location = schema\n",
    "schema/env.py": "",
    ...Object.fromEntries(Object.entries(scripts).map(([name, text]) => [`schema/versions/${name}.py`, text])),
  });
}

/** The tables as they are at a revision, without Alembic. */
function at(folder: string, revision: string, ...statements: string[]): void {
  const db = new DatabaseSync(`${folder}/app.db`);
  db.exec("create table if not exists alembic_version (version_num varchar(32) not null)");
  db.exec(`delete from alembic_version; insert into alembic_version values ('${revision}')`);
  for (const statement of statements) db.exec(statement);
  db.close();
}

const SEEN =
  `needs   person.status is added without a server default, and becomes NOT NULL in schema/versions/c.py:8 (schema/versions/b.py:7)
needs   email of person becomes unique (schema/versions/c.py:9)
none    person.seen is added with a value from the database (schema/versions/b.py:8)
unread  SQL that is not looked into: ALTER TABLE person ADD COLUMN other integer (schema/versions/c.py:10)
`;

Deno.test("--autogenerate says what it saw, and drafts what is needed", async () => {
  await using folder = await project();
  const cwd = folder.path;
  assert.deepEqual(await delembic("source", ["revision", "--autogenerate", "--from", "aaaa"], { cwd }), {
    code: 0,
    out: `Read 2 Alembic revisions behind aaaa00000001 up to cccc00000003
Created delembic/versions/D001_backfill_person_status.ts
  behind bbbb00000002, before cccc00000003: backfill person.status
Created delembic/versions/D002_duplicates_of_person.ts
  behind bbbb00000002, before cccc00000003: duplicates of person
`,
    err: SEEN,
  });
  assert.equal(
    await Deno.readTextFile(`${cwd}/delembic/versions/D001_backfill_person_status.ts`),
    `// Drafted by 'delembic revision --autogenerate' from what the Alembic scripts change. CHOOSE marks what to decide.
// schema/versions/b.py:7  person.status is added without a server default, and becomes NOT NULL in schema/versions/c.py:8
import { assertNoRows, backfill } from "delembic";
import type { Connection, Migration } from "../delembic.d.ts";

// CHOOSE what person.status gets where it is NULL: a value, or SQL such as conn.sql\`lower(…)\`. One of 'new', 'old'.
// As long as it is null, nothing is changed, and 'validate' fails if there are such rows.
const personStatus = (conn: Connection): unknown => null;

export default {
  revision: "D001",
  dependsOn: ["bbbb00000002"],
  requiresBefore: ["cccc00000003"],
  description: "backfill person.status",
  batch: { table: "person", key: "id" },

  async apply(conn, range) {
    const value = personStatus(conn);
    if (value !== null) {
      await backfill(conn, "person", { set: { status: value }, where: conn.sql\`status is null\`, range });
    }
  },

  async validate(conn) {
    await assertNoRows(
      conn,
      conn.sql\`select id from person where status is null\`,
      "person.status: choose what these rows get",
    );
  },
} satisfies Migration;
`,
  );
  assert.deepEqual(await delembic("source", ["revision", "--autogenerate", "-q"], { cwd }), {
    code: 0,
    out: "Nothing to draft: what the schema changes need is there.\n",
    err: "",
  });
  assert.deepEqual(await delembic("source", ["check", "--schema", "--from", "aaaa00000001"], { cwd }), {
    code: 0,
    out: "Every schema change has the data work that it looks to need.\n",
    err: "unread  SQL that is not looked into: ALTER TABLE person ADD COLUMN other integer (schema/versions/c.py:10)\n",
  });
});

Deno.test("a draft changes nothing, and fails where rows need a choice; with the choice it does its work", async () => {
  await using folder = await project();
  const cwd = folder.path;
  await delembic("source", ["revision", "--autogenerate", "--sql", "--from", "aaaa", "--to", "cccc"], { cwd });
  const file = `${cwd}/delembic/versions/D001_backfill_person_status.sql`;
  const text = await Deno.readTextFile(file);
  assert.equal(
    text,
    `-- delembic revision: D001
-- delembic depends_on: bbbb00000002
-- delembic requires_before: cccc00000003
-- delembic description: backfill person.status
-- delembic batch: person by id

-- Drafted by 'delembic revision --autogenerate' from what the Alembic scripts change. CHOOSE marks what to decide.
-- schema/versions/b.py:7  person.status is added without a server default, and becomes NOT NULL in schema/versions/c.py:8

-- delembic upgrade
-- CHOOSE what person.status gets where it is NULL: a value, or SQL such as lower(…). One of 'new', 'old'.
-- As long as it is null, nothing is changed, and 'validate' fails if there are such rows.
update person set status = null where status is null and :range;

-- delembic validate
select count(*) = 0 from (select id from person where status is null) wrong;
`,
  );
  at(
    cwd,
    "bbbb00000002",
    "create table person (id integer primary key, email text, status text)",
    "insert into person values (1, 'a', null), (2, 'A', 'old')",
  );
  const failed = await delembic("source", ["upgrade", "D001"], { cwd });
  assert.equal(failed.code, 1);
  assert.match(failed.out + failed.err, /FAILED: .*delembic\/versions\/D001_backfill_person_status\.sql:16/s);
  await Deno.writeTextFile(file, text.replace("= null where", "= 'new' where"));
  assert.equal((await delembic("source", ["repair", "D001", "--restart"], { cwd })).code, 0);
  const { code, err } = await delembic("source", ["upgrade"], { cwd });
  assert.equal(code, 0, err);
  const db = new DatabaseSync(`${cwd}/app.db`);
  assert.deepEqual(db.prepare("select id, status from person").all().map((row) => ({ ...row })), [
    { id: 1, status: "new" },
    { id: 2, status: "old" },
  ]);
  db.close();
});

Deno.test("a draft that comes too late for this database is told as that", async () => {
  await using folder = await project();
  const cwd = folder.path;
  at(cwd, "cccc00000003");
  const { code, err } = await delembic("source", ["revision", "--autogenerate", "--from", "aaaa"], { cwd });
  assert.equal(code, 0);
  assert.ok(
    err.endsWith(
      "Warning: D001 has to come before cccc00000003, which this database has already\n" +
        "  It runs where the schema is older; here only behind 'alembic downgrade'.\n" +
        "Warning: D002 has to come before cccc00000003, which this database has already\n" +
        "  It runs where the schema is older; here only behind 'alembic downgrade'.\n",
    ),
    err,
  );
});

Deno.test("what has no room between two revisions is told with the place and the remedy", async () => {
  const both = NOT_NULL.replace(
    "    with op",
    '    op.add_column("person", sa.Column("code", sa.Integer()))\n    with op',
  ).replace('"status", existing_type=sa.String()', '"code", existing_type=sa.Integer()');
  await using folder = await project({ a: BASE, b: ADD, c: both });
  const cwd = folder.path;
  const told = await delembic("source", ["revision", "--autogenerate", "--from", "bbbb"], { cwd });
  assert.equal(told.code, 0);
  assert.match(
    told.err,
    /Warning: person\.code is added and becomes NOT NULL in one revision: nothing can be put between \(schema\/versions\/c\.py:9\)\n {2}Split it in two revisions, with the backfill between them; or fill the column in the script, by op\.execute\.\n/,
  );
  await delembic("source", ["revision", "--autogenerate", "--from", "aaaa", "-q"], { cwd });
  assert.deepEqual(await delembic("source", ["check", "--schema", "-q", "--from", "bbbb"], { cwd }), {
    code: 1,
    out:
      `no room  person.code is added and becomes NOT NULL in one revision: nothing can be put between (schema/versions/c.py:9)
         Split it in two revisions, with the backfill between them; or fill the column in the script, by op.execute.
`,
    err: "",
  });
});

Deno.test("check --schema fails for schema changes without data work, and takes a 'no data' for it", async () => {
  await using folder = await project();
  const cwd = folder.path;
  const found = await delembic("source", ["check", "--schema", "--from", "aaaa", "--to", "bbbb"], { cwd });
  assert.deepEqual(found, {
    code: 1,
    out: "no data  person.status is added without a server default (schema/versions/b.py:7)\n",
    err: "\nRun 'delembic revision --autogenerate', or write '# delembic: no data' where none is needed.\n",
  });
  const json = await delembic("source", ["check", "--schema", "--json", "--from", "aaaa", "--to", "bbbb"], { cwd });
  assert.equal(json.code, 1);
  const { ok, problems, revisions } = JSON.parse(json.out);
  assert.deepEqual({ ok, problems, revisions }, {
    ok: false,
    problems: [{
      kind: "fill",
      message: "person.status is added without a server default",
      revision: "bbbb00000002",
      after: ["bbbb00000002"],
      before: [],
      file: "schema/versions/b.py",
      line: 7,
    }],
    revisions: ["bbbb00000002"],
  });
  await Deno.writeTextFile(
    `${cwd}/schema/versions/b.py`,
    ADD.replace("    op.add_column", "    # delembic: no data\n    op.add_column"),
  );
  assert.equal((await delembic("source", ["check", "--schema", "--from", "aaaa", "--to", "bbbb"], { cwd })).code, 0);
});

Deno.test("check --schema begins where all data migrations stand; only those that name the table and column count", async () => {
  await using folder = await project();
  const cwd = folder.path;
  const versions = `${cwd}/delembic/versions`;
  await Deno.writeTextFile(
    `${versions}/D001.sql`,
    "-- delembic revision: D001\n-- delembic depends_on: aaaa00000001\n-- delembic upgrade\nselect 1;\n",
  );
  const migration = (where: string, what: string) =>
    `-- delembic revision: D002\n-- delembic depends_on: D001, ${where}\n-- delembic upgrade\n${what};\n`;
  const missing = async (where: string, what: string) => {
    await Deno.writeTextFile(`${versions}/D002.sql`, migration(where, what));
    const { out } = await delembic("source", ["check", "--schema", "--to", "bbbb"], { cwd });
    return out.startsWith("no data");
  };
  assert.equal(await missing("bbbb00000002", "update person set status = 'new'"), false);
  assert.equal(await missing("cccc00000003", "update person set status = 'new'"), false);
  assert.equal(await missing("aaaa00000001", "update person set status = 'new'"), true);
  assert.equal(await missing("bbbb00000002", "update person set email = 'new'"), true);
  assert.equal(await missing("bbbb00000002", "update persons set status = 'new'"), true);
});

Deno.test("names that come from the project's own modules are followed", async () => {
  const imported = ADD.replace(
    "import sqlalchemy as sa",
    "import sqlalchemy as sa\nfrom app.tables import PERSON\nfrom app import tables",
  )
    .replace('add_column("person", sa.Column("status"', "add_column(PERSON, sa.Column(tables.STATUS")
    .replace('add_column("person", sa.Column("seen"', 'add_column(tables.MISSING, sa.Column("seen"');
  await using folder = await project({ a: BASE, b: imported });
  const cwd = folder.path;
  await Deno.mkdir(`${cwd}/app`);
  await Deno.writeTextFile(`${cwd}/app/__init__.py`, "");
  await Deno.writeTextFile(`${cwd}/app/tables.py`, 'PERSON = "person"\nSTATUS = "status"\n');
  await Deno.writeTextFile(`${cwd}/alembic.ini`, "[alembic]\nscript_location = schema\nprepend_sys_path = .\n");
  assert.deepEqual(await delembic("source", ["check", "--schema", "--from", "aaaa"], { cwd }), {
    code: 1,
    out: "no data  person.status is added without a server default (schema/versions/b.py:9)\n",
    err: "unread  op.add_column: its table_name cannot be known without running it (schema/versions/b.py:10)\n" +
      "\nRun 'delembic revision --autogenerate', or write '# delembic: no data' where none is needed.\n",
  });
});

Deno.test("what cannot be asked for is refused", async () => {
  await using folder = await project();
  const cwd = folder.path;
  const wrong = async (...args: string[]) => {
    const { code, out, err } = await delembic("source", args, { cwd });
    assert.deepEqual([code, out], [2, ""]);
    return err;
  };
  assert.equal(
    await wrong("revision", "--autogenerate", "--from", "zzzz"),
    "Error: There is no Alembic revision or branch 'zzzz'\nHint: 'delembic alembic history' lists the revisions.\n",
  );
  assert.equal(
    await wrong("revision", "-m", "x", "--from", "aaaa"),
    "Error: '--from' and '--to' are for '--autogenerate'\nHint: Add it, or leave them out.\n",
  );
  assert.match(
    await wrong("revision", "--autogenerate", "--rev-id", "D7"),
    /--rev-id D7 is one id, and 2 migrations would be drafted/,
  );
  assert.match(await wrong("check", "--from", "aaaa"), /'--from' and '--to' are for '--schema'/);
  await Deno.writeTextFile(`${cwd}/delembic.ini`, INI.replace(/alembic_config.*\n/, ""));
  assert.match(await wrong("revision", "--autogenerate"), /alembic_config is not set/);
});
