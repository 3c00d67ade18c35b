/**
 * A session on PostgreSQL: one connection, one statement at a time.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import { Stream, Writable } from "node:stream";
import type { ReservedSql, Sql } from "postgres";
import { type BulkLoad, DatabaseError, type Result, type Row, type Session, type Statement } from "./database.ts";
import { asOneText, resultsOf } from "./postgres_batch.ts";
import type { CopyIn } from "./postgres_copy.ts";
import { postgresDialect } from "./postgres_dialect.ts";
import { lostError, type StatementContext, statementError } from "./postgres_errors.ts";
import { Parameter } from "./postgres_types.ts";
import type { ErrorFields, WireListener } from "./postgres_wire.ts";
import { within } from "./postgres_within.ts";

/** How often a server looks, in the middle of a statement, whether its client is still there. */
const CLIENT_CHECK = "5s";
/** How long the server may take to hang up when it is told good-bye, in milliseconds. */
const CLOSE_MS = 1_000;
const CANCEL_MS = 500;
/** Why a session is lost that was closed. */
const CLOSED_HERE = "it was closed here";
const STREAM_ROWS = 1_000;
/** How long rows that nobody wants may take before the server is told to stop, in milliseconds. */
const LEAVE_MS = 100;
/** The protocol counts the values of a statement in 16 bits, and the driver keeps two. */
const MOST_PARAMETERS = 65_533;

const BEGIN_READING = "begin read only";
const BEGIN_REGEXP = /^\s*(?:begin|start)\b/i;

/** The driver's `unsafe`, with an option that its types do not know: the simple protocol, for several statements at once. */
export type RunText = (
  text: string,
  values: readonly unknown[],
  options: { readonly simple: boolean },
) => PromiseLike<unknown>;

export interface SessionParts {
  readonly socket: Socket;
  readonly wire: WireListener;
  readonly sql: Sql;
  readonly native: ReservedSql;
  readonly runText: RunText;
  readonly backend: number | undefined;
  /** Whether the server can look for lost clients in the middle of a statement, and does not do so by itself. */
  readonly checksClients: boolean;
  /** Whether the server ends sessions that are idle in a transaction. */
  readonly endsIdle: boolean;
  /** It is for reading alone. */
  readonly readOnly: boolean;
  readonly cancel: () => Promise<void>;
}

/** What the driver gives for a statement, unless it is a COPY: then a stream. */
interface DriverResult extends Array<Row> {
  readonly count: number | null;
  readonly command: string | undefined;
}

/** Within the source of a load: the session that loads. */
const sourceOf = new AsyncLocalStorage<PostgresSession>();

function sourceError(): DatabaseError {
  return new DatabaseError("other", "The source of a load used the connection that the load runs on", {
    hint: "Read what the source needs before the load begins, or over another connection.",
  });
}

