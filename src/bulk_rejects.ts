/**
 * Bad rows that are left out of a load: written down, to be mended and loaded again, up to a limit.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import type { LoadEnvironment, LoadOptions } from "./bulk_options.ts";
import { DelembicError, reasonOf } from "./errors.ts";
import type { RowTexts } from "./rows.ts";
import type { BadRowError } from "./rows_errors.ts";
import { badRowText } from "./rows_errors.ts";

/** How many bad rows are collected unless more are allowed. */
const MAX_BAD_ROWS = 1000;

/** More rows were bad than the load allows. */
export class TooManyBadRowsError extends DelembicError {
  constructor(limit: number, first: BadRowError, shownFile: string) {
    super(
      `More than ${limit} ${limit === 1 ? "row is" : "rows are"} bad; the first: ${badRowText(first.bad)}`,
      {
        code: "too-many-bad-rows",
        place: first.place,
        hint: `Nothing was loaded. The bad rows are in ${shownFile}; 'maxBadRows' allows more of them.`,
        cause: first,
      },
    );
  }
}

/** The file of the bad rows; there is none while no row is bad. */
export class Rejects implements AsyncDisposable {
  readonly #path: string;
  readonly #limit: number;
  /** As messages call it. */
  readonly shownFile: string;
  #file: Deno.FsFile | undefined;
  #texts: RowTexts = { opening: "", separator: "\n", closing: "\n", textOf: () => "" };
  #first: BadRowError | undefined;
  #count = 0;

  constructor(
    source: string | undefined,
    options: Pick<LoadOptions, "rejectFile" | "maxBadRows">,
    { folder, shownFrom }: Pick<LoadEnvironment, "folder" | "shownFrom">,
  ) {
    this.#path = resolve(folder, options.rejectFile ?? `${source}.rejected`);
    this.shownFile = relative(shownFrom, this.#path).replaceAll("\\", "/");
    this.#limit = options.maxBadRows ?? MAX_BAD_ROWS;
  }

  get count(): number {
    return this.#count;
  }

  /** Removes what an earlier load left, and takes how rows of this source are written. */
  async begin(texts: RowTexts | undefined): Promise<void> {
    if (texts !== undefined) this.#texts = texts;
    await this.#writing(async () => {
      await Deno.remove(this.#path).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    });
  }

  /** @throws {DelembicError} when there are too many, or the file cannot be written */
  async add(bad: BadRowError): Promise<void> {
    this.#first ??= bad;
    if (this.#count >= this.#limit) throw new TooManyBadRowsError(this.#limit, this.#first, this.shownFile);
    await this.#writing(async () => {
      const before = this.#file === undefined ? this.#texts.opening : this.#texts.separator;
      this.#file ??= await Deno.open(this.#path, { write: true, create: true, truncate: true });
      await this.#write(before + bad.bad.text);
    });
    this.#count++;
  }

  async #write(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#file?.write(bytes.subarray(at)) ?? bytes.length;
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new DelembicError(`Cannot write the bad rows to ${this.shownFile}: ${reasonOf(cause)}`, {
        code: "reject-file",
        hint: "Name a file that this user may write with 'rejectFile'.",
        cause,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#file === undefined) return;
    try {
      await this.#write(this.#texts.closing);
    } finally {
      this.#file.close();
      this.#file = undefined;
    }
  }
}
