/**
 * One worker of a walk: takes a range, and does it batch by batch, each with its checkpoint in one transaction.
 *
 * A checkpoint is written only while the range is ours, by its holder and fence number; so whatever dies or sleeps,
 * each batch is committed exactly once, and whoever takes the range over begins behind the last one.
 *
 * @module
 */

import type { Key } from "./batch_key.ts";
import { readRange } from "./batch_ledger.ts";
import { checkpointing, failingRange, readingWish, releasing } from "./batch_writes.ts";
import type { Session } from "./db/database.ts";
import { interruptible, withTimeout } from "./interruption.ts";
import { LockLostError, pause } from "./lock.ts";
import { loadEnvironment, toldRun } from "./told_run.ts";
import { type ClaimedRange, claimRange } from "./walk_claim.ts";
import type { Crew } from "./walk_crew.ts";
import { BatchCommitError, BatchTimeoutError, refuseControl, remedyFor } from "./walk_errors.ts";
import type { Piece } from "./walkable.ts";
import { lent, watchSession } from "./work_session.ts";

/** Where a worker's connection comes from; a new one where the last one was lost or dropped. */
export interface SessionSource {
  get(): Promise<Session>;
  drop(): Promise<void>;
}

/** Works until no range is left, or the crew is to stop. @throws {BatchError}; the signal's reason; {DatabaseError} */
export async function work(crew: Crew, sessions: SessionSource): Promise<void> {
  const rests = new Rests(crew);
  while (crew.stopped === undefined) {
    await crew.whenClear();
    const range = await claim(crew, sessions);
    if (range === undefined) return;
    await crew.options.context.step?.("range-claimed", crew.revision);
    await crew.whileAt(range.part, () => new RangeWalk(crew, sessions, range, rests).run());
  }
}

async function claim(crew: Crew, sessions: SessionSource): Promise<ClaimedRange | undefined> {
  const { holder, ground, audit, migration } = crew.options;
  for (let tries = 1;; tries++) {
    try {
      const session = await sessions.get();
      const claiming = claimRange(session, audit, {
        ...{ revision: crew.revision, ground, holder, leaseSeconds: crew.leaseSeconds },
        ...{ backend: session.backend, size: crew.size },
      });
      const claimed = await interruptible(claiming, crew.options.signal, () => session.cancel());
      if (claimed === "not-running") {
        const { text, params } = readingWish(audit.dialect, crew.revision);
        crew.heed((await audit.query(text, params)).rows[0]);
      }
      return typeof claimed === "string" ? undefined : claimed;
    } catch (error) {
      await sessions.drop();
      const remedy = remedyFor(error, { tries, retries: migration.retries });
      if (remedy === "give-up" || tries > migration.retries) throw error;
      if (remedy === "split") crew.halve();
      await pause(backoff(tries), crew.ending);
      crew.options.signal.throwIfAborted();
      if (crew.stopped !== undefined) return undefined;
    }
  }
}

/** Milliseconds before another try. */
function backoff(tries: number): number {
  return 250 * 2 ** Math.min(tries, 6) * (0.75 + Math.random() / 2);
}

/** How long others may be kept from writing where the plan has no target, in milliseconds. */
const LONGEST_HOLD_MS = 500;

/** The rests of one worker, which take no account of ranges: one of a file has but one batch. */
class Rests {
  readonly #crew: Crew;
  #restedAt = performance.now();

  constructor(crew: Crew) {
    this.#crew = crew;
  }

  /** @param start when the batch began */
  async afterBatch(start: number): Promise<void> {
    const { plan, ending } = this.#crew;
    const lastMs = performance.now() - start;
    if (plan.pauseMs > 0) await pause(plan.pauseMs, ending);
    await this.#letOthersWrite(lastMs);
  }

  /** Where there is one lock for all, a walk without gaps would keep it for itself. */
  async #letOthersWrite(lastMs: number): Promise<void> {
    const { plan, options: { signal, audit } } = this.#crew;
    const { writersPauseMs } = audit.dialect;
    // the next batch would take about as long as the last one did
    const held = performance.now() - this.#restedAt + lastMs;
    if (writersPauseMs <= plan.pauseMs || held < (plan.targetMs || LONGEST_HOLD_MS)) return;
    await pause(writersPauseMs, signal);
    this.#restedAt = performance.now();
  }
}

/** A batch that was committed. */
interface DoneBatch {
  readonly cursor: Key;
  readonly rows: number;
  /** The range is done with it. */
  readonly last: boolean;
}

/** The batches of one range. */
class RangeWalk {
  readonly #crew: Crew;
  readonly #sessions: SessionSource;
  readonly #range: ClaimedRange;
  readonly #rests: Rests;
  #at: Key | undefined;
  /** Where the present batch ends, for messages. */
  #upTo: Key;

  constructor(crew: Crew, sessions: SessionSource, range: ClaimedRange, rests: Rests) {
    this.#crew = crew;
    this.#sessions = sessions;
    this.#range = range;
    this.#rests = rests;
    this.#at = range.at;
    this.#upTo = range.upper;
  }

