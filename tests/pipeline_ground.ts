/**
 * A project of both tools: 12 Alembic revisions with a branch, a merge, a dependency across and two heads, and 8 data
 * migrations in TypeScript and SQL, each of which writes down at which revisions of the schema it ran.
 *
 *     s01 ─ s02 ─┬─ s03a ─ s04a ─┬─ s05 ─ s06 ─ s07 ─ s08
 *                ├─ s03b ─ s04b ─┘
 *                └─ s03c ─ s04c   (s04c also depends on s04a)
 *
 * @module
 */

import { type Kind, outside, type Ran, run } from "./support.ts";
import { type TestProject, testProject } from "./project.ts";

/** An Alembic script. */
export interface Script {
  readonly down?: string | readonly string[];
  readonly dependsOn?: string;
  /** The lines of `upgrade`. */
  readonly upgrade?: string;
}

export const SCRIPTS: Readonly<Record<string, Script>> = {
  s01: {
    upgrade: `op.create_table("person", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
    op.create_table("seen", sa.Column("revision", sa.String(10)), sa.Column("version", sa.String(32)))`,
  },
  s02: {
    down: "s01",
    upgrade: `op.create_table("visit", sa.Column("id", sa.Integer, primary_key=True), sa.Column("person", sa.Integer))`,
  },
  s03a: { down: "s02", upgrade: `op.add_column("person", sa.Column("first", sa.String(50)))` },
  s04a: { down: "s03a", upgrade: `op.add_column("person", sa.Column("last", sa.String(50)))` },
  s03b: { down: "s02", upgrade: `op.add_column("visit", sa.Column("kind", sa.String(10)))` },
  s04b: { down: "s03b", upgrade: `op.create_table("kind", sa.Column("name", sa.String(10), primary_key=True))` },
  s05: { down: ["s04a", "s04b"] },
  s06: { down: "s05", upgrade: `op.add_column("person", sa.Column("whole", sa.String(100)))` },
  s07: {
    down: "s06",
    upgrade: `op.create_table("total", sa.Column("kind", sa.String(10)), sa.Column("n", sa.Integer))`,
  },
  s08: { down: "s07", upgrade: `op.drop_column("person", "name")` },
  s03c: { down: "s02", upgrade: `op.create_table("audit", sa.Column("what", sa.String(50)))` },
  s04c: { down: "s03c", dependsOn: "s04a", upgrade: `op.add_column("audit", sa.Column("who", sa.String(50)))` },
};

/** The file of an Alembic script. */
export function scriptText(id: string, { down, dependsOn, upgrade = "pass" }: Script): string {
  const quoted = (ids: string | readonly string[] | undefined) =>
    ids === undefined ? "None" : typeof ids === "string" ? `"${ids}"` : `(${ids.map((id) => `"${id}"`).join(", ")},)`;
  return `"""make ${id}"""
from alembic import op
import sqlalchemy as sa

revision = "${id}"
down_revision = ${quoted(down)}
depends_on = ${quoted(dependsOn)}

def upgrade():
    ${upgrade}

def downgrade():
    pass
`;
}

/** `env.py` of a project: its URL comes from the environment. */
export const ENV_PY = `import os
import sqlalchemy as sa
from alembic import context

with sa.create_engine(os.environ["PYTHON_URL"]).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
`;

/** What every project of both tools has besides scripts and migrations. */
export const FRAME: Readonly<Record<string, string>> = {
  "/delembic.ini": `[delembic]
script_location = delembic
sqlalchemy.url = \${DELEMBIC_TEST_URL}
alembic_config = alembic.ini
alembic_command = "${outside.python}" -m alembic
`,
  "/alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n",
  "/migrations/env.py": ENV_PY,
};

/** A SQL migration that also writes down at which schema it ran. */
export function sqlText(revision: string, dependsOn: string, statement: string, more = ""): string {
  return `-- delembic revision: ${revision}
-- delembic depends_on: ${dependsOn}
-- delembic description: step ${revision}
${more}-- delembic upgrade
insert into seen (revision, version) select '${revision}', version_num from alembic_version;
${statement};
`;
}

/** The same in TypeScript. */
export function tsText(revision: string, dependsOn: readonly string[], statement: string, more = ""): string {
  return `export default {
  revision: "${revision}",
  dependsOn: ${JSON.stringify(dependsOn)},
  description: "step ${revision}",
  ${more}
  async upgrade({ sql }) {
    await sql\`insert into seen (revision, version) select \${"${revision}"}, version_num from alembic_version\`;
    await sql\`${statement}\`;
  },
};
`;
}

