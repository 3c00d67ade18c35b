/**
 * The rows of one statement as they come from the server, which is made to wait while nobody takes them.
 *
 * @module
 */

import type { FieldPacket, ResultSetHeader } from "mysql2";
import type { CoreConnection } from "./mysql_connect.ts";
import { asBytes, type Bindable, type Column, READING } from "./mysql_types.ts";

/** What the driver's commands tell while they run; its types know only streams. */
interface Command {
  on(event: "fields", listener: (fields: readonly FieldPacket[] | undefined) => void): this;
  on(event: "result", listener: (row: readonly unknown[] | ResultSetHeader) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "end", listener: () => void): this;
}

export interface CursorOptions {
  readonly text: string;
  readonly values: readonly Bindable[];
  /** Whether the statement is prepared on the server. */
  readonly prepared: boolean;
  /** How many rows may wait here until the server has to. */
  readonly size: number;
}

export class MysqlCursor {
  /** Settles when the server is done with the statement; rows may still wait here. */
  readonly ended: Promise<void>;
  /** The last word of the server, after statements without rows. */
  header: ResultSetHeader | undefined;
  columns: readonly Column[] = [];
  /** How many rows have come so far. */
  arrived = 0;
  readonly #core: CoreConnection;
  readonly #size: number;
  #rows: (readonly unknown[])[] = [];
  /** How many of them were taken. */
  #taken = 0;
  readonly #end = Promise.withResolvers<void>();
  #finished = false;
  #error: unknown;
  #held = false;
  #wasHeld = false;
  #unlimited = false;
  #discarding = false;
  #wake: (() => void) | undefined;

  constructor(core: CoreConnection, options: CursorOptions) {
    this.#core = core;
    this.#size = options.size;
    this.ended = this.#end.promise;
    const statement = { sql: options.text, values: [...options.values], ...READING };
    // without a callback both give their rows one by one
    const command = (options.prepared ? core.execute(statement) : core.query(statement)) as unknown as Command;
    command.on("fields", (fields) => {
      asBytes(fields as unknown as readonly Column[] | undefined);
      if (this.columns.length === 0 && fields !== undefined) this.columns = fields as unknown as readonly Column[];
    });
    command.on("result", (row) => this.#take(row));
    command.on("error", (error) => this.fail(error));
    command.on("end", () => this.#finish());
  }

  /** Whether the server may go on again, after it had to wait. */
  get waitsAfterPause(): boolean {
    return this.#wasHeld && !this.#held && !this.#finished;
  }

  /** A row that has come; `undefined` where {@link more} has to be asked. */
  take(): readonly unknown[] | undefined {
    if (this.#taken < this.#rows.length) return this.#rows[this.#taken++];
    this.#rows = [];
    this.#taken = 0;
    return undefined;
  }

  /** Whether there are more rows: waits for them. @throws what the driver says */
  async more(): Promise<boolean> {
    while (this.#taken >= this.#rows.length) {
      if (this.#finished) {
        if (this.#error !== undefined) throw this.#error;
        return false;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#release();
      });
    }
    return true;
  }

  /** Lets all rows come at once, because another statement wants the connection. */
  hurry(): void {
    this.#unlimited = true;
    this.#release();
  }

  /** Nobody wants the rows any more: they are dropped as they come. */
  discard(): void {
    this.#discarding = true;
    this.#rows = [];
    this.#taken = 0;
    this.hurry();
  }

  /** Ends it with an error of the connection, of which the driver does not tell the statement. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.#finish();
  }

  #take(row: readonly unknown[] | ResultSetHeader): void {
    if (!Array.isArray(row)) {
      this.header = row as ResultSetHeader;
      return;
    }
    this.arrived++;
    if (this.#discarding) return;
    this.#rows.push(row);
    if (this.#rows.length - this.#taken >= this.#size && !this.#unlimited && !this.#held) {
      this.#held = this.#wasHeld = true;
      this.#core.pause();
    }
    this.#wake?.();
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#core.resume();
  }

  #finish(): void {
    this.#finished = true;
    this.#release();
    this.#end.resolve();
    this.#wake?.();
  }
}
