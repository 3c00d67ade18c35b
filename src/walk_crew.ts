/**
 * What the workers of one process share while they walk: how large the batches are, whether to wait or to stop,
 * and how far it all is.
 *
 * @module
 */

import type { AuditConnection } from "./audit.ts";
import { readingSum, readingWish, renewing, tellingWaiting } from "./batch_writes.ts";
import type { UtcText } from "./clock.ts";
import type { Row, Session, Statement } from "./db/database.ts";
import { LEASE } from "./heartbeat.ts";
import { pause } from "./lock.ts";
import type { BatchPlan, LoadedMigration } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import type { Sources } from "./sources.ts";
import { WalkMeter } from "./walk_progress.ts";
import { firstSize, halved, nextSize, type SizeState } from "./walk_size.ts";
import { openThrottle, type Throttle } from "./walk_throttle.ts";
import type { Walkable } from "./walkable.ts";

/** How often the ledger is asked how far everybody is, and whether there is a wish, in milliseconds. */
const LOOK_MS = 1_000;
/** How often progress is told at most, in milliseconds. */
const TELL_MS = 200;
/** The longest time that a timer takes, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Why a process stops its part of a walk before the end: somebody paused it, or the run that it belongs to ended. */
export type StopReason = "paused" | "ended";

export interface CrewOptions {
  readonly context: RunContext;
  readonly audit: AuditConnection;
  readonly migration: LoadedMigration;
  readonly ground: Walkable;
  /** `run-…` for the run that has the lock, `join-…` for one that helps. */
  readonly holder: string;
  readonly signal: AbortSignal;
  readonly sources: Sources;
  readonly startedAt: UtcText;
  /** From 1. */
  readonly attempt: number;
  /** Rows that are done, and rows in all, roughly. */
  readonly rowsDone: number;
  readonly rowsTotal: number | undefined;
  /** Rows of a batch, as an earlier attempt found them right. */
  readonly batchSize: number | undefined;
}

export class Crew implements AsyncDisposable {
  readonly options: CrewOptions;
  readonly plan: BatchPlan;
  readonly leaseSeconds: number;
  #size: SizeState;
  #batches = 0;
  #workers = 0;
  /** The ranges that a worker is at. */
  readonly #parts = new Set<number>();
  #stop: StopReason | undefined;
  readonly #stopping = new AbortController();
  /** Aborted when the run is, or when the crew is to stop. */
  readonly ending: AbortSignal;
  #waiting: string | undefined;
  #warned = false;
  #toldAt = 0;
  readonly #meter: WalkMeter;
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #throttle: Throttle | undefined;
  #looking: Promise<void> = Promise.resolve();

