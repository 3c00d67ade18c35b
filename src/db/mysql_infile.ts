/**
 * Rows as the text that `LOAD DATA` reads, and the way of that text to the server.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { DatabaseError, LoadRowError } from "./database.ts";
import { plainValue } from "./parameter.ts";

/** How the server takes a column: texts as they are; bytes as their hex digits, so that no character set touches them. */
export type ColumnWay = "text" | "bytes" | "bit";

/** The clauses of `LOAD DATA` for what {@link infilePieces} writes; in hex, which no mode of the server changes. */
export const INFILE_FORMAT = "character set utf8mb4 fields terminated by 0x09 escaped by 0x5C lines terminated by 0x0A";

const NULL_TEXT = "\\N";
const SPECIAL_REGEXP = /[\t\n\\\0]/;
const EACH_SPECIAL_REGEXP = /[\t\n\\\0]/g;
const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\\": "\\\\", "\0": "\\0" };

/** About how many characters go at once. */
const PIECE_LENGTH = 60_000;

/**
 * The text of some rows, in pieces.
 *
 * @param before how many rows of the load came before these
 * @throws {LoadRowError} for a value that cannot be written
 */
export function* infilePieces(
  rows: readonly (readonly unknown[])[],
  { ways, columns, before }: { ways: readonly ColumnWay[]; columns: readonly string[]; before: number },
): Generator<Buffer> {
  let text = "";
  let first = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as readonly unknown[];
    if (row.length !== ways.length) throw badRow(`It has ${row.length} values, not ${ways.length}`, before + index + 1);
    for (let column = 0; column < ways.length; column++) {
      if (column > 0) text += "\t";
      const value = row[column];
      const way = ways[column] as ColumnWay;
      if (typeof value === "string" && way === "text") text += SPECIAL_REGEXP.test(value) ? escaped(value) : value;
      else if (value === null) text += NULL_TEXT;
      else {
        try {
          text += way === "text" ? fieldText(value) : hexOf(value, way);
        } catch (error) {
          throw badRow((error as Error).message, before + index + 1, columns[column]);
        }
      }
    }
    text += "\n";
    if (text.length < PIECE_LENGTH) continue;
    yield bytesOf(text, { rows, columns, before, first });
    text = "";
    first = index + 1;
  }
  if (text !== "") yield bytesOf(text, { rows, columns, before, first });
}

const EACH_ESCAPE_REGEXP = /\\([tn\\0])/g;
const UNESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", "\\": "\\", "0": "\0" };

/** The rows that pieces were made of, as texts and bytes: kept so, they take little memory. */
export function rowsOfPieces(pieces: readonly Buffer[], ways: readonly ColumnWay[]): (string | Buffer | null)[][] {
  const field = (text: string, way: ColumnWay | undefined) => {
    if (text === NULL_TEXT) return null;
    if (way !== "text") return Buffer.from(text, "hex");
    return text.replace(EACH_ESCAPE_REGEXP, (_, character: string) => UNESCAPES[character] ?? character);
  };
  return pieces.flatMap((piece) =>
    piece.toString().slice(0, -1).split("\n").map((line) =>
      line.split("\t").map((text, column) => field(text, ways[column]))
    )
  );
}

function escaped(text: string): string {
  return text.replace(EACH_SPECIAL_REGEXP, (character) => ESCAPES[character] ?? character);
}

/** The bytes of a piece, which is looked at as a whole for what is no Unicode: that is quick. */
function bytesOf(
  text: string,
  { rows, columns, before, first }: {
    rows: readonly (readonly unknown[])[];
    columns: readonly string[];
    before: number;
    first: number;
  },
): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  for (let index = first; index < rows.length; index++) {
    const column = rows[index]?.findIndex((value) => typeof value === "string" && !value.isWellFormed()) ?? -1;
    if (column < 0) continue;
    throw badRow(
      "Cannot write text with half a surrogate pair: it is no Unicode",
      before + index + 1,
      columns[column],
    );
  }
  return Buffer.from(text);
}

