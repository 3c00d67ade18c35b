/**
 * A pipeline at work: its steps in order, each once, until one fails.
 *
 * @module
 */

import type { Queryable } from "./db/database.ts";
import { DelembicError, EXIT, type ExitCode } from "./errors.ts";
import { Interruption } from "./interruption.ts";
import { OpenRun, type RunContext } from "./open_run.ts";
import type { AlembicCommand, AlembicOutput } from "./pipeline_alembic.ts";
import type { PipelineStep } from "./pipeline_file.ts";
import { missingRevisions, pendingMigrations } from "./pipeline_steps.ts";
import { type RunReport, upgrade } from "./runner.ts";
import { withReading } from "./survey.ts";
import { parseTarget } from "./target.ts";

/** Alembic's command did not do what it was called for. Exit code 1. */
export class AlembicFailedError extends DelembicError {
  constructor(command: string, target: string, ended: string) {
    super(`'${command} upgrade ${target}' ended with ${ended}`, {
      code: "alembic-failed",
      hint: "What it says stands above. What is done stays: the next 'delembic pipeline run' goes on from here.",
    });
  }
}

/** Alembic says that it is done, and the database that we use does not show it. Exit code 1. */
export class AlembicElsewhereError extends DelembicError {
  constructor(missing: readonly string[], label: string) {
    super(`Alembic is done, but ${missing.join(", ")} is not in the database that Delembic uses: ${label}`, {
      code: "alembic-elsewhere",
      hint: "Alembic goes where its env.py says. Let env.py and delembic.ini name the same database and version table.",
      data: { revisions: missing },
    });
  }
}

export interface PipelineOptions {
  readonly alembic: AlembicCommand | undefined;
  readonly alembicOutput: AlembicOutput;
  /** How long to wait for the lock, in milliseconds. @default 300,000 */
  readonly lockTimeoutMs?: number | undefined;
  /** After how long to stop, in milliseconds. @default no limit */
  readonly maxTimeMs?: number | undefined;
  readonly onBegin: (step: PipelineStep, index: number) => void;
  readonly onEnd: (report: StepReport) => void;
}

export type StepStatus = "done" | "present" | "failed" | "blocked" | "interrupted" | "not-reached";

export interface StepReport {
  readonly step: PipelineStep;
  readonly status: StepStatus;
  readonly seconds: number;
  /** Why it failed or was interrupted, where no migration tells it. */
  readonly error?: unknown;
  /** What the data migrations did. */
  readonly run?: RunReport;
}

export interface PipelineReport {
  readonly steps: readonly StepReport[];
  readonly exitCode: ExitCode;
}

type Ended = Omit<StepReport, "step" | "seconds">;

/** Runs what is not in the database yet. What goes wrong is in the report. */
export async function runPipeline(
  context: RunContext,
  steps: readonly PipelineStep[],
  options: PipelineOptions,
): Promise<PipelineReport> {
  const timeUp = new AbortController();
  const timer = options.maxTimeMs === undefined
    ? undefined
    : setTimeout(() => timeUp.abort(new Interruption("max-time")), options.maxTimeMs);
  const signal = AbortSignal.any([context.signal, timeUp.signal]);
  const reports: StepReport[] = [];
  try {
    for (const [index, step] of steps.entries()) {
      if (reports.some(({ status }) => status !== "done" && status !== "present")) {
        reports.push({ step, status: "not-reached", seconds: 0 });
        continue;
      }
      options.onBegin(step, index);
      const start = performance.now();
      const ended = await runStep({ ...context, signal }, step, options);
      const report = { step, seconds: (performance.now() - start) / 1000, ...ended };
      reports.push(report);
      options.onEnd(report);
    }
  } finally {
    clearTimeout(timer);
  }
  return { steps: reports, exitCode: exitCodeOf(reports) };
}

async function runStep(context: RunContext, step: PipelineStep, options: PipelineOptions): Promise<Ended> {
  try {
    context.signal.throwIfAborted();
    if (await withReading(context.database, (db) => isPresent(context, db, step))) return { status: "present" };
    return step.type === "alembic"
      ? await runAlembic(context, step.target, options)
      : await runData(context, step.target, options);
  } catch (error) {
    // what ends everything else ends a step, and is told with those that were done
    return { status: context.signal.aborted ? "interrupted" : "failed", error };
  }
}

async function isPresent({ project }: RunContext, db: Queryable, { type, target }: PipelineStep): Promise<boolean> {
  const left = type === "alembic" ? missingRevisions : pendingMigrations;
  return (await left(project, db, target)).length === 0;
}

/** Alembic has no lock of its own: under ours no two pipelines run it at the same time. */
async function runAlembic(
  context: RunContext,
  target: string,
  { alembic, alembicOutput, lockTimeoutMs }: PipelineOptions,
): Promise<Ended> {
  const { project, database, signal } = context;
  if (alembic === undefined) throw new TypeError("no Alembic for a step of Alembic");
  await using run = await OpenRun.begin(context, lockTimeoutMs);
  run.startHeartbeat(false);
  // the one who had the lock may have done it
  if ((await missingRevisions(project, run.audit, target)).length === 0) return { status: "present" };
  const ended = await alembic.upgrade(target, alembicOutput, signal);
  signal.throwIfAborted();
  if (ended !== undefined) throw new AlembicFailedError(alembic.text, target, ended);
  const missing = await missingRevisions(project, run.audit, target);
  if (missing.length > 0) throw new AlembicElsewhereError(missing, database.target.label);
  return { status: "done" };
}

async function runData(context: RunContext, target: string, { lockTimeoutMs }: PipelineOptions): Promise<Ended> {
  const run = await upgrade(context, { target: parseTarget(target), lockTimeoutMs });
  if (run.interrupted !== null) return { status: "interrupted", run, error: run.interrupted };
  if (run.failed !== null) return { status: "failed", run };
  if (run.blocked.length > 0) return { status: "blocked", run };
  return { status: run.upToDate ? "present" : "done", run };
}

function exitCodeOf(reports: readonly StepReport[]): ExitCode {
  const last = reports.find(({ status }) => status !== "done" && status !== "present");
  if (last === undefined) return EXIT.done;
  if (last.run !== undefined) return last.run.exitCode;
  return last.error instanceof DelembicError ? last.error.exitCode : EXIT.failed;
}
