/**
 * What a project wants to be called when a run has ended: `on_success` and `on_failure` of `delembic.ini`, each the name
 * of a function that `env.ts` exports. A hook that fails, or takes too long, is told as a warning: what the run did
 * stands in the database, and its exit code says it.
 *
 * @module
 */

import { relative } from "node:path";
import type { Config } from "./config.ts";
import { ConfigError } from "./config_values.ts";
import { findEnvFile, importEnvFile } from "./env_file.ts";
import { DelembicError, EXIT, type ExitCode, messageOf } from "./errors.ts";
import type { RunReport } from "./runner.ts";

/** What a hook is told of the run that has ended. Times in seconds. */
export interface EndedRun {
  /** `upgrade`, `downgrade`, … */
  readonly command: string;
  /** The section of the configuration. */
  readonly section: string;
  /** The database, without a password. */
  readonly database: string;
  /** What the program ends with; 0: all is done. */
  readonly exitCode: ExitCode;
  /** The revisions that were applied, or undone. */
  readonly done: readonly string[];
  /** The migration that failed. */
  readonly failed: { readonly revision: string; readonly error: string } | null;
  /** The revisions that could not begin. */
  readonly blocked: readonly string[];
  /** Why the run ended before its end, or could not begin. */
  readonly error: string | null;
  /** How long it took. */
  readonly durationSeconds: number;
}

/** A function of `env.ts` that is called when a run has ended. */
export type Hook = (run: EndedRun) => unknown;

/** The hooks of a project, those that it has. */
export interface Hooks {
  readonly success: Hook | undefined;
  readonly failure: Hook | undefined;
}

/** What is known of a run before it begins. */
export interface HookedRun {
  readonly config: Config;
  readonly command: string;
  readonly database: string;
  /** Tells that a hook did not do what it should. */
  readonly warn: (message: string, hint: string) => void;
}

/**
 * Runs, and calls the hook that fits how it ended: `on_success` when something was done and all went well, `on_failure`
 * when a migration failed or was blocked, the run was interrupted, or could not begin.
 *
 * @throws {ConfigError} before the run, when a hook is not there; what `work` threw
 */
export async function withHooks(run: HookedRun, work: () => Promise<RunReport>): Promise<RunReport> {
  const hooks = await loadHooks(run.config);
  if (hooks.success === undefined && hooks.failure === undefined) return await work();
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let report: RunReport;
  try {
    report = await work();
  } catch (error) {
    const exitCode = error instanceof DelembicError ? error.exitCode : EXIT.failed;
    await call(run, "on_failure", hooks.failure, {
      ...{ done: [], failed: null, blocked: [], error: messageOf(error), exitCode, durationSeconds: seconds() },
    });
    throw error;
  }
  const { done, failed, blocked, interrupted, exitCode } = report;
  const ended = {
    done: done.map(({ revision }) => revision),
    failed: failed && { revision: failed.revision, error: failed.error },
    blocked: blocked.map(({ revision }) => revision),
    error: interrupted?.message ?? null,
    exitCode,
    durationSeconds: seconds(),
  };
  if (exitCode !== EXIT.done) await call(run, "on_failure", hooks.failure, ended);
  else if (done.length > 0) await call(run, "on_success", hooks.success, ended);
  return report;
}

/** @throws {ConfigError} when a name is set and `env.ts` exports no such function */
async function loadHooks({ onSuccess, onFailure, scriptLocation, folder }: Config): Promise<Hooks> {
  if (onSuccess === undefined && onFailure === undefined) return { success: undefined, failure: undefined };
  const file = findEnvFile(scriptLocation);
  if (file === undefined) {
    throw new ConfigError("no-hook", `There is no env.ts in ${relative(folder, scriptLocation)} to take hooks from`, {
      hint: "'on_success' and 'on_failure' of delembic.ini name functions that it exports.",
    });
  }
  const shown = relative(folder, file);
  const exported = await importEnvFile(file).catch((cause: unknown) => {
    throw new ConfigError("env-file", `${shown} does not load: ${messageOf(cause)}`, { place: { file }, cause });
  });
  const named = (key: string, name: string | undefined): Hook | undefined => {
    if (name === undefined) return undefined;
    const found: unknown = typeof exported === "object" && exported !== null ? Reflect.get(exported, name) : undefined;
    if (typeof found === "function") return (run) => found(run);
    throw new ConfigError("no-hook", `${shown} exports no function '${name}', which '${key}' names`, {
      hint: `Write: export async function ${name}(run) { … }`,
      place: { file },
    });
  };
  return { success: named("on_success", onSuccess), failure: named("on_failure", onFailure) };
}

async function call(
  { config, command, database, warn }: HookedRun,
  key: string,
  hook: Hook | undefined,
  ended: Omit<EndedRun, "command" | "section" | "database">,
): Promise<void> {
  if (hook === undefined) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<"too-long">((resolve) => {
    timer = setTimeout(() => resolve("too-long"), config.hookTimeoutMs);
  });
  const hint = "What the run did stands; only the hook did not do its part.";
  try {
    const given = { command, section: config.section, database, ...ended };
    const first = await Promise.race([Promise.resolve().then(() => hook(given)), tooLong]);
    if (first === "too-long") warn(`'${key}' took longer than ${config.hookTimeoutMs / 1000} s`, hint);
  } catch (error) {
    warn(`'${key}' failed: ${messageOf(error)}`, hint);
  } finally {
    clearTimeout(timer);
  }
}
