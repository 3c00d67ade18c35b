/**
 * A migration in batches, as the run that has the lock does it: begins the walk or goes on with it, works at it with as
 * many connections as it wants, and waits for those that help.
 *
 * @module
 */

import { readWalk, readWalks, type WalkRow } from "./batch_ledger.ts";
import { beginningWalk, continuingWalk, endingWalk, readingSum } from "./batch_writes.ts";
import type { UtcText } from "./clock.ts";
import { DatabaseError, type Session } from "./db/database.ts";
import { DelembicError, messageOf } from "./errors.ts";
import { interruptible, Interruption } from "./interruption.ts";
import { LockLostError, pause } from "./lock.ts";
import type { LoadedMigration } from "./migration.ts";
import type { OpenRun } from "./open_run.ts";
import { Sources } from "./sources.ts";
import { Crew } from "./walk_crew.ts";
import { PausedError } from "./walk_errors.ts";
import { openGround } from "./walk_open.ts";
import { type SessionSource, work } from "./walk_worker.ts";
import type { Walkable } from "./walkable.ts";

/** How often it is looked whether those that help are done, in milliseconds. */
const WAIT_MS = 300;

export interface WalkOptions {
  readonly startedAt: UtcText;
  /** From 1. */
  readonly number: number;
  readonly signal: AbortSignal;
}

/**
 * Walks the migration's table, or its file, to the end. What remains is to validate, and to record it.
 *
 * @throws {PausedError} when somebody paused it; {BatchError}; {WalkTableError}; {LockLostError}; the signal's reason
 */