function badRow(problem: string, row: number, column?: string): LoadRowError {
  return new LoadRowError(new DatabaseError("other", problem), { row, column });
}

/** Any value of a column that holds text, numbers or times. @throws {TypeError} */
function fieldText(value: unknown): string {
  const plain = plainValue(value);
  switch (typeof plain) {
    case "boolean":
      return plain ? "1" : "0";
    case "number":
      if (!Number.isFinite(plain)) {
        throw new TypeError(`Cannot use ${plain} as a value in SQL: MySQL has no such number`);
      }
      return Object.is(plain, -0) ? "-0" : String(plain);
    case "bigint":
      return String(plain);
    case "string":
      return SPECIAL_REGEXP.test(plain) ? escaped(plain) : plain;
    default:
      return plain === null ? NULL_TEXT : escaped(decodeText(plain));
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TypeError("Cannot write these bytes into a column of text: they are no UTF-8");
  }
}

function hexOf(value: unknown, way: ColumnWay): string {
  return binaryOf(value, way)?.toString("hex") ?? NULL_TEXT;
}

/** The bytes that a column of bytes or bits gets. Digits are the number of a BIT, as they are in files. @throws {TypeError} */
export function binaryOf(value: unknown, way: ColumnWay): Buffer | null {
  const plain = plainValue(value);
  if (plain === null) return null;
  if (plain instanceof Uint8Array) return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  const text = typeof plain === "boolean" ? String(Number(plain)) : String(plain);
  if (way !== "bit" || !/^\d+$/.test(text)) return Buffer.from(text);
  const hex = BigInt(text).toString(16);
  return Buffer.from(hex.padStart(hex.length + hex.length % 2, "0"), "hex");
}

/** The part of a socket that says when it has had enough. */
export interface Outlet {
  readonly writableLength: number;
  readonly destroyed: boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/** How many bytes may wait for the network. */
const BACKLOG_BYTES = 1 << 20;

type Listener = (value?: unknown) => void;

/**
 * What the driver takes for the stream of a file. The driver's own way with a stream does not wait for the network, so
 * that a large one would come into memory as a whole.
 */
export class InfileStream {
  readonly #listeners = new Map<string, Listener>();
  readonly #pieces: AsyncIterable<Buffer>;
  readonly #outlet: Outlet;

  constructor(pieces: AsyncIterable<Buffer>, outlet: Outlet) {
    this.#pieces = pieces;
    this.#outlet = outlet;
  }

  /** For a server that asks for a file that nobody has offered. */
  static nothing(path: string): InfileStream {
    // deno-lint-ignore require-yield
    async function* refusal(): AsyncGenerator<Buffer> {
      throw new DatabaseError("other", `The server asked for the file '${path}' of this machine, and got nothing`);
    }
    return new InfileStream(refusal(), { writableLength: 0, destroyed: false, once: () => {}, off: () => {} });
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, listener);
    // the driver says last what it does with an error
    if (event === "error") queueMicrotask(() => this.#pump());
    return this;
  }

  removeListener(event: string): this {
    this.#listeners.delete(event);
    return this;
  }

  /** Nothing is sent any more, whatever has been. */
  stop(): void {
    this.#listeners.clear();
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  async #pump(): Promise<void> {
    try {
      for await (const piece of this.#pieces) {
        // the driver does not listen any more when the statement is over
        if (!this.#listeners.has("data") || this.#outlet.destroyed) return;
        this.#listeners.get("data")?.(piece);
        if (this.#outlet.writableLength > BACKLOG_BYTES) await this.#drained();
      }
      this.#listeners.get("end")?.();
    } catch (error) {
      this.#listeners.get("error")?.(error);
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#outlet.off("drain", done);
        this.#outlet.off("close", done);
        resolve();
      };
      this.#outlet.once("drain", done);
      this.#outlet.once("close", done);
    });
  }
}
