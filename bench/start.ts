/**
 * How soon the program starts, how large it is, and how it does what the Python tool does.
 *
 * @module
 */

import type { BenchGround } from "./ground.ts";
import { type Contestant, megabytes, race, row, single } from "./measure.ts";
import { freshDatabase, type Kind, outside, type TestDatabase, writeFiles } from "../tests/support.ts";

export async function benchStart(ground: BenchGround): Promise<void> {
  await startUp(ground);
  await size(ground);
  const { python } = outside;
  if (python === undefined) return ground.leaveOut("the Python tool and Alembic: not there (DELEMBIC_TEST_PYTHON)");
  await againstPython(ground, python.replace(/python[\d.]*$/, "delembic"));
  const { benchAlembic } = await import("./alembic.ts");
  await benchAlembic({ ...ground, alembic: python.replace(/python[\d.]*$/, "alembic") });
}

async function startUp({ executable, empty, say }: BenchGround): Promise<void> {
  for (const flag of ["--version", "--help"]) {
    const [ours, theirs] = await race([
      { name: "delembic", command: [executable, flag] },
      { name: "empty program", command: [empty] },
    ], 15);
    say(row(`${flag}, beside an empty compiled Deno program`, ours?.median ?? NaN, theirs?.median ?? NaN, "≥ 0.67"));
  }
}

async function size({ executable, empty, say }: BenchGround): Promise<void> {
  const [ours, theirs] = await Promise.all([executable, empty].map(async (file) => (await Deno.stat(file)).size));
  say(single("own code and packages in the executable", megabytes((ours ?? 0) - (theirs ?? 0)), "< 8 MB"));
}

/** A project with the same migrations for both tools: ours in `we/`, the Python tool's in `python/`. */
async function projects(
  root: string,
  db: TestDatabase,
  count: number,
  kind: "sql" | "js",
): Promise<{ ours: string; theirs: string }> {
  const folder = `${root}/${db.name}`;
  const files: Record<string, string> = {
    "we/delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${db.url}\n`,
    "python/delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${db.pythonUrl}\n`,
    "python/delembic/env.py": "",
    "we/delembic/versions/.gitkeep": "",
    "python/delembic/versions/.gitkeep": "",
  };
  for (let index = 0; index < count; index++) {
    const id = `D${String(index + 1).padStart(4, "0")}`;
    const needs = index === 0 ? undefined : `D${String(index).padStart(4, "0")}`;
    files[`we/delembic/versions/${id}_step.${kind}`] = kind === "sql"
      ? sqlStep(id, needs, index)
      : jsStep(id, needs, index);
    files[`python/delembic/versions/${id}_step.py`] = pythonStep(id, needs, index);
  }
  await writeFiles(folder, files);
  return { ours: `${folder}/we`, theirs: `${folder}/python` };
}

function sqlStep(id: string, needs: string | undefined, index: number): string {
  return `-- delembic revision: ${id}\n${needs === undefined ? "" : `-- delembic depends_on: ${needs}\n`}` +
    `-- delembic description: step ${index}\n-- delembic upgrade\ninsert into item values (${index});\n`;
}

function jsStep(id: string, needs: string | undefined, index: number): string {
  return `export default {\n  revision: "${id}",\n  dependsOn: [${needs === undefined ? "" : `"${needs}"`}],\n` +
    `  description: "step ${index}",\n  async upgrade(conn) {\n    await conn.sql\`insert into item values (\${${index}})\`;\n  },\n};\n`;
}

function pythonStep(id: string, needs: string | undefined, index: number): string {
  return `from delembic import DataMigration\nfrom sqlalchemy import text\n\n\nclass Step(DataMigration):\n` +
    `    revision = "${id}"\n    depends_on = [${
      needs === undefined ? "" : `"${needs}"`
    }]\n    description = "step ${index}"\n\n` +
    `    def upgrade(self, conn):\n        conn.execute(text("insert into item values (${index})"))\n`;
}

/** `current` in a small project, as people run it many times a day. */
async function currentOf({ executable, folder, say }: BenchGround, tool: string): Promise<void> {
  await using ourDb = await freshDatabase("sqlite");
  await using theirDb = await freshDatabase("sqlite");
  const { ours } = await projects(folder, ourDb, 5, "sql");
  const { theirs } = await projects(folder, theirDb, 5, "sql");
  await Promise.all([emptied(ourDb), emptied(theirDb)]);
  await race([
    { name: "delembic", command: [executable, "upgrade"], cwd: ours },
    { name: "Python delembic", command: [tool, "upgrade"], cwd: theirs },
  ], 1);
  const [we, they] = await race([
    { name: "delembic", command: [executable, "current"], cwd: ours },
    { name: "Python delembic", command: [tool, "current"], cwd: theirs },
  ], 11);
  say(row("sqlite: current", we?.median ?? NaN, they?.median ?? NaN, "≥ 6"));
}

async function againstPython(ground: BenchGround, tool: string): Promise<void> {
  const { executable, folder, say } = ground;
  await currentOf(ground, tool);
  const kinds: Kind[] = outside.postgres === undefined ? ["sqlite"] : ["sqlite", "postgresql"];
  if (outside.postgres === undefined) ground.leaveOut("PostgreSQL: not there (DELEMBIC_TEST_POSTGRES_URL)");
  for (const kind of kinds) {
    for (const files of ["sql", "js"] as const) {
      await using ourDb = await freshDatabase(kind);
      await using theirDb = await freshDatabase(kind);
      const ours = (await projects(folder, ourDb, 1000, files)).ours;
      const { theirs } = await projects(folder, theirDb, 1000, files);
      const we = (args: string[], prepare?: () => Promise<void>): Contestant => ({
        name: "delembic",
        command: [executable, ...args],
        cwd: ours,
        ...(prepare === undefined ? {} : { prepare }),
      });
      const they = (args: string[], prepare?: () => Promise<void>): Contestant => ({
        name: "Python delembic",
        command: [tool, ...args],
        cwd: theirs,
        ...(prepare === undefined ? {} : { prepare }),
      });
      const scratch = await race([
        we(["upgrade", "head"], () => emptied(ourDb)),
        they(["upgrade", "head"], () => emptied(theirDb)),
      ], 3);
      say(
        row(
          `${kind}: 1,000 ${files} migrations from scratch`,
          scratch[0]?.median ?? NaN,
          scratch[1]?.median ?? NaN,
          "≥ 3",
        ),
      );
      const noop = await race([we(["upgrade", "head"]), they(["upgrade", "head"])]);
      say(
        row(
          `${kind}: upgrade with 1,000 ${files} applied, nothing to do`,
          noop[0]?.median ?? NaN,
          noop[1]?.median ?? NaN,
          "≥ 3",
        ),
      );
    }
  }
}

/** Drops what both tools made, and makes the table that the migrations write to. */
async function emptied(db: TestDatabase): Promise<void> {
  const statements = [
    ...["delembic_version", "delembic_run_history", "delembic_lock", "delembic_checksum", "item"].map((table) =>
      `drop table if exists ${table}`
    ),
    "create table item (id int)",
  ];
  if (db.kind === "sqlite") {
    const { DatabaseSync } = await import("node:sqlite");
    const sqlite = new DatabaseSync(db.url.replace("sqlite:///", ""));
    for (const statement of statements) sqlite.exec(statement);
    sqlite.close();
    return;
  }
  const { default: postgres } = await import("postgres");
  const sql = postgres(db.url, { max: 1, onnotice: () => {} });
  for (const statement of statements) await sql.unsafe(statement);
  await sql.end();
}
