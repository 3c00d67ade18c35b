/**
 * Listens to what a PostgreSQL server says on a connection, for the things that the driver keeps to itself: whether a
 * transaction is open, the key to cancel statements with, and why the server ends the connection.
 *
 * The format: https://www.postgresql.org/docs/current/protocol-message-formats.html
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** The state of the transaction, as each `ReadyForQuery` gives it. */
export type TransactionState = "none" | "open" | "failed";

/** What names a server process in a request to cancel its statement. */
export interface BackendKey {
  readonly pid: number;
  readonly secret: Uint8Array;
}

/** How one statement ended. */
export interface Completed {
  /** The command and its counts, as the server gives them: `INSERT 0 3`, `CREATE TABLE`. */
  readonly tag: string;
  /** Whether it gave rows, be it none. */
  readonly rows: boolean;
}

/** The fields of an error message, by the protocol's letters. */
export type ErrorFields = ReadonlyMap<string, string>;

const HEADER_BYTES = 5;
const COMPLETE = 0x43, ERROR = 0x45, EMPTY = 0x49, KEY = 0x4b, AUTHENTICATION = 0x52, COLUMNS = 0x54, READY = 0x5a;
const HEARD: ReadonlySet<number> = new Set([COMPLETE, ERROR, EMPTY, KEY, AUTHENTICATION, COLUMNS, READY]);
/** Ok, clear text, MD5, and the three messages of SCRAM: the ways that the driver knows. */
const KNOWN_AUTHENTICATIONS: ReadonlySet<number> = new Set([0, 3, 5, 10, 11, 12]);

export class WireListener {
  transaction: TransactionState = "none";
  key: BackendKey | undefined;
  /** The error with which the server ended the connection. */
  fatal: ErrorFields | undefined;
  /** The statements of the last request that were completed. */
  completed: Completed[] = [];
  /** The server asked for a way to authenticate that the driver does not know; the driver itself would wait for ever. */
  onUnknownAuthentication: () => void = () => {};
  onError: (fields: ErrorFields) => void = () => {};
  /** The server waits for the next request. */
  onReady: () => void = () => {};
  #rest: Buffer = Buffer.alloc(0);
  #skip = 0;
  #columns = false;
  #ready = true;

  constructor(socket: { on(event: "data", listener: (chunk: Buffer) => void): unknown }) {
    socket.on("data", (chunk: Buffer) => this.#hear(chunk));
  }

  /** Goes from message to message; only those that matter are waited for until they are whole. */
  #hear(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const left = data.length - at;
      if (this.#skip > left || left - this.#skip < HEADER_BYTES) {
        const skipped = Math.min(this.#skip, left);
        this.#skip -= skipped;
        this.#rest = data.subarray(at + skipped);
        return;
      }
      at += this.#skip;
      this.#skip = 0;
      const type = data[at] ?? 0;
      const length = data.readUInt32BE(at + 1) + 1;
      if (HEARD.has(type)) {
        if (data.length - at < length) {
          this.#rest = data.subarray(at);
          return;
        }
        this.#message(type, data.subarray(at + HEADER_BYTES, at + length));
      }
      this.#skip = length;
    }
  }

  #message(type: number, body: Buffer): void {
    switch (type) {
      case COLUMNS:
        this.#columns = true;
        break;
      case COMPLETE:
      case EMPTY:
        this.#complete(body.toString("utf8", 0, Math.max(0, body.length - 1)));
        break;
      case READY:
        this.#ready = true;
        this.#columns = false;
        this.transaction = body[0] === 0x49 ? "none" : body[0] === 0x45 ? "failed" : "open";
        this.onReady();
        break;
      case KEY:
        this.key = { pid: body.readInt32BE(0), secret: Uint8Array.from(body.subarray(4)) };
        break;
      case AUTHENTICATION:
        if (!KNOWN_AUTHENTICATIONS.has(body.readInt32BE(0))) this.onUnknownAuthentication();
        break;
      case ERROR: {
        const fields = errorFields(body);
        const severity = fields.get("V") ?? fields.get("S");
        if (severity === "FATAL" || severity === "PANIC") this.fatal = fields;
        this.onError(fields);
      }
    }
  }

  #complete(tag: string): void {
    if (this.#ready) this.completed = [];
    this.#ready = false;
    this.completed.push({ tag, rows: this.#columns });
    this.#columns = false;
  }
}

function errorFields(body: Buffer): ErrorFields {
  return new Map(body.toString("utf8").split("\0").filter(Boolean).map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** The request for TLS: its length, and a number that stands where the protocol's version would. */
export function tlsRequest(): Uint8Array {
  const message = Buffer.alloc(8);
  message.writeInt32BE(8, 0);
  message.writeInt32BE(80877103, 4);
  return message;
}

/** The request to cancel what a backend does; it goes over a connection of its own. */
export function cancelRequest({ pid, secret }: BackendKey): Uint8Array {
  const message = Buffer.alloc(12 + secret.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(80877102, 4);
  message.writeInt32BE(pid, 8);
  message.set(secret, 12);
  return message;
}

/** Tells the server that the data of a COPY end without being whole. */
export function copyFailed(reason: string): Uint8Array {
  const text = Buffer.from(reason);
  const message = Buffer.alloc(1 + 4 + text.length + 1);
  message.write("f");
  message.writeUInt32BE(message.length - 1, 1);
  message.set(text, 5);
  return message;
}