export class PostgresSession implements Session {
  readonly dialect = postgresDialect;
  readonly backend: number | undefined;
  readonly native: ReservedSql;
  readonly #parts: SessionParts;
  readonly #gone: Promise<void>;
  #lost = false;
  #closing: Promise<void> | undefined;
  #checksClients: boolean;
  /** Ends the statement that runs, when the connection goes away under it. */
  #abandon: ((error: DatabaseError) => void) | undefined;
  /** The load that runs. */
  #copy: CopyIn | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #cursors = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.native = parts.native;
    this.backend = parts.backend;
    this.#checksClients = parts.checksClients;
    this.#gone = new Promise((resolve) => {
      // in front of the driver's own listeners: who hears of the driver's error must find the session lost
      parts.socket.prependListener("error", () => this.#lose());
      parts.socket.prependListener("close", () => {
        this.#lose();
        resolve();
      });
    });
    if (parts.socket.destroyed) this.#lose();
  }

  get lost(): boolean {
    return this.#lost;
  }

  get inTransaction(): boolean {
    return !this.#lost && this.#parts.wire.transaction !== "none";
  }

  query(text: string, params: readonly unknown[] = []): Promise<Result> {
    return this.#inTurn(() => this.#guarded(text, () => this.#run(text, { params })));
  }

  batch(statements: readonly Statement[]): Promise<Result[]> {
    return this.#inTurn(async () => {
      if (statements.length === 0) return [];
      const text = asOneText(statements);
      return await this.#guarded(text, () => this.#runBatch(statements, text));
    });
  }

  async #runBatch(statements: readonly Statement[], text: string): Promise<Result[]> {
    if (this.#lost) throw lostError(this.#reason());
    // without the values, which stand in the text that is sent
    const context = { statement: statements.map((statement) => statement.text).join(";\n"), prefix: 0 };
    try {
      const answer = await this.#untilLost(this.#parts.runText(text, [], { simple: true }), context);
      if (answer instanceof Stream) this.#refuseCopy(answer, text);
      return resultsOf(answer, this.#parts.wire.completed);
    } catch (error) {
      throw this.#told(error, context);
    }
  }

  begin(): Promise<void> {
    return this.#inTurn(async () => {
      // a migration may compute for long between two statements, which is no reason to end it
      const start = this.#parts.readOnly ? BEGIN_READING : "begin";
      const begin = this.#parts.endsIdle ? `${start}; set local idle_in_transaction_session_timeout = 0` : start;
      if (!this.#checksClients) return void await this.#run(begin, { simple: true });
      try {
        // in one round trip
        const checking = `set local client_connection_check_interval = '${CLIENT_CHECK}'`;
        await this.#run(`${begin}; ${checking}`, { simple: true });
      } catch (error) {
        // a server on a system that cannot check (Windows) knows the setting and refuses it
        if (this.#lost || this.#parts.wire.transaction !== "failed") throw error;
        this.#checksClients = false;
        await this.#run("rollback");
        await this.#run(begin, { simple: true });
      }
    });
  }

  commit(): Promise<void> {
    return this.#inTurn(async () => {
      const failed = this.#parts.wire.transaction === "failed";
      await this.#run("commit");
      if (!failed) return;
      throw new DatabaseError("other", "The transaction was rolled back, because a statement in it had failed", {
        statement: "commit",
        hint: "To go on after an error within a transaction, set a savepoint before it.",
      });
    });
  }

  rollback(): Promise<void> {
    return this.#inTurn(async () => void await this.#run("rollback"));
  }

  /**
   * A cursor of SQL, not of the protocol, so that other statements may run between its rows. Outside of a transaction
   * it has one of its own, which ends with the loop: what was done in the loop is then committed.
   */
  async *stream(text: string, params: readonly unknown[] = [], { size = STREAM_ROWS } = {}): AsyncGenerator<Row> {
    if (this.#isSource()) throw sourceError();
    await this.#turn;
    const cursor = `delembic_cursor_${++this.#cursors}`;
    const own = !this.inTransaction;
    if (own) await this.begin();
    // where nothing can be lost with the transaction, the next rows come while these are used
    const ahead = own && this.#parts.readOnly;
    const fetch = () => this.query(`fetch ${size} from ${cursor}`);
    let coming: Promise<Result> | undefined;
    try {
      const declare = `declare ${cursor} no scroll cursor for `;
      await this.#inTurn(() => this.#run(text, { params, prefix: declare }));
      for (;;) {
        const { rows } = await (coming ?? fetch());
        coming = ahead && rows.length === size ? fetch() : undefined;
        coming?.catch(() => undefined);
        for (const row of rows) yield row;
        if (rows.length < size) return;
      }
    } finally {
      if (coming !== undefined) await this.#leave(coming);
      await this.#endStream(cursor, own);
    }
  }

  /** Waits for rows that are not wanted any more, but not for long. */
  async #leave(coming: Promise<Result>): Promise<void> {
    const settled = coming.then(() => undefined, () => undefined);
    if (await within(LEAVE_MS, settled)) return;
    await this.cancel().catch(() => undefined);
    await settled;
  }

  async #endStream(cursor: string, own: boolean): Promise<void> {
    if (this.#lost || !this.inTransaction) return;
    if (this.#parts.wire.transaction === "failed") {
      if (own) await this.rollback();
    } else if (own) {
      await this.commit();
    } else {
      await this.query(`close ${cursor}`);
    }
  }

  load(load: BulkLoad): Promise<number> {
    return this.#inTurn(async () => {
      const { loadRows } = await import("./postgres_load.ts");
      try {
        return await loadRows({
          query: (text, params) => this.#run(text, { params }),
          copyIn: (statement) => this.#copyIn(statement),
        }, load);
      } finally {
        this.#abandon = this.#copy = undefined;
      }
    });
  }

  /** Whether the source of the load that runs is asking, which would wait for ever. */
  #isSource(): boolean {
    return this.#copy !== undefined && sourceOf.getStore() === this;
  }

  async #copyIn(statement: string): Promise<CopyIn> {
    if (this.#lost) throw lostError(this.#reason(), statement);
    const { CopyIn } = await import("./postgres_copy.ts");
    const { socket, wire, runText } = this.#parts;
    const context = { statement, prefix: 0 };
    const early = heardEarly(wire);
    try {
      const stream = await this.#untilLost(runText(statement, [], { simple: true }), context);
      if (!(stream instanceof Writable)) throw new TypeError("The driver gave no stream for a COPY");
      if (this.#lost) throw lostError(this.#reason(), statement);
      const copy = this.#copy = new CopyIn(socket, stream, wire, (read) => sourceOf.run(this, read));
      if (early.error !== undefined) wire.onError(early.error);
      if (early.ready) wire.onReady();
      this.#abandon = (error) => copy.abandon(error);
      return copy;
    } catch (error) {
      throw this.#told(error, context);
    }
  }

  cancel(): Promise<void> {
    if (this.#lost || this.#closing !== undefined) return Promise.resolve();
    // the server does not hear of a request while it waits for data
    this.#copy?.cancel();
    const request = this.#parts.cancel();
    // what comes next waits, so that the request cannot stop it instead
    this.#turn = Promise.all([this.#turn, request.catch(() => undefined)]);
    return request;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#lost) return;
    const { socket, sql, cancel } = this.#parts;
    if (this.#abandon !== undefined) await within(CANCEL_MS, cancel().catch(() => undefined));
    this.#lose(CLOSED_HERE);
    await sql.end({ timeout: 0 });
    await within(CLOSE_MS, this.#gone);
    socket.destroy();
    await within(CLOSE_MS, this.#gone);
  }

  /** Statements take turns, so that what is known of the transaction is true when the next one starts. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isSource()) return Promise.reject(sourceError());
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /**
   * A session for reading alone is set so (see `postgres.ts`), but behind a pooler there is no session, only transactions.
   */
  async #guarded<T>(text: string, work: () => Promise<T>): Promise<T> {
    const { readOnly, backend } = this.#parts;
    if (!readOnly || backend !== undefined || this.inTransaction || BEGIN_REGEXP.test(text)) return await work();
    await this.#run(BEGIN_READING, { simple: true });
    try {
      return await work();
    } finally {
      if (this.inTransaction) await this.#run("commit");
    }
  }

  async #run(
    text: string,
    { params = [], simple = false, prefix = "" }: { params?: readonly unknown[]; simple?: boolean; prefix?: string } =
      {},
  ): Promise<Result> {
    const context = { statement: text, prefix: prefix.length };
    if (this.#lost) throw lostError(this.#reason(), text);
    try {
      const values = parametersOf(params);
      refuseNul(text);
      const result = await this.#untilLost(this.#parts.runText(prefix + text, values, { simple }), context);
      if (result instanceof Stream) this.#refuseCopy(result, text);
      return { rows: [...result], count: result.count ?? 0 };
    } catch (error) {
      throw this.#told(error, context);
    }
  }

  /** The driver may leave a statement without an answer when the connection breaks between two of its steps. */
  #untilLost(query: PromiseLike<unknown>, { statement }: StatementContext): Promise<DriverResult | Stream> {
    return new Promise<DriverResult | Stream>((resolve, reject) => {
      this.#abandon = () => reject(lostError(this.#reason(), statement));
      query.then((result) => resolve(result as DriverResult | Stream), reject);
    }).finally(() => this.#abandon = undefined);
  }

  /** The server waits for data now, or sends them, and nothing here would ever end that. */
  #refuseCopy(data: Stream, statement: string): never {
    data.on("error", () => undefined);
    this.#lose("a COPY was left without its data");
    this.#parts.socket.destroy();
    throw new DatabaseError("other", "COPY from STDIN or to STDOUT cannot run as a statement", {
      statement,
      hint: "Use conn.load() or '-- delembic load:' to bring data in.",
    });
  }

  /** A statement that {@link close} stopped is told as lost with its session, whichever of the two is heard first. */
  #told(error: unknown, context: StatementContext): unknown {
    return this.#closing === undefined ? statementError(error, context) : lostError(CLOSED_HERE, context.statement);
  }

  #reason(): string | undefined {
    return this.#parts.wire.fatal?.get("M") ?? this.#closedHere;
  }

  #closedHere: string | undefined;

  #lose(reason?: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#closedHere = reason;
    // whoever uses the native connection gets an error then, and not silence
    void this.#parts.sql.end({ timeout: 0 });
    this.#abandon?.(lostError(this.#reason()));
  }
}

/**
 * What the server says right behind its wish for the data of a COPY, and before the driver tells of that: a view that
 * takes none, or a trigger of the whole statement.
 */
function heardEarly(wire: WireListener): { error?: ErrorFields; ready: boolean } {
  const heard: { error?: ErrorFields; ready: boolean } = { ready: false };
  wire.onError = (fields) => heard.error = fields;
  wire.onReady = () => heard.ready = true;
  return heard;
}

/** @throws {DatabaseError} when there are too many; @throws {TypeError} for what cannot be a value */
function parametersOf(params: readonly unknown[]): (Parameter | null)[] {
  if (params.length > MOST_PARAMETERS) {
    throw new DatabaseError("other", `A statement takes at most ${MOST_PARAMETERS} values, not ${params.length}`, {
      hint: "Split it, pass an array (= any($1)), or load the data with conn.load().",
    });
  }
  return params.map((value) => value === null ? null : new Parameter(value));
}

/** In the protocol a NUL would end the text in the middle. */
function refuseNul(text: string): void {
  if (text.includes("\0")) throw new DatabaseError("other", "A statement cannot hold a NUL character");
}
