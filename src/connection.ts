/**
 * What a migration is given to talk to the database: `conn`.
 *
 * @module
 */

import type { LoadEnvironment, LoadOptions, LoadReport, LoadRow } from "./bulk_options.ts";
import type { DialectName, Row, Session } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import { SESSION } from "./recipe_session.ts";
import { JSON_AS_TEXT } from "./rows.ts";
import { compile, Fragment, Identifier, List } from "./sql.ts";

/** Rows of a query; `count` is how many it returned or changed. */
export type Rows<T = Row> = T[] & { readonly count: number };

/**
 * SQL that runs when it is awaited, or becomes a part of the SQL that it is placed in. One that is neither awaited nor
 * placed anywhere when the migration ends makes the migration fail: it would be a change that silently did not happen.
 */
export interface Query<T = Row> extends PromiseLike<Rows<T>> {
  /** As of a promise. */
  catch<R>(onRejected: (reason: unknown) => R | PromiseLike<R>): Promise<Rows<T> | R>;
  /** As of a promise. */
  finally(onFinally: () => void): Promise<Rows<T>>;
}

/** The tag `` sql`…` `` and what composes with it. */
export interface Sql {
  <T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Query<T>;
  /** A quoted name: `` sql`select * from ${sql.id("staging", "person")}` ``. */
  id(...path: readonly string[]): Identifier;
  /** Values with commas between them: `` sql`… where id in (${sql.list([1, 2, 3])})` ``. */
  list(items: Iterable<unknown>): List;
}

/** The connection that a migration works on, within its transaction. */
export interface Connection {
  /** Values in `${…}` are always parameters, never text. The same SQL runs on every database that understands it. */
  readonly sql: Sql;
  /** Exactly one row. @throws when there are none or several */
  one<T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<T>;
  /** The one value of exactly one row. */
  value<T = unknown>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<T>;
  /** One statement as text, with the database's own placeholders: `$1` on PostgreSQL, `?` on MySQL and SQLite. */
  execute<T = Row>(text: string, params?: readonly unknown[]): Promise<Rows<T>>;
  /** Rows one after another through a server-side cursor; memory stays flat. */
  stream<T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): AsyncIterable<T>;
  /**
   * Brings rows into a table by the fastest way that the database has: `COPY`, `LOAD DATA`, multi-row inserts. It is part
   * of the migration's transaction. A file is relative to the folder `script_location`; what it is its name tells
   * (`.csv`, `.tsv`, `.ndjson`, `.jsonl`, `.json`, each also `.gz` and `.zst`) or `format` does. Into a column of JSON a
   * text goes as a text of JSON, `"5"` is not the number 5: give values and not what `JSON.stringify` makes of them; in CSV
   * and TSV, which have only texts, it is JSON.
   *
   * @throws when a row cannot be taken, with file, line, column and value; then nothing was loaded
   */
  load(
    table: string | readonly string[],
    source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>,
    options?: LoadOptions,
  ): Promise<LoadReport>;
  /** Which database it is. */
  readonly dialect: DialectName;
  /** The driver's own connection, for what Delembic has no words for: porsager's `sql`, mysql2's connection, `DatabaseSync`. */
  readonly native: unknown;
}

/** A query that the migration made and that has not run. */
interface Pending {
  readonly strings: readonly string[];
  /** Where it was made; its stack is worked out only when it is needed. */
  readonly made: Error;
}

/** Thrown when a migration ends while a query that it made never ran. */
export class ForgottenQueryError extends DelembicError {
  constructor({ strings, made }: Pending) {
    const where = callSite(made);
    super(`A query was made but never run: ${shorten(strings.join("…"))}`, {
      code: "forgotten-query",
      hint: `Write 'await' before it${where === undefined ? "" : ` (${where})`}.`,
    });
  }
}

/** Thrown by `one` and `value` when the query gave no row, or several. */
export class RowCountError extends DelembicError {
  constructor(count: number, text: string) {
    super(`Expected exactly one row, got ${count}: ${text}`, { code: "row-count" });
  }
}

/** A source is only read. */
class SourceLoadError extends DelembicError {
  constructor() {
    super("Cannot load into a source: its connection is only for reading", {
      code: "source-load",
      hint: "Load into the migration's own 'conn', from what the source's 'stream' gives.",
    });
  }
}

/** A {@link Connection} over a session, and the check that nothing was forgotten. */
export interface OpenConnection {
  readonly connection: Connection;
  /**
   * Waits for statements that still run, then refuses any further one. @throws {ForgottenQueryError} when a query was
   * never run, and the error of a statement that nobody waited for
   */
  settle(): Promise<void>;
}

