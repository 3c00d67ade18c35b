/**
 * `upgrade` and `downgrade`: what is planned runs, one migration after another, under the lock.
 *
 * @module
 */

import { attempt, type AttemptOptions, type OpenedRun } from "./attempt.ts";
import { now } from "./clock.ts";
import { DelembicError, EXIT, type ExitCode, type Fault, FaultsError, formatPlace, messageOf } from "./errors.ts";
import { Interruption } from "./interruption.ts";
import { closeRun } from "./ledger.ts";
import { pause } from "./lock.ts";
import type { LoadedMigration } from "./migration.ts";
import { OpenRun, type RunContext } from "./open_run.ts";
import { type Block, isApplied, planDowngrade, type PlanStep, planUpgrade } from "./plan.ts";
import { needsAlembic, type Project, requireSound } from "./project.ts";
import { readGate, type Survey, survey, withReading } from "./survey.ts";
import { graphOf, plainlyNamed, type Target } from "./target.ts";

export { Interruption } from "./interruption.ts";
export type { RunContext } from "./open_run.ts";

export interface RunOptions {
  readonly target: Target;
  /** How long to wait for the lock, in milliseconds. @default 300,000 */
  readonly lockTimeoutMs?: number | undefined;
  /** After how long to stop, in milliseconds; what is at work then is rolled back. @default no limit */
  readonly maxTimeMs?: number | undefined;
}

/** A migration that failed. */
export interface RunFailure {
  /** Its id. */
  readonly revision: string;
  /** The message. */
  readonly error: string;
  /** What was thrown. */
  readonly cause: unknown;
  /** A part of its work is committed, and stays: the next run waits for `repair`. */
  readonly partial: boolean;
}

/** A run was interrupted where it could not be undone. Exit code 5. */
class PartialWorkError extends DelembicError {
  constructor(revision: string, cause: DelembicError) {
    super(cause.message, {
      code: "partial",
      exitCode: EXIT.interrupted,
      hint: `A part of ${revision} is committed. ${explain(revision, [{ kind: "partial" }]).hint}`,
      data: { revision },
      cause,
    });
  }
}

/** A migration that could not begin. */
export interface BlockedMigration {
  /** Its id. */
  readonly revision: string;
  /** Alembic revisions that are not in the database; empty when something else is in the way. */
  readonly missing: readonly string[];
  /** All that stands in its way. */
  readonly blocks: readonly Block[];
}

/** What a run did. */
export interface RunReport {
  /** Upgraded or downgraded, in order. */
  readonly done: readonly { readonly revision: string; readonly durationSeconds: number }[];
  /** The one that failed; the run ended there. */
  readonly failed: RunFailure | null;
  /** Those that could not begin; the run ended at the first. */
  readonly blocked: readonly BlockedMigration[];
  /** Why the run ended before its end: a signal, `--max-time`, or a lost lock. */
  readonly interrupted: DelembicError | null;
  /** There was nothing to do. */
  readonly upToDate: boolean;
  /** What the command line would end with; 0: all is done. */
  readonly exitCode: ExitCode;
}

/**
 * Runs what is pending for the target.
 *
 * @throws {FaultsError} when something is wrong in the files; {TargetError}; {LockBusyError}; {DatabaseError} when the
 * database cannot be had. A migration that fails is not thrown: it is in the report.
 */
export async function upgrade(context: RunContext, options: RunOptions): Promise<RunReport> {
  const { project, database, emit } = context;
  const { target } = options;
  const warn = ({ message, place }: Fault) => emit({ type: "warning", message: `${message} (${formatPlace(place)})` });
  requireSoundFor(project, target).forEach(warn);
  // whatever can be refused is refused before the first write: a table, a lock, or a SQLite file
  const { changed, openRuns, unknown, pending } = await withReading(database, async (db) => {
    const seen = await survey(project, db);
    return { ...seen, pending: soundPlan(project, seen, target) };
  });
  [...unknown.values()].flat().forEach(warn);
  for (const revision of changed) emit(changedWarning(project.migrations.get(revision)));
  // nothing to do, nobody at work, no dead run to settle: that needs neither the lock nor the right to write
  if (pending.length === 0 && openRuns.length === 0) return report({ upToDate: true });
  return await inRun(context, options, async (run) => {
    const seen = await survey(project, run.audit);
    const steps = soundPlan(project, seen, target);
    await run.step("planned");
    return await runUpgrade(run, steps, seen);
  });
}

