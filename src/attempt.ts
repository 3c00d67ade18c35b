/**
 * One attempt at one migration: the protocol by which its work and its record are committed together or not at all.
 *
 * The row of the run history is opened, and committed, before the work begins. The record of success is written in the
 * work's own transaction, after the fence was checked there: the version row, the checksum, the end of the attempt, and
 * the beginning of the next one, so that a run of many small migrations costs one commit each. So whatever dies when,
 * either both the work and its record are there, or neither is. A failure is recorded on the audit connection.
 *
 * @module
 */

import { appliedMeanwhile } from "./applied_meanwhile.ts";
import { endingWalk, forgettingWalk } from "./batch_writes.ts";
import type { LoadRecord } from "./bulk_options.ts";
import { DatabaseError, type Session } from "./db/database.ts";
import { now, type UtcText } from "./clock.ts";
import { openConnection } from "./connection.ts";
import { DelembicError, messageOf } from "./errors.ts";
import { interruptible, Interruption, withTimeout } from "./interruption.ts";
import {
  closeRun,
  closingRun,
  deletingVersion,
  idOf,
  isSameMoment,
  markPartial,
  openingRun,
  type Outcome,
  readVersion,
  withRightsHint,
  writingChecksum,
  writingVersion,
} from "./ledger.ts";
import { forgettingLoads, writingLoads } from "./load_ledger.ts";
import { LockLostError, pause } from "./lock.ts";
import { fullChecksum, type LoadedMigration, type Step } from "./migration.ts";
import type { OpenRun } from "./open_run.ts";
import { isApplied } from "./plan.ts";
import { Sources } from "./sources.ts";
import { loadEnvironment, toldRun } from "./told_run.ts";
import { PausedError } from "./walk_errors.ts";
import { lent, watchSession, type WorkSession } from "./work_session.ts";
import type { WorkConnection, WorkContext, Workplace } from "./workplace.ts";

export type Direction = "upgrade" | "downgrade";

/** How an attempt ended. `retry` is set when the same attempt may succeed if it is made again. */
export type AttemptResult =
  | { readonly status: "done"; readonly seconds: number; readonly next: OpenedRun | undefined }
  | { readonly status: "failed"; readonly error: unknown; readonly partial: boolean; readonly retry: boolean }
  | { readonly status: "interrupted"; readonly error: DelembicError; readonly partial: boolean };

/** The row of an attempt that is open already. */
export interface OpenedRun {
  readonly revision: string;
  readonly id: number;
  readonly startedAt: UtcText;
}

export interface AttemptOptions {
  readonly direction: Direction;
  /** From 1; higher when it is made again. */
  readonly number: number;
  /** Its row, when the attempt before it has opened it. */
  readonly opened: OpenedRun | undefined;
  /** When it was applied last, as the run saw it when it planned; `undefined` when it was not. */
  readonly appliedAt?: string | undefined;
  /** The revision whose row is to be opened together with the end of this attempt. */
  readonly next: string | undefined;
}

/** The transaction was ended by the migration's own SQL, so it cannot be rolled back, nor its record be written in it. */
class TransactionEndedError extends DelembicError {
  constructor() {
    super("The migration ended the transaction that it runs in", {
      code: "transaction-ended",
      hint: "Take COMMIT and ROLLBACK out of it, or set 'transaction: false'.",
    });
  }
}

