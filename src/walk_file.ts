/**
 * The file of a load in batches: its ranges are bytes, from the beginning of one record to that of another.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import type { Key } from "./batch_key.ts";
import type { WalkDetail, WalkRow } from "./batch_ledger.ts";
import { loadPart, shapeOf } from "./bulk_load.ts";
import { tablePath } from "./bulk_request.ts";
import { prepareRows } from "./bulk_source.ts";
import type { TableShape } from "./db/catalog.ts";
import type { Queryable } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import type { LoadedMigration } from "./migration.ts";
import { type CheckedRecords, checkRecords, type CsvFile, openCsvFile, openRecords } from "./rows_csv_part.ts";
import type { RecordPlace } from "./rows_delimited.ts";
import type { LoadLine } from "./sql_load.ts";
import { BatchError } from "./walk_errors.ts";
import type { BatchWork, KeySpan, Piece, Walkable } from "./walkable.ts";

/** What the keys of a file are: where a record begins. */
const KEY = ["byte", "line", "row"] as const;

/** What a walk over a file needs to know of its migration and of the run. */
export interface WalkFileOptions {
  readonly migration: Pick<LoadedMigration, "revision" | "file" | "checksum">;
  /** As {@link LoadEnvironment}'s. */
  readonly folder: string;
  readonly shownFrom: string;
  /** How many batches this process does at once. */
  readonly parallel: number;
}

/**
 * Reads the beginning of the file, and fits its columns to the table.
 *
 * @throws {RowFileError} {ColumnsError} {DelembicError} when there is no such table
 */
export async function openWalkFile(db: Queryable, load: LoadLine, options: WalkFileOptions): Promise<Walkable> {
  const { source, options: loadOptions } = load;
  const { folder, shownFrom } = options;
  const shownName = relative(shownFrom, resolve(folder, source)).replaceAll("\\", "/");
  const sql = await db.dialect.bulk();
  const shape = await shapeOf(db, sql, tablePath(load.table));
  const file = await openCsvFile(resolve(folder, source), { ...loadOptions, shownName });
  const { start } = file.head;
  await using reader = await openRecords(file, { from: start, to: start.byte });
  const rowSource = { source, options: loadOptions, environment: options, collect: false };
  const { csv } = await prepareRows(reader, shape, rowSource, sql.looseTypes);
  return new FileWalk(file, {
    ...{ ...options, load, shape, keep: csv !== undefined && db.dialect.loadsCsv },
    rows: await estimate(file),
  });
}

/** Bytes of the beginning of a file by which its rows are estimated. */
const SAMPLE_BYTES = 128 * 1024;

async function estimate(file: CsvFile): Promise<number | undefined> {
  const { head: { start }, bytes } = file;
  try {
    const span = { from: start, to: bytes };
    const { rows, next } = await checkRecords(file, span, { limit: SAMPLE_BYTES, keep: false });
    return rows === 0 ? undefined : Math.round(rows * (bytes - start.byte) / (next.byte - start.byte));
  } catch (error) {
    // whoever reads that part says so
    if (error instanceof DelembicError) return undefined;
    throw error;
  }
}

interface FileWalkOptions extends WalkFileOptions {
  readonly load: LoadLine;
  readonly shape: TableShape;
  /** Whether the database takes the bytes as they are. */
  readonly keep: boolean;
  /** Roughly. */
  readonly rows: number | undefined;
}

/** Records that were looked at for a range, and wait for its batch. */
interface Held {
  readonly records: CheckedRecords;
  readonly limit: number;
}

class FileWalk implements Walkable {
  // what was looked at to find where the range ends is loaded at once
  readonly rangeBatches = 1;
  readonly detail: Omit<WalkDetail, "checksum">;
  readonly #file: CsvFile;
  readonly #options: FileWalkOptions;
  /** By the byte at which they begin. */
  readonly #held = new Map<number, Held>();
  #done = { rows: 0, bytes: 0 };

  constructor(file: CsvFile, options: FileWalkOptions) {
    const { name, bytes, modified, head: { start } } = file;
    this.#file = file;
    this.#options = options;
    this.detail = { key: KEY, file: { name, bytes, modified, start: start.byte } };
  }

  get name(): string {
    return this.#options.load.table.join(".");
  }

