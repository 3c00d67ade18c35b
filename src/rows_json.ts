/**
 * Files of JSON: an object or an array a line (NDJSON), or an array of them (JSON).
 *
 * @module
 */

import type { RowChunk, RowReader } from "./rows.ts";
import { JsonArrayParser } from "./rows_json_array.ts";
import { NdjsonParser } from "./rows_ndjson.ts";
import { RowShape } from "./rows_objects.ts";
import type { OpenText } from "./rows_open.ts";
import { BadRows, chunksOf } from "./rows_parser.ts";
import type { RowFileOptions } from "./rows_source.ts";
import { jsonTexts, ndjsonTexts } from "./rows_write.ts";

/** @throws {RowFileError} when it is no such file; {@link BadRowError} when its first rows are bad */
export async function openJson(format: "ndjson" | "json", options: RowFileOptions, open: OpenText): Promise<RowReader> {
  const shape = new RowShape(options);
  const bad = new BadRows(options.shownName, options.collect ?? false);
  const { encoding } = open.text;
  const parser = format === "ndjson"
    ? new NdjsonParser(shape, bad, encoding)
    : new JsonArrayParser(shape, bad, encoding);
  const chunks = chunksOf(open.texts({ text: "", broken: false }), parser, options.shownName);
  const first = await chunks.next();
  return {
    name: options.shownName,
    columns: shape.names,
    headerLine: undefined,
    typed: true,
    width: shape.width,
    get progress() {
      return open.progress;
    },
    chunks: () => withFirst(first, chunks),
    texts: format === "ndjson" ? ndjsonTexts(shape.names) : jsonTexts(shape.names),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

async function* withFirst(
  first: IteratorResult<RowChunk>,
  others: AsyncGenerator<RowChunk>,
): AsyncGenerator<RowChunk> {
  if (first.done === true) return;
  yield first.value;
  yield* others;
}
