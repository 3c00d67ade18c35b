/**
 * Checksums of migrations. The algorithm's name and version stand before each, so that a later one can be brought in
 * without calling every applied migration changed.
 *
 * @module
 */

import { createHash } from "node:crypto";

const PREFIX = "sha256:v1:";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

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

function normalize(bytes: Uint8Array): Uint8Array {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
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