/** Runs one migration once, in one direction, and records what became of it. */
export async function attempt(
  run: OpenRun,
  migration: LoadedMigration,
  options: AttemptOptions,
): Promise<AttemptResult> {
  const { revision } = migration;
  const start = performance.now();
  const { id, startedAt } = options.opened ?? await open(run, revision, options.direction);
  // worked out while the database does its part; what is wrong with it is told when it is needed
  if (options.direction === "upgrade") fullChecksum(migration).catch(() => undefined);
  await run.step("run-opened", revision);
  const elapsed = () => (performance.now() - start) / 1000;
  const meanwhile = options.direction === "upgrade"
    ? await appliedMeanwhile(run.audit, revision, options.appliedAt)
    : undefined;
  if (meanwhile !== undefined) {
    const outcome = {
      status: "interrupted",
      endedAt: now(),
      seconds: elapsed(),
      exception: describe(meanwhile),
    } as const;
    await closeRun(run.audit, id, outcome);
    return { status: "interrupted", error: meanwhile, partial: false };
  }
  const failed = { id, migration, direction: options.direction };
  try {
    if (options.direction === "upgrade") await walkFirst(run, migration, { ...options, startedAt });
  } catch (error) {
    return await recordFailure(run, { ...failed, error: withRightsHint(error), seconds: elapsed(), partial: false });
  }
  const work = await workplace(run, migration, { ...options, id, startedAt });
  try {
    const loads = await work.steps();
    const ending = { id, at: now(), seconds: elapsed(), loads, ...options };
    const next = await record(run, work.connection, migration, ending);
    await commit(run, work.connection, migration, ending);
    await run.step("committed", revision);
    await run.step("run-closed", revision);
    return { status: "done", seconds: ending.seconds, next };
  } catch (error) {
    await work.undo();
    if (options.direction === "upgrade") await endWalk(run, migration, error);
    return await recordFailure(run, { ...failed, error, seconds: elapsed(), partial: work.partial });
  }
}

async function open(run: OpenRun, revision: string, direction: Direction): Promise<OpenedRun> {
  const startedAt = now();
  const status = direction === "upgrade" ? "running" : "downgrading";
  return { revision, startedAt, id: await run.audit.openRun({ revision, startedAt, status, ...run.actor }) };
}

/** What a migration in batches does before the transaction that validates and records it. */
async function walkFirst(
  run: OpenRun,
  migration: LoadedMigration,
  { number, startedAt }: { readonly number: number; readonly startedAt: UtcText },
): Promise<void> {
  if (migration.batch === undefined) return;
  const { walk } = await import("./walk.ts");
  using limited = withTimeout(run.signal, migration.timeoutMs);
  await walk(run, migration, { number, startedAt, signal: limited.signal });
}

/** The walk is through, but what came behind it failed. */
async function endWalk(run: OpenRun, { batch, revision }: LoadedMigration, error: unknown): Promise<void> {
  if (batch === undefined) return;
  const { recordEnd } = await import("./walk.ts");
  await recordEnd(run, revision, error);
}

async function workplace(run: OpenRun, migration: LoadedMigration, context: Omit<WorkContext, "beforePartial">) {
  const beforePartial = async () => {
    if (!migration.idempotent) await markPartial(run.audit, context.id);
  };
  if (migration.kind === "py") {
    const { pythonWorkplace } = await import("./run_python_attempt.ts");
    return pythonWorkplace(run, migration, { ...context, beforePartial });
  }
  return ownWorkplace(run, migration, { ...context, beforePartial });
}

async function ownWorkplace(run: OpenRun, migration: LoadedMigration, context: WorkContext): Promise<Workplace> {
  const { beforePartial } = context;
  const work = watchSession(await run.workSession(), { transaction: migration.transaction, beforePartial });
  return {
    connection: work.session,
    get partial() {
      return work.partial;
    },
    steps: () => runSteps(run, work, migration, context),
    undo: () => undo(run, work.session),
  };
}

