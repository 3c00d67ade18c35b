/**
 * CSV into blobs for SQLite: while SQLite inserts a part of it, the next part is read.
 *
 * @module
 */

import type { CsvPacker, PackedRows } from "./sqlite_pack.ts";

/** About so many bytes of rows are inserted by one statement: some milliseconds. */
const BLOB_BYTES = 200_000;

/**
 * The rows of all chunks, in order; those of a blob are valid until the next one is asked for. What the chunks throw is
 * thrown behind the rows before it.
 *
 * @param chunks each of whole records
 */
export async function* packedRows(packer: CsvPacker, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<PackedRows> {
  for await (const csv of readAhead(chunks)) {
    for (let next = 0; next < csv.length;) {
      const packed = packer.pack(csv, next, BLOB_BYTES);
      yield packed;
      next = packed.next;
    }
  }
}

/** The same chunks, each of them asked for before the one ahead of it is done with. */
async function* readAhead(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (let next = source.next();;) {
      const { done, value } = await next;
      if (done === true) return;
      next = source.next();
      // it is told when its turn comes
      next.catch(() => {});
      yield value;
    }
  } finally {
    // not waited for: a pipe may give nothing for long, and its reader is closed by who opened it
    source.return?.().catch(() => {});
  }
}
