/**
 * The sending half of `COPY … FROM STDIN`, straight on the socket: the driver would copy each part twice, and overlooks
 * an error that comes after the last one.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { DatabaseError } from "./database.ts";
import { CopyRefused } from "./postgres_load_error.ts";
import { copyFailed, type WireListener } from "./postgres_wire.ts";
import { within } from "./postgres_within.ts";

/** What is gathered into one message, in bytes: each write costs, and each encrypted one more. */
const MESSAGE_BYTES = 128 * 1024;
/** How many messages may be on their way: one goes out while the next is filled. */
const MESSAGES = 4;
const HEADER_BYTES = 5;
const COPY_DATA = "d".charCodeAt(0);
/** How long a source may take to end when its rows are not wanted any more, in milliseconds. */
const LEAVE_MS = 1_000;

const encoder = new TextEncoder();

/** A `COPY` for whose data the server waits. */
export class CopyIn {
  readonly #socket: Socket;
  readonly #stream: Writable;
  readonly #wire: WireListener;
  readonly #within: <T>(read: () => T) => T;
  /** The server is done, whichever way. */
  readonly #done = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  /** Ends what is being waited for. */
  #interrupt: ((error: unknown) => void) | undefined;
  #refused = false;
  #buffer = newMessage();
  #used = HEADER_BYTES;
  #free: Uint8Array[] = Array.from({ length: MESSAGES - 1 }, newMessage);
  #whenFree: (() => void) | undefined;

  /**
   * @param stream what the driver gave for the statement; it must know that the COPY is over
   * @param within calls the source
   */
  constructor(socket: Socket, stream: Writable, wire: WireListener, within: <T>(read: () => T) => T) {
    this.#within = within;
    this.#socket = socket;
    this.#stream = stream;
    this.#wire = wire;
    stream.on("error", () => undefined);
    // the driver would send that the COPY failed whenever one is over, good or bad, and a pooler would wait for the answer
    stream._destroy = (error, destroyed) => destroyed(error);
    wire.onError = (fields) => {
      this.#refused = true;
      this.#fail(new CopyRefused(fields));
    };
    wire.onReady = () => this.#done.resolve();
  }

  /** The connection is gone. */
  abandon(error: DatabaseError): void {
    this.#fail(error);
    this.#done.resolve();
  }

  /** Nothing more is sent. */
  cancel(): void {
    this.#fail(new DatabaseError("cancelled", "The load was cancelled"));
  }

  /**
   * Sends what `add` makes of each part of a source.
   *
   * @returns the number of rows
   * @throws {CopyRefused} @throws what the source threw
   */
  async send<T>(source: AsyncIterable<T>, add: (part: T) => Promise<void>): Promise<number> {
    try {
      await this.#sendAll(source, add);
    } catch (error) {
      this.#fail(error);
    }
    // where the server refused it does not listen any more
    if (this.#failure === undefined) this.#stream.end();
    else if (!this.#refused) this.#socket.write(copyFailed("the source failed, or it was cancelled"));
    await this.#done.promise;
    this.#wire.onError = this.#wire.onReady = () => {};
    if (this.#failure !== undefined) throw this.#failure.error;
    return Number(/\d+$/.exec(this.#wire.completed.at(-1)?.tag ?? "")?.[0] ?? 0);
  }

  async #sendAll<T>(source: AsyncIterable<T>, add: (part: T) => Promise<void>): Promise<void> {
    const parts = source[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        const next = await this.#unlessFailed(this.#within(() => parts.next()));
        ended = next.done === true;
        if (next.done === true) break;
        await add(next.value);
      }
      if (this.#used > HEADER_BYTES) this.#flush();
    } finally {
      // a source that hangs ends when it likes
      if (!ended) await within(LEAVE_MS, Promise.resolve(parts.return?.()).catch(() => undefined));
    }
  }

  async addBytes(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const room = await this.#room();
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      this.#used += part.length;
      at += part.length;
    }
  }

  async addText(text: string): Promise<void> {
    for (let rest = text; rest !== "";) {
      const { read, written } = encoder.encodeInto(rest, await this.#room());
      this.#used += written;
      // a character may be longer than the room that is left
      if (read === 0) this.#flush();
      rest = rest.slice(read);
    }
  }

  /** Where the next bytes go; waits for the socket where all messages are on their way. */
  async #room(): Promise<Uint8Array> {
    // none is at hand after a character that was too long for the last one
    if (this.#used === this.#buffer.length && this.#used > 0) this.#flush();
    while (this.#buffer.length === 0) {
      const next = this.#free.pop();
      if (next !== undefined) {
        this.#buffer = next;
        this.#used = HEADER_BYTES;
        break;
      }
      await this.#unlessFailed(new Promise<void>((resolve) => this.#whenFree = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#buffer.subarray(this.#used);
  }

  #flush(): void {
    const message = this.#buffer;
    const length = this.#used;
    this.#buffer = EMPTY;
    this.#used = 0;
    message[0] = COPY_DATA;
    new DataView(message.buffer).setUint32(1, length - 1);
    this.#socket.write(message.subarray(0, length), () => {
      this.#free.push(message);
      this.#whenFree?.();
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#interrupt?.(error);
  }

  /** Waits for something, and not longer than the load may go on. */
  #unlessFailed<T>(work: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#interrupt = reject;
      work.then(resolve, reject);
      if (this.#failure !== undefined) reject(this.#failure.error);
    });
  }
}

const EMPTY = new Uint8Array(0);

function newMessage(): Uint8Array {
  return new Uint8Array(MESSAGE_BYTES);
}
