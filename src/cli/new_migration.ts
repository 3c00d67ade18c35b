/**
 * What a new migration is called, and what it depends on, for `revision`.
 *
 * @module
 */

import type { AlembicTree } from "../alembic/tree.ts";
import type { Config } from "../config.ts";
import { labelProblem, revisionProblem } from "../declaration.ts";
import { DatabaseError, type Dialect } from "../db/database.ts";
import { DelembicError } from "../errors.ts";
import { fileNameOf, nextRevisionId, slugOf } from "../file_name.ts";
import type { NewFileKind, NewMigration } from "../new_file.ts";
import { headsOf } from "../graph.ts";
import { loadProject, type Project } from "../project.ts";
import { quoted } from "../runner.ts";
import { graphOf, resolveOne } from "../target.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command_line.ts";
import { openDatabaseOf, type OpenProject, tellFileFaults, withReading } from "./open_project.ts";

/** What was asked for. */
export interface Wish {
  readonly kind: NewFileKind;
  readonly message: string;
  readonly revId: string | undefined;
  readonly dependsOn: readonly string[];
  /** Names of the heads to build on; `base` for none. */
  readonly heads?: readonly string[];
  /** Whether the heads may be revisions that are none. */
  readonly splice?: boolean;
  readonly labels?: readonly string[];
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
  const { message } = wish;
  const project = await loadProject(config, await dialectFor(context, config));
  tellFileFaults(context, { config, project });
  const { revision, file } = newFileName({ config, project }, { ...wish, now: context.io.now() });
  const captured = config.alembic === undefined ? [] : await captureHeads(context, config, project);
  const { labels = [] } = wish;
  for (const label of labels) requireNewLabel(label, revision, project);
  return {
    file,
    migration: {
      revision,
      dependsOn: [...new Set([...dependenciesOf(wish, config, project), ...captured])],
      ...(labels.length === 0 ? {} : { labels }),
      description: message,
    },
    captured,
  };
}

/**
 * The id of a new migration, as wished or the next one, and its file.
 *
 * @throws {UsageError} when the id cannot be used
 */
export function newFileName(
  { config, project }: Pick<OpenProject, "config" | "project">,
  { kind, message, revId, now }: Pick<Wish, "kind" | "message" | "revId"> & { readonly now: Date },
): { readonly revision: string; readonly file: string } {
  if (revId !== undefined) requireNewId(revId, project);
  const existing = [...project.migrations.keys(), ...project.broken];
  const revision = revId ?? nextRevisionId(existing, config.revisionIds, now);
  const name = fileNameOf(config.filenameTemplate, { revision, slug: slugOf(message), now, extension: kind });
  return { revision, file: `${config.versionsFolder}/${name}` };
}

/** The full ids of the heads that are named. @throws {TargetError} @throws {UsageError} for one that is no head */
function headsFor(names: readonly string[], splice: boolean, { migrations, parents }: Project): string[] {
  const graph = graphOf(migrations, parents);
  const ids = names.flatMap((name) => name === "base" ? [] : [resolveOne(graph, name)]);
  const inner = ids.find((id) => !graph.names.heads.includes(id));
  if (inner === undefined || splice) return ids;
  throw new UsageError(
    "not-a-head",
    `Revision ${inner} is no head: ${graph.names.children.get(inner)?.join(", ")} builds on it`,
    "Add --splice to begin a branch there, or name a head; 'delembic heads' lists them.",
  );
}

function requireNewLabel(label: string, revision: string, { migrations, broken }: Project): void {
  const problem = labelProblem(label);
  if (problem !== undefined) throw new UsageError("invalid-label", `Label '${label}' ${problem}`);
  const owner = [...migrations.values()].find(({ labels }) => labels.includes(label))?.revision;
  if (owner !== undefined) throw new UsageError("label-exists", `Label ${label} is there already: it is of ${owner}`);
  if (migrations.has(label) || broken.includes(label) || label === revision) {
    throw new UsageError("label-exists", `Label ${label} is a revision`, "Choose another label.");
  }
}

/** As wished. Random ids give migrations no order, so there, without a wish, each comes after all that are there. */
export function dependenciesOf(
  { dependsOn, heads = [], splice }: Pick<Wish, "dependsOn" | "heads" | "splice">,
  { revisionIds }: Config,
  project: Project,
) {
  const { migrations, parents } = project;
  if (heads.length > 0) return [...headsFor(heads, splice ?? false, project), ...dependsOn];
  return dependsOn.length > 0 || revisionIds !== "hex" ? dependsOn : headsOf(parents, migrations.keys());
}

/** @throws {UsageError} when the id cannot be used */
export function requireNewId(id: string, project: Project): void {
  const problem = revisionProblem(id);
  if (problem !== undefined) throw new UsageError("invalid-revision", `Revision id '${id}' ${problem}`);
  const taken = project.migrations.get(id)?.file ?? (project.broken.includes(id) ? "in a broken file" : undefined);
  if (taken !== undefined) {
    throw new UsageError("revision-exists", `Revision ${id} is there already: ${taken}`, "Choose another --rev-id.");
  }
}

/** By whose rules the existing files are read; without a database PostgreSQL's, as only their ids matter here. */
export async function dialectFor(context: Context, config: Config): Promise<Dialect> {
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
