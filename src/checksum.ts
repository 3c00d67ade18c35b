/**
 * Checksums of migrations. The algorithm's name and version stand before each, so that a later one can be brought in
 * without calling every applied migration changed.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";

const PREFIX = "sha256:v1:";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
/** The byte order mark of UTF-8. */
const MARK = [0xef, 0xbb, 0xbf] as const;

/**
 * `sha256:v1:…` over the bytes of a migration's file and of the data files that it names, in that order, each after its
 * byte order mark was taken off and each CRLF made LF: the same on every system and in every editor.
 */
export function checksumOf(content: Uint8Array, ...dataFiles: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(normalize(content));
  for (const data of dataFiles) {
    const bytes = normalize(data);
    // the length keeps what is moved from one file's end to the next one's beginning from going unseen
    hash.update(`\0${bytes.length}\0`).update(bytes);
  }
  return PREFIX + hash.digest("hex");
}

/** A data file that may be too large for memory. */
export interface DataFile {
  /** In bytes. */
  readonly size: number;
  /** Its bytes, as often as they are asked for. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * {@link checksumOf} with data files that are read in parts. One that is not there, `undefined`, is told from an empty
 * one.
 */
export async function checksumWithData(
  content: Uint8Array,
  dataFiles: readonly (DataFile | undefined)[],
): Promise<string> {
  let hash = createHash("sha256").update(normalize(content));
  for (const data of dataFiles) {
    hash = data === undefined
      ? hash.update("\0missing\0")
      : await atOnce(hash, data) ?? await inTwoReadings(hash, data);
  }
  return PREFIX + hash.digest("hex");
}

/** With a file that needs no change, as most do; `undefined` for another one. */
async function atOnce(before: Hash, { size, chunks }: DataFile): Promise<Hash | undefined> {
  let hash: Hash | undefined;
  let length = 0;
  for await (const bytes of chunks()) {
    if (bytes.includes(CARRIAGE_RETURN) || (hash === undefined && bytes[0] === MARK[0])) return undefined;
    hash ??= before.copy().update(`\0${size}\0`);
    hash.update(bytes);
    length += bytes.length;
  }
  // it may be written to at this moment
  return length === size ? hash : undefined;
}

/** The length stands before the bytes, and is known only when all of them were seen. */
async function inTwoReadings(hash: Hash, data: DataFile): Promise<Hash> {
  let length = 0;
  for await (const bytes of normalized(data.chunks())) length += bytes.length;
  hash.update(`\0${length}\0`);
  for await (const bytes of normalized(data.chunks())) hash.update(bytes);
  return hash;
}

/** As {@link normalize}, over the borders of the parts. */
async function* normalized(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array();
  let begun = false;
  for await (const chunk of chunks) {
    const bytes: Uint8Array = held.length === 0 ? chunk : joined(held, chunk);
    // a mark may be cut, and so may CR LF
    const enough = begun || bytes.length >= 3;
    const end = !enough ? 0 : bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    held = bytes.slice(end);
    if (end === 0) continue;
    yield normalize(bytes.subarray(0, end), !begun);
    begun = true;
  }
  if (held.length > 0) yield normalize(held, !begun);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/**
 * Whether the content still has the checksum that was stored, by the algorithm that the stored one names. `undefined`
 * when that is one which this version does not know.
 */
export function verifyChecksum(
  stored: string,
  content: Uint8Array,
  ...dataFiles: readonly Uint8Array[]
): boolean | undefined {
  return stored.startsWith(PREFIX) ? stored === checksumOf(content, ...dataFiles) : undefined;
}

function normalize(bytes: Uint8Array, isStart = true): Uint8Array {
  const hasMark = isStart && MARK.every((byte, at) => bytes[at] === byte);
  const start = hasMark ? 3 : 0;
  if (!bytes.includes(CARRIAGE_RETURN)) return bytes.subarray(start);
  const normal = new Uint8Array(bytes.length - start);
  let length = 0;
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) continue;
    normal[length++] = bytes[at] ?? 0;
  }
  return normal.subarray(0, length);
}