/** @returns faults that do not concern the target @throws {FaultsError} for those that may */
export function requireSoundFor(project: Project, target: Target): readonly Fault[] {
  if (target.kind !== "name") return requireSound(project);
  const id = plainlyNamed(graphOf(project.migrations, project.parents), target.name);
  return requireSound(project, id === undefined ? undefined : [id]);
}

/**
 * The steps of an upgrade, once all that they need is known to be known.
 *
 * @throws {FaultsError} for an unknown dependency; what reading Alembic's state threw; {TargetError}
 */
export function soundPlan(project: Project, seen: Survey, target: Target): readonly PlanStep[] {
  const { steps } = planUpgrade(seen, target);
  const pending = steps.map(({ migration }) => migration.revision);
  const faults = pending.flatMap((id) => seen.unknown.get(id) ?? []);
  if (faults.length > 0) throw new FaultsError(faults);
  const applied = (id: string) => isApplied(seen.records.get(id));
  // what cannot be told of Alembic is no obstacle to migrations that do not need it
  if (seen.alembicError !== undefined && pending.some((id) => needsAlembic(project, id, applied))) {
    throw seen.alembicError;
  }
  return steps;
}

function changedWarning(migration: LoadedMigration | undefined) {
  return {
    type: "warning",
    message: `Migration ${migration?.revision} was changed after it was applied (${migration?.file})`,
    hint: "Put the change into a new migration, or accept it with 'delembic repair'.",
  } as const;
}

async function runUpgrade(run: OpenRun, steps: readonly PlanStep[], seen: Survey): Promise<RunReport> {
  if (steps.length === 0) return report({ upToDate: true });
  run.startHeartbeat(steps.some(({ migration }) => migration.kind !== "sql"));
  // a Python that cannot run them is told before anything has run
  if (steps.some((step) => step.migration.kind === "py" && !isBlocked(step))) await run.python();
  const done: Done[] = [];
  let opened: OpenedRun | undefined;
  for (const [index, { migration, blocks }] of steps.entries()) {
    if (run.signal.aborted) {
      await abandon(run, opened);
      return report({ done, interrupted: asError(run.signal.reason) });
    }
    const { revision, description } = migration;
    run.emit({ type: "running", revision, description, direction: "upgrade" });
    const gate = await readGate(run.project, run.audit, [revision], (id) => appliedNow(seen, done, id));
    const now = refreshed(blocks, gate(revision));
    if (now.length > 0) {
      run.emit({ type: "blocked", revision, ...explain(revision, now) });
      return report({
        done,
        blocked: [{ migration, blocks: now }, ...steps.slice(index + 1)].filter(isBlocked).map(blockedOf),
      });
    }
    const ended = await runOne(run, migration, {
      direction: "upgrade",
      opened,
      appliedAt: seen.records.get(revision)?.appliedAt ?? undefined,
      next: migration.kind === "py" ? undefined : openedAhead(run, steps[index + 1]),
    });
    if (!("durationSeconds" in ended)) {
      return report({ done, ...ended, blocked: steps.slice(index + 1).filter(isBlocked).map(blockedOf) });
    }
    done.push({ revision, durationSeconds: ended.durationSeconds });
    opened = ended.next;
  }
  return report({ done });
}

/** The next revision, if nothing can come between: its row may be opened together with the end of this one. */
function openedAhead({ project }: OpenRun, step: PlanStep | undefined): string | undefined {
  if (step === undefined || isBlocked(step)) return undefined;
  const { revision, requiresBefore } = step.migration;
  const asksAlembic = (project.external.get(revision) ?? []).length > 0 || requiresBefore.length > 0;
  return asksAlembic ? undefined : revision;
}

