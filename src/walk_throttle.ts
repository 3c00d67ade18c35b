/**
 * Why a walk in batches has to wait: the time of the day, a file, a query, replicas that are behind.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Connection } from "./connection.ts";
import type { Asker } from "./db/catalog.ts";
import { type Database, DatabaseError, type DatabaseErrorKind, type Dialect, type Session } from "./db/database.ts";
import type { ReplicaLag, Replication } from "./db/replication.ts";
import { DelembicError, EXIT, messageOf, reasonOf } from "./errors.ts";
import { pause } from "./lock.ts";
import type { ThrottlePlan } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import { Sources } from "./sources.ts";

/** What a throttle looks at. */
export interface ThrottleGround {
  readonly database: Database;
  /** Where the replicas are. */
  readonly sources: () => ReplicaSources;
  /** Files are relative to it: the folder of the ini file. */
  readonly folder: string;
  readonly now: () => Date;
  /** Takes what a user should know and what stops nothing; said once. */
  readonly note: (message: string) => void;
}

/** Opens `[delembic.source.NAME]`, the same connection for the same name. */
export interface ReplicaSources extends AsyncDisposable {
  open(name: string): Promise<Pick<Connection, "execute" | "dialect">>;
}

/** The throttle of a walk; `undefined` when nothing ever holds it back. @throws {ThrottleError} */
export function openThrottle(plan: ThrottlePlan, context: RunContext): Throttle | undefined {
  const { query, file, replicaLagMs, window } = plan;
  if ([query, file, replicaLagMs, window].every((option) => option === undefined)) return undefined;
  return new Throttle(plan, {
    database: context.database,
    sources: () => new Sources(context),
    folder: context.project.config.folder,
    now: () => new Date(),
    note: (message) => context.emit({ type: "warning", message }),
  });
}

/** Thrown when a throttle cannot work as it is declared. */
export class ThrottleError extends DelembicError {
  constructor(message: string, options: { readonly hint: string; readonly cause?: unknown }) {
    super(message, { code: "throttle", exitCode: EXIT.failed, ...options });
  }
}

/** How long an answer is good. */
const FRESH_MS = 1_000;
/** How long an answer that was cancelled is waited for, in milliseconds. */
const GRACE_MS = 3_000;

/** Asks on connections of its own, which it opens when it needs them, and again when they were lost. */
export class Throttle implements AsyncDisposable {
  readonly #plan: ThrottlePlan;
  readonly #ground: ThrottleGround;
  #looked = -Infinity;
  #looking = false;
  #answer: Promise<string | undefined> = Promise.resolve(undefined);
  #session: Session | undefined;
  #sources: ReplicaSources | undefined;
  #noted = false;
  /** The replicas that answered once: what is wrong with them later is a reason to wait, and no mistake. */
  readonly #answered = new Set<string>();

  /** @throws {ThrottleError} when the database cannot do what is asked for */
  constructor(plan: ThrottlePlan, ground: ThrottleGround) {
    this.#plan = plan;
    this.#ground = ground;
    const { dialect } = ground.database;
    if (plan.replicaLagMs === undefined) return;
    if (dialect.replication === undefined) throw noReplicas(dialect);
  }

