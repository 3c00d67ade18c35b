/**
 * A data file that is open: its bytes and its text.
 *
 * @module
 */

import { type FileBytes, openBytes } from "./rows_bytes.ts";
import { RowFileError } from "./rows_errors.ts";
import { kindOf, type RowFileKind, type RowFileOptions } from "./rows_source.ts";
import { encodingOf, type TextPiece, TextPieces } from "./rows_text.ts";

const NOTHING = new Uint8Array(0);

/** A file whose encoding is known. It is read once, as pieces of text or of bytes. */
export class OpenText implements AsyncDisposable {
  readonly text: TextPieces;
  readonly #bytes: FileBytes;
  #start: Uint8Array | undefined;
  #ended = false;

  constructor(bytes: FileBytes, start: Uint8Array, text: TextPieces) {
    this.#bytes = bytes;
    this.#start = start;
    this.text = text;
  }

  get progress(): number | undefined {
    return this.#bytes.progress;
  }

  /** Whether all of it was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The bytes that come next; `undefined` at the end. */
  async nextBytes(): Promise<Uint8Array | undefined> {
    const start = this.#start;
    this.#start = undefined;
    if (start !== undefined && start.length > 0) return start;
    const { value, done } = await this.#bytes.pieces.next();
    if (done !== true) return value;
    this.#ended = true;
    return undefined;
  }

  /** The text that comes next, the bytes that it was, and whether it is the last. */
  async next(): Promise<TextPiece & { bytes: Uint8Array; last: boolean }> {
    const bytes = await this.nextBytes();
    const last = bytes === undefined;
    return { ...this.text.next(bytes ?? NOTHING, last), bytes: bytes ?? NOTHING, last };
  }

  /** What was read already, and the rest of the text. */
  async *texts(before: TextPiece): AsyncGenerator<TextPiece> {
    yield before;
    while (!this.#ended) yield await this.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes[Symbol.asyncDispose]();
  }
}

/** By their first bytes, which no text has. */
const COMPRESSED = [["gzip", [0x1f, 0x8b]], ["zstd", [0x28, 0xb5, 0x2f, 0xfd]]] as const;

/** Its first byte may have come alone, but then nothing is lost: the text is refused as such. */
function refuseCompressed(start: Uint8Array, file: string): void {
  const found = COMPRESSED.find(([, bytes]) => bytes.every((byte, at) => start[at] === byte));
  if (found === undefined) return;
  throw new RowFileError(`The file is ${found[0]} data, and its name does not say so`, {
    file,
    hint: `Declare it: \`compression: "${found[0]}"\`.`,
  });
}

/** @throws {RowFileError} when the file cannot be opened, or is not what it is said to be */
export async function openText(path: string, options: RowFileOptions): Promise<{ open: OpenText; kind: RowFileKind }> {
  const kind = kindOf(path, options);
  const bytes = await openBytes(path, options.shownName, kind.compression);
  try {
    const { value: start = NOTHING } = await bytes.pieces.next();
    refuseCompressed(start, options.shownName);
    const encoding = encodingOf(options.encoding, start, options.shownName);
    return { open: new OpenText(bytes, start, new TextPieces(encoding)), kind };
  } catch (error) {
    await bytes[Symbol.asyncDispose]();
    throw error;
  }
}