/** Closes the row of an attempt that was opened ahead and does not come. */
async function abandon(run: OpenRun, opened: OpenedRun | undefined): Promise<void> {
  if (opened === undefined) return;
  const exception = "The run ended before this migration began.\n";
  await closeRun(run.audit, opened.id, { status: "interrupted", endedAt: now(), seconds: 0, exception });
}

type Done = { readonly revision: string; readonly durationSeconds: number };

function appliedNow(seen: Survey, done: readonly Done[], id: string): boolean {
  return isApplied(seen.records.get(id)) || done.some(({ revision }) => revision === id);
}

/** What blocks a step now: Alembic's part as it was just read, the rest as planned. */
function refreshed(
  planned: readonly Block[],
  gate: { missing: readonly string[]; tooLate: readonly string[] },
): Block[] {
  return [
    ...(gate.missing.length > 0 ? [{ kind: "alembic", missing: gate.missing } as const] : []),
    ...(gate.tooLate.length > 0 ? [{ kind: "too-late", applied: gate.tooLate } as const] : []),
    ...planned.filter(({ kind }) => kind === "python" || kind === "partial"),
  ];
}

function isBlocked({ blocks }: PlanStep): boolean {
  return blocks.length > 0;
}

function blockedOf({ migration, blocks }: PlanStep): BlockedMigration {
  const missing = blocks.flatMap((block) => block.kind === "alembic" ? block.missing : []);
  return { revision: migration.revision, missing, blocks };
}

/** The message and the remedy for the first thing that stands in the way, in the words of the Python tool. */
export function explain(revision: string, blocks: readonly Block[]): { message: string; hint: string } {
  const [block] = blocks;
  switch (block?.kind) {
    case undefined:
      return { message: "", hint: "" };
    case "alembic":
      return {
        message: `Migration ${revision} requires Alembic revision(s) ${quoted(block.missing)} to be applied first.`,
        hint: "Run 'alembic upgrade head' before retrying.",
      };
    case "too-late":
      return {
        message: `Migration ${revision} had to run before Alembic revision(s) ${
          quoted(block.applied)
        }, applied already.`,
        hint: `Downgrade the schema first, or record it as not needed with 'delembic stamp ${revision}'.`,
      };
    case "data":
      return {
        message: `Migration ${revision} depends on ${block.revisions.join(", ")}, blocked itself.`,
        hint: "See what blocks that one with 'delembic upgrade --dry-run'.",
      };
    case "python":
      return {
        message: `Migration ${revision} is a Python file, and no Python is configured that would run it.`,
        hint:
          "Set 'python' in delembic.ini to the Python that has the package delembic ('python = .venv/bin/python'), " +
          `or turn it into TypeScript or SQL with 'delembic convert ${revision}'.`,
      };
    case "partial":
      return {
        message: `Migration ${revision} was interrupted where it could not be undone: a part of it is committed.`,
        hint: `See what is there, then settle it with 'delembic repair ${revision} --applied' or '--reverted'.`,
      };
  }
}

/** As Python prints a list of strings, which is what the Python tool shows. */
export function quoted(ids: readonly string[]): string {
  return `[${ids.map((id) => `'${id}'`).join(", ")}]`;
}

type Ended =
  | Done & { readonly next: OpenedRun | undefined }
  | { readonly failed: RunFailure }
  | { readonly interrupted: DelembicError };

