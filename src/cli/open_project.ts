/**
 * What most commands begin with: configuration, database and migration files, and a look at the ledger.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { Database, Queryable } from "../db/database.ts";
import { DelembicError, type Fault, FaultsError, formatPlace } from "../errors.ts";
import type { Project } from "../project.ts";
import type { Survey } from "../survey.ts";
import type { Context } from "./command.ts";
import { faultLines } from "./error_lines.ts";
import { errorAnnotations } from "./github_annotations.ts";
import { shownPath } from "./paths.ts";
import { projectView } from "./project_view.ts";
import { styled } from "./text.ts";

export interface OpenProject {
  readonly config: Config;
  /** Not connected to yet. */
  readonly database: Database;
  readonly project: Project;
}

/** Reads the configuration that the global options name, and shows its warnings. */
export async function openConfig(context: Context): Promise<Config> {
  const { io, globals, output } = context;
  const { loadConfig } = await import("../config.ts");
  const config = await loadConfig({
    ...(globals.config === undefined ? {} : { config: globals.config }),
    ...(globals.name === undefined ? {} : { section: globals.name }),
    ...(globals.url === undefined ? {} : { url: globals.url }),
    cwd: io.cwd(),
    env: (name) => io.env(name),
  });
  context.inFolder(config.folder);
  for (const warning of config.warnings) output.warn(warning);
  output.detail([`Configuration: ${shownPath(io.cwd(), config.file)} [${config.section}]`]);
  return config;
}

/** @throws {DelembicError} when the configuration cannot be read, or says no database that can be used */
export async function openDatabaseOf(context: Context, config: Config): Promise<Database> {
  const { output } = context;
  const { target, ignored } = await config.databaseUrl();
  if (target.dialect !== "sqlite" && target.password !== undefined) context.hide(target.password);
  await hideSources(context, config);
  output.detail([`Database: ${target.label}`]);
  if (ignored.length > 0) output.detail([`Ignored in the database's URL: ${ignored.join(", ")}`]);
  const { openDatabase } = await import("../db/connect.ts");
  return await openDatabase(target);
}

/** What a source's password is must be known before anything could show it, be the source used or not. */
async function hideSources(context: Context, { sources }: Config): Promise<void> {
  for (const url of sources.values()) {
    try {
      const { target } = await url();
      if (target.dialect !== "sqlite" && target.password !== undefined) context.hide(target.password);
    } catch (error) {
      // what is wrong with a source is told when it is used
      if (!(error instanceof DelembicError)) throw error;
    }
  }
}

/** The database of a source, not connected to yet. @throws {ConfigError} when its URL cannot be used */
export async function openSource({ sources }: Config, name: string): Promise<Database> {
  const url = sources.get(name);
  if (url === undefined) throw new TypeError(`no source ${name}`);
  const { openDatabase } = await import("../db/connect.ts");
  return await openDatabase((await url()).target);
}

export async function openProject(context: Context): Promise<OpenProject> {
  const config = await openConfig(context);
  const database = await openDatabaseOf(context, config);
  const { loadProject } = await import("../project.ts");
  return { config, database, project: await loadProject(config, database.dialect) };
}

/** A project and what its database says. */
export interface Look extends OpenProject {
  readonly seen: Survey;
  readonly db: Queryable;
}

/** Looks at the project and its database without changing anything, and calls `tell` with what was seen. */
export async function lookAt<T>(
  context: Context,
  opened: OpenProject,
  tell: (look: Look) => Promise<T> | T,
): Promise<T> {
  const { survey } = await import("../survey.ts");
  return await withReading(context, opened.database, async (db) => {
    return await tell({ ...opened, db, seen: await survey(opened.project, db) });
  });
}

/** Connects for reading, and closes the connection afterwards. */
export async function withReading<T>(
  context: Context,
  database: Database,
  read: (db: Queryable) => Promise<T>,
): Promise<T> {
  const { withReading } = await import("../survey.ts");
  return await withReading(database, read, ({ message }) => context.output.warn(message));
}

/** Tells, on stderr, what is wrong in the migration files, for commands that show what they can in spite of it. */
export function tellFileFaults(context: Context, { config, project }: Pick<OpenProject, "config" | "project">): void {
  tellEach(context, config, project.faults);
}

function tellEach(context: Context, config: Config, faults: readonly Fault[]): void {
  const view = projectView(context, config);
  for (const fault of faults) {
    context.output.warnings.push(`${fault.message} (${formatPlace(fault.place)})`);
    const [first = "", ...more] = faultLines(fault, view);
    const head = typeof first === "string" ? [` ${first}`] : [" ", ...first];
    context.output.problem([[styled("red", "Error:"), ...head], ...more]);
    context.output.annotate(errorAnnotations(new FaultsError([fault]), config.folder));
  }
}

/** The same, and dependencies that nobody knows, and why Alembic's state is not known. */
export function tellFaults(context: Context, look: Look): void {
  tellFileFaults(context, look);
  tellEach(context, look.config, [...look.seen.unknown.values()].flat());
  const { alembicError } = look.seen;
  if (alembicError !== undefined) context.output.warn(alembicError.message, alembicError.hint);
}