/** Wraps a session for a migration. @param environment what a load needs; without it there is none: a source */
export function openConnection(session: Session, environment?: LoadEnvironment): OpenConnection {
  const tracker = new Tracker();
  const run = <T>(text: string, params: readonly unknown[] = [], made?: Error): Promise<Rows<T>> => {
    tracker.refuseWhenClosed();
    return tracker.watch(session.query(text, params).then(({ rows, count }) => withCount(rows as T[], count)), made);
  };
  const runFragment = <T>(fragment: Fragment, made?: Error): Promise<Rows<T>> => {
    const { text, params } = compile(fragment, session.dialect);
    return run<T>(text, params, made);
  };
  const sql: Sql = Object.assign(
    <T = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Query<T> =>
      new LazyQuery<T>(strings, tracker.take(values), runFragment, tracker),
    {
      id: (...path: readonly string[]) => new Identifier(path),
      list: (items: Iterable<unknown>) => new List(tracker.take([...items])),
    },
  );
  const exactlyOne = async (strings: TemplateStringsArray, values: readonly unknown[]): Promise<Row> => {
    const rows = await runFragment<Row>(new Fragment(strings, tracker.take(values)));
    const [row] = rows;
    if (row === undefined || rows.length > 1) throw new RowCountError(rows.length, shorten(strings.join("…")));
    return row;
  };
  const connection: Connection = {
    sql,
    one: async <T>(strings: TemplateStringsArray, ...values: readonly unknown[]) =>
      await tracker.watch(exactlyOne(strings, values)) as T,
    value: async <T>(strings: TemplateStringsArray, ...values: readonly unknown[]) =>
      Object.values(await tracker.watch(exactlyOne(strings, values)))[0] as T,
    execute: <T>(text: string, params?: readonly unknown[]) => run<T>(text, params),
    stream: <T>(strings: TemplateStringsArray, ...values: readonly unknown[]) => {
      tracker.refuseWhenClosed();
      const { text, params } = compile(new Fragment(strings, tracker.take(values)), session.dialect);
      const rows = session.stream(text, params) as AsyncIterable<T>;
      return session.dialect.parsesJson ? rows : Object.assign(rows, { [JSON_AS_TEXT]: true });
    },
    load: (table, source, options = {}) => {
      tracker.refuseWhenClosed();
      const loading = async () => {
        if (environment === undefined) throw new SourceLoadError();
        const { loadTable } = await import("./bulk_load.ts");
        return await loadTable(session, environment, { table, source, options });
      };
      return tracker.watch(loading());
    },
    dialect: session.dialect.name,
    native: session.native,
  };
  Object.defineProperty(connection, SESSION, { value: session, enumerable: false });
  return { connection, settle: () => tracker.settle() };
}

/** By the error that a statement failed with. */
const MAKERS = new WeakMap<Error, Error>();

/**
 * Has the stack of the code that made the statement which failed with this error; the error's own one begins in the
 * driver. `undefined` for an error of anything else.
 */
export function makerOf(error: Error): Error | undefined {
  return MAKERS.get(error);
}

/** Knows which queries were made and not run, and which statements still run. */
class Tracker {
  readonly #made = new Map<object, Pending>();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  refuseWhenClosed(): void {
    if (!this.#closed) return;
    throw new DelembicError("The migration has ended: its connection runs no more statements", {
      code: "connection-closed",
      hint: "Something in it was not awaited.",
    });
  }

  made(query: object, pending: Pending): void {
    this.#made.set(query, pending);
  }

  used(query: object): void {
    this.#made.delete(query);
  }

  /** The values of a template; queries among them become parts of it, and need not run themselves. */
  take(values: readonly unknown[]): readonly unknown[] {
    return values.map((value) => value instanceof LazyQuery ? value.asFragment() : value);
  }

  /** @param made where the migration's code made what runs here; the present stack, where that is still on it */
  watch<T>(work: Promise<T>, made = new Error()): Promise<T> {
    this.refuseWhenClosed();
    this.#running.add(work);
    const forget = () => this.#running.delete(work);
    work.then(forget, (error: unknown) => {
      forget();
      if (error instanceof Error && !MAKERS.has(error)) MAKERS.set(error, made);
    });
    return work;
  }

  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#closed = true;
    for (const pending of this.#made.values()) throw new ForgottenQueryError(pending);
  }
}

/** Runs at the first `then`, at most once. */
class LazyQuery<T> implements Query<T> {
  readonly #fragment: Fragment;
  readonly #run: (fragment: Fragment, made: Error) => Promise<Rows<T>>;
  readonly #tracker: Tracker;
  readonly #made = new Error();
  #result: Promise<Rows<T>> | undefined;

  constructor(
    strings: readonly string[],
    values: readonly unknown[],
    run: (fragment: Fragment, made: Error) => Promise<Rows<T>>,
    tracker: Tracker,
  ) {
    this.#fragment = new Fragment(strings, values);
    this.#run = run;
    this.#tracker = tracker;
    tracker.made(this, { strings, made: this.#made });
  }

  asFragment(): Fragment {
    this.#tracker.used(this);
    return this.#fragment;
  }

  #start(): Promise<Rows<T>> {
    this.#tracker.used(this);
    return this.#result ??= this.#run(this.#fragment, this.#made);
  }

  then<A = Rows<T>, B = never>(
    onFulfilled?: ((value: Rows<T>) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#start().then(onFulfilled, onRejected);
  }

  catch<R>(onRejected: (reason: unknown) => R | PromiseLike<R>): Promise<Rows<T> | R> {
    return this.#start().catch(onRejected);
  }

  finally(onFinally: () => void): Promise<Rows<T>> {
    return this.#start().finally(onFinally);
  }
}

function withCount<T>(rows: T[], count: number): Rows<T> {
  return Object.defineProperty(rows, "count", { value: count, enumerable: false }) as Rows<T>;
}

const FRAME_REGEXP = /((?:file:\/\/)?\/[^\s()]+):(\d+):\d+\)?$/;

/** `file:line` of the migration's code that made a query: the first frame that is not of this module. */
function callSite(made: Error): string | undefined {
  const frames = made.stack?.split("\n").slice(1) ?? [];
  for (const frame of frames) {
    if (frame.includes(import.meta.url)) continue;
    const [, file, line] = FRAME_REGEXP.exec(frame) ?? [];
    if (file !== undefined) return `${file.replace(/^.*\//, "")}:${line}`;
  }
  return undefined;
}

function shorten(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > 80 ? `${flat.slice(0, 79)}…` : flat;
}
