/**
 * Files of rows: CSV, TSV, NDJSON and JSON, also compressed, read as a stream.
 *
 * @module
 */

import type { RowReader } from "./rows.ts";
import { openDelimited } from "./rows_delimited.ts";
import { openJson } from "./rows_json.ts";
import { openText } from "./rows_open.ts";
import type { RowFileOptions } from "./rows_source.ts";

export type { RowFileOptions } from "./rows_source.ts";

/**
 * Opens a file of rows, and reads so much of it that the columns are known.
 *
 * @param path where the file is
 * @throws {RowFileError} when it cannot be opened, or is not what it is said to be; {@link BadRowError}
 */
export async function openRowFile(path: string, options: RowFileOptions): Promise<RowReader> {
  const { open, kind: { format } } = await openText(path, options);
  try {
    return format === "csv" || format === "tsv"
      ? await openDelimited(format, options, open)
      : await openJson(format, options, open);
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
}
