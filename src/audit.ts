/**
 * The audit connection: one session for the ledger and the lock alone, which comes back when it was dropped and holds
 * no transaction open beyond one write.
 *
 * @module
 */

import {
  type Database,
  DatabaseError,
  type Dialect,
  type Queryable,
  type Result,
  type Session,
  type Statement,
} from "./db/database.ts";
import { inTransaction, type NewRun, openRun } from "./ledger.ts";

/** How long a dropped connection is tried to be had again, in milliseconds. */
const RECONNECT_MS = 20_000;
const PAUSE_MS = 250;

export class AuditConnection implements Queryable, AsyncDisposable {
  readonly #database: Database;
  #session: Session;
  #turn: Promise<unknown> = Promise.resolve();
  /** Waited for in vain: whatever else a run's end wants of the server does not wait as long once more. */
  #gaveUp = false;

  private constructor(database: Database, session: Session) {
    this.#database = database;
    this.#session = session;
  }

  /** @throws {DatabaseError} when it cannot be had; then nothing may start */
  static async open(database: Database): Promise<AuditConnection> {
    return new AuditConnection(database, await database.connect("audit"));
  }

  get dialect(): Dialect {
    return this.#database.dialect;
  }

  /** The server's id of the present session. */
  get backend(): number | undefined {
    return this.#session.backend;
  }

  /** Runs one statement that may safely run twice: when the connection drops, it is sent again on a new one. */
  query(text: string, params?: readonly unknown[]): Promise<Result> {
    return this.#inTurn((session) => session.query(text, params));
  }

  /** Runs statements in order that may safely run twice, like {@link query}. */
  batch(statements: readonly Statement[]): Promise<Result[]> {
    return this.#inTurn((session) => session.batch(statements));
  }

  /** Runs writes that belong together in one transaction, which may run twice like {@link query}. */
  transaction<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    return this.#inTurn((session) => inTransaction(session, () => work(session)));
  }

  /** Opens the row of an attempt; when the connection dropped in between, looks whether the row was written. */
  openRun(run: NewRun): Promise<number> {
    let again = false;
    return this.#inTurn(async (session) => {
      const found = again ? await findOpenRun(session, run) : undefined;
      again = true;
      return found ?? await openRun(session, run);
    });
  }

  /** One use at a time: a renewal of the lease must not fall into the middle of a transaction. */
  #inTurn<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const mine = this.#turn.then(() => this.#withReconnect(work));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #withReconnect<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.#session.lost) await this.#reconnect();
    try {
      return await work(this.#session);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== "lost") throw error;
      await this.#reconnect();
      return await work(this.#session);
    }
  }

  async #reconnect(): Promise<void> {
    await this.#session.close();
    for (const start = performance.now();;) {
      try {
        this.#session = await this.#database.connect("audit");
        this.#gaveUp = false;
        return;
      } catch (error) {
        const passing = error instanceof DatabaseError && (error.kind === "unreachable" || error.kind === "lost");
        this.#gaveUp ||= performance.now() - start > RECONNECT_MS;
        if (!passing || this.#gaveUp) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#session.close();
  }
}

async function findOpenRun(db: Queryable, run: NewRun): Promise<number | undefined> {
  const p = db.dialect.placeholder;
  const { rows } = await db.query(
    `select id from delembic_run_history where revision = ${p(1)} and hostname = ${p(2)} and ended_at is null
       and started_at = ${db.dialect.ledger.utcValue(p(3))}`,
    [run.revision, run.hostname, run.startedAt],
  );
  return rows[0] === undefined ? undefined : Number(rows[0]["id"]);
}