/** Attempts one migration until it is done, fails for good, or may not be tried again. */
async function runOne(
  run: OpenRun,
  migration: LoadedMigration,
  { opened, ...options }: Omit<AttemptOptions, "number">,
): Promise<Ended> {
  const { revision } = migration;
  for (let number = 1;; number++) {
    const result = await attempt(run, migration, { ...options, number, opened: number === 1 ? opened : undefined });
    if (result.status === "done") {
      run.emit({ type: "ok", revision, durationSeconds: result.seconds });
      return { revision, durationSeconds: result.seconds, next: result.next };
    }
    if (result.status === "interrupted") {
      const { error, partial } = result;
      run.emit({ type: "interrupted", revision, reason: error.message, code: error.code });
      return { interrupted: partial ? new PartialWorkError(revision, error) : error };
    }
    if (!result.retry || number > migration.retries) {
      const { error, partial } = result;
      run.emit({ type: "failed", revision, error, partial });
      return { failed: { revision, error: messageOf(error), cause: error, partial } };
    }
    run.emit({ type: "retrying", revision, attempt: number + 1, error: messageOf(result.error) });
    await pause(250 * 2 ** number * (0.75 + Math.random() / 2), run.signal);
  }
}

/** Undoes applied migrations back to the target. Throws as {@link upgrade} does. */
export function downgrade(context: RunContext, options: RunOptions): Promise<RunReport> {
  const { project, emit } = context;
  requireSound(project);
  return inRun(context, options, async (run) => {
    const going = planDowngrade(await survey(project, run.audit), options.target);
    requireDowngrades(going);
    await run.step("planned");
    run.startHeartbeat(going.some(({ kind }) => kind !== "sql"));
    const done: Done[] = [];
    for (const migration of going) {
      if (run.signal.aborted) return report({ done, interrupted: asError(run.signal.reason) });
      const { revision, description } = migration;
      emit({ type: "running", revision, description, direction: "downgrade" });
      const ended = await runOne(run, migration, { direction: "downgrade", opened: undefined, next: undefined });
      if (!("durationSeconds" in ended)) return report({ done, ...ended });
      done.push({ revision, durationSeconds: ended.durationSeconds });
    }
    return report({ done, upToDate: going.length === 0 });
  });
}

/** @throws {NoDowngradeError} when one of those that would have to go cannot be undone; then nothing is undone */
export function requireDowngrades(going: readonly LoadedMigration[]): void {
  const without = going.filter((migration) => migration.downgrade === undefined);
  if (without.length > 0) throw new NoDowngradeError(without);
}

class NoDowngradeError extends DelembicError {
  constructor(without: readonly LoadedMigration[]) {
    const ids = without.map(({ revision }) => revision).join(", ");
    super(`Cannot undo ${ids}: ${without.length === 1 ? "it has" : "they have"} no downgrade`, {
      code: "no-downgrade",
      place: without[0] === undefined ? undefined : { file: without[0].file },
      hint: "Write a downgrade, or a new migration that corrects the data.",
      data: { revisions: without.map(({ revision }) => revision) },
    });
  }
}

/** Opens a run, ends it, and stops it when its time is up. */
async function inRun(
  context: RunContext,
  options: RunOptions,
  work: (run: OpenRun) => Promise<RunReport>,
): Promise<RunReport> {
  const timeUp = new AbortController();
  const timer = options.maxTimeMs === undefined
    ? undefined
    : setTimeout(() => timeUp.abort(new Interruption("max-time")), options.maxTimeMs);
  try {
    const signal = AbortSignal.any([context.signal, timeUp.signal]);
    await using run = await OpenRun.begin({ ...context, signal }, options.lockTimeoutMs);
    return await work(run);
  } finally {
    clearTimeout(timer);
  }
}

function asError(reason: unknown): DelembicError {
  return reason instanceof DelembicError ? reason : new Interruption("SIGTERM");
}

function report(parts: Partial<Omit<RunReport, "exitCode">>): RunReport {
  const { done = [], failed = null, blocked = [], interrupted = null, upToDate = false } = parts;
  return { done, failed, blocked, interrupted, upToDate, exitCode: exitCodeOf({ failed, blocked, interrupted }) };
}

function exitCodeOf({ failed, blocked, interrupted }: Pick<RunReport, "failed" | "blocked" | "interrupted">): ExitCode {
  if (interrupted !== null) return interrupted.exitCode;
  if (failed !== null) return EXIT.failed;
  const [first] = blocked;
  if (first === undefined) return EXIT.done;
  return first.blocks.some(({ kind }) => kind === "partial") ? EXIT.interrupted : EXIT.failed;
}
