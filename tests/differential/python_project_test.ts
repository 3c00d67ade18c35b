/**
 * A project of the Python tool, half applied by it, finished by us: as it is, by its own Python; and converted. The rows
 * are those that the Python tool alone leaves, and both tools tell the same history.
 */

import assert from "node:assert/strict";
import { type Kind, outside, type Ran, run, testWith } from "../support.ts";
import { type PythonProject, pythonProject } from "../python_project.ts";

/** Six migrations as people write them. */
const FILES: Readonly<Record<string, string>> = {
  "2026_01_05_D001_create_tables.py": `
class CreateTables(DataMigration):
    revision = "D001"
    depends_on = []
    description = "create tables"

    def upgrade(self, conn):
        conn.execute(text("""
            CREATE TABLE status (
                code varchar(10) PRIMARY KEY,
                label varchar(50) NOT NULL
            )
        """))
        conn.execute(text("CREATE TABLE person (id int PRIMARY KEY, name varchar(50), status varchar(10), score int)"))
`,
  "2026_01_06_D002_statuses.py": `
STATUSES = {
    "new": "New",
    "act": "Active, it's on",
    "old": "Gone \\u2014 for good",
}
INSERT = text("INSERT INTO status (code, label) VALUES (:code, :label)")


class Statuses(DataMigration):
    """The reference data."""

    revision = "D002"
    depends_on = ["D001"]
    description = "load the statuses"

    def upgrade(self, conn):
        for code, label in STATUSES.items():
            conn.execute(INSERT, {"code": code, "label": label})

    def validate(self, conn):
        n = conn.execute(text("SELECT COUNT(*) FROM status")).scalar_one()
        assert n == 3, f"expected 3 statuses, got {n}"
`,
  "2026_01_07_D003_people.py": `
class People(DataMigration):
    revision = "D003"
    depends_on = ["D002"]
    description = "load people"

    ROWS = [
        {"id": 1, "name": "Ada", "status": "new", "score": 10},
        {"id": 2, "name": "Grace", "status": "act", "score": None},
        {"id": 3, "name": "Edsger \\"D\\" \\\\ Dijkstra", "status": "old", "score": -3},
    ]

    def upgrade(self, conn):
        conn.execute(
            text("INSERT INTO person (id, name, status, score) VALUES (:id, :name, :status, :score)"),
            self.ROWS,
        )

    def validate(self, conn):
        missing = conn.execute(text("SELECT COUNT(*) FROM person WHERE status IS NULL")).scalar()
        if missing > 0:
            raise ValueError(f"{missing} people without a status")
`,
  "2026_01_08_D004_scores.py": `
def bump(conn, table, by):
    conn.execute(text(f"UPDATE {table} SET score = COALESCE(score, 0) + :by"), {"by": by})


class Scores(DataMigration):
    revision = "D004"
    depends_on = ["D003"]
    description = "add to the scores"

    def upgrade(self, conn):
        # everybody gets five
        bump(conn, "person", 5)
        conn.commit()

    def validate(self, conn):
        assert conn.execute(text("SELECT MIN(score) FROM person")).scalar() == 2
`,
  "2026_01_09_D005_names.py": `
class Names(DataMigration):
    revision = "D005"
    depends_on = ["D004"]
    description = "names in capitals"

    def upgrade(self, conn):
        for status in ("new", "act"):
            conn.execute(
                text("UPDATE person SET name = UPPER(name) WHERE status = :s").bindparams(s=status)
            )

    def validate(self, conn):
        row = conn.execute(text("SELECT COUNT(*) FROM person WHERE name = 'ADA'")).fetchone()
        assert row[0] == 1
`,
  "2026_01_10_D006_archive.py": `
class Archive(DataMigration):
    revision = "D006"
    depends_on = ["D003", "D005"]
    description = "take the old ones out"

    def upgrade(self, conn):
        with conn.begin_nested():
            conn.exec_driver_sql("DELETE FROM person WHERE status = 'old'")

    def validate(self, conn):
        assert not conn.scalar(text("SELECT COUNT(*) FROM person WHERE status = 'old'"))
        rows = conn.execute(text("SELECT id, name FROM person WHERE status <> :s ORDER BY id"), {"s": "old"}).fetchall()
        assert len(rows) == 2, "two are left"
        first = conn.execute(text("SELECT name FROM person ORDER BY id")).first()
        assert first.name == "ADA"
`,
};

const IDS = ["D001", "D002", "D003", "D004", "D005", "D006"];