/** The user's code: `upgrade` and `validate`, or `downgrade`. Gives what it loaded. */
async function runSteps(
  run: OpenRun,
  work: WorkSession,
  migration: LoadedMigration,
  context: { readonly direction: Direction; readonly number: number; readonly startedAt: string },
): Promise<readonly LoadRecord[]> {
  const { session } = work;
  const loads: LoadRecord[] = [];
  if (migration.transaction) await session.begin();
  if (migration.lockTimeoutMs !== undefined) {
    for (const statement of session.dialect.lockTimeout(migration.lockTimeoutMs)) await session.query(statement);
  }
  await run.step("work-begun", migration.revision);
  using limited = withTimeout(run.signal, migration.timeoutMs);
  await using sources = new Sources(run.context, limited.signal);
  const { revision } = migration;
  const told = { revision, ...context, dialect: session.dialect.name, signal: limited.signal, sources };
  const call = async (step: Step | undefined) => {
    if (step === undefined) return;
    const own = lent(session);
    const { connection, settle } = openConnection(own.session, loadEnvironment(run, told, (load) => loads.push(load)));
    try {
      await interruptible(step(connection, toldRun(run, told)).then(settle), limited.signal, () => session.cancel());
    } finally {
      // code that goes on must not get into what comes next
      own.end();
    }
  };
  await call(context.direction === "upgrade" ? migration.upgrade : migration.downgrade);
  await run.step("upgraded", migration.revision);
  if (context.direction === "upgrade") await call(migration.validate);
  await run.step("validated", migration.revision);
  // a session that was lost says so itself, at its next statement
  if (migration.transaction && !session.inTransaction && !session.lost) throw new TransactionEndedError();
  if (!migration.transaction) await session.begin();
  return loads;
}

/** How an attempt that succeeds is going to end. */
interface Ending extends AttemptOptions {
  readonly id: number;
  readonly at: UtcText;
  readonly seconds: number;
  readonly loads: readonly LoadRecord[];
}

/** In the work's transaction: makes sure that we may commit, and writes what the commit will have done. */
async function record(
  run: OpenRun,
  work: WorkConnection,
  migration: LoadedMigration,
  { id, at, seconds, loads, direction, next }: Ending,
): Promise<OpenedRun | undefined> {
  run.signal.throwIfAborted();
  const { dialect } = work;
  const { revision, file, batch } = migration;
  const up = direction === "upgrade";
  const checksum = up ? await fullChecksum(migration) : migration.checksum;
  const opening = next === undefined
    ? []
    : [{ revision: next, startedAt: at, status: "running", ...run.actor } as const];
  const results = await run.lock.check(work, [
    ...(up
      ? writingVersion(dialect, { revision, status: "success", at, seconds })
      : [deletingVersion(dialect, revision)]),
    ...(up ? writingChecksum(dialect, { revision, checksum, file, at }) : []),
    ...(batch === undefined
      ? []
      : [up ? endingWalk(dialect, revision, { status: "done" }) : forgettingWalk(dialect, revision)]),
    ...(up ? [] : [forgettingLoads(dialect, revision)]),
    ...writingLoads(dialect, revision, loads, at),
    closingRun(dialect, id, { status: up ? "success" : "downgraded", endedAt: at, seconds }),
    ...opening.map((row) => openingRun(dialect, row)),
  ]);
  await run.step("version-written", revision);
  return next === undefined ? undefined : { revision: next, startedAt: at, id: idOf(results.at(-1)) };
}

/** Commits; when the answer is lost, finds out from the ledger what became of it. */
async function commit(
  run: OpenRun,
  work: WorkConnection,
  { revision }: LoadedMigration,
  { direction, at }: Ending,
): Promise<void> {
  try {
    await work.commit();
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.kind !== "lost") throw error;
    const version = await run.audit.transaction(async (db) => {
      // the old transaction holds the lease row until it has ended, one way or the other
      await run.lock.check(db);
      return await readVersion(db, revision);
    });
    const done = direction === "upgrade"
      ? isApplied(version) && isSameMoment(version?.appliedAt ?? "", at)
      : version === undefined;
    if (!done) throw error;
  }
}

/** How long a rollback may take before its connection is closed, in milliseconds. */
const ROLLBACK_MS = 30_000;

