/**
 * Bad rows that are left out of a load: kept for people to mend, up to a limit.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import type { LoadEnvironment, LoadOptions } from "./bulk_options.ts";
import { DelembicError } from "./errors.ts";
import type { RowReader } from "./rows.ts";
import { type BadRowError, badRowText } from "./rows_errors.ts";
import { RejectFile, rejectPathOf } from "./rows_reject.ts";

/** How many bad rows are collected unless more are allowed. */
const MAX_BAD_ROWS = 1000;

/** More rows were bad than the load allows. */
export class TooManyBadRowsError extends DelembicError {
  constructor(limit: number, first: BadRowError, shownFile: string) {
    super(`More than ${limit} ${limit === 1 ? "row is" : "rows are"} bad; the first: ${badRowText(first.bad)}`, {
      code: "too-many-bad-rows",
      place: first.place,
      hint: `Nothing was loaded. The bad rows are in ${shownFile}; 'maxBadRows' allows more of them.`,
      cause: first,
    });
  }
}

/** The bad rows of one load. */
export class Rejects implements AsyncDisposable {
  readonly #file: RejectFile;
  readonly #limit: number;
  /** As messages call it. */
  readonly shownFile: string;
  #first: BadRowError | undefined;

  constructor(
    source: string | undefined,
    options: Pick<LoadOptions, "rejectFile" | "maxBadRows">,
    { folder, shownFrom }: Pick<LoadEnvironment, "folder" | "shownFrom">,
    reader: Pick<RowReader, "name" | "texts" | "columns">,
  ) {
    const path = resolve(folder, options.rejectFile ?? rejectPathOf(source ?? ""));
    this.shownFile = relative(shownFrom, path).replaceAll("\\", "/");
    this.#file = new RejectFile(path, this.shownFile, reader);
    this.#limit = options.maxBadRows ?? MAX_BAD_ROWS;
  }

  get count(): number {
    return this.#file.count;
  }

  /** @throws {TooManyBadRowsError} @throws {RowFileError} when the file cannot be written */
  async add(error: BadRowError): Promise<void> {
    this.#first ??= error;
    if (this.count >= this.#limit) throw new TooManyBadRowsError(this.#limit, this.#first, this.shownFile);
    await this.#file.add(error.bad);
  }

  /** Writes what is left. */
  finish(): Promise<void> {
    return this.#file.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}
