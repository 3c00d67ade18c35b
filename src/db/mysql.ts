/**
 * MySQL and MariaDB, by `mysql2`: one physical connection a session, which never comes back by itself when it is lost.
 *
 * Statements with values, and those that give rows, are prepared on the server: values never become a part of the text,
 * and what comes in binary has all its digits. The others go as text.
 *
 * @module
 */

import type { FieldPacket, ResultSetHeader } from "mysql2";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type BulkLoad,
  type Database,
  DatabaseError,
  inOrder,
  type Result,
  type Role,
  type Row,
  type Session,
  type Statement,
} from "./database.ts";
import { askAside, CLOSE_MS, quit, within } from "./mysql_aside.ts";
import { connectTo, type CoreConnection } from "./mysql_connect.ts";
import { MysqlCursor } from "./mysql_cursor.ts";
import { mysqlDialect, withoutLead } from "./mysql_dialect.ts";
import { isUnpreparable, lossOf, lostError, statementError } from "./mysql_errors.ts";
import { InfileStream } from "./mysql_infile.ts";
import { loadRows } from "./mysql_load.ts";
import { type LoadConnection, LoadSource } from "./mysql_load_source.ts";
import { quotePath } from "./mysql_name.ts";
import { type Answer, firstResult, type RowReader, rowReader } from "./mysql_result.ts";
import { asBytes, type Bindable, bindable, READING } from "./mysql_types.ts";
import type { ServerTarget } from "./target.ts";

/** The database of a target. Nothing is connected yet. */
export function openMysql(target: ServerTarget): Database {
  return {
    dialect: mysqlDialect,
    target,
    connect: (role) => connect(target, role),
  };
}