  /**
   * Why the walk has to wait now, the first reason that there is, or `undefined`. Looks at most once a second, however
   * many ask.
   *
   * @throws {ThrottleError} when the answer cannot be known; {@link DatabaseError} when the database cannot be reached
   */
  reason(): Promise<string | undefined> {
    const now = this.#ground.now().getTime();
    // a clock that was set back does not make an answer good for hours
    if (this.#looking || Math.abs(now - this.#looked) < FRESH_MS) return this.#answer;
    this.#looked = now;
    this.#looking = true;
    this.#answer = this.#look().finally(() => this.#looking = false);
    return this.#answer;
  }

  async #look(): Promise<string | undefined> {
    const { window } = this.#plan;
    return (window && windowReason(window, this.#ground.now())) ??
      await this.#fileReason() ??
      await this.#queryReason() ??
      await this.#lagReason();
  }

  async #fileReason(): Promise<string | undefined> {
    const { file } = this.#plan;
    if (file === undefined) return undefined;
    try {
      await Deno.stat(resolve(this.#ground.folder, file));
      return `${file} exists`;
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return undefined;
      throw new ThrottleError(`Cannot see whether ${file} exists: ${reasonOf(cause)}`, {
        hint: "'throttle.file' must be in a folder that this user may look into.",
        cause,
      });
    }
  }

  async #queryReason(): Promise<string | undefined> {
    const { query } = this.#plan;
    if (query === undefined) return undefined;
    const value = numberOf(await this.#ask(query));
    return value > 0 ? `throttle query gave ${value}` : undefined;
  }

  async #ask(query: string): Promise<Record<string, unknown>[]> {
    try {
      return await this.#onSession(async (db) => (await db.query(query)).rows);
    } catch (cause) {
      if (cause instanceof DatabaseError && NOT_OF_THE_QUERY.has(cause.kind)) throw cause;
      throw new ThrottleError(`The throttle's query failed: ${messageOf(cause)}`, {
        hint: `Correct 'throttle.query': ${query}`,
        cause,
      });
    }
  }

  /** A connection that was lost while nobody looked is no reason to fail. */
  async #onSession<T>(ask: (db: Asker) => Promise<T>): Promise<T> {
    const before = this.#session;
    try {
      return await ask(this.#session ??= await this.#ground.database.connect("read"));
    } catch (error) {
      if (before === undefined || !(error instanceof DatabaseError) || !isAway(error)) throw error;
      await this.#closeSession();
      return await ask(this.#session = await this.#ground.database.connect("read"));
    }
  }

  async #lagReason(): Promise<string | undefined> {
    const { replicaLagMs, replicas } = this.#plan;
    if (replicaLagMs === undefined) return undefined;
    if (replicas.length === 0) return lagReason(await this.#connected(), replicaLagMs);
    for (const name of replicas) {
      const reason = await this.#reasonOf(name, replicaLagMs);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** The replicas that the primary itself tells of. */
  async #connected(): Promise<readonly ReplicaLag[]> {
    const { database: { dialect }, note } = this.#ground;
    const { connected } = await replicationOf(dialect);
    if (connected === undefined) {
      throw new ThrottleError(`${dialect.title} does not know how far its replicas are behind; they do`, {
        hint: 'Name them: replicas: ["replica1"], each with a section [delembic.source.replica1] in delembic.ini.',
      });
    }
    const found = await this.#onSession((db) => told(connected(db)));
    if (found.length === 0 && !this.#noted) {
      note("No replica is connected to the database: 'throttle.replicaLag' holds nothing back until there is one.");
      this.#noted = true;
    }
    return found;
  }

  /** What a replica says of itself. One that went away is waited for: it has to catch up when it is back. */
  async #reasonOf(name: string, mostMs: number): Promise<string | undefined> {
    let lags: readonly ReplicaLag[];
    try {
      lags = await this.#ownLags(name);
    } catch (error) {
      if (!(error instanceof DatabaseError) || !isAway(error)) throw error;
      await this.#closeSources();
      if (!this.#answered.has(name)) throw error;
      return `replica ${name} cannot be asked: ${error.message}`;
    }
    if (lags.length === 0) throw noReplica(name, "copies no other server");
    this.#answered.add(name);
    return lagReason(lags.map((lag) => ({ ...lag, name: lag.name === "" ? name : `${name} (${lag.name})` })), mostMs);
  }

  async #ownLags(name: string): Promise<readonly ReplicaLag[]> {
    const { database: { dialect }, sources } = this.#ground;
    const source = await (this.#sources ??= sources()).open(name);
    if (source.dialect !== dialect.name) throw noReplica(name, `is no ${dialect.title} server`);
    const { own } = await replicationOf(dialect);
    return await told(own({ query: async (text, params) => ({ rows: await source.execute(text, params) }) }));
  }

  async #closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #closeSources(): Promise<void> {
    const sources = this.#sources;
    this.#sources = undefined;
    await sources?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // nobody waits for the answer any more
    if (this.#looking) await this.#session?.cancel().catch(() => undefined);
    const enough = new AbortController();
    await Promise.race([this.#answer.catch(() => undefined), pause(GRACE_MS, enough.signal)]);
    enough.abort();
    await this.#closeSession();
    await this.#closeSources();
  }
}

/** What is wrong is not the query. */
const NOT_OF_THE_QUERY: ReadonlySet<DatabaseErrorKind> = new Set([
  ...["unreachable", "denied", "missing-database", "lost", "storage"] as const,
]);

function isAway({ kind }: DatabaseError): boolean {
  return kind === "lost" || kind === "unreachable";
}

function noReplicas({ title }: Dialect): ThrottleError {
  return new ThrottleError(`${title} has no replicas`, { hint: "Take 'throttle.replicaLag' out." });
}

function noReplica(name: string, why: string): ThrottleError {
  return new ThrottleError(`The source '${name}' is no replica: it ${why}`, {
    hint: "Name replicas of the database in 'throttle.replicas'.",
  });
}

async function replicationOf(dialect: Dialect): Promise<Replication> {
  if (dialect.replication === undefined) throw noReplicas(dialect);
  return await dialect.replication();
}

async function told(asked: Promise<readonly ReplicaLag[]>): Promise<readonly ReplicaLag[]> {
  try {
    return await asked;
  } catch (cause) {
    if (!(cause instanceof DatabaseError) || cause.kind !== "privilege") throw cause;
    throw new ThrottleError(cause.message, { hint: cause.hint ?? "Ask an administrator for the right.", cause });
  }
}

/** The number of a query's one row. Databases without booleans give 1 for true, and the others' `true` is as good. */
function numberOf(rows: readonly Record<string, unknown>[]): number {
  const values = rows.flatMap((row) => Object.values(row));
  const [value] = values;
  const number = value === null || value === "" ? NaN : Number(value);
  if (rows.length === 1 && values.length === 1 && !Number.isNaN(number)) return number;
  const what = rows.length !== 1
    ? `${rows.length} rows`
    : values.length !== 1
    ? `${values.length} columns`
    : value === null
    ? "NULL"
    : Deno.inspect(value, { strAbbreviateSize: 60 });
  throw new ThrottleError(`The throttle's query gave ${what}, not one number`, {
    hint: "Write one that always gives one: 'select count(*) …', 'select coalesce(max(…), 0) …'.",
  });
}

/** The replica that is the most behind, when that is too much; one of which nothing is known comes before it. */
function lagReason(lags: readonly ReplicaLag[], mostMs: number): string | undefined {
  const behind = (lag: ReplicaLag) => lag.milliseconds ?? Infinity;
  const [worst] = [...lags].sort((a, b) => behind(b) - behind(a));
  if (worst === undefined || behind(worst) <= mostMs) return undefined;
  if (worst.milliseconds === undefined) return `replica ${worst.name} ${worst.state ?? "does not say how far it is"}`;
  return `replica ${worst.name} is ${lengthOf(worst.milliseconds)} behind, more than ${lengthOf(mostMs)}`;
}

function lengthOf(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 10) return `${Math.floor(seconds * 10) / 10} s`;
  return seconds < 120 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`;
}

/** Why it is not the time: `outside of 22:00-06:00; goes on at 22:00`. The last minute is not part of the window. */
export function windowReason({ from, to }: NonNullable<ThrottlePlan["window"]>, now: Date): string | undefined {
  const minute = now.getHours() * 60 + now.getMinutes();
  const inside = from < to ? minute >= from && minute < to : minute >= from || minute < to;
  return inside ? undefined : `outside of ${clockTime(from)}-${clockTime(to)}; goes on at ${clockTime(from)}`;
}

function clockTime(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
