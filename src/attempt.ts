/**
 * One attempt at one migration: the protocol by which its work and its record are committed together or not at all.
 *
 * The record of success is written in the work's own transaction, after the fence was checked there; the row of the run
 * history is opened before and closed after, on the audit connection. So whatever dies when, either both the work and
 * its record are there, or neither is.
 *
 * @module
 */

import { DatabaseError, type Session } from "./db/database.ts";
import { now } from "./clock.ts";
import { openConnection } from "./connection.ts";
import { DelembicError, messageOf } from "./errors.ts";
import { interruptible, Interruption, withTimeout } from "./interruption.ts";
import {
  closeRun,
  deleteVersion,
  markPartial,
  type Outcome,
  readVersion,
  writeChecksum,
  writeVersion,
} from "./ledger.ts";
import { LockLostError, pause } from "./lock.ts";
import type { LoadedMigration, Run, Step } from "./migration.ts";
import type { OpenRun } from "./open_run.ts";
import { isApplied } from "./plan.ts";
import { watchSession, type WorkSession } from "./work_session.ts";

export type Direction = "upgrade" | "downgrade";

/** How an attempt ended. `retry` is set when the same attempt may succeed if it is made again. */
export type AttemptResult =
  | { readonly status: "done"; readonly seconds: number }
  | { readonly status: "failed"; readonly error: unknown; readonly partial: boolean; readonly retry: boolean }
  | { readonly status: "interrupted"; readonly error: DelembicError };

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
  direction: Direction,
  number: number,
): Promise<AttemptResult> {
  const startedAt = now();
  const start = performance.now();
  const id = await run.audit.openRun({
    revision: migration.revision,
    startedAt,
    status: direction === "upgrade" ? "running" : "downgrading",
    ...run.actor,
  });
  await run.step("run-opened", migration.revision);
  const work = watchSession(await run.workSession(), {
    transaction: migration.transaction,
    beforePartial: async () => {
      if (!migration.idempotent) await markPartial(run.audit, id);
    },
  });
  const elapsed = () => (performance.now() - start) / 1000;
  try {
    await runSteps(run, work, migration, { direction, number, startedAt });
    const ended = { at: now(), seconds: elapsed() };
    await record(run, work.session, migration, direction, ended);
    await commit(run, work.session, migration, direction, ended.at);
    await run.step("committed", migration.revision);
    const status = direction === "upgrade" ? "success" : "downgraded";
    await closeRun(run.audit, id, { status, endedAt: ended.at, seconds: ended.seconds });
    await run.step("run-closed", migration.revision);
    return { status: "done", seconds: ended.seconds };
  } catch (error) {
    await undo(run, work.session);
    return await recordFailure(run, { id, migration, direction, error, seconds: elapsed(), work });
  }
}

/** The user's code: `upgrade` and `validate`, or `downgrade`. */
async function runSteps(
  run: OpenRun,
  work: WorkSession,
  migration: LoadedMigration,
  context: { readonly direction: Direction; readonly number: number; readonly startedAt: string },
): Promise<void> {
  const { session } = work;
  if (migration.transaction) await session.begin();
  if (migration.lockTimeoutMs !== undefined) {
    for (const statement of session.dialect.lockTimeout(migration.lockTimeoutMs)) await session.query(statement);
  }
  await run.step("work-begun", migration.revision);
  using limited = withTimeout(run.signal, migration.timeoutMs);
  const told: Run = {
    revision: migration.revision,
    startedAt: context.startedAt.replace("T", " ").replace("Z", "+00:00"),
    attempt: context.number,
    dialect: session.dialect.name,
    signal: limited.signal,
    log: (message) => run.emit({ type: "log", revision: migration.revision, message }),
  };
  const call = async (step: Step | undefined) => {
    if (step === undefined) return;
    const { connection, settle } = openConnection(session);
    await interruptible(step(connection, told).then(settle), limited.signal, () => session.cancel());
  };
  await call(context.direction === "upgrade" ? migration.upgrade : migration.downgrade);
  await run.step("upgraded", migration.revision);
  if (context.direction === "upgrade") await call(migration.validate);
  await run.step("validated", migration.revision);
  if (migration.transaction && !session.inTransaction) throw new TransactionEndedError();
  if (!migration.transaction) await session.begin();
}

/** In the work's transaction: makes sure that we may commit, and writes what the commit will have done. */
async function record(
  run: OpenRun,
  work: Session,
  migration: LoadedMigration,
  direction: Direction,
  ended: { readonly at: string; readonly seconds: number },
): Promise<void> {
  run.signal.throwIfAborted();
  await run.lock.check(work);
  await run.step("fence-checked", migration.revision);
  const { revision, checksum, file } = migration;
  if (direction === "downgrade") {
    await deleteVersion(work, revision);
  } else {
    // sent one after another without waiting for each answer; the first failure is the one that counts
    await Promise.all([
      writeVersion(work, { revision, status: "success", ...ended }),
      writeChecksum(work, { revision, checksum, file, at: ended.at }),
    ]);
  }
  await run.step("version-written", migration.revision);
}

/** Commits; when the answer is lost, finds out from the ledger what became of it. */
async function commit(
  run: OpenRun,
  work: Session,
  migration: LoadedMigration,
  direction: Direction,
  at: string,
): Promise<void> {
  try {
    await work.commit();
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.kind !== "lost") throw error;
    const version = await run.audit.transaction(async (db) => {
      // the old transaction holds the lease row until it has ended, one way or the other
      await run.lock.check(db);
      return await readVersion(db, migration.revision);
    });
    const done = direction === "upgrade" ? isApplied(version) && version?.appliedAt === at : version === undefined;
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
  readonly work: WorkSession;
}

async function recordFailure(run: OpenRun, failure: Failure): Promise<AttemptResult> {
  const { error, migration, seconds, work } = failure;
  const partial = work.partial && !migration.idempotent;
  const outcome = (status: Outcome["status"]): Outcome => ({
    status: partial ? "partial" : status,
    endedAt: now(),
    seconds,
    exception: describe(error),
  });
  if (error instanceof Interruption || error instanceof LockLostError) {
    await closeRun(run.audit, failure.id, outcome("interrupted"));
    return { status: "interrupted", error };
  }
  try {
    await run.audit.transaction(async (db) => {
      // whoever took the lock may have applied this revision since: its record must stay
      await run.lock.check(db);
      if (failure.direction === "upgrade") {
        await writeVersion(db, { revision: migration.revision, status: "failed", at: now(), seconds });
      }
      await closeRun(db, failure.id, outcome("failed"));
    });
  } catch (lost) {
    if (!(lost instanceof LockLostError)) throw lost;
    await closeRun(run.audit, failure.id, outcome("interrupted"));
    return { status: "interrupted", error: lost };
  }
  const retry = error instanceof DatabaseError && error.retryable && !partial;
  return { status: "failed", error, partial, retry };
}

/** The whole error for the ledger: with its stack, and what the server said beyond its message. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const lines = [error instanceof DelembicError ? `${error.name}: ${error.message}` : error.stack ?? messageOf(error)];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    lines.push(`Caused by: ${cause instanceof DatabaseError ? cause.message : cause.stack ?? cause.message}`);
  }
  if (error instanceof DatabaseError) {
    for (const [name, value] of Object.entries(error.details)) if (value !== undefined) lines.push(`${name}: ${value}`);
    if (error.statement !== undefined) lines.push(`statement: ${error.statement}`);
  }
  return `${lines.join("\n")}\n`;
}
