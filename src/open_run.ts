/**
 * A run that has begun: its connections, its lock, and what ends with it.
 *
 * @module
 */

import { AuditConnection } from "./audit.ts";
import { now } from "./clock.ts";
import type { Database, Session } from "./db/database.ts";
import type { EventSink } from "./events.ts";
import { LEASE, type LeaseTimes, startHeartbeat } from "./heartbeat.ts";
import { type Actor, ensureTables, withRightsHint } from "./ledger.ts";
import { acquireLock, type RunLock } from "./lock.ts";
import type { Project } from "./project.ts";
import type { PythonProcess } from "./run_python_process.ts";
import { settleDeadRuns } from "./settle.ts";
import type { StepHook, StepName } from "./steps.ts";

/** What a run is given by whoever starts it. */
export interface RunContext {
  readonly project: Project;
  readonly database: Database;
  /** The database of a source of the configuration, not connected to yet. @default there are no sources */
  readonly openSource?: (name: string) => Promise<Database>;
  readonly actor: Actor;
  /** For those who wait for the lock. */
  readonly identity: { readonly pid: number; readonly version: string; readonly command: string };
  readonly emit: EventSink;
  /** Aborted with an `Interruption`. */
  readonly signal: AbortSignal;
  /** Told at each step; a test build stops the process there. */
  readonly step?: StepHook | undefined;
  readonly lease?: LeaseTimes | undefined;
}

/** How long to wait for the lock when nobody says: longer than a dead holder's lease lasts. */
export const DEFAULT_LOCK_TIMEOUT_MS = 300_000;

export class OpenRun implements AsyncDisposable {
  readonly project: Project;
  readonly audit: AuditConnection;
  readonly actor: Actor;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  readonly lock: RunLock;
  /** What it was begun with. */
  readonly context: RunContext;
  #work: Session | undefined;
  #heartbeat: Disposable | undefined;
  #python: PythonProcess | undefined;

  private constructor(context: RunContext, audit: AuditConnection, work: Session, lock: RunLock) {
    this.context = context;
    this.project = context.project;
    this.actor = context.actor;
    this.emit = context.emit;
    this.signal = context.signal;
    this.audit = audit;
    this.lock = lock;
    this.#work = work;
  }

  /**
   * Connects twice, creates missing tables, takes the lock and settles what dead runs left.
   *
   * @throws {DatabaseError} when a connection or a table cannot be had; {@link LockBusyError}
   */
  static async begin(context: RunContext, lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS): Promise<OpenRun> {
    const { database, step } = context;
    const { audit, work } = await connectTwice(database);
    try {
      await step?.("connected");
      await ensureTables(audit);
      await step?.("tables-ready");
      const lock = await acquireLock(database, audit, {
        details: {
          ...context.identity,
          host: context.actor.hostname,
          user: context.actor.username,
          since: now(),
          backends: [work.backend, audit.backend].filter((backend) => backend !== undefined),
        },
        timeoutMs: lockTimeoutMs,
        leaseSeconds: (context.lease ?? LEASE).seconds,
        emit: context.emit,
        signal: context.signal,
      });
      const run = new OpenRun(context, audit, work, lock);
      await run.#settle();
      return run;
    } catch (error) {
      await work.close();
      await audit[Symbol.asyncDispose]();
      throw withRightsHint(error);
    }
  }

  async #settle(): Promise<void> {
    try {
      await this.step("locked");
      await settleDeadRuns(this.audit, this.emit);
      await this.step("settled");
    } catch (error) {
      await this.lock.release();
      throw error;
    }
  }

  /**
   * Keeps the lease alive from here on, and the process to be ended by a second signal.
   *
   * @param withCode code will run that may keep the event loop busy; a database in this process does so by itself
   */
  startHeartbeat(withCode: boolean): void {
    if (this.#heartbeat !== undefined) return;
    const { database, lease: times = LEASE } = this.context;
    const withWorker = withCode || database.lockFile !== undefined;
    this.#heartbeat = startHeartbeat({ database, audit: this.audit, lease: this.lock.lease, times, withWorker });
  }

  /** The work connection; a new one where the last one was lost. */
  async workSession(): Promise<Session> {
    if (this.#work === undefined || this.#work.lost) {
      await this.dropWorkSession();
      this.#work = await this.context.database.connect("work");
    }
    return this.#work;
  }

  async dropWorkSession(): Promise<void> {
    await this.#work?.close();
    this.#work = undefined;
  }

  /** Python with the project's engine; a new one where the last one is gone. @throws as `openPython` */
  async python(): Promise<PythonProcess> {
    if (this.#python === undefined || this.#python.ended) {
      const { openPython } = await import("./run_python.ts");
      this.#python = await openPython(this.project, this.context.database.dialect, this.emit);
    }
    return this.#python;
  }

  async dropPython(): Promise<void> {
    await this.#python?.[Symbol.asyncDispose]();
    this.#python = undefined;
  }

  async step(name: StepName, revision?: string): Promise<void> {
    await this.context.step?.(name, revision);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heartbeat?.[Symbol.dispose]();
    await this.dropPython();
    await this.dropWorkSession();
    await this.lock.release();
    await this.context.step?.("unlocked");
    await this.audit[Symbol.asyncDispose]();
  }
}

/** Both connections, at the same time; neither when one cannot be had. */
async function connectTwice(database: Database): Promise<{ audit: AuditConnection; work: Session }> {
  const [audit, work] = await Promise.allSettled([AuditConnection.open(database), database.connect("work")]);
  if (audit.status === "fulfilled" && work.status === "fulfilled") return { audit: audit.value, work: work.value };
  if (audit.status === "fulfilled") await audit.value[Symbol.asyncDispose]();
  if (work.status === "fulfilled") await work.value.close();
  throw audit.status === "rejected" ? audit.reason : (work as PromiseRejectedResult).reason;
}
