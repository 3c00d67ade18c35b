/**
 * The bytes of a data file, uncompressed, a piece at a time.
 *
 * @module
 */

import { Decompress } from "fzstd";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, reasonOf } from "./errors.ts";
import { RowFileError } from "./rows_errors.ts";

export type Compression = "none" | "gzip" | "zstd";

/** Bytes of one read. Large enough that the calls do not count, small enough that memory stays flat. */
const PIECE_BYTES = 256 * 1024;

/** A data file that is open. Its pieces are read once; each is the reader's own to keep. */
export interface FileBytes extends AsyncDisposable {
  readonly pieces: AsyncIterableIterator<Uint8Array<ArrayBuffer>>;
  /** 0 to 1: of the file as it lies on the disk; `undefined` for what has no size, as a pipe. */
  readonly progress: number | undefined;
}

/** A part of a file, in bytes. */
export interface FilePart {
  readonly from: number;
  /** Before this one it ends. */
  readonly to: number;
  /** The most of one read. @default some hundred kilobytes */
  readonly pieceBytes?: number;
}

/**
 * @param path where the file is
 * @param file what messages call it
 * @param part of it that is read. @default all
 * @throws {RowFileError} when it cannot be opened
 */
export async function openBytes(
  path: string,
  file: string,
  compression: Compression,
  part?: FilePart,
): Promise<FileBytes> {
  const opened = await open(path, file);
  try {
    const { isDirectory, isFile, size } = await opened.stat();
    if (isDirectory) throw new RowFileError("The data file is a folder", { file, hint: "Name a file within it." });
    if (part !== undefined) await opened.seek(part.from, Deno.SeekMode.Start);
    const length = part === undefined ? isFile ? size : undefined : part.to - part.from;
    return new OpenFile(opened, { file, size: length, compression, part });
  } catch (error) {
    opened.close();
    throw error;
  }
}

async function open(path: string, file: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new RowFileError("There is no such data file", {
        file,
        cause,
        hint: "Its path is relative to the folder 'script_location', where 'versions' is.",
      });
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new RowFileError("The data file may not be read by this user", {
        file,
        cause,
        hint: "Give the user that runs Delembic the right to read it.",
      });
    }
    throw new RowFileError(`Cannot open the data file: ${reasonOf(cause)}`, { file, cause });
  }
}

class OpenFile implements FileBytes {
  readonly pieces: AsyncIterableIterator<Uint8Array<ArrayBuffer>>;
  readonly #opened: Deno.FsFile;
  readonly #file: string;
  readonly #size: number | undefined;
  readonly #pieceBytes: number;
  /** Of the part that is read. */
  #left: number;
  #read = 0;
  /** The first bytes, which say what the file is. */
  #first: Uint8Array | undefined;
  #closed = false;

  constructor(
    opened: Deno.FsFile,
    { file, size, compression, part }: {
      readonly file: string;
      readonly size: number | undefined;
      readonly compression: Compression;
      readonly part: FilePart | undefined;
    },
  ) {
    this.#opened = opened;
    this.#left = part === undefined ? Infinity : part.to - part.from;
    this.#pieceBytes = part?.pieceBytes ?? PIECE_BYTES;
    this.#file = file;
    this.#size = size;
    this.pieces = this.#uncompressed(compression);
  }

  get progress(): number | undefined {
    if (this.#size === undefined) return undefined;
    return this.#size === 0 ? 1 : Math.min(1, this.#read / this.#size);
  }

  #uncompressed(compression: Compression): AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
    switch (compression) {
      case "gzip":
        return this.#explained(gunzipped(this.#raw()), compression);
      case "zstd":
        return this.#explained(unzstd(this.#raw()), compression);
      case "none":
        return this.#raw();
    }
  }

  async *#raw(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    while (this.#left > 0) {
      const piece = new Uint8Array(Math.min(this.#pieceBytes, this.#left));
      const count = await this.#opened.read(piece).catch((cause: unknown) => {
        throw new RowFileError(`Cannot read the data file: ${reasonOf(cause)}`, { file: this.#file, cause });
      });
      if (count === null) return;
      this.#read += count;
      this.#left -= count;
      this.#first ??= piece.slice(0, count);
      yield piece.subarray(0, count);
    }
  }

  async *#explained(
    pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
    name: "gzip" | "zstd",
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      yield* pieces;
    } catch (cause) {
      if (cause instanceof RowFileError) throw cause;
      throw compressionError(cause, name, begins(name, this.#first), this.#file);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#opened.close();
    this.#closed = true;
    return Promise.resolve();
  }
}

/** Whether a file begins as such files do; one of zstd may begin with a frame that is to be skipped. */
function begins(name: "gzip" | "zstd", first: Uint8Array = new Uint8Array(0)): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = first;
  if (name === "gzip") return a === 0x1f && b === 0x8b;
  return a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd || a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18;
}

/** What zlib and fzstd say of data that ends too early. */
const ENDED_REGEXP = /unexpected (end of file|EOF)/i;

function compressionError(cause: unknown, name: string, isSo: boolean, file: string): RowFileError {
  const hint = "Copy it again from where it comes from.";
  if (!isSo) {
    return new RowFileError(`The file is not ${name} data`, {
      file,
      cause,
      hint: 'Its compression is taken from its name; another one is declared by `compression: "none"`.',
    });
  }
  const reason = messageOf(cause);
  if (ENDED_REGEXP.test(reason)) {
    return new RowFileError(`The ${name} file ends too early: it is cut off`, { file, cause, hint });
  }
  return new RowFileError(`The ${name} file is damaged: ${reason}`, { file, cause, hint });
}

/** Files of several members, one behind the other, are one; the system's own stream takes only the first. */
async function* gunzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const source = Readable.from(pieces, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const piece of gunzip) yield piece;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** Of several frames, too. The runtime's own decoder stops at the end of the first, and takes a cut-off file as whole. */
async function* unzstd(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let out: Uint8Array<ArrayBuffer>[] = [];
  const stream = new Decompress((piece) => void out.push(piece as Uint8Array<ArrayBuffer>));
  for await (const piece of pieces) {
    stream.push(piece);
    yield* out;
    out = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* out;
}