  async run(): Promise<void> {
    for (let tries = 1;;) {
      const start = performance.now();
      await this.#whenClear();
      if (this.#crew.stopped !== undefined) return await this.#release();
      let done: DoneBatch;
      try {
        done = await this.#batch();
      } catch (error) {
        if (!await this.#recover(error, tries++)) return;
        continue;
      }
      await this.#rests.afterBatch(start);
      if (done.last) return;
      this.#at = done.cursor;
      tries = 1;
    }
  }

  async #whenClear(): Promise<void> {
    try {
      await this.#crew.whenClear();
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  /** One batch and its checkpoint, in one transaction. */
  async #batch(): Promise<DoneBatch> {
    const { options: { context, migration, ground, signal }, plan, revision, size } = this.#crew;
    const start = performance.now();
    const session = await this.#sessions.get();
    await session.begin();
    for (const statement of lockTimeoutOf(session, migration.lockTimeoutMs)) await session.query(statement);
    await context.step?.("batch-begun", revision);
    using limited = withTimeout(signal, plan.timeoutMs, (milliseconds) => new BatchTimeoutError(milliseconds));
    const finding = ground.next(session, { after: this.#at, upTo: this.#range.upper }, size);
    const piece = await interruptible(finding, limited.signal, () => session.cancel());
    const { upTo: cursor, last } = piece;
    this.#upTo = cursor;
    const rows = piece.rows === 0 ? 0 : await this.#apply(session, piece, limited.signal);
    await context.step?.("batch-applied", revision);
    await this.#checkpoint(session, { cursor, rows, last }, start);
    await session.commit();
    await context.step?.("batch-committed", revision);
    if (migration.lockTimeoutMs !== undefined) {
      for (const statement of session.dialect.lockTimeoutReset) await session.query(statement);
    }
    this.#crew.batchDone(rows, performance.now() - start);
    return { cursor, rows, last };
  }

  /** @returns how many rows were done */
  async #apply(session: Session, { upTo, rows }: Piece, signal: AbortSignal): Promise<number> {
    const { crew, options } = { crew: this.#crew, options: this.#crew.options };
    const { context, sources, startedAt, attempt, ground } = options;
    const watched = watchSession(session, {
      transaction: true,
      beforePartial: () => Promise.reject(new BatchCommitError()),
    });
    const told = {
      ...{ revision: crew.revision, startedAt, number: attempt, dialect: session.dialect.name, sources },
      signal,
    };
    const own = lent(watched.session, refuseControl);
    const applying = ground.apply({
      ...{ session: own.session, after: this.#at, upTo, rows, number: crew.nextNumber() },
      ...{ run: toldRun(context, told), environment: loadEnvironment(context, told, () => {}) },
    });
    let done: number;
    try {
      done = await interruptible(applying, signal, () => session.cancel());
    } finally {
      // code that goes on must not get into the next batch
      own.end();
    }
    // a session that was lost says so itself, at its next statement
    if (!session.inTransaction && !session.lost) throw new BatchCommitError();
    return done;
  }

  async #checkpoint(session: Session, done: DoneBatch, start: number): Promise<void> {
    const { revision, leaseSeconds, size, options: { signal, context } } = this.#crew;
    signal.throwIfAborted();
    const [mark, wish] = await session.batch([
      checkpointing(session.dialect, revision, this.#range, {
        ...{ ...done, leaseSeconds, batchSize: size },
        seconds: (performance.now() - start) / 1000,
      }),
      readingWish(session.dialect, revision),
    ]);
    if (mark?.count !== 1) throw new LockLostError();
    this.#crew.heed(wish?.rows[0]);
    await context.step?.("batch-checkpointed", revision);
  }

  /** Rolls back, and finds out what to do. @returns whether this range goes on @throws what cannot be mended */
  async #recover(error: unknown, tries: number): Promise<boolean> {
    const { signal, migration: { retries }, context } = this.#crew.options;
    const { ending } = this.#crew;
    await this.#undo();
    // somebody took the range over: it is theirs now
    if (error instanceof LockLostError) return false;
    if (signal.aborted) {
      await this.#release();
      throw signal.reason;
    }
    switch (remedyFor(error, { tries, retries })) {
      case "give-up":
        return await this.#fail(error);
      case "split":
        if (!this.#crew.halve() && tries > retries) return await this.#fail(error);
        break;
      case "look-again":
      case "retry":
        break;
    }
    context.emit({
      type: "retrying",
      revision: this.#crew.revision,
      attempt: tries + 1,
      error: error instanceof Error ? error.message : String(error),
    });
    await pause(backoff(tries), ending);
    return await this.#lookAgain();
  }

  /** What the ledger says of the range, once whatever the last try left has ended: the answer to its commit may be lost. */
  async #lookAgain(): Promise<boolean> {
    const { options: { audit }, revision } = this.#crew;
    const seen = await audit.transaction((db) => readRange(db, revision, this.#range.part, true));
    const ours = seen?.status === "running" && seen.holder === this.#range.holder && seen.fence === this.#range.fence;
    if (!ours) return false;
    this.#at = seen.cursor ?? seen.lower;
    return true;
  }

  async #undo(): Promise<void> {
    try {
      const session = await this.#sessions.get();
      if (session.inTransaction) await session.rollback();
      for (const statement of session.dialect.lockTimeoutReset) await session.query(statement);
    } catch {
      // closed, it is rolled back by the server
      await this.#sessions.drop();
    }
  }

  async #fail(error: unknown): Promise<never> {
    const { options: { audit, ground }, revision } = this.#crew;
    const failure = ground.failure(error, { after: this.#at, upTo: this.#upTo });
    this.#crew.stop("ended");
    await this.#write(failingRange(audit.dialect, revision, this.#range, failure.message));
    throw failure;
  }

  async #release(): Promise<void> {
    await this.#write(releasing(this.#crew.options.audit.dialect, this.#crew.revision, this.#range));
  }

  /** Best effort: where it fails, the range's lease runs out. */
  async #write({ text, params }: { readonly text: string; readonly params?: readonly unknown[] }): Promise<void> {
    await this.#crew.options.audit.query(text, params).catch(() => undefined);
  }
}

function lockTimeoutOf({ dialect }: Session, milliseconds: number | undefined): readonly string[] {
  return milliseconds === undefined ? [] : dialect.lockTimeout(milliseconds);
}
