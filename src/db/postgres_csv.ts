/**
 * What has to be known of CSV that PostgreSQL reads by itself. Pure.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { DatabaseError } from "./database.ts";
import type { LineEnding } from "./postgres_load_error.ts";

const QUOTE = 0x22, LINE_FEED = 0x0a, CARRIAGE_RETURN = 0x0d;

/** Looks at CSV on its way, and touches little of it. */
export class CsvChecks {
  readonly #single: boolean;
  #ending: LineEnding;
  #quoted = false;
  #before = 0;

  /** @param single whether there is but one column */
  constructor(single: boolean) {
    this.#single = single;
  }

  get ending(): LineEnding {
    return this.#ending;
  }

  /** @throws {DatabaseError} */
  see(bytes: Uint8Array): void {
    if (this.#ending === undefined) this.#findEnding(bytes);
    if (this.#single) refuseEndMark(bytes);
  }

  #findEnding(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === QUOTE) this.#quoted = !this.#quoted;
      if (byte === LINE_FEED && !this.#quoted) {
        this.#ending = this.#before === CARRIAGE_RETURN ? "\r\n" : "\n";
        return;
      }
      this.#before = byte;
    }
  }
}

/**
 * Before version 18 a line that is only `\.` ends the data of a COPY, and the rest is passed over without a word. Such a
 * line is a row only where there is one column.
 *
 * @throws {DatabaseError}
 */
function refuseEndMark(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = text.indexOf("\\."); at >= 0; at = text.indexOf("\\.", at + 1)) {
    if (isLineEnd(text[at - 1]) && isLineEnd(text[at + 2])) {
      throw new DatabaseError(
        "other",
        "A line of the CSV is \\. alone, which PostgreSQL takes for the end of the data",
        {
          hint: 'Write it in quotes: "\\."',
        },
      );
    }
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === undefined || byte === LINE_FEED || byte === CARRIAGE_RETURN;
}
