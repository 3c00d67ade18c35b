/**
 * What a migration is told and given by the run that it is part of.
 *
 * @module
 */

import type { LoadEnvironment, LoadRecord } from "./bulk_options.ts";
import type { UtcText } from "./clock.ts";
import type { DialectName } from "./db/database.ts";
import type { Run } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import type { Sources } from "./sources.ts";

/** One attempt, as its migration sees it. */
export interface ToldAttempt {
  readonly revision: string;
  readonly startedAt: UtcText;
  /** From 1; higher when it is made again. */
  readonly number: number;
  readonly dialect: DialectName;
  readonly signal: AbortSignal;
  readonly sources: Sources;
}

/** The `run` of a migration's functions. */
export function toldRun({ emit }: Pick<RunContext, "emit">, attempt: ToldAttempt): Run {
  const { revision, startedAt, number, dialect, signal, sources } = attempt;
  return {
    revision,
    startedAt: startedAt.replace("T", " ").replace("Z", "+00:00"),
    attempt: number,
    dialect,
    signal,
    source: (name) => sources.open(name),
    log: (message) => emit({ type: "log", revision, message }),
  };
}

/** What `conn.load` needs of the run. */
export function loadEnvironment(
  { project: { config }, emit }: Pick<RunContext, "project" | "emit">,
  { revision, signal }: Pick<ToldAttempt, "revision" | "signal">,
  record: (load: LoadRecord) => void,
): LoadEnvironment {
  return {
    folder: config.scriptLocation,
    shownFrom: config.folder,
    signal,
    progress: (progress) => emit({ type: "progress", revision, progress }),
    warn: (message) => emit({ type: "warning", message }),
    record: (load) => {
      record(load);
      const { table, report: { loaded: rows, seconds } } = load;
      emit({ type: "loaded", revision, table, rows, seconds });
    },
  };
}
