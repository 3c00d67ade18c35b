/**
 * What a new migration is called, and what it depends on, for `revision`.
 *
 * @module
 */

import type { AlembicTree } from "../alembic/tree.ts";
import type { Config } from "../config.ts";
import { revisionProblem } from "../declaration.ts";
import { DatabaseError, type Dialect } from "../db/database.ts";
import { DelembicError } from "../errors.ts";
import { fileNameOf, nextRevisionId, slugOf } from "../file_name.ts";
import type { NewFileKind, NewMigration } from "../new_file.ts";
import { headsOf } from "../graph.ts";
import { loadProject, type Project } from "../project.ts";
import { quoted } from "../runner.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command_line.ts";
import { openDatabaseOf, tellFileFaults, withReading } from "./open_project.ts";

/** What was asked for. */
export interface Wish {
  readonly kind: NewFileKind;
  readonly message: string;
  readonly revId: string | undefined;
  readonly dependsOn: readonly string[];
}

/** A file to be made. */
export interface NewFilePlan {
  /** Absolute. */
  readonly file: string;
  readonly migration: NewMigration;
  /** The database's Alembic heads. */
  readonly captured: readonly string[];
}

/** @throws {UsageError} when the id cannot be used */
export async function planNewFile(context: Context, config: Config, wish: Wish): Promise<NewFilePlan> {
  const { message, kind } = wish;
  const project = await loadProject(config, await dialectFor(context, config));
  tellFileFaults(context, { config, project });
  const existing = [...project.migrations.keys(), ...project.broken];
  if (wish.revId !== undefined) requireNewId(wish.revId, project);
  const now = context.io.now();
  const revision = wish.revId ?? nextRevisionId(existing, config.revisionIds, now);
  const captured = config.alembic === undefined ? [] : await captureHeads(context, config, project);
  const name = fileNameOf(config.filenameTemplate, { revision, slug: slugOf(message), now, extension: kind });
  return {
    file: `${config.versionsFolder}/${name}`,
    migration: {
      revision,
      dependsOn: [...new Set([...dependenciesOf(wish, config, project), ...captured])],
      description: message,
    },
    captured,
  };
}

/** As wished. Random ids give migrations no order, so there, without a wish, each comes after all that are there. */
function dependenciesOf({ dependsOn }: Wish, { revisionIds }: Config, { migrations, parents }: Project) {
  return dependsOn.length > 0 || revisionIds !== "hex" ? dependsOn : headsOf(parents, migrations.keys());
}

function requireNewId(id: string, project: Project): void {
  const problem = revisionProblem(id);
  if (problem !== undefined) throw new UsageError("invalid-revision", `Revision id '${id}' ${problem}`);
  const taken = project.migrations.get(id)?.file ?? (project.broken.includes(id) ? "in a broken file" : undefined);
  if (taken !== undefined) {
    throw new UsageError("revision-exists", `Revision ${id} is there already: ${taken}`, "Choose another --rev-id.");
  }
}

/** By whose rules the existing files are read; without a database PostgreSQL's, as only their ids matter here. */
async function dialectFor(context: Context, config: Config): Promise<Dialect> {
  try {
    return (await openDatabaseOf(context, config)).dialect;
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    const { dialectOf } = await import("../db/connect.ts");
    return await dialectOf("postgresql");
  }
}

/** The rows of Alembic's version table; none, with a warning, when they cannot be had. */
async function captureHeads(context: Context, config: Config, project: Project): Promise<readonly string[]> {
  const { readVersionRows } = await import("../alembic/version_table.ts");
  try {
    const tree = await project.alembic();
    const database = await openDatabaseOf(context, config);
    const rows = await withReading(context, database, (db) => readVersionRows(db, tree.versionTable));
    warnWhenBehind(context, tree, rows);
    return rows;
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    const what = error instanceof DatabaseError
      ? "connect to the database for Alembic heads"
      : "read the Alembic heads";
    context.output.warn(
      `Could not ${what}: ${error.message}`,
      "Write the Alembic revisions that the migration needs into its dependencies yourself.",
    );
    return [];
  }
}

/** A migration that is written against the newest schema would otherwise be let run before it (defect 43). */
function warnWhenBehind({ output }: Context, tree: AlembicTree, rows: readonly string[]): void {
  const unknown = rows.filter((row) => !tree.revisions.has(row));
  if (unknown.length > 0) {
    output.warn(
      `The database is at Alembic revision ${quoted(unknown)}, which no script here has: it is ahead of this checkout`,
      "The migration is written against that schema. It cannot run before the script is here too.",
    );
    return;
  }
  const heads = tree.knownHeads();
  const applied = tree.ancestors(rows);
  const behind = heads.filter((id) => !applied.has(id));
  if (behind.length === 0) return;
  output.warn(
    `The database is behind the Alembic scripts: ${quoted(behind)} ${behind.length === 1 ? "is" : "are"} not applied`,
    "If the migration needs them, write them into its dependencies, or run 'alembic upgrade head' first.",
  );
}