  /** @throws {TypeError} for a migration without batches; {@link ThrottleError} */
  constructor(options: CrewOptions) {
    const { batch } = options.migration;
    if (batch === undefined) throw new TypeError(`${options.migration.revision} has no batches`);
    const lease = options.context.lease ?? LEASE;
    this.options = options;
    this.ending = AbortSignal.any([options.signal, this.#stopping.signal]);
    this.plan = batch.plan;
    this.leaseSeconds = lease.seconds;
    this.#throttle = openThrottle(batch.plan.throttle, options.context);
    this.#size = startSize(batch.plan, options.batchSize);
    this.#meter = new WalkMeter(options.rowsDone, performance.now());
    this.#timers = [
      setInterval(() => this.#look(), LOOK_MS),
      setInterval(() => this.#renew(), lease.renewSeconds * 1000),
    ];
  }

  get revision(): string {
    return this.options.migration.revision;
  }

  get size(): number {
    return this.#size.size;
  }

  get stopped(): StopReason | undefined {
    return this.#stop;
  }

  /** Rows that are done, by whomever. */
  get rows(): number {
    return this.#meter.rows;
  }

  /** Rows that this process did. */
  get ownRows(): number {
    return this.#meter.own;
  }

  /** Counts the batches of this process, from 1. */
  nextNumber(): number {
    return ++this.#batches;
  }

  /** Stops the workers after their present batches. */
  stop(reason: StopReason): void {
    this.#stop ??= reason;
    this.#stopping.abort();
  }

  /** @returns whether the next batch is smaller than this one was */
  halve(): boolean {
    const smaller = halved(this.plan, this.#size);
    this.#size = smaller ?? this.#size;
    return smaller !== undefined;
  }

  batchDone(rows: number, milliseconds: number): void {
    this.#size = nextSize(this.plan, this.#size, { rows, milliseconds });
    this.#meter.add(rows, performance.now());
    this.options.context.emit({ type: "batch", revision: this.revision, rows, milliseconds });
    this.#tell();
  }

  /** Tells what a user should know and what stops nothing. */
  warnOnce(message: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.options.context.emit({ type: "warning", message });
  }

  /** Runs a worker, which counts while it is at it. */
  async withWorker<T>(work: () => Promise<T>): Promise<T> {
    this.#workers++;
    try {
      return await work();
    } finally {
      this.#workers--;
    }
  }

  /** The walk's row, as it was just read: whether it is to go on. */
  heed(row: Row | undefined): void {
    if (row?.["status"] !== "running") this.stop("ended");
    if (row?.["wanted"] === "pause") this.stop("paused");
  }

  /** Waits while the throttle wants it; returns at once when the crew is to stop. */
  async whenClear(): Promise<void> {
    for (;;) {
      this.options.signal.throwIfAborted();
      const reason = this.#stop === undefined ? await this.#reasonToWait() : undefined;
      this.options.signal.throwIfAborted();
      this.#wait(reason);
      if (reason === undefined) return;
      await pause(LOOK_MS, this.ending);
    }
  }

  /** What the throttle says; nothing when it does not say it before the end. */
  async #reasonToWait(): Promise<string | undefined> {
    if (this.#throttle === undefined) return undefined;
    const told = new AbortController();
    const ended = pause(LONGEST_MS, AbortSignal.any([this.ending, told.signal])).then(() => undefined);
    try {
      return await Promise.race([this.#throttle.reason(), ended]);
    } finally {
      told.abort();
    }
  }

  #wait(reason: string | undefined): void {
    if (this.#waiting === reason) return;
    this.#waiting = reason;
    this.#toldAt = 0;
    this.#tell();
    void this.#ask(tellingWaiting(this.options.audit.dialect, this.revision, reason)).catch(() => undefined);
  }

  #tell(): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    const { context, ground, rowsTotal } = this.options;
    const situation = {
      ...{ table: ground.name, total: ground.rowsInAll(rowsTotal), workers: this.#workers, waiting: this.#waiting },
      batchSize: ground.detail.file === undefined ? this.size : undefined,
    };
    context.emit({ type: "progress", revision: this.revision, progress: this.#meter.progress(now, situation) });
  }

  /** How far everybody is, and what people wish. A look that fails is made again at the next beat. */
  #look(): void {
    this.#looking = this.#looking.then(async () => {
      const { dialect } = this.options.audit;
      const own = this.#meter.own;
      const sum = await this.#ask(readingSum(dialect, this.revision));
      this.#meter.correct(Number(sum?.["rows_done"] ?? 0), own, performance.now());
      if (Number(sum?.["failed"] ?? 0) > 0) this.stop("ended");
      this.heed(await this.#ask(readingWish(dialect, this.revision)));
      this.#tell();
    }).catch(() => undefined);
  }

  /**
   * Keeps the lease of a range while a worker is at it, and no longer: one that was handed out in a commit whose answer
   * got lost has our name and no worker, and is free again when its lease has run out.
   */
  async whileAt(part: number, work: () => Promise<void>): Promise<void> {
    this.#parts.add(part);
    try {
      await work();
    } finally {
      this.#parts.delete(part);
    }
  }

  #renew(): void {
    if (this.#parts.size === 0) return;
    const { audit, holder } = this.options;
    // whether a range is still ours its fence decides
    void this.#ask(renewing(audit.dialect, this.revision, { holder, parts: [...this.#parts] }, this.leaseSeconds))
      .catch(() => undefined);
  }

  async #ask({ text, params }: Statement): Promise<Row | undefined> {
    return (await this.options.audit.query(text, params)).rows[0];
  }

  /** A further connection for a worker. */
  connect(): Promise<Session> {
    return this.options.context.database.connect("work");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#looking;
    await this.#throttle?.[Symbol.asyncDispose]();
  }
}

function startSize(plan: BatchPlan, earlier: number | undefined): SizeState {
  return firstSize(earlier === undefined || plan.targetMs === 0 ? plan : { ...plan, size: earlier });
}
