/**
 * What a load has: its connection, its rows, and what is known of the server and of the columns.
 *
 * @module
 */

import type { ResultSetHeader } from "mysql2";
import type { BulkCsv, BulkRows } from "./database.ts";
import { InfileCsv } from "./mysql_csv.ts";
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

type Rows = readonly (readonly unknown[])[];
/** Rows, or whole records of CSV. */
export type LoadChunk = Rows | Uint8Array;

/** The chunks of a load, whose source may be given up while it is waited for. */
export class LoadSource {
  /** What the source threw. */
  failure: { readonly error: unknown } | undefined;
  /** How many rows were given out. */
  given = 0;
  readonly #data: BulkRows | BulkCsv;
  readonly #chunks: AsyncIterator<LoadChunk>;
  #stopped: { readonly error: unknown } | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #first: Promise<IteratorResult<LoadChunk>> | undefined;
  #waits = false;
  readonly #within: <T>(ask: () => T) => T;

  /** @param within runs what asks the source for rows */
  constructor(data: BulkRows | BulkCsv, within: <T>(ask: () => T) => T = (ask) => ask()) {
    this.#data = data;
    this.#chunks = data.chunks[Symbol.asyncIterator]();
    this.#within = within;
  }

  /** Waits for the first rows: while they come, the session is free for a source that needs it. */
  async begin(): Promise<void> {
    const first = this.#ask();
    this.#first = first;
    await first.catch(() => undefined);
  }

  /** How the server reads the chunks, if they are CSV. */
  async csv(): Promise<InfileCsv | undefined> {
    if (this.#data.kind === "rows") return undefined;
    this.#first ??= this.#ask();
    // whoever takes the first chunk gets its error
    const first = await this.#first.catch(() => undefined);
    return new InfileCsv(this.#data, first?.value instanceof Uint8Array ? first.value : new Uint8Array(0));
  }

  #ask(): Promise<IteratorResult<LoadChunk>> {
    return this.#within(() => this.#chunks.next());
  }

  /** Ends the load with this error, whatever the source does. */
  stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#fail?.(error);
  }

  async next(): Promise<LoadChunk | undefined> {
    if (this.#stopped !== undefined) throw this.#stopped.error;
    this.#waits = true;
    // a race with one promise for all chunks would keep them all
    const result = await new Promise<IteratorResult<LoadChunk>>((resolve, reject) => {
      this.#fail = reject;
      this.#taken().then(resolve, reject);
    });
    this.#waits = false;
    return result.done === true ? undefined : result.value;
  }

  async #taken(): Promise<IteratorResult<LoadChunk>> {
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
  /** How the server reads the chunks that are CSV. */
  readonly csv: InfileCsv | undefined;
  /** By column. */
  readonly ways: readonly ColumnWay[];
  readonly server: LoadServer;
}

/** The rows of a chunk, whatever it is. */
export function rowsOfChunk(chunk: LoadChunk, { csv }: Pick<Bringing, "csv">): Rows {
  if (!(chunk instanceof Uint8Array)) return chunk;
  if (csv === undefined) throw new TypeError("CSV among rows");
  return csv.rows(chunk);
}
