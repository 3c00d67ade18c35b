/**
 * Bytes of a data file as text, a piece at a time.
 *
 * @module
 */

import { RowFileError } from "./rows_errors.ts";

/** What stands for bytes that are no character of the encoding. */
export const REPLACEMENT = "\uFFFD";

/** A piece of text. */
export interface TextPiece {
  readonly text: string;
  /** Whether each {@link REPLACEMENT} in it stands for bytes that are no character. */
  readonly broken: boolean;
}

/**
 * Decodes pieces in their order. Bytes that are no character become {@link REPLACEMENT}, and the piece is `broken`: so
 * the reader of the records can tell the line. A byte order mark at the beginning is dropped.
 */
export class TextPieces {
  /** As the web's standards name it: `utf-8`. */
  readonly encoding: string;
  readonly #decoder: TextDecoder;
  readonly #strict: TextDecoder;
  #held: Uint8Array = new Uint8Array(0);
  #atStart: boolean;

  /** @param atStart whether the first bytes are those of the file, which may begin with a byte order mark */
  constructor(encoding: string, atStart = true) {
    this.#atStart = atStart;
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.#strict = new TextDecoder(encoding, { ignoreBOM: true, fatal: true });
    this.encoding = this.#decoder.encoding;
  }

  next(piece: Uint8Array, last: boolean): TextPiece {
    const decoded = this.encoding === "utf-8" ? this.#utf8(piece, last) : this.#other(piece, last);
    if (!this.#atStart || decoded.text === "") return decoded;
    this.#atStart = false;
    return decoded.text.startsWith("\uFEFF") ? { text: decoded.text.slice(1), broken: decoded.broken } : decoded;
  }

  /** Only whole characters are decoded, so that the strict decoder can be asked about the same bytes. */
  #utf8(piece: Uint8Array, last: boolean): TextPiece {
    const bytes = this.#held.length === 0 ? piece : joinedBytes([this.#held, piece]);
    const end = last ? bytes.length : wholeCharacters(bytes);
    this.#held = bytes.subarray(end);
    const whole = bytes.subarray(0, end);
    const text = this.#decoder.decode(whole);
    return { text, broken: text.includes(REPLACEMENT) && !isValid(this.#strict, whole) };
  }

  /** In other encodings a replacement character that was meant is so rare that each is taken for broken bytes. */
  #other(piece: Uint8Array, last: boolean): TextPiece {
    const text = this.#decoder.decode(piece, { stream: !last });
    return { text, broken: text.includes(REPLACEMENT) };
  }
}

/** All bytes in one piece. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function isValid(decoder: TextDecoder, bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    // that is the answer
    return false;
  }
}

/** How many of the bytes are before a character whose last bytes are still to come. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < needed ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

/**
 * The encoding of a file: the declared one, else what its byte order mark says, else UTF-8.
 *
 * @throws {RowFileError} when the declared one is not known
 */
export function encodingOf(declared: string | undefined, start: Uint8Array, file: string): string {
  if (declared === undefined) {
    if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
    return start[0] === 0xfe && start[1] === 0xff ? "utf-16be" : "utf-8";
  }
  try {
    return new TextDecoder(declared).encoding;
  } catch (cause) {
    throw new RowFileError(`There is no encoding "${declared}"`, {
      file,
      cause,
      hint: 'Some that there are: "utf-8", "utf-16le", "windows-1252", "iso-8859-2", "shift_jis", "gb18030".',
    });
  }
}
