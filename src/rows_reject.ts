/**
 * The rows that a load could not take, kept so that they can be mended and loaded: `person.csv.rejected` holds the header
 * and the bad rows as they stand in the source, in its format, and nothing else. What is wrong with each is told, a line a
 * row and in the same order, by `person.csv.rejected.log`:
 *
 *     data/person.csv:3: Column age: "abc" is not an integer
 *
 * Both are UTF-8. They are written when there is a bad row, and replace those of the load before.
 *
 * @module
 */

import { reasonOf } from "./errors.ts";
import type { BadRow, RowReader, RowTexts } from "./rows.ts";
import { badRowText, RowFileError } from "./rows_errors.ts";
import { ndjsonTexts } from "./rows_write.ts";

const COMPRESSION_REGEXP = /\.(?:gz|gzip|zst|zstd)$/i;

/** Where the rejected rows of a file are kept: beside it, uncompressed. */
export function rejectPathOf(path: string): string {
  return `${path.replace(COMPRESSION_REGEXP, "")}.rejected`;
}

/** What is gathered before it is written, in characters. */
const GATHERED = 64 * 1024;

export class RejectFile implements AsyncDisposable {
  readonly #path: string;
  readonly #shownName: string;
  readonly #source: string;
  readonly #texts: RowTexts;
  #rows: Sink | undefined;
  #log: Sink | undefined;
  #count = 0;
  #finished = false;

  /**
   * @param path where the rows go; the log goes to the same with `.log`
   * @param shownName what messages call it
   * @param reader of the source that the rows are from
   */
  constructor(path: string, shownName: string, reader: Pick<RowReader, "name" | "texts" | "columns">) {
    this.#path = path;
    this.#shownName = shownName;
    this.#source = reader.name;
    this.#texts = reader.texts ?? ndjsonTexts(reader.columns);
  }

  /** How many rows were rejected. */
  get count(): number {
    return this.#count;
  }

  /** @throws {RowFileError} when the file cannot be written */
  async add(bad: BadRow): Promise<void> {
    this.#rows ??= await Sink.create(this.#path, this.#shownName);
    this.#log ??= await Sink.create(`${this.#path}.log`, `${this.#shownName}.log`);
    await this.#rows.write(`${this.#count === 0 ? this.#texts.opening : this.#texts.separator}${bad.text}`);
    const place = bad.line === undefined ? `${this.#source}, row ${bad.row}` : `${this.#source}:${bad.line}`;
    await this.#log.write(`${place}: ${badRowText(bad).replaceAll(/\s*[\r\n]+\s*/g, " ")}\n`);
    this.#count++;
  }

  /** Writes what is left, and closes the files. @throws {RowFileError} */
  async finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#count > 0) await this.#rows?.write(this.#texts.closing);
    await this.#rows?.flush();
    await this.#log?.flush();
    this.#close();
  }

  #close(): void {
    this.#rows?.close();
    this.#log?.close();
  }

  /** Closes the files after a failure too; what is gathered is written as well as that goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.finish();
    } catch (error) {
      if (!(error instanceof RowFileError)) throw error;
      // the failure that ended the load is the one to tell
      this.#close();
    }
  }
}

/** A file that is replaced, and written in large pieces. */
class Sink {
  readonly #file: Deno.FsFile;
  readonly #shownName: string;
  #gathered: string[] = [];
  #length = 0;
  #closed = false;

  private constructor(file: Deno.FsFile, shownName: string) {
    this.#file = file;
    this.#shownName = shownName;
  }

  static async create(path: string, shownName: string): Promise<Sink> {
    try {
      return new Sink(await Deno.open(path, { write: true, create: true, truncate: true }), shownName);
    } catch (cause) {
      throw cannotWrite(cause, shownName);
    }
  }

  async write(text: string): Promise<void> {
    this.#gathered.push(text);
    this.#length += text.length;
    if (this.#length >= GATHERED) await this.flush();
  }

  async flush(): Promise<void> {
    let bytes = new TextEncoder().encode(this.#gathered.join(""));
    this.#gathered = [];
    this.#length = 0;
    try {
      while (bytes.length > 0 && !this.#closed) bytes = bytes.subarray(await this.#file.write(bytes));
    } catch (cause) {
      throw cannotWrite(cause, this.#shownName);
    }
  }

  close(): void {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
  }
}

function cannotWrite(cause: unknown, file: string): RowFileError {
  return new RowFileError(`Cannot write the file of rejected rows: ${reasonOf(cause)}`, {
    file,
    cause,
    hint: "Name another one by `rejectFile`.",
  });
}
