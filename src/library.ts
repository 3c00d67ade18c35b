/**
 * The same runs for a program that brings Delembic along: at the start of an application, in its own tests, in a job of
 * its own. Nothing is printed; what the command line would tell comes as events and as a report.
 *
 * @module
 */

import { actorOf } from "./actor.ts";
import { processFacts } from "./cli/io.ts";
import { type Config, loadConfig } from "./config.ts";
import type { Database } from "./db/database.ts";
import { openDatabase } from "./db/connect.ts";
import { DURATION_FORMS, parseDuration } from "./duration.ts";
import { DelembicError, EXIT } from "./errors.ts";
import type { EventSink } from "./events.ts";
import { withHooks } from "./hooks.ts";
import { Interruption } from "./interruption.ts";
import type { MigrationKind } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import { loadProject, type Project } from "./project.ts";
import * as runner from "./runner.ts";
import { historyOf, type MigrationState } from "./state.ts";
import { survey, withReading } from "./survey.ts";
import { parseTarget } from "./target.ts";
import { VERSION } from "./version.ts";
import { waitForDatabase } from "./wait_for_database.ts";

/** Which project, and which database. */
export interface ProjectOptions {
  /** The ini file. @default `delembic.ini` in {@link cwd} or the nearest folder above that has one */
  readonly config?: string;
  /** The section of the ini file. @default `delembic` */
  readonly section?: string;
  /** The database. @default `DELEMBIC_URL`, the ini file, `databaseUrl()` of `env.ts` */
  readonly url?: string;
  /** Where relative paths begin. @default the working directory */
  readonly cwd?: string;
}

/** What to run, and who listens. */
export interface RunOptions extends ProjectOptions {
  /** As on the command line. @default `head`, for `upgrade` */
  readonly target?: string;
  /** How long to wait for another run to end, in seconds or as `"90s"`, `"15m"`. @default 300 s */
  readonly lockTimeout?: number | string;
  /** Stop after this time; what is at work then is rolled back. The same forms. @default no limit */
  readonly maxTime?: number | string;
  /** How long the database is given to come up. The same forms. @default it must be up */
  readonly wait?: number | string;
  /** Told what happens, as it happens. */
  readonly onEvent?: EventSink;
  /** Ends the run in good order: what is at work is cancelled and rolled back, and the report says so. */
  readonly signal?: AbortSignal;
}

/** One migration and what became of it. */
export interface MigrationEntry {
  /** Its id. */
  readonly revision: string;
  /** `null` when there is no file, or no description in it. */
  readonly description: string | null;
  /** Relative to the ini file's folder, with `/`; `null` when there is none. */
  readonly file: string | null;
  /** What kind of file it is; `null` when there is none. */
  readonly kind: MigrationKind | null;
  /** As written. */
  readonly dependsOn: readonly string[];
  /** As `delembic history` shows it. */
  readonly status: MigrationState;
  /** ISO 8601, UTC; `null` while it is not applied. */
  readonly appliedAt: string | null;
  /** How long it took; `null` while it is not applied. */
  readonly durationSeconds: number | null;
}

interface Opened {
  readonly config: Config;
  readonly database: Database;
  readonly project: Project;
}

/** As `upgrade` of `mod.ts`. */
export function upgrade(options: RunOptions): Promise<runner.RunReport> {
  return run(options, "upgrade", (context, given) => runner.upgrade(context, given));
}

/** As `downgrade` of `mod.ts`. */
export function downgrade(options: RunOptions & { readonly target: string }): Promise<runner.RunReport> {
  return run(options, "downgrade", (context, given) => runner.downgrade(context, given));
}

/** As `history` of `mod.ts`. */
export async function history(options: ProjectOptions): Promise<MigrationEntry[]> {
  const { project, database } = await open(options);
  return await withReading(database, async (db) => {
    return historyOf(await survey(project, db)).map(({ revision, status, migration, record }) => {
      const applied = record?.status === "success";
      return {
        revision,
        description: migration?.description || null,
        file: migration?.file ?? null,
        kind: migration?.kind ?? null,
        dependsOn: migration?.dependsOn ?? [],
        status,
        appliedAt: applied ? record.appliedAt : null,
        durationSeconds: applied ? record.seconds : null,
      };
    });
  });
}

async function open({ config, section, url, cwd }: ProjectOptions): Promise<Opened> {
  const facts = processFacts();
  const loaded = await loadConfig({
    ...(config === undefined ? {} : { config }),
    ...(section === undefined ? {} : { section }),
    ...(url === undefined ? {} : { url }),
    cwd: cwd ?? facts.cwd(),
    env: facts.env,
  });
  const database = await openDatabase((await loaded.databaseUrl()).target);
  return { config: loaded, database, project: await loadProject(loaded, database.dialect) };
}

async function run(
  options: RunOptions,
  command: string,
  work: (context: RunContext, given: runner.RunOptions) => Promise<runner.RunReport>,
): Promise<runner.RunReport> {
  const emit = options.onEvent ?? (() => {});
  const target = parseTarget(options.target ?? "head");
  const lockTimeoutMs = milliseconds("lockTimeout", options.lockTimeout);
  const maxTimeMs = milliseconds("maxTime", options.maxTime);
  const waitMs = milliseconds("wait", options.wait);
  const { config, project, database } = await open(options);
  for (const message of config.warnings) emit({ type: "warning", message });
  using ending = new Ending(options.signal);
  const { signal } = ending;
  if (waitMs !== undefined) {
    const tell = (error: string) => emit({ type: "warning", message: `Waiting for the database: ${error}` });
    await waitForDatabase(database, { waitMs, signal, tell });
  }
  const facts = processFacts();
  const context = {
    project,
    database,
    openSource: async (name: string) => await openSource(config, name),
    actor: actorOf(facts),
    identity: { pid: facts.pid, version: VERSION, command },
    emit,
    signal,
  };
  const warn = (message: string, hint: string) => emit({ type: "warning", message, hint });
  const hooked = { config, command, database: database.target.label, warn };
  return await withHooks(hooked, () => work(context, { target, lockTimeoutMs, maxTimeMs }));
}

async function openSource({ sources }: Config, name: string): Promise<Database> {
  const url = sources.get(name);
  if (url === undefined) throw new TypeError(`no source ${name}`);
  return await openDatabase((await url()).target);
}

/** A signal that ends a run as the runner knows it, whatever reason the program's own has. */
class Ending implements Disposable {
  readonly #controller = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #listener = () => this.#controller.abort(new Interruption("abort"));

  constructor(given: AbortSignal | undefined) {
    this.#given = given;
    if (given?.aborted) this.#listener();
    else given?.addEventListener("abort", this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#given?.removeEventListener("abort", this.#listener);
  }
}

function milliseconds(name: string, value: number | string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value === 0) return 0;
  const parsed = parseDuration(value);
  if (parsed !== undefined) return parsed;
  throw new DelembicError(`'${name}' must be ${DURATION_FORMS}, not ${Deno.inspect(value)}`, {
    code: "invalid-option",
    exitCode: EXIT.usage,
  });
}
