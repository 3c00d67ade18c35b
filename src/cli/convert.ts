/** `delembic convert` */

import type { Replaced } from "../conversion.ts";
import type { Config } from "../config.ts";
import { DelembicError, EXIT, type ExitCode } from "../errors.ts";
import type { LoadedMigration } from "../migration.ts";
import type { Project } from "../project.ts";
import { command, type Context } from "./command.ts";
import { flag, required, UsageError } from "./command_line.ts";

export const convert = command({
  description: [
    "Turns a migration of the Python tool into one in SQL or TypeScript with the same revision, and prints it. Nothing " +
    "of it is run: what it executes, with which values, and what it asserts is read from the file, as far as it follows " +
    "from literals. It becomes SQL where that has all the words for it, and TypeScript otherwise.",
    "With --write the new file is put beside the Python one, which is kept under a name that begins with '_' and is " +
    "read by nobody any more. A migration that is applied stays applied.",
    "What cannot be converted is told on stderr, stands in the new file as a comment, and fails there when it is run, " +
    "so that no half of a migration is taken for the whole. The exit code is 0 in any case.",
  ],
  arguments: {
    id: required("a revision, or the beginning of one"),
  },
  options: {
    sql: flag("make it SQL"),
    ts: flag("make it TypeScript"),
    write: flag("put it in the place of the Python file, which is kept as _NAME.py"),
  },
  examples: [
    { line: "convert D003", text: "Look at what D003 would be." },
    { line: "convert D003 --write", text: "Take it." },
    { line: "convert D003 --ts --write", text: "Take it in TypeScript, to go on writing there." },
  ],
  async run(context, { options: { sql, ts, write }, arguments: { id } }): Promise<ExitCode> {
    if (sql && ts) throw new UsageError("conflicting-options", "Options '--sql' and '--ts' exclude each other");
    const { openConfig } = await import("./open_project.ts");
    const { absolutePath } = await import("./paths.ts");
    const { dialectFor } = await import("./new_migration.ts");
    const { loadProject } = await import("../project.ts");
    const { readPythonFile, renderConversion, replaceFile } = await import("../conversion.ts");
    const config = await openConfig(context);
    const dialect = await dialectFor(context, config);
    const project = await loadProject(config, dialect);
    const migration = pythonMigrationOf(project, id);
    const path = absolutePath(config.folder, migration.file);
    const { conversion, others } = await readPythonFile(path, migration.revision);
    const rendered = renderConversion(conversion, dialect.lexicon, sql ? "sql" : ts ? "ts" : undefined);
    if (write && others.length > 0) throw new OthersError(migration, others);
    const replaced = write ? await replaceFile(path, rendered) : undefined;
    if (replaced === undefined) context.output.result(rendered.text.trimEnd().split("\n"));
    else await tellReplaced(context, config, migration, replaced);
    for (const { line, why } of rendered.unconverted) {
      context.output.warn(`Not converted: ${migration.file}:${line}: ${why}`);
    }
    const { shownFile } = await import("./project_view.ts");
    const files = replaced === undefined ? {} : {
      created: shownFile(context, config, replaced.created),
      kept: shownFile(context, config, replaced.kept),
    };
    context.output.document({ revision: migration.revision, ...rendered, ...files });
    return EXIT.done;
  },
});

/** @throws {TargetError} when there is none; {DelembicError} when it is none of the Python tool's */
function pythonMigrationOf(project: Project, id: string): LoadedMigration {
  const ids = [...project.migrations.keys()];
  const revision = ids.includes(id) ? id : uniqueBeginning(ids, id);
  const migration = revision === undefined ? undefined : project.migrations.get(revision);
  if (migration === undefined) {
    throw new DelembicError(`There is no one migration ${id}`, {
      code: "unknown-target",
      hint: "Run 'delembic history' to see what there is.",
    });
  }
  if (migration.kind === "py") return migration;
  throw new DelembicError(`${migration.revision} is no Python migration: ${migration.file}`, {
    code: "not-python",
    exitCode: EXIT.usage,
    hint: "There is nothing to convert.",
  });
}

function uniqueBeginning(ids: readonly string[], beginning: string): string | undefined {
  const [only, ...more] = ids.filter((id) => id.startsWith(beginning));
  return more.length === 0 ? only : undefined;
}

class OthersError extends DelembicError {
  constructor({ revision, file }: LoadedMigration, others: readonly string[]) {
    super(`The file of ${revision} has other migrations too: ${others.join(", ")}`, {
      code: "other-migrations",
      exitCode: EXIT.usage,
      place: { file },
      hint: "Give each a file of its own first; or print them without --write, and replace the file yourself.",
    });
  }
}

async function tellReplaced(
  context: Context,
  config: Config,
  { revision, checksum }: LoadedMigration,
  { created, kept }: Replaced,
): Promise<void> {
  const { shownFile } = await import("./project_view.ts");
  context.output.result([
    `Created ${shownFile(context, config, created)}`,
    `Kept ${shownFile(context, config, kept)}, which is not read any more`,
  ]);
  if (await wasAppliedAs(context, config, revision, checksum)) {
    context.output.warn(
      `${revision} is applied as the Python file that it was`,
      `Accept the new file with 'delembic repair ${revision}'.`,
    );
  }
}

/** Whether we applied the Python file; of what the Python tool applied no checksum is known. */
async function wasAppliedAs(context: Context, config: Config, revision: string, checksum: string): Promise<boolean> {
  const { openDatabaseOf } = await import("./open_project.ts");
  const { withReading } = await import("../survey.ts");
  const { readChecksums } = await import("../ledger.ts");
  try {
    const database = await openDatabaseOf(context, config);
    return await withReading(database, async (db) => (await readChecksums(db)).get(revision) === checksum);
  } catch (error) {
    // without a database there is nothing to say about it
    if (error instanceof DelembicError) return false;
    throw error;
  }
}