export const MIGRATIONS: Readonly<Record<string, string>> = {
  "D001.sql": sqlText("D001", "s01", "insert into person (id, name) values (1, 'Ada King'), (2, 'Alan Turing')"),
  "D002.ts": tsText(
    "D002",
    ["D001", "s03a"],
    "update person set first = case id when 1 then 'Ada' else 'Alan' end",
  ),
  "D003.sql": sqlText("D003", "D002, s04a", "update person set last = case id when 1 then 'King' else 'Turing' end"),
  "D004.ts": tsText("D004", ["D001", "s02"], "insert into visit (id, person) select id + 10, id from person"),
  "D005.sql": sqlText("D005", "D004, s04b", "update visit set kind = 'call';\ninsert into kind values ('call')"),
  "D006.ts": tsText(
    "D006",
    ["D003", "s06"],
    "update person set whole = name where name like 'A%'",
    'requiresBefore: ["s08"],',
  ),
  "D007.sql": sqlText(
    "D007",
    "D005, D006, s07",
    "insert into total (kind, n) select kind, count(*) from visit group by kind",
  ),
  "D008.ts": tsText("D008", ["s04c"], "insert into audit (what, who) values ('all', 'D008')"),
};

/** The steps of {@link pipelineProject}, as `TYPE TARGET`. */
export const STEPS: readonly string[] = [
  "alembic s01",
  "delembic D001",
  "alembic s02",
  "delembic D004",
  "alembic s03a",
  "alembic s04b",
  "delembic D002",
  "delembic D005",
  "alembic s04a",
  "delembic D003",
  "alembic s04c",
  "alembic s06",
  "delembic D006",
  "delembic D008",
  "alembic s07",
  "delembic D007",
  "alembic heads",
  "delembic head",
];

/** The rows of Alembic's table that each migration of {@link pipelineProject} sees. */
export const SEEN: readonly string[] = [
  "D001 | s01",
  "D002 | s03a",
  "D002 | s04b",
  "D003 | s04a",
  "D003 | s04b",
  "D004 | s02",
  "D005 | s03a",
  "D005 | s04b",
  "D006 | s04c",
  "D006 | s06",
  "D007 | s04c",
  "D007 | s07",
  "D008 | s04c",
  "D008 | s06",
];

/** What the migrations of {@link pipelineProject} leave behind, by table. */
export const ROWS: Readonly<Record<string, readonly string[]>> = {
  "select revision, version from seen order by revision, version": SEEN,
  "select id, first, last, whole from person order by id": [
    "1 | Ada | King | Ada King",
    "2 | Alan | Turing | Alan Turing",
  ],
  "select id, person, kind from visit order by id": ["11 | 1 | call", "12 | 2 | call"],
  "select kind, n from total": ["call | 2"],
  "select what, who from audit": ["all | D008"],
  "select version_num from alembic_version order by version_num": ["s04c", "s08"],
  "select revision, status from delembic_version order by revision": Array.from(
    { length: 8 },
    (_, at) => `D00${at + 1} | success`,
  ),
};

export async function pipelineProject(kind: Kind): Promise<TestProject> {
  return await bothToolsProject(kind, SCRIPTS, MIGRATIONS);
}

/** A project with these scripts and migrations. */
export async function bothToolsProject(
  kind: Kind,
  scripts: Readonly<Record<string, Script>>,
  migrations: Readonly<Record<string, string>>,
): Promise<TestProject> {
  return withAlembic(
    await testProject(kind, {
      ...FRAME,
      ...Object.fromEntries(
        Object.entries(scripts).map(([id, script]) => [`/migrations/versions/${id}_script.py`, scriptText(id, script)]),
      ),
      ...migrations,
    }),
  );
}

/** A project in which the program finds Alembic, and Alembic the database. */
function withAlembic(project: TestProject): TestProject {
  const env = { PYTHON_URL: project.db.pythonUrl };
  return {
    ...project,
    delembic: (args, more) => project.delembic(args, { ...env, ...more }),
    start: (args, more) => project.start(args, { ...env, ...more }),
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

/** Durations as fixed words. */
export function timeless(text: string): string {
  return text.replace(/\(\d+\.\d\ds\)/g, "(0.00s)").replace(/done in \d+\.\ds/g, "done in 0.0s");
}

/** Runs Alembic itself. */
export function alembic(project: TestProject, ...args: string[]): Promise<Ran> {
  return run(outside.python ?? "", ["-m", "alembic", ...args], {
    cwd: project.folder,
    env: { PYTHON_URL: project.db.pythonUrl },
  });
}
