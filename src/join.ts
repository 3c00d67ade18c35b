/**
 * `upgrade --join`: helps with the batched migrations that a run on this or another host is at. Needs no lock: the
 * database hands out ranges, and each is done by whoever has it.
 *
 * @module
 */

import { AuditConnection } from "./audit.ts";
import { readWalks, type WalkStory } from "./batch_ledger.ts";
import { now } from "./clock.ts";
import { type DelembicError, EXIT, type ExitCode, messageOf } from "./errors.ts";
import { Interruption } from "./interruption.ts";
import { pause, readLease } from "./lock.ts";
import type { LoadedMigration } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import { requireSound } from "./project.ts";
import type { RunFailure } from "./runner.ts";
import { Sources } from "./sources.ts";
import { allOrFirstError, fewerIfRefused, FurtherSessions } from "./walk.ts";
import { Crew } from "./walk_crew.ts";
import { PausedError } from "./walk_errors.ts";
import { openGround } from "./walk_open.ts";
import { work } from "./walk_worker.ts";

/** How often it is looked for something to help with, in milliseconds. */
const LOOK_MS = 500;

/** What this process did. */
export interface JoinReport {
  readonly joined: readonly { readonly revision: string; readonly rows: number; readonly durationSeconds: number }[];
  readonly failed: RunFailure | null;
  readonly interrupted: DelembicError | null;
  readonly exitCode: ExitCode;
}

export interface JoinOptions {
  /** After how long to stop, in milliseconds. @default when nothing is left to help with */
  readonly maxTimeMs?: number | undefined;
}

/** Helps until no run is at work any more, or nothing is left of what a dead run began. */
export async function joinRun(context: RunContext, options: JoinOptions = {}): Promise<JoinReport> {
  requireSound(context.project);
  const timeUp = new AbortController();
  const timer = options.maxTimeMs === undefined
    ? undefined
    : setTimeout(() => timeUp.abort(new Interruption("max-time")), options.maxTimeMs);
  const signal = AbortSignal.any([context.signal, timeUp.signal]);
  try {
    await using audit = await AuditConnection.open(context.database);
    return await new Helper({ ...context, signal }, audit).run();
  } finally {
    clearTimeout(timer);
  }
}

class Helper {
  readonly #context: RunContext;
  readonly #audit: AuditConnection;
  readonly #holder: string;
  readonly #done = new Map<string, { rows: number; seconds: number }>();
  readonly #told = new Set<string>();

  constructor(context: RunContext, audit: AuditConnection) {
    this.#context = context;
    this.#audit = audit;
    this.#holder = `join-${context.actor.hostname}-${context.identity.pid}-${crypto.randomUUID().slice(0, 8)}`;
  }

  async run(): Promise<JoinReport> {
    const { signal } = this.#context;
    for (;;) {
      const alive = await this.#isRunAlive();
      const stories = (await readWalks(this.#audit)).filter(({ walk }) => walk.status === "running");
      if (stories.length === 0 && !alive) return this.#report();
      let helped = 0;
      for (const story of stories) {
        try {
          helped += await this.#help(story);
        } catch (error) {
          return this.#failure(story.walk.revision, error);
        }
      }
      if (helped === 0 && !alive) {
        this.#tell(`The run that began it is gone: 'delembic upgrade' finishes what is left.`);
        return this.#report();
      }
      await pause(LOOK_MS, signal);
      if (signal.aborted) return this.#failure("", signal.reason);
    }
  }

  async #isRunAlive(): Promise<boolean> {
    const { database } = this.#context;
    if (database.lockFile !== undefined) {
      const lock = await database.lockFile("");
      if (!lock.held) return true;
      await lock.release();
      return false;
    }
    const lease = await readLease(this.#audit);
    return lease !== undefined && !lease.free && !lease.expired;
  }

  /** @returns rows that were done here */
  async #help({ walk, ranges }: WalkStory): Promise<number> {
    const { project, emit } = this.#context;
    const migration = project.migrations.get(walk.revision);
    if (migration?.batch === undefined) {
      this.#tell(`Cannot help with ${walk.revision}: it is not among the migrations here. Check out the same version.`);
      return 0;
    }
    if (!this.#isSame(migration, walk.detail?.checksum)) return 0;
    const session = await this.#context.database.connect("read");
    const ground = await openGround(session, migration, this.#context).finally(() => session.close());
    if (!this.#done.has(walk.revision)) {
      emit({ type: "running", revision: walk.revision, description: migration.description, direction: "join" });
    }
    const start = performance.now();
    await using sources = new Sources(this.#context);
    await using crew = new Crew({
      ...{ context: this.#context, audit: this.#audit, migration, ground, sources, holder: this.#holder },
      ...{ signal: this.#context.signal, startedAt: now(), attempt: 1, rowsTotal: walk.rowsTotal },
      ...{ rowsDone: ranges.reduce((sum, range) => sum + range.rowsDone, 0) },
      batchSize: ranges.findLast(({ batches }) => batches > 0)?.batchSize,
    });
    try {
      await using further = new FurtherSessions(crew);
      const workers = Array.from(
        { length: crew.plan.parallel },
        () => crew.withWorker(() => work(crew, further.source())),
      );
      await allOrFirstError(fewerIfRefused(workers, crew), crew);
      // the one that it helps ends with its own code; here all is done that can be
      if (crew.stopped === "paused") this.#tell(`${walk.revision} is paused: nothing is left to help with.`);
    } finally {
      const before = this.#done.get(walk.revision) ?? { rows: 0, seconds: 0 };
      const seconds = crew.ownRows === 0 ? 0 : (performance.now() - start) / 1000;
      this.#done.set(walk.revision, { rows: before.rows + crew.ownRows, seconds: before.seconds + seconds });
    }
    return crew.ownRows;
  }

  /** Another version of the migration must not do a part of the table. */
  #isSame({ revision, file, checksum }: LoadedMigration, running: string | undefined): boolean {
    if (running === checksum) return true;
    this.#tell(`Cannot help with ${revision}: ${file} is not what the run works with. Check out the same version.`);
    return false;
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#context.emit({ type: "warning", message });
  }

  #failure(revision: string, error: unknown): JoinReport {
    const report = this.#report();
    if (error instanceof Interruption || error instanceof PausedError) {
      return { ...report, interrupted: error, exitCode: error.exitCode };
    }
    const failed = { revision, error: messageOf(error), cause: error, partial: false };
    this.#context.emit({ type: "failed", revision, error, partial: false });
    return { ...report, failed, exitCode: EXIT.failed };
  }

  #report(): JoinReport {
    const joined = [...this.#done].map(([revision, { rows, seconds }]) => ({
      ...{ revision, rows, durationSeconds: seconds },
    }));
    return { joined, failed: null, interrupted: null, exitCode: EXIT.done };
  }
}