  /** By the bytes of the rows that were loaded here. */
  rowsInAll(atFirst?: number): number | undefined {
    const { rows, bytes } = this.#done;
    if (rows === 0) return atFirst ?? this.#options.rows;
    return Math.round(rows * (this.#file.bytes - this.#file.head.start.byte) / bytes);
  }

  lastKey(): Promise<Key | undefined> {
    const { bytes, head: { start } } = this.#file;
    return Promise.resolve(bytes > start.byte ? [bytes] : undefined);
  }

  async next(_db: Queryable, span: KeySpan, limit: number): Promise<Piece> {
    const { upTo } = span, to = byteOf(upTo), from = this.#placeOf(span.after);
    let held = this.#held.get(from.byte);
    if (held === undefined || held.limit !== limit || held.records.to > to) {
      held = { limit, records: await this.#check({ from, to }, limit, span) };
      this.#hold(held);
    }
    const { next, rows } = held.records;
    const last = next.byte >= to;
    return { upTo: last ? upTo : [next.byte, next.line, next.row], rows, last };
  }

  async #check(records: { from: RecordPlace; to: number }, limit: number, span: KeySpan): Promise<CheckedRecords> {
    try {
      return await checkRecords(this.#file, records, { limit, keep: this.#options.keep });
    } catch (error) {
      throw error instanceof DelembicError ? this.failure(error, span) : error;
    }
  }

  /** What another one claimed, or nobody could, is not kept. */
  #hold(held: Held): void {
    this.#held.set(held.records.from.byte, held);
    for (const byte of this.#held.keys()) {
      if (this.#held.size <= this.#options.parallel) return;
      this.#held.delete(byte);
    }
  }

  async apply({ session, environment, after, upTo }: BatchWork): Promise<number> {
    const { load: { table, source, options }, shape } = this.#options;
    const span = { from: this.#placeOf(after), to: byteOf(upTo) };
    const held = this.#held.get(span.from.byte)?.records;
    this.#held.delete(span.from.byte);
    let csv = held?.to === span.to ? held.csv : undefined;
    const open = () => {
      const checked = csv;
      csv = undefined;
      return openRecords(this.#file, span, checked);
    };
    // how far all of it is the walk tells
    const quiet = { ...environment, progress: () => {} };
    const rows = await loadPart(session, quiet, { table, source, options, shape, open });
    const { rows: before, bytes } = this.#done;
    this.#done = { rows: before + rows, bytes: bytes + span.to - span.from.byte };
    return rows;
  }

  mismatch({ table, detail }: WalkRow): DelembicError | undefined {
    const { migration: { revision, file, checksum } } = this.#options;
    const { name, bytes, modified } = this.#file;
    const before = detail?.file;
    const error = (message: string, hint: string) =>
      new DelembicError(message, { code: "walk-changed", place: { file }, hint });
    if (table !== this.name || before?.name !== name) {
      const what = before === undefined
        ? `The walk of ${revision} began on the table ${table}`
        : `The load of ${revision} began from ${before.name} into ${table}`;
      return error(
        `${what}, and now ${name} is to be loaded into ${this.name}`,
        `Put 'batch' back, or forget what is done with 'delembic repair ${revision} --restart'.`,
      );
    }
    const isSame = before.bytes === bytes && (detail?.checksum === checksum || before.modified === modified);
    if (isSame) return undefined;
    return error(
      `${name} was changed since its load into ${table} began: nobody knows which of its rows are in the table`,
      `Put the file back as it was, and 'delembic upgrade' goes on. To load this one, empty ${table}, and forget what ` +
        `is done with 'delembic repair ${revision} --restart'.`,
    );
  }

  failure(cause: unknown, { after, upTo }: KeySpan): DelembicError {
    if (cause instanceof BatchError) return cause;
    const { revision } = this.#options.migration;
    const [, nextLine] = upTo;
    const from = `from line ${this.#placeOf(after).line} ${
      nextLine === undefined ? "on" : `to ${Number(nextLine) - 1}`
    }`;
    return new BatchError(cause, {
      revision,
      batch: `${this.#file.name} ${from}`,
      hint: `The batches before it are done, and stay. If it is the table, mend it, and 'delembic upgrade' goes on. ` +
        `To load a mended file, empty ${this.name}, and run 'delembic repair ${revision} --restart' first.`,
    });
  }

  #placeOf(key: Key | undefined): RecordPlace {
    if (key === undefined) return this.#file.head.start;
    const [byte, line, row] = key;
    return { byte: Number(byte), line: Number(line), row: Number(row) };
  }
}

function byteOf([byte]: Key): number {
  return Number(byte);
}
