/**
 * SQLite, by `node:sqlite`. It runs in this process: a statement holds everything up until it is done, and cannot be
 * stopped from outside.
 *
 * | stored as | value                                                                           |
 * |-----------|---------------------------------------------------------------------------------|
 * | INTEGER   | `number`, `bigint` beyond 2^53 - 1                                              |
 * | REAL      | `number`, with -0 and infinities                                                |
 * | TEXT      | `string`, up to the first NUL character: the driver reads no further            |
 * | BLOB      | `Uint8Array`                                                                    |
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
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
import { BUSY_TIMEOUT_MS, sqliteDialect } from "./sqlite_dialect.ts";
import { isBusy, sqliteError } from "./sqlite_errors.ts";
import { acquireFileLock } from "./sqlite_lock.ts";
import { openFile } from "./sqlite_open.ts";
import { countPlaceholders, isBlank, withoutLead } from "./sqlite_text.ts";
import { bindable } from "./sqlite_value.ts";
import type { SqliteTarget } from "./target.ts";

/** The database of a target. Nothing is opened yet. */
export function openSqlite(target: SqliteTarget): Database {
  return {
    dialect: sqliteDialect,
    target,
    connect: (role) => connect(target, role),
    lockFile: (details) => acquireFileLock(target.file, details),
  };
}