export async function walk(run: OpenRun, migration: LoadedMigration, options: WalkOptions): Promise<void> {
  const { revision } = migration;
  const holder = `run-${run.actor.hostname}-${run.context.identity.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const session = await run.workSession();
  const opening = openGround(session, migration, run.context);
  const ground = await interruptible(opening, options.signal, () => session.cancel());
  const { row, done } = await begin(run, migration, { ground, holder, signal: options.signal });
  await run.step("walk-begun", revision);
  try {
    await using sources = new Sources(run.context);
    await using crew = new Crew({
      ...{ context: run.context, audit: run.audit, migration, ground, holder, sources },
      ...{ startedAt: options.startedAt, attempt: options.number, signal: options.signal },
      ...{ rowsDone: done, rowsTotal: row.rowsTotal, batchSize: row.batchSize },
    });
    await workToTheEnd(run, crew);
    await run.step("walk-done", revision);
  } catch (error) {
    await recordEnd(run, revision, error);
    throw error;
  }
}

interface Begun {
  readonly row: Pick<WalkRow, "rowsTotal" | "batchSize">;
  /** Rows that are done. */
  readonly done: number;
}

/** Begins a walk, or goes on with the one that was begun. */
async function begin(
  run: OpenRun,
  migration: LoadedMigration,
  { ground, holder, signal }: { readonly ground: Walkable; readonly holder: string; readonly signal: AbortSignal },
): Promise<Begun> {
  const { revision, checksum, batch } = migration;
  const session = await run.workSession();
  const upper = await interruptible(ground.lastKey(session), signal, () => session.cancel());
  const rowsTotal = ground.rowsInAll();
  const found = await run.audit.transaction(async (db) => {
    await run.lock.check(db);
    const before = await readWalk(db, revision, true);
    if (before?.pauseWanted) throw new PausedError(revision, "");
    const goesOn = before !== undefined && before.status !== "new" && before.status !== "done";
    const mismatch = goesOn ? ground.mismatch(before) : undefined;
    if (mismatch !== undefined) throw mismatch;
    const fresh = { revision, table: ground.name, detail: { ...ground.detail, checksum }, upper, rowsTotal };
    await db.batch(
      goesOn
        ? continuingWalk(db.dialect, revision, holder)
        : beginningWalk(db.dialect, { ...fresh, batchSize: batch?.plan.size ?? 0 }),
    );
    return goesOn ? before : undefined;
  });
  if (found === undefined) return { row: { rowsTotal, batchSize: undefined }, done: 0 };
  if (found.detail?.checksum !== checksum) {
    run.emit({
      type: "warning",
      message: `Migration ${revision} was changed since its walk began; what is done stays as it was done`,
      hint: `To do all of it again, run 'delembic repair ${revision} --restart' first.`,
    });
  }
  const [story] = await readWalks(run.audit, revision);
  const ranges = story?.ranges ?? [];
  const sizes = ranges.flatMap((range) => range.batches > 0 ? [{ at: range.updatedAt ?? "", range }] : []);
  const last = sizes.sort((a, b) => a.at < b.at ? 1 : -1)[0]?.range;
  return {
    row: { rowsTotal: found.rowsTotal, batchSize: last?.batchSize },
    done: ranges.reduce((sum, { rowsDone }) => sum + rowsDone, 0),
  };
}

/** Works until all ranges are done, those of others too. */
async function workToTheEnd(run: OpenRun, crew: Crew): Promise<void> {
  const { revision, options: { signal } } = crew;
  for (;;) {
    await workTogether(crew, run);
    if (crew.stopped === "paused") throw new PausedError(revision, ` after ${crew.rows.toLocaleString("en")} rows`);
    if (crew.stopped === "ended") throw await whyEnded(run, revision);
    const { text, params } = readingSum(run.audit.dialect, revision);
    const { rows: [sum] } = await run.audit.query(text, params);
    if (Number(sum?.["failed"]) > 0) throw await whyEnded(run, revision);
    if (Number(sum?.["running"]) === 0) return;
    await pause(WAIT_MS, signal);
    signal.throwIfAborted();
  }
}

/** As many workers as are wanted; the first one has the run's own work connection. */
async function workTogether(crew: Crew, run: OpenRun): Promise<void> {
  // where one writer at a time may be at work, more of them would only wait for each other
  const count = run.audit.dialect.leaseLock ? crew.plan.parallel : 1;
  await using further = new FurtherSessions(crew);
  const own: SessionSource = { get: () => run.workSession(), drop: () => run.dropWorkSession() };
  const sources = [own, ...Array.from({ length: count - 1 }, () => further.source())];
  const workers = sources.map((source) => crew.withWorker(() => work(crew, source)));
  await allOrFirstError(fewerIfRefused(workers, crew), crew);
}

/** The first one is needed; others, for which the server has no connection, are only told of. */
export function fewerIfRefused(workers: readonly Promise<void>[], crew: Crew): readonly Promise<void>[] {
  const refused = (error: unknown) => {
    if (!(error instanceof DatabaseError) || error.kind !== "unreachable") throw error;
    crew.warnOnce(`Works with fewer connections than ${crew.plan.parallel}: ${error.message}`);
  };
  return workers.map((worker, index) => index === 0 ? worker : worker.catch(refused));
}

/** Waits for all; the first error stops the others after their present batches, and is thrown when they have stopped. */
export async function allOrFirstError(workers: readonly Promise<void>[], crew: Crew): Promise<void> {
  const errors: unknown[] = [];
  await Promise.all(workers.map((worker) =>
    worker.catch((error: unknown) => {
      errors.push(error);
      crew.stop("ended");
    })
  ));
  if (errors.length > 0) throw errors[0];
}

/** Connections of workers beyond the first, closed together. */
export class FurtherSessions implements AsyncDisposable {
  readonly #crew: Crew;
  readonly #open = new Set<Session>();

  constructor(crew: Crew) {
    this.#crew = crew;
  }

  /** A connection that is opened at its first use, and again after it was lost. */
  source(): SessionSource {
    let session: Session | undefined;
    const drop = async () => {
      if (session !== undefined) this.#open.delete(session);
      await session?.close();
      session = undefined;
    };
    return {
      get: async () => {
        if (session?.lost) await drop();
        if (session === undefined) {
          session = await this.#crew.connect();
          this.#open.add(session);
        }
        return session;
      },
      drop,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((session) => session.close()));
  }
}

/** Somebody who helps failed, or the ledger says that this walk no longer runs. */
async function whyEnded(run: OpenRun, revision: string): Promise<Error> {
  const [story] = await readWalks(run.audit, revision);
  const failed = story?.ranges.find(({ status }) => status === "failed");
  if (failed === undefined) return new LockLostError();
  return new DelembicError(failed.message ?? `A range of ${revision} failed`, {
    code: "batch-failed",
    hint: "The batches before it are done, and stay. Mend the cause, then 'delembic upgrade' goes on with this one.",
  });
}

/** Best effort: what is done is in the ranges, whatever the walk's own row says. */
export async function recordEnd(run: OpenRun, revision: string, error: unknown): Promise<void> {
  const status = error instanceof PausedError
    ? "paused"
    : error instanceof Interruption || error instanceof LockLostError
    ? "interrupted"
    : "failed";
  if (error instanceof LockLostError) return;
  try {
    await run.audit.transaction(async (db) => {
      await run.lock.check(db);
      await db.batch([endingWalk(db.dialect, revision, { status, message: messageOf(error) })]);
    });
  } catch {
    return;
  }
}
