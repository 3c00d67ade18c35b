/**
 * The connection of a migration that is printed and not run: it takes statements down. Whoever looks at what a statement
 * gives is refused, as nothing is known of it.
 *
 * @module
 */

import type { LoadOptions, LoadReport, LoadRow } from "./bulk_options.ts";
import { now } from "./clock.ts";
import { type Connection, openConnection } from "./connection.ts";
import type { Dialect, Result, Row, Session } from "./db/database.ts";
import type { OfflineSql } from "./db/offline_sql.ts";
import type { Range, Run } from "./migration.ts";
import { OfflineError, passable } from "./offline_text.ts";
import { inlineValues } from "./offline_values.ts";
import { SESSION } from "./recipe_session.ts";
import { Fragment } from "./sql.ts";

/** What `conn.load` was called for. */
export interface LoadCall {
  readonly table: string | readonly string[];
  readonly source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>;
  readonly options: LoadOptions;
  /** SQL for a value that has its own, as {@link Run.startedAt} has. */
  readonly special?: ((value: unknown) => string | undefined) | undefined;
}

/** A load as it stands in the script, and what is known of it beforehand. */
export interface PrintedLoad {
  readonly texts: readonly string[];
  readonly report: Pick<LoadReport, "read"> & { readonly loaded: number | undefined };
}

/** What a migration did with its connection, in order. */
export type RecordedItem =
  | { readonly kind: "load"; readonly load: Promise<PrintedLoad> }
  | RecordedStatement;

export interface RecordedStatement {
  readonly kind: "statement";
  /** With its values, as it passes the client; where the keys of a batch come in stands {@link RANGE_REGEXP}. */
  readonly text: string;
  /** The same with placeholders. */
  readonly raw: string;
  /** Placeholders whose text would mean something else in JSON. */
  readonly ambiguous: readonly number[];
}

export interface Recording {
  readonly revision: string;
  readonly dialect: Dialect;
  readonly offline: OfflineSql;
  readonly transaction: boolean;
  readonly log: (message: string) => void;
  readonly load: (call: LoadCall) => Promise<PrintedLoad>;
}

/** No literal holds a NUL. */
const MARK = "\0";
export const RANGE_REGEXP = new RegExp(`${MARK}([^${MARK}]*)${MARK}`);

/** Where the keys of a batch come in; `alias` where the table has another name. */
class RangePlace {
  constructor(readonly alias: string) {}
}

/** What the migration wants to know is known to the database alone. */
export class OfflineReadError extends OfflineError {
  constructor(what: string) {
    super(
      `The migration reads ${what}, so it cannot be printed as SQL: nothing is known of the database`,
      "Let the database do it (insert … select, update … where), or run this migration with 'delembic upgrade'.",
    );
  }
}

const CONTROL_REGEXP =
  /^\s*(?:begin(?!\s+not\b)|commit|end|abort|start\s+transaction|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b/i;

export class Recorder {
  readonly items: RecordedItem[] = [];
  readonly #recording: Recording;
  /** The time of printing, for which the script has its own where it stands as a value. */
  readonly #startedAt = now().replace("T", " ").replace("Z", "+00:00");
  #refusal: OfflineError | undefined;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** Calls a step, and waits until all that it began is taken down. @throws {OfflineError} also where the step caught it */
  async take(step: (conn: Connection, run: Run) => Promise<void>): Promise<void> {
    const { connection, settle } = openConnection(this.#session());
    const refuse = (what: string) => this.#refuse(what);
    const own = {
      ...connection,
      load: (table: LoadCall["table"], source: LoadCall["source"], options: LoadOptions = {}) =>
        this.#load({ table, source, options }),
      get native() {
        return refuse("the driver's own connection ('native')");
      },
      get [SESSION]() {
        return refuse("the database's tables (a recipe)");
      },
    };
    await step(own, this.#run());
    await settle();
    for (const item of this.items) if (item.kind === "load") await item.load;
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** What `apply` gets for a batch: a place in the text, of which no key is known. */
  range(): Range {
    const refuse = (what: string) => this.#refuse(`the batch's '${what}'`);
    return Object.defineProperties(new Fragment(["", ""], [new RangePlace("")]), {
      of: { value: (alias: string) => new Fragment(["", ""], [new RangePlace(alias)]) },
      ...Object.fromEntries(
        ["number", "after", "upTo", "size"].map((name) => [name, { get: () => refuse(name) }]),
      ),
    }) as Fragment & Range;
  }

  #refuse(what: string): never {
    const error = new OfflineReadError(what);
    this.#refusal ??= error;
    throw error;
  }

  #run(): Run {
    const { revision, dialect, log } = this.#recording;
    return {
      revision,
      startedAt: this.#startedAt,
      attempt: 1,
      dialect: dialect.name,
      source: (name) => Promise.reject(this.#caught(() => this.#refuse(`another database ('run.source("${name}")')`))),
      signal: new AbortController().signal,
      log,
    };
  }

  #caught(work: () => never): unknown {
    try {
      return work();
    } catch (error) {
      return error;
    }
  }

  #session(): Session {
    const { dialect } = this.#recording;
    const refuse = (what: string) => Promise.reject(this.#caught(() => this.#refuse(what)));
    return {
      dialect,
      backend: undefined,
      lost: false,
      inTransaction: true,
      native: undefined,
      query: async (text, params = []) => await this.#statement(text, params),
      batch: () => refuse("several results"),
      begin: () => refuse("a transaction of its own"),
      commit: () => refuse("a transaction of its own"),
      rollback: () => refuse("a transaction of its own"),
      stream: () => this.#refuse("rows ('stream')"),
      load: () => refuse("the database's tables"),
      cancel: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  /** The time of printing is that of the script's run. */
  #special(value: unknown): string | undefined {
    return value === this.#startedAt ? this.#recording.offline.moments.startedText : undefined;
  }

  #statement(text: string, params: readonly unknown[]): Result {
    const { dialect, offline, transaction } = this.#recording;
    if (transaction && CONTROL_REGEXP.test(text)) {
      throw this.#refusal = new OfflineError(
        "The migration ends the transaction that it runs in",
        "Take COMMIT and ROLLBACK out of it, or set 'transaction: false'.",
      );
    }
    const special = (value: unknown) =>
      value instanceof RangePlace ? `${MARK}${value.alias}${MARK}` : this.#special(value);
    // what literals hold passes the client as it is
    const raw = passable(text, { lexicon: dialect.lexicon, client: offline.client });
    const { text: written, ambiguous } = inlineValues({ text: raw, params }, { dialect, offline, special });
    this.items.push({ kind: "statement", text: written, raw, ambiguous });
    return { rows: this.#unknownRows(), count: 0 };
  }

  /** Rows that nobody may look at; a promise asks whether they are one, too. */
  #unknownRows(): Row[] {
    return new Proxy<Row[]>([], {
      get: (_, name) => {
        if (name === "then") return undefined;
        return this.#refuse(name === "count" ? "how many rows a statement changed ('count')" : "what a query gives");
      },
    });
  }

  async #load(call: LoadCall): Promise<LoadReport> {
    const load = this.#recording.load({ ...call, special: (value) => this.#special(value) });
    this.items.push({ kind: "load", load });
    const { report: { read, loaded } } = await load;
    const unknown = () => this.#refuse("how many rows a load added");
    return Object.defineProperties({ read, rejected: 0, seconds: 0, loaded: loaded ?? 0, skipped: 0 }, {
      ...(loaded === undefined ? { loaded: { get: unknown }, skipped: { get: unknown } } : {}),
    });
  }
}
