/**
 * The run lock: at most one process runs migrations on a database.
 *
 * On servers it is a lease, a row of `delembic_lock` with a holder, a fence number that rises at each acquisition, and
 * an expiry by the database's clock. It needs no session state, so a pooler does no harm, and a dead holder's lease
 * runs out. What makes it safe is the fence: whoever lost the lease finds out within the transaction that it wants to
 * commit (Kleppmann, "How to do distributed locking", 2016; the lease table of goose's `lock` package). On SQLite it is
 * an OS file lock, which dies with its process.
 *
 * @module
 */

import type { AuditConnection } from "./audit.ts";
import { type Database, DatabaseError, type Queryable, type Result, type Statement } from "./db/database.ts";
import { DelembicError, EXIT } from "./errors.ts";
import type { EventSink } from "./events.ts";
import { forPeople, now, type UtcText } from "./clock.ts";

export interface RunLock {
  /** What a heartbeat needs to renew it; `undefined` for a file lock, which needs no renewal. */
  readonly lease: Lease | undefined;
  /**
   * Within the transaction that is about to commit: makes sure that the lock is still ours, keeps it from being taken
   * until the transaction ends, and runs `statements` in the same round trip. @throws {LockLostError}
   *
   * @returns the results of `statements`
   */
  check(work: Queryable, statements?: readonly Statement[]): Promise<Result[]>;
  /** Gives it back, unless somebody else has it. Never throws. */
  release(): Promise<void>;
}

export interface Lease {
  readonly holder: string;
  readonly fence: number;
}

/** Who holds the lock, for those who wait. Written into the lease row or the lock file as JSON. */
export interface HolderDetails {
  readonly host: string;
  readonly pid: number;
  readonly user: string;
  readonly command: string;
  readonly version: string;
  /** When it was acquired, by the holder's clock; people look at it, no decision does. */
  readonly since: string;
  /** The server's ids of its sessions, so that a dead holder's statement can be ended. */
  readonly backends: readonly number[];
}

export interface AcquireOptions {
  readonly details: HolderDetails;
  /** How long to wait for it, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a lease lasts without renewal, in seconds. */
  readonly leaseSeconds: number;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

/** The lock could not be had in time. Exit code 4. */
export class LockBusyError extends DelembicError {
  constructor(holder: string, since: string, waitedMs: number) {
    super(`Another run holds the lock: ${holder}, since ${since}; waited ${Math.round(waitedMs / 1000)} s`, {
      code: "lock-busy",
      exitCode: EXIT.lock,
      hint:
        "Wait for it, or give more time with --lock-timeout. If that process is dead, its lease runs out by itself; " +
        "'delembic unlock --force' takes it at once.",
      data: { holder, since },
    });
  }
}

/** Somebody else took the lock: this run may not commit. Exit code 4. */
export class LockLostError extends DelembicError {
  constructor() {
    super("The lock was lost: another run took it after this one's lease had expired", {
      code: "lock-lost",
      exitCode: EXIT.lock,
      hint: "Nothing of the migration was committed. Run 'delembic history' to see what the other run did.",
    });
  }
}

/** The lease row as it stands. */
export interface LeaseState {
  readonly holder: string | null;
  readonly fence: number;
  readonly details: HolderDetails | undefined;
  readonly acquired: string | null;
  readonly expired: boolean;
  readonly free: boolean;
}

/** Reads who holds the lease; `undefined` when nobody ever did. */
export async function readLease(db: Queryable): Promise<LeaseState | undefined> {
  try {
    const { rows: [row] } = await db.query(db.dialect.ledger.readLease);
    if (row === undefined) return undefined;
    return {
      holder: row["holder"] === null ? null : String(row["holder"]),
      fence: Number(row["fence"]),
      details: parseDetails(String(row["details"] ?? "")),
      acquired: row["acquired"] === null ? null : String(row["acquired"]),
      expired: isTrue(row["expired"]),
      free: isTrue(row["free"]),
    };
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === "missing-table") return undefined;
    throw error;
  }
}

function isTrue(value: unknown): boolean {
  return value === true || Number(value) === 1;
}

export function parseDetails(text: string): HolderDetails | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "host" in value && "pid" in value && "since" in value
      ? value as HolderDetails
      : undefined;
  } catch {
    // a file or row that somebody else wrote, or that is being written: who it is stays unknown
    return undefined;
  }
}

