/**
 * `conn.load`: rows from a source into a table.
 *
 * @module
 */

import type { LoadEnvironment, LoadOptions, LoadReport, LoadRow } from "./bulk_options.ts";
import type { Session } from "./db/database.ts";
import { DelembicError } from "./errors.ts";

/** What is to be loaded. */
export interface LoadRequest {
  readonly table: string | readonly string[];
  readonly source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>;
  readonly options: LoadOptions;
}

/** @throws {DelembicError} when a row cannot be taken; then nothing was loaded */
export function loadTable(
  _session: Session,
  _environment: LoadEnvironment,
  _request: LoadRequest,
): Promise<LoadReport> {
  throw new DelembicError("not yet", { code: "not-yet" });
}