async function connect(target: ServerTarget, role: Role): Promise<Session> {
  const session = new MysqlSession(await connectTo(target, role), target);
  try {
    // the collation that the server's own client has, not the handshake's; and no transaction begins by itself
    await session.query("set names utf8mb4, autocommit = 1");
    // what is read within one transaction is of one moment
    if (role === "read") await session.query("set session transaction isolation level repeatable read, read only");
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Flags of the server's answers: https://mariadb.com/kb/en/ok_packet/#server-status-flag */
const IN_TRANSACTION = 1, AUTOCOMMIT = 2;

const ROWS_REGEXP = /^\(*\s*(?:select|with|table|values|call)\b/i;
const RETURNING_REGEXP = /^(?:insert|replace|delete)\b[^]*\breturning\b/i;

/** How long the rest of a result that nobody wants is read before the server is told to stop, in milliseconds. */
const DRAIN_MS = 100;
/** After this long without a row that should come, it is looked whether the session is still there, in milliseconds. */
const SILENCE_MS = 2_000;

/** Within the source of a load: the session that it is for, which would wait for it and it for the session. */
const SOURCES = new AsyncLocalStorage<Session>();

function sourceError(statement: string): DatabaseError {
  return new DatabaseError("other", "The source of a load used the connection that the load runs on", {
    statement,
    hint: "Read what the source needs before the load begins, or over another connection.",
  });
}

class MysqlSession implements Session {
  readonly dialect = mysqlDialect;
  readonly backend: number;
  readonly native: unknown;
  readonly #core: CoreConnection;
  readonly #target: ServerTarget;
  /** Settles when the statements that were issued so far are done. */
  #turn: Promise<unknown> = Promise.resolve();
  /** How many statements wait for their turn. */
  #waiting = 0;
  #cursor: MysqlCursor | undefined;
  /** Of the load that runs now. */
  #source: LoadSource | undefined;
  #cancelling: Promise<unknown> | undefined;
  /** Ends the statement that runs with an error; there is one while one runs. */
  #fail: ((error: unknown) => void) | undefined;
  #lost: { readonly reason: string } | undefined;
  #status = AUTOCOMMIT;
  #closed = false;

  constructor(core: CoreConnection, target: ServerTarget) {
    this.#core = core;
    this.#target = target;
    this.backend = core.threadId;
    this.native = core.promise();
    core.on("error", (error) => this.#lose(lossOf(error)));
    core.on("end", () => this.#lose("the server closed it"));
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  get inTransaction(): boolean {
    return !this.lost && (this.#status & IN_TRANSACTION) !== 0;
  }

  async query(text: string, params: readonly unknown[] = []): Promise<Result> {
    const values = params.map(bindable);
    // the server takes an empty statement for an error, unlike the others
    if (withoutLead(text) === "") return { rows: [], count: 0 };
    return await this.#inTurn(text, async () => this.#resultOf(text, await this.#send(text, values)));
  }

  batch(statements: readonly Statement[]): Promise<Result[]> {
    return inOrder(this, statements);
  }

  async begin(): Promise<void> {
    await this.query("start transaction");
  }

  async commit(): Promise<void> {
    await this.query("commit");
  }

  async rollback(): Promise<void> {
    await this.query("rollback");
  }

  /** As the port says; but another statement that is run before the last row makes all rows come into memory at once. */
  async *stream(
    text: string,
    params: readonly unknown[] = [],
    { size = 1_000 }: { size?: number } = {},
  ): AsyncGenerator<Row> {
    const values = params.map(bindable);
    const opening = Promise.withResolvers<MysqlCursor>();
    // the turn is over when the server is done, not when the last row is taken: else a statement between rows would wait
    const turn = this.#inTurn(text, () => this.#runCursor({ text, values, size }, opening.resolve));
    turn.catch(opening.reject);
    const cursor = await opening.promise;
    let read: RowReader | undefined;
    try {
      while (await cursor.more()) {
        read ??= rowReader(cursor.columns);
        for (let row = cursor.take(); row !== undefined; row = cursor.take()) yield read(row);
      }
    } catch (error) {
      // by then it is known whether the connection is gone as well
      await turn;
      throw this.#lost === undefined ? statementError(error, text) : lostError(this.#lost.reason, text);
    } finally {
      await this.#leave(cursor);
    }
  }

  async #runCursor(
    { text, values, size }: { text: string; values: readonly Bindable[]; size: number },
    opened: (cursor: MysqlCursor) => void,
  ): Promise<void> {
    const prepared = values.length > 0 || givesRows(text);
    const cursor = new MysqlCursor(this.#core, { text, values, prepared, size });
    this.#cursor = cursor;
    this.#fail = (error) => cursor.fail(error);
    if (this.#waiting > 0) cursor.hurry();
    opened(cursor);
    {
      using _watch = this.#watch(cursor);
      await cursor.ended;
    }
    this.#cursor = undefined;
    if (cursor.header === undefined) await this.#askStatus();
    else this.#status = cursor.header.serverStatus;
  }

  /** Makes the connection free again when the rest of the rows is not wanted. */
  async #leave(cursor: MysqlCursor): Promise<void> {
    cursor.discard();
    if (await within(cursor.ended, DRAIN_MS)) return;
    // the rest is long; what the server says to this does not matter, and if it goes on the rest is read
    await this.cancel().catch(() => undefined);
    await cursor.ended;
  }

  async load(load: BulkLoad): Promise<number> {
    const source = new LoadSource(load.data, (ask) => SOURCES.run(this, ask));
    await source.begin();
    const text = `load data local infile into ${quotePath(load.table)}`;
    try {
      return await this.#inTurn(text, () => this.#loadNow(load, source));
    } catch (error) {
      throw source.failure === undefined || this.lost ? error : source.failure.error;
    } finally {
      await source.close();
    }
  }

  async #loadNow(load: BulkLoad, source: LoadSource): Promise<number> {
    this.#source = source;
    try {
      return await loadRows(this.#loadConnection(), load, source);
    } finally {
      this.#source = undefined;
      source.stop(new DatabaseError("cancelled", "The load is over"));
    }
  }

  #loadConnection(): LoadConnection {
    const tell = (answer: Answer): Answer => {
      this.#status = firstResult(answer).header?.serverStatus ?? this.#status;
      return answer;
    };
    const isLost = () => this.lost;
    const inTransaction = () => this.inTransaction || (this.#status & AUTOCOMMIT) === 0;
    return {
      call: async (text, values = []) => tell(await this.#call(values.length > 0 ? "execute" : "query", text, values)),
      callWithFile: async (text, file, stream) => {
        // the server gets the stream of this load, once, or nothing
        const infileStreamFactory = (path: string) => path === file ? stream : InfileStream.nothing(path);
        const answer = tell(await this.#call("query", text, [], { infileStreamFactory }));
        return answer.rows as ResultSetHeader;
      },
      settled: () => this.#settleCancel(),
      outlet: this.#core.stream,
      get lost() {
        return isLost();
      },
      get inTransaction() {
        return inTransaction();
      },
    };
  }

  async cancel(): Promise<void> {
    if (this.#fail === undefined || this.lost) return;
    this.#source?.stop(new DatabaseError("cancelled", "The load was stopped"));
    // the next statement waits for this, so that it cannot be the one that is stopped
    const cancelling = askAside(this.#target, `kill query ${this.backend}`);
    this.#cancelling = cancelling;
    await cancelling;
  }

  /**
   * Deno overlooks the end of a TLS connection that comes while the socket is paused, as it is while rows wait: where
   * the server has not sent anything for long after that, it is asked whether the session is still there.
   */
  #watch(cursor: MysqlCursor): Disposable {
    let seen = 0;
    const timer = setInterval(() => {
      const silent = cursor.waitsAfterPause && cursor.arrived === seen;
      seen = cursor.arrived;
      // where the server cannot be asked, what is known stays as it is
      if (silent) this.#loseIfGone().catch(() => undefined);
    }, SILENCE_MS);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  async #loseIfGone(): Promise<void> {
    const rows = await askAside(
      this.#target,
      `select 1 from information_schema.processlist where id = ${this.backend}`,
    );
    if (Array.isArray(rows) && rows.length === 0) this.#lose("the server closed it");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.lost) return;
    const busy = this.#fail !== undefined;
    // a server does not notice that its client is gone until it has rows for it, and keeps the locks
    if (busy) await within(askAside(this.#target, `kill connection ${this.backend}`).catch(() => undefined), CLOSE_MS);
    else await quit(this.#core);
    this.#lose("it was closed");
  }

  /** One statement after another, whoever issues them. */
  #inTurn<T>(text: string, work: () => Promise<T>): Promise<T> {
    if (this.#source !== undefined && SOURCES.getStore() === this) return Promise.reject(sourceError(text));
    this.#cursor?.hurry();
    this.#waiting++;
    const mine = this.#turn.then(async () => {
      this.#waiting--;
      await this.#settleCancel();
      if (this.#lost !== undefined) throw lostError(this.#lost.reason, text);
      try {
        return await work();
      } catch (error) {
        throw await this.#failed(error, text);
      } finally {
        this.#fail = undefined;
      }
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** A request to stop a statement may come when the statement is over: this one takes it. */
  async #settleCancel(): Promise<void> {
    if (this.#cancelling === undefined) return;
    await this.#cancelling.catch(() => undefined);
    this.#cancelling = undefined;
    if (!this.lost) await this.#askStatus();
  }

  /** An error says nothing of the transaction: a deadlock ends it, most others do not. The server is asked. */
  async #failed(error: unknown, text: string): Promise<DatabaseError> {
    const told = statementError(error, text);
    if (told.kind === "lost") this.#lose(lossOf(error));
    else await this.#askStatus();
    // a session that is ended says first that its statement was stopped
    return this.#lost === undefined ? told : lostError(this.#lost.reason, text);
  }

  async #askStatus(): Promise<void> {
    try {
      const { rows } = await this.#call("query", "do 0", []);
      this.#status = (rows as ResultSetHeader).serverStatus;
    } catch (error) {
      if (statementError(error, "do 0").kind === "lost") this.#lose(lossOf(error));
    }
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = { reason };
    this.#source?.stop(lostError(reason));
    this.#fail?.(lostError(reason));
    this.#core.stream.destroy();
  }

  async #send(text: string, values: readonly Bindable[]): Promise<Answer> {
    if (values.length > 0 || givesRows(text)) {
      try {
        return await this.#call("execute", text, values);
      } catch (error) {
        if (values.length > 0 || !isUnpreparable(error)) throw error;
      }
    }
    return await this.#call("query", text, []);
  }

  #call(
    how: "execute" | "query",
    text: string,
    values: readonly Bindable[],
    options: object = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // when the connection goes the driver may forget to say so
      this.#fail = reject;
      const command = this.#core[how](
        { sql: text, values: [...values], ...READING, ...options },
        (error: unknown, rows: unknown, fields: FieldPacket[]) =>
          error === null || error === undefined ? resolve({ rows, fields }) : reject(error),
      );
      command.on("fields", asBytes);
    });
  }

  async #resultOf(text: string, answer: Answer): Promise<Result> {
    const { header, rows, columns } = firstResult(answer);
    if (header !== undefined) this.#status = header.serverStatus;
    // rows come without the state of the session: a query changes it in this mode only, ANALYZE TABLE in any
    else if ((this.#status & AUTOCOMMIT) === 0 || !givesRows(text)) await this.#askStatus();
    if (columns !== undefined) {
      const read = rowReader(columns);
      return { rows: rows.map(read), count: rows.length };
    }
    const given = text === mysqlDialect.ledger.openRun ? [{ id: header?.insertId }] : [];
    return { rows: given, count: header?.affectedRows ?? 0 };
  }
}

function givesRows(text: string): boolean {
  const bare = withoutLead(text);
  return ROWS_REGEXP.test(bare) || RETURNING_REGEXP.test(bare);
}