/** `alice@build-7, process 4711 (upgrade head)` */
export function describeHolder(details: HolderDetails | undefined): string {
  return details === undefined
    ? "an unknown process"
    : `${details.user}@${details.host}, process ${details.pid} (${details.command})`;
}

/**
 * Waits for the lock and takes it.
 *
 * @throws {LockBusyError} when it is not free in time
 */
export async function acquireLock(
  database: Database,
  audit: AuditConnection,
  options: AcquireOptions,
): Promise<RunLock> {
  const attempt = database.lockFile === undefined
    ? leaseAttempt(audit, options)
    : fileAttempt(database.lockFile, options);
  const start = performance.now();
  let told: string | undefined;
  for (let tries = 0;; tries++) {
    const result = await attempt();
    if ("check" in result) return result;
    const holder = describeHolder(result.details);
    const since = forPeople(result.since ?? now());
    const waited = performance.now() - start;
    if (waited >= options.timeoutMs) throw new LockBusyError(holder, since, waited);
    if (told !== holder) options.emit({ type: "waiting", holder, since });
    told = holder;
    await pause(Math.min(jitter(tries), options.timeoutMs - waited), options.signal);
    options.signal.throwIfAborted();
  }
}

/** Somebody else has it. */
interface Busy {
  readonly details: HolderDetails | undefined;
  readonly since: string | undefined;
}

function leaseAttempt(audit: AuditConnection, options: AcquireOptions): () => Promise<RunLock | Busy> {
  const holder = `${options.details.host}-${options.details.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const { ledger } = audit.dialect;
  return async () => {
    const before = await readLease(audit);
    if (before !== undefined && !before.free) {
      const busy = { details: before.details, since: before.acquired ?? undefined };
      if (!before.expired) return busy;
      // a holder that is stopped in the middle of its commit keeps the row locked: its session must end first
      await endSessions(audit, before.details?.backends ?? [], before.acquired ?? now());
    }
    const { count } = await audit.query(ledger.acquireLease, [
      holder,
      options.leaseSeconds,
      JSON.stringify(options.details),
    ]);
    const after = await readLease(audit);
    if (count === 0 || after?.holder !== holder) {
      return { details: after?.details, since: after?.acquired ?? undefined };
    }
    return leaseLock(audit, { holder, fence: after.fence });
  };
}

/**
 * Ends sessions of a dead holder, which were there at the time. Best effort: they may be gone, or belong to another
 * role. The fence protects in any case.
 */
export async function endSessions(db: Queryable, backends: readonly number[], since: UtcText): Promise<void> {
  const { terminate } = db.dialect.ledger;
  if (terminate === undefined) return;
  for (const backend of backends) {
    try {
      const { rows } = await db.query(terminate.find, terminate.findParams(backend, since));
      if (rows.length > 0) await db.query(terminate.kill, [backend]);
    } catch {
      continue;
    }
  }
}

function leaseLock(audit: AuditConnection, lease: Lease): RunLock {
  const { ledger } = audit.dialect;
  return {
    lease,
    check: async (work, statements = []) => {
      const fence = { text: ledger.checkFence, params: [lease.holder, lease.fence] };
      const [ours, ...results] = await work.batch([fence, ...statements]);
      if (ours?.rows.length !== 1) throw new LockLostError();
      return results;
    },
    release: async () => {
      await audit.query(ledger.releaseLease, [lease.holder, lease.fence]).catch(() => undefined);
    },
  };
}

function fileAttempt(
  lockFile: NonNullable<Database["lockFile"]>,
  options: AcquireOptions,
): () => Promise<RunLock | Busy> {
  return async () => {
    const result = await lockFile(JSON.stringify(options.details));
    if (!result.held) {
      const details = parseDetails(result.details);
      return { details, since: details?.since };
    }
    return {
      lease: undefined,
      check: (work, statements = []) => work.batch(statements),
      release: () => result.release(),
    };
  };
}

/** 50 ms at first, then up to 1 s, ±25 % so that many waiters do not come at once. */
function jitter(tries: number): number {
  return Math.min(1000, 50 * 1.5 ** tries) * (0.75 + Math.random() / 2);
}

/** Waits, or until the signal is aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