/** Rolls back; when even that fails the connection is closed, which makes the server do it. */
async function undo(run: OpenRun, work: Session): Promise<void> {
  const enough = new AbortController();
  const rollback = async () => {
    if (work.inTransaction) await work.rollback();
    for (const statement of work.dialect.lockTimeoutReset) await work.query(statement);
    return true;
  };
  // the error that led here is the one to report, whatever becomes of the rollback
  const clean = await Promise.race([
    rollback().catch(() => false),
    pause(ROLLBACK_MS, enough.signal).then(() => false),
  ]);
  enough.abort();
  if (!clean) await run.dropWorkSession();
}

interface Failure {
  readonly id: number;
  readonly migration: LoadedMigration;
  readonly direction: Direction;
  readonly error: unknown;
  readonly seconds: number;
  /** A part of the work is committed, and may not be done twice. */
  readonly partial: boolean;
}

async function recordFailure(run: OpenRun, failure: Failure): Promise<AttemptResult> {
  const { error, migration, seconds } = failure;
  const partial = failure.partial && !migration.idempotent;
  const outcome = (status: Outcome["status"]): Outcome => ({
    status: partial ? "partial" : status,
    endedAt: now(),
    seconds,
    exception: describe(error),
  });
  if (error instanceof Interruption || error instanceof PausedError || error instanceof LockLostError) {
    await closeRun(run.audit, failure.id, outcome("interrupted"));
    return { status: "interrupted", error, partial };
  }
  try {
    await writeFailure(run, failure, outcome("failed"));
  } catch (problem) {
    if (problem instanceof LockLostError) {
      await closeRun(run.audit, failure.id, outcome("interrupted"));
      return { status: "interrupted", error: problem, partial };
    }
    // whatever keeps the failure from being recorded, it must be told
    run.emit({ type: "failed", revision: migration.revision, error, partial });
    throw problem;
  }
  const retry = error instanceof DatabaseError && error.retryable && !partial;
  return { status: "failed", error, partial, retry };
}

/** In MySQL's `text`, of which people make the Python tool's table there, this many characters fit in any case. */
const CERTAIN_CHARACTERS = 16_000;

async function writeFailure(run: OpenRun, failure: Failure, outcome: Outcome): Promise<void> {
  const { direction, id, migration: { revision, repeatable }, seconds } = failure;
  const write = (exception: string | undefined) =>
    run.audit.transaction(async (db) => {
      // whoever took the lock may have applied this revision since: its record must stay
      await run.lock.check(db);
      // one that was to be applied again stays applied, as it was before
      const stays = repeatable && isApplied(await readVersion(db, revision));
      await db.batch([
        ...(direction === "upgrade" && !stays
          ? writingVersion(db.dialect, { revision, status: "failed", at: now(), seconds })
          : []),
        closingRun(db.dialect, id, { ...outcome, exception }),
      ]);
    });
  const { exception = "" } = outcome;
  try {
    await write(exception);
  } catch (error) {
    if (!(error instanceof DatabaseError) || exception.length <= CERTAIN_CHARACTERS) throw error;
    await write(`${exception.slice(0, CERTAIN_CHARACTERS)}\n… (${exception.length} characters in all)\n`);
  }
}

/** The whole error for the ledger: with its stack, and what the server said beyond its message. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `${Deno.inspect(error)} was thrown\n`;
  const lines = [error instanceof DelembicError ? `${error.name}: ${error.message}` : error.stack ?? messageOf(error)];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    // the server's words are told already, and where the driver threw them helps nobody
    if (error instanceof DatabaseError && cause.message === error.message) continue;
    lines.push(`Caused by: ${cause instanceof DatabaseError ? cause.message : cause.stack ?? cause.message}`);
  }
  if (error instanceof DatabaseError) {
    for (const [name, value] of Object.entries(error.details)) if (value !== undefined) lines.push(`${name}: ${value}`);
    if (error.statement !== undefined) lines.push(`statement: ${error.statement}`);
  }
  return `${lines.join("\n")}\n`;
}