async function succeeded(ran: Promise<Ran>): Promise<Ran> {
  const { code, out, err } = await ran;
  assert.equal(code, 0, out + err);
  return { code, out, err };
}

/** The first half is applied by the Python tool; on MariaDB it needs our tables, as it cannot make its own. */
async function halfApplied(kind: Kind): Promise<PythonProject> {
  const project = await pythonProject(kind, FILES);
  if (kind === "mysql") await succeeded(project.delembic(["upgrade", "D001"]));
  await succeeded(project.tool("upgrade", "D003"));
  return project;
}

async function data(project: PythonProject): Promise<string[]> {
  return [
    ...await project.rows("select code, label from status order by code"),
    ...await project.rows("select id, name, status, score from person order by id"),
  ];
}

async function agree(project: PythonProject, tool: (...args: string[]) => Promise<Ran>): Promise<void> {
  const ours = await succeeded(project.delembic(["history"]));
  assert.equal(ours.out, (await succeeded(tool("history"))).out);
  assert.equal(ours.out.match(/^applied /gm)?.length, 6, ours.out);
  assert.equal((await succeeded(project.delembic(["check"]))).out, "Everything is applied.\n");
  const last = (text: string) => text.replace("+00:00)", ")").trim();
  assert.equal(last((await succeeded(project.delembic(["current"]))).out), last((await tool("current")).out));
}

for (const kind of ["sqlite", "postgresql", "mysql"] as const) {
  const needs = ["python", ...(kind === "sqlite" ? [] : [kind === "mysql" ? "mysql" : "postgres"] as const)] as const;

  testWith(needs, `${kind}: half applied by the Python tool, finished by us through its Python`, async () => {
    await using alone = await pythonProject(kind, FILES);
    // its tables are there before, where it cannot make them
    if (kind === "mysql") await succeeded(alone.delembic(["upgrade", "D001"]));
    await succeeded(alone.tool("upgrade"));
    await using project = await halfApplied(kind);
    const { err } = await succeeded(project.delembic(["upgrade"]));
    assert.match(err, /^Warning: D004 calls commit\(\): that waits for the end/);
    assert.deepEqual(await data(project), await data(alone));
    await agree(project, project.tool);
  });

  for (const form of ["--sql", "--ts"] as const) {
    testWith(needs, `${kind}: half applied by the Python tool, converted (${form}), and finished by us`, async () => {
      await using alone = await pythonProject(kind, FILES);
      if (kind === "mysql") await succeeded(alone.delembic(["upgrade", "D001"]));
      await succeeded(alone.tool("upgrade"));
      await using project = await halfApplied(kind);
      await succeeded(run("cp", ["-r", project.folder, `${project.folder}/../${project.db.name}`]));
      const twin = `${project.folder}/../${project.db.name}`;
      try {
        for (const id of IDS) {
          const { err } = await succeeded(project.delembic(["convert", id, form, "--write"]));
          const ours = kind === "mysql" && id === "D001";
          assert.equal(err.includes("delembic repair D001"), ours, err);
        }
        if (kind === "mysql") await succeeded(project.delembic(["repair", "D001"]));
        const versions = [...Deno.readDirSync(`${project.folder}/delembic/versions`)].map(({ name }) => name);
        assert.equal(versions.filter((name) => name.endsWith(`.${form.slice(2)}`)).length, 6);
        assert.ok(versions.filter((name) => name.endsWith(".py")).every((name) => name.startsWith("_")));
        const pending = await succeeded(project.delembic(["upgrade"]));
        assert.deepEqual(pending.out.match(/D\d+/g), ["D004", "D005", "D006"]);
        assert.deepEqual(await data(project), await data(alone));
        // the originals, in a copy of the project with the same database
        const program = (outside.python ?? "").replace(/python[\d.]*$/, "delembic");
        await agree(project, (...args) => run(program, args, { cwd: twin }));
      } finally {
        await Deno.remove(twin, { recursive: true });
      }
    });

    testWith(needs, `${kind}: all converted (${form}) and run from nothing: the rows of the Python tool`, async () => {
      await using alone = await pythonProject(kind, FILES);
      if (kind === "mysql") await succeeded(alone.delembic(["upgrade", "D001"]));
      await succeeded(alone.tool("upgrade"));
      await using project = await pythonProject(kind, FILES, "");
      for (const id of IDS) await succeeded(project.delembic(["convert", id, form, "--write"]));
      await succeeded(project.delembic(["upgrade"]));
      assert.deepEqual(await data(project), await data(alone));
    });
  }
}
