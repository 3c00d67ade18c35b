/**
 * `deno task bench`: how fast the executable is, beside what a user would take instead, in one run.
 *
 * It needs the Python tool and Alembic (`DELEMBIC_TEST_PYTHON`), and PostgreSQL (`DELEMBIC_TEST_POSTGRES_URL`); what is
 * missing is left out, and said. `DELEMBIC_TEST_EXECUTABLE` names the executable; without it one is compiled.
 *
 * @module
 */

import { type Contestant, megabytes, race, row } from "./measure.ts";
import {
  freshDatabase,
  type Kind,
  outside,
  run,
  temporaryFolder,
  type TestDatabase,
  writeFiles,
} from "../tests/support.ts";

const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const here = new URL("..", import.meta.url).pathname;

await using work = await temporaryFolder();
const executable = outside.executable ?? await compiled("main.ts", "delembic");
const empty = await compiled("bench/empty.ts", "empty");
const pythonTool = outside.python?.replace(/python[\d.]*$/, "delembic");
const alembic = outside.python?.replace(/python[\d.]*$/, "alembic");

say(`${"".padEnd(58)} ${"ours".padStart(10)} ${"theirs".padStart(10)} ${"ratio".padStart(9)}`);
await startUp();
await size();
if (pythonTool === undefined) say("left out: the Python tool is not there (DELEMBIC_TEST_PYTHON)");
else await againstPython(pythonTool);
if (alembic === undefined) say("left out: Alembic is not there (DELEMBIC_TEST_PYTHON)");
else await againstAlembic(alembic);

async function compiled(entry: string, name: string): Promise<string> {
  const output = `${work.path}/${name}`;
  const args = entry === "main.ts"
    ? ["run", "-A", "--quiet", "tools/compile.ts", "-o", output]
    : ["compile", "-A", "--no-check", "--quiet", "-o", output, entry];
  const { code, err } = await run(Deno.execPath(), args, { cwd: here });
  if (code !== 0) throw new Error(`cannot compile ${entry}: ${err}`);
  return output;
}

async function startUp(): Promise<void> {
  for (const flag of ["--version", "--help"]) {
    const [ours, theirs] = await race([
      { name: "delembic", command: [executable, flag] },
      { name: "empty program", command: [empty] },
    ], 15);
    say(row(`${flag}, beside an empty compiled Deno program`, ours?.median ?? NaN, theirs?.median ?? NaN, "≥ 0.67"));
  }
}

async function size(): Promise<void> {
  const [ours, theirs] = await Promise.all([executable, empty].map(async (file) => (await Deno.stat(file)).size));
  say(
    `${"own code and packages in the executable".padEnd(58)} ${megabytes((ours ?? 0) - (theirs ?? 0)).padStart(10)} ${
      "".padStart(20)
    }  < 8 MB`,
  );
}

/** A project with the same migrations for both tools: ours in `we/`, the Python tool's in `python/`. */
async function projects(
  db: TestDatabase,
  count: number,
  kind: "sql" | "js",
): Promise<{ ours: string; theirs: string }> {
  const folder = `${work.path}/${db.name}`;
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
async function currentOf(tool: string): Promise<void> {
  await using ourDb = await freshDatabase("sqlite");
  await using theirDb = await freshDatabase("sqlite");
  const { ours } = await projects(ourDb, 5, "sql");
  const { theirs } = await projects(theirDb, 5, "sql");
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

async function againstPython(tool: string): Promise<void> {
  await currentOf(tool);
  const kinds: Kind[] = outside.postgres === undefined ? ["sqlite"] : ["sqlite", "postgresql"];
  if (outside.postgres === undefined) say("left out: PostgreSQL is not there (DELEMBIC_TEST_POSTGRES_URL)");
  for (const kind of kinds) {
    for (const files of ["sql", "js"] as const) {
      await using ourDb = await freshDatabase(kind);
      await using theirDb = await freshDatabase(kind);
      const ours = (await projects(ourDb, 1000, files)).ours;
      const { theirs } = await projects(theirDb, 1000, files);
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

async function againstAlembic(program: string): Promise<void> {
  const { benchAlembic } = await import("./alembic.ts");
  await benchAlembic({ executable, alembic: program, folder: work.path, say });
}