async function connect(target: SqliteTarget, role: Role): Promise<Session> {
  const session = new SqliteSession(await openFile(target, role));
  try {
    // a file that is no database shows at the first look into it
    await session.query("pragma schema_version");
    // not opened for reading only: then nobody could undo what a killed process left in the journal
    if (role === "read") await session.query("pragma query_only = on");
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Statements that are kept prepared; a loop of inserts is three times as fast for it. */
const KEPT_STATEMENTS = 20;
/** How long the event loop may stand still while statement follows on statement, in milliseconds. */
const BREATH_MS = 25;
/** So many rows of a stream are given before the clock is read, which takes as long as reading a row. */
const CLOCK_ROWS = 16;
/** SQLite's own steps of waiting for a busy file, in milliseconds; the last one repeats. */
const BUSY_STEPS_MS = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

const BUSY_TIMEOUT_REGEXP = /^\s*pragma\s+busy_timeout\s*(?:=\s*|\(\s*)(\d+)\s*\)?\s*;?\s*$/i;
const CHANGES_REGEXP = /^(?:insert|update|delete|replace|with)\b/i;

class SqliteSession implements Session {
  readonly dialect = sqliteDialect;
  readonly backend = undefined;
  readonly native: DatabaseSync;
  readonly #kept = new Map<string, StatementSync>();
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;
  #busyTimeoutMs = BUSY_TIMEOUT_MS;
  #breathedAt = performance.now();

  constructor(native: DatabaseSync) {
    this.native = native;
  }

  get lost(): boolean {
    return this.#closed;
  }

  get inTransaction(): boolean {
    return !this.#closed && this.native.isTransaction;
  }

  query(text: string, params: readonly unknown[] = []): Promise<Result> {
    return this.#inTurn(text, async () => {
      const timeout = BUSY_TIMEOUT_REGEXP.exec(text)?.[1];
      if (timeout !== undefined) {
        // SQLite's own way of waiting would stop the whole process
        this.#busyTimeoutMs = Number(timeout);
        return { rows: [], count: 0 };
      }
      if (isBlank(text)) return { rows: [], count: 0 };
      const values = bind(text, params);
      return await this.#whenFree(() => run(this.#prepared(text), text, values));
    });
  }

  batch(statements: readonly Statement[]): Promise<Result[]> {
    return inOrder(this, statements);
  }

  async begin(): Promise<void> {
    await this.query("begin immediate");
  }

  async commit(): Promise<void> {
    await this.query("commit");
  }

  async rollback(): Promise<void> {
    await this.query("rollback");
  }

  async *stream(text: string, params: readonly unknown[] = []): AsyncGenerator<Row> {
    if (isBlank(text)) return;
    const values = bind(text, params);
    const { rows, first } = await this.#inTurn(text, () =>
      this.#whenFree(() => {
        // not a kept one: the same statement may run between the rows
        const rows = prepare(this.native, text).iterate(...values);
        return { rows, first: rows.next() };
      }));
    try {
      let count = 0;
      for (let step = first; !step.done; step = rows.next()) {
        yield readRow(step.value as Row);
        if (++count % CLOCK_ROWS === 0) await this.#breathe();
      }
    } catch (error) {
      throw sqliteError(error, text);
    } finally {
      // an open cursor keeps its tables from being dropped
      if (!this.#closed) rows.return?.();
    }
  }

  async load(load: BulkLoad): Promise<number> {
    const { loadRows } = await import("./sqlite_load.ts");
    return await loadRows(this, load, (text, work) => this.#inTurn(text, () => this.#whenFree(work)));
  }

  /** Does nothing: a statement of this process ends before anything else in it can run. */
  cancel(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // what was issued before still runs, as on a server
    await this.#turn;
    if (this.#closed) return;
    this.#closed = true;
    this.#kept.clear();
    this.native.close();
  }

  /** One statement after another, though one may wait for a busy file. */
  #inTurn<T>(text: string, work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      if (this.#closed) throw new DatabaseError("lost", "The connection is closed", { statement: text });
      await this.#breathe();
      try {
        return await work();
      } catch (error) {
        throw sqliteError(error, text);
      }
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** Tries until the file is not in use, or too much time has gone by; meanwhile the process goes on. */
  async #whenFree<T>(work: () => T): Promise<T> {
    const start = performance.now();
    for (let tries = 0;; tries++) {
      try {
        return work();
      } catch (error) {
        const left = this.#busyTimeoutMs - (performance.now() - start);
        if (!isBusy(error) || left <= 0) throw error;
        await pause(Math.min(BUSY_STEPS_MS[tries] ?? 100, left));
      }
    }
  }

  /** Lets signals and timers have their turn: statements alone never leave the microtask queue. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#breathedAt < BREATH_MS) return;
    await pause(0);
    this.#breathedAt = performance.now();
  }

  #prepared(text: string): StatementSync {
    const statement = this.#kept.get(text) ?? prepare(this.native, text);
    // one with rows would go on giving the columns of old when the table has new ones
    if (statement.columns().length > 0) return statement;
    this.#kept.delete(text);
    this.#kept.set(text, statement);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_STATEMENTS && oldest !== undefined) this.#kept.delete(oldest);
    return statement;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function prepare(native: DatabaseSync, text: string): StatementSync {
  if (text.includes("\0")) {
    throw new DatabaseError("other", "The statement holds a NUL character", {
      statement: text,
      hint: "Pass it as a value, or write char(0).",
    });
  }
  const bare = withoutLead(text);
  const statement = native.prepare(bare);
  const rest = bare.slice(statement.sourceSQL.length);
  // the driver would leave it out without a word
  if (!isBlank(rest)) {
    throw new DatabaseError("other", "Several statements were given where one can run", {
      statement: text,
      hint: "Run them one by one.",
    });
  }
  statement.setReadBigInts(true);
  return statement;
}

function run(statement: StatementSync, text: string, values: readonly SQLInputValue[]): Result {
  if (statement.columns().length > 0) {
    const rows = statement.all(...values) as Row[];
    for (const row of rows) readRow(row);
    return { rows, count: rows.length };
  }
  const { changes } = statement.run(...values);
  // other statements leave the number of the last change as it was
  return { rows: [], count: CHANGES_REGEXP.test(withoutLead(text)) ? Number(changes) : 0 };
}

/** Makes the integers of a row that are safe numbers, in place. */
function readRow(row: Row): Row {
  // a row has no prototype; a list of its entries would take half of the time of reading it
  for (const name in row) {
    if (typeof row[name] === "bigint") row[name] = integer(row[name]);
  }
  return row;
}

function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function bind(text: string, params: readonly unknown[]): SQLInputValue[] {
  const wanted = countPlaceholders(text);
  if (wanted !== undefined && wanted !== params.length) {
    // the driver would take NULL for the missing ones
    throw new DatabaseError(
      "other",
      `Expected ${wanted} values for the placeholders, got ${params.length}`,
      {
        statement: text,
      },
    );
  }
  return params.map(bindable);
}
