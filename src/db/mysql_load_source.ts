/**
 * What a load has: its connection, its rows, and what is known of the server and of the columns.
 *
 * @module
 */

import type { ResultSetHeader } from "mysql2";
import type { BulkRows } from "./database.ts";
import type { ColumnWay, InfileStream, Outlet } from "./mysql_infile.ts";
import type { Answer } from "./mysql_result.ts";
import type { Bindable } from "./mysql_types.ts";

/** What a load needs of its connection, while it has it for itself. */
export interface LoadConnection {
  /** Rejects with what the driver says. */
  call(text: string, values?: readonly Bindable[]): Promise<Answer>;
  /** Runs `LOAD DATA LOCAL`, with the stream for the one file of that name. */
  callWithFile(text: string, file: string, stream: InfileStream): Promise<ResultSetHeader>;
  /** Waits for a request to stop that is under way. */
  settled(): Promise<void>;
  readonly lost: boolean;
  /** Whether a transaction is open, or begins by itself. */
  readonly inTransaction: boolean;
  readonly outlet: Outlet;
}

/** What of the server's settings matters to a load. */
export interface LoadServer {
  readonly mode: string;
  readonly notes: number;
  /** How long a statement may be, in bytes. */
  readonly packetBytes: number;
  /** Whether the diagnostics tell the number of the row. */
  readonly numbersRows: boolean;
}

/** The chunks of a load, whose source may be given up while it is waited for. */
export class LoadSource {
  /** What the source threw. */
  failure: { readonly error: unknown } | undefined;
  /** How many rows were given out. */
  given = 0;
  readonly #chunks: AsyncIterator<readonly (readonly unknown[])[]>;
  #stopped: { readonly error: unknown } | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #first: Promise<IteratorResult<readonly (readonly unknown[])[]>> | undefined;
  #waits = false;
  readonly #within: <T>(ask: () => T) => T;

  /** @param within runs what asks the source for rows */
  constructor({ chunks }: BulkRows, within: <T>(ask: () => T) => T = (ask) => ask()) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#within = within;
  }

  /** Waits for the first rows: while they come, the session is free for a source that needs it. */
  async begin(): Promise<void> {
    const first = this.#ask();
    this.#first = first;
    await first.catch(() => undefined);
  }

  #ask(): Promise<IteratorResult<readonly (readonly unknown[])[]>> {
    return this.#within(() => this.#chunks.next());
  }

  /** Ends the load with this error, whatever the source does. */
  stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#fail?.(error);
  }

  async next(): Promise<readonly (readonly unknown[])[] | undefined> {
    if (this.#stopped !== undefined) throw this.#stopped.error;
    this.#waits = true;
    // a race with one promise for all chunks would keep them all
    const result = await new Promise<IteratorResult<readonly (readonly unknown[])[]>>((resolve, reject) => {
      this.#fail = reject;
      this.#taken().then(resolve, reject);
    });
    this.#waits = false;
    return result.done === true ? undefined : result.value;
  }

  async #taken(): Promise<IteratorResult<readonly (readonly unknown[])[]>> {
    try {
      return await (this.#first ?? this.#ask());
    } catch (error) {
      this.failure ??= { error };
      throw error;
    } finally {
      this.#first = undefined;
    }
  }

  async close(): Promise<void> {
    const closing = this.#chunks.return?.();
    // a source that is still waited for cannot be closed before it has answered
    if (this.#waits) closing?.catch(() => undefined);
    else await closing;
  }
}

export interface Bringing {
  readonly source: LoadSource;
  /** By column. */
  readonly ways: readonly ColumnWay[];
  readonly server: LoadServer;
}
