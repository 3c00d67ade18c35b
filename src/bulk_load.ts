/**
 * `conn.load`: rows from a source into a table.
 *
 * A load goes the database's fast way first. When a row is refused, all of it is undone; where the database does not say
 * which row it was, the source is read once more in pieces, so that the error can name its line. With
 * `onBadRow: "collect"` it goes in pieces from the start.
 *
 * @module
 */

import { countAfter, countRows } from "./bulk_counts.ts";
import { checkLoadOptions, tablePath } from "./bulk_request.ts";
import type { LoadEnvironment, LoadOptions, LoadReport, LoadRow, RowCount } from "./bulk_options.ts";
import { loadPieces, withSavepoint } from "./bulk_pieces.ts";
import { RowFinder } from "./bulk_row_finder.ts";
import { LoadProgress } from "./bulk_progress.ts";
import { Refusals } from "./bulk_refusals.ts";
import { Rejects } from "./bulk_rejects.ts";
import { openSource, type PreparedRows, prepareRows, type ReadyChunk, sourceName } from "./bulk_source.ts";
import { LoadTarget } from "./bulk_target.ts";
import type { BulkSql } from "./db/bulk_sql.ts";
import type { TablePath, TableShape } from "./db/catalog.ts";
import { DatabaseError, LoadRowError, type Queryable, type Session } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import type { RowReader } from "./rows.ts";
import { BadRowError } from "./rows_errors.ts";
import { closest } from "./suggest.ts";

/** What is to be loaded. */
export interface LoadRequest {
  readonly table: string | readonly string[];
  readonly source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>;
  readonly options: LoadOptions;
  /** Opens what is to be read of the source, as often as it is needed. @default all of it */
  readonly open?: () => Promise<RowReader>;
}

/**
 * @throws {DelembicError} when a row cannot be taken, or the source does not fit the table; then nothing was loaded, and
 * the transaction goes on as it was before
 */
export async function loadTable(
  session: Session,
  environment: LoadEnvironment,
  request: LoadRequest,
): Promise<LoadReport> {
  checkLoadOptions(request.options, typeof request.source === "string");
  const sql = await session.dialect.bulk();
  const shape = await shapeOf(session, sql, tablePath(request.table));
  const load = new TableLoad(session, sql, environment, shape, request);
  if (session.inTransaction) return await load.run();
  await session.begin();
  try {
    const report = await load.run();
    await session.commit();
    return report;
  } catch (error) {
    await session.rollback().catch(() => undefined);
    throw error;
  }
}

/**
 * Loads a part of a source within the transaction that is open, which fails when this does.
 *
 * @returns how many rows it had
 * @throws as {@link loadTable} does
 */
export async function loadPart(
  session: Session,
  environment: LoadEnvironment,
  request: LoadRequest & { readonly shape: TableShape },
): Promise<number> {
  const load = new TableLoad(session, await session.dialect.bulk(), environment, request.shape, request);
  return (await load.all()).read;
}

/** The table of a load. @throws {DelembicError} when there is none */
export async function shapeOf(session: Queryable, sql: BulkSql, path: TablePath): Promise<TableShape> {
  const catalog = await session.dialect.catalog();
  const shape = await catalog.describe(session, path);
  if (shape !== undefined) return shape;
  const { rows } = await session.query(sql.tables);
  const similar = closest(path.at(-1) ?? "", rows.map((row) => String(row["name"])));
  throw new DelembicError(`There is no table ${path.join(".")} to load into`, {
    code: "load-table",
    hint: similar === undefined
      ? "A load makes no tables: create it before, by an Alembic revision that this migration depends on."
      : `Did you mean '${similar}'?`,
  });
}

/** What a load did so far. */
interface Outcome {
  readonly read: number;
  readonly loaded: number;
  readonly rejected: number;
}

class TableLoad {
  readonly #session: Session;
  readonly #sql: BulkSql;
  readonly #environment: LoadEnvironment;
  readonly #shape: TableShape;
  readonly #request: LoadRequest;
  readonly #name: string;
  readonly #refusals: Refusals;
  readonly #progress: LoadProgress;

  constructor(
    session: Session,
    sql: BulkSql,
    environment: LoadEnvironment,
    shape: TableShape,
    request: LoadRequest,
  ) {
    this.#session = session;
    this.#sql = sql;
    this.#environment = environment;
    this.#shape = shape;
    this.#request = request;
    this.#name = sourceName({ source: request.source, environment });
    this.#refusals = new Refusals(sql, shape, this.#name, request.options.onConflict ?? "error");
    this.#progress = new LoadProgress(shape.path.join("."), (progress) => environment.progress(progress));
  }

  async run(): Promise<LoadReport> {
    const { options } = this.#request;
    const start = performance.now();
    const before = await countRows(this.#session, this.#shape.path);
    const outcome = options.onBadRow === "collect"
      ? await withSavepoint(this.#session, "delembic_whole", () => this.#collecting())
      : await this.all();
    const report: LoadReport = {
      read: outcome.read,
      loaded: outcome.loaded,
      skipped: outcome.read - outcome.rejected - outcome.loaded,
      rejected: outcome.rejected,
      seconds: (performance.now() - start) / 1000,
    };
    await this.#record(report, before);
    return report;
  }

  async #record(report: LoadReport, before: RowCount): Promise<void> {
    const { onConflict = "error", replace = false } = this.#request.options;
    const added = onConflict === "update" && !replace ? undefined : report.loaded;
    const after = await countAfter(this.#session, this.#shape.path, { before, added, replaced: replace });
    this.#environment.record({ table: this.#shape.path.join("."), source: this.#name, report, before, after });
  }

  /** All rows at once; the error of a row that the database refuses is made to tell where the row is. */
  async all(): Promise<Outcome> {
    try {
      return await withSavepoint(this.#session, "delembic_whole", () => this.#fast());
    } catch (error) {
      if (!(error instanceof DatabaseError) || !this.#refusals.isRefusal(error)) throw error;
      throw await this.#located(error);
    }
  }

  async #fast(): Promise<Outcome> {
    await using reader = await this.#open(false);
    const rows = await this.#prepare(reader, false);
    const target = this.#target(rows);
    await target.prepare();
    const seen = { read: 0 };
    const { onConflict = "error" } = this.#request.options;
    // the temporary table has not the types by which texts are looked at
    const csv = this.#sql.looseTypes && onConflict !== "error" ? undefined : rows.csv;
    const { taken, loaded } = await target.add(
      csv !== undefined && this.#session.dialect.loadsCsv
        ? {
          kind: "csv",
          delimiter: csv.delimiter,
          null: csv.null,
          chunks: this.#watchedBytes(csv, reader),
          lineOf: (row) => csv.lineOf(row),
        }
        : { kind: "rows", chunks: this.#rowsOf(rows, reader, seen) },
    );
    await target.finish();
    return { read: Math.max(seen.read, taken), loaded, rejected: 0 };
  }

  async *#watchedBytes(csv: NonNullable<RowReader["csv"]>, reader: RowReader): AsyncGenerator<Uint8Array> {
    for await (const bytes of csv.chunks()) {
      this.#environment.signal.throwIfAborted();
      yield bytes;
      this.#progress.at(csv.rows, reader.progress);
    }
  }

  async *#rowsOf(rows: PreparedRows, reader: RowReader, seen: { read: number }): AsyncGenerator<ReadyChunk["rows"]> {
    for await (const chunk of rows.chunks()) {
      this.#environment.signal.throwIfAborted();
      seen.read += chunk.rows.length + chunk.skipped;
      if (chunk.rows.length > 0) yield chunk.rows;
      this.#progress.at(seen.read, reader.progress);
    }
  }

  /** In pieces; what is wrong with rows is told by `onBad`, in their order. */
  async #inPieces(
    reader: RowReader,
    collect: boolean,
    onBad: (bad: BadRowError) => Promise<void>,
  ): Promise<Omit<Outcome, "rejected">> {
    const rows = await this.#prepare(reader, collect);
    const target = this.#target(rows);
    await target.prepare();
    let found: BadRowError[] = [];
    const load = {
      session: this.#session,
      target,
      signal: this.#environment.signal,
      isRefusal: (error: DatabaseError) => this.#refusals.isRefusal(error),
      refused: async (error: DatabaseError, chunk: ReadyChunk, index: number) => {
        const bad = this.#refusals.badRow(error, rows.plan.columns, chunk.rows[index], chunk.place(index));
        if (collect) found.push(bad);
        else await onBad(bad);
      },
    };
    let read = 0, loaded = 0;
    for await (const chunk of rows.chunks()) {
      found = chunk.bad.map((bad) => new BadRowError(this.#name, bad));
      loaded += await loadPieces(load, chunk);
      for (const bad of found.toSorted((a, b) => placeIn(a) - placeIn(b))) await onBad(bad);
      read += chunk.rows.length + chunk.skipped + chunk.bad.length;
      this.#progress.at(read, reader.progress);
    }
    await target.finish();
    return { read, loaded };
  }

  /** Loads what can be loaded, and keeps the rest for people to look at. */
  async #collecting(): Promise<Outcome> {
    const { source, options } = this.#request;
    await using reader = await this.#open(true);
    const beside = typeof source === "string" ? source : undefined;
    await using rejects = new Rejects(beside, options, this.#environment, reader);
    const done = await this.#inPieces(reader, true, (bad) => rejects.add(bad));
    await rejects.finish();
    if (rejects.count > 0) {
      const rows = rejects.count === 1 ? "1 bad row" : `${rejects.count} bad rows`;
      this.#environment.warn(`${this.#name}: ${rows} left out, see ${rejects.shownFile}`);
    }
    return { ...done, rejected: rejects.count };
  }

  /** The error of a refused row, with its line; of rows that are read only once as much as the database says. */
  async #located(error: DatabaseError): Promise<DelembicError> {
    const rereadable = typeof this.#request.source === "string";
    if (!rereadable) return this.#refusals.unplaced(error);
    try {
      if (error instanceof LoadRowError) return await this.#rowAt(error);
      await withSavepoint(this.#session, "delembic_whole", async () => {
        await using reader = await this.#open(false);
        await this.#inPieces(reader, false, (bad) => Promise.reject(bad));
        throw error;
      });
    } catch (found) {
      if (found !== error && found instanceof DelembicError) return found;
      if (found !== error) throw found;
    }
    return this.#refusals.unplaced(error);
  }

  /** Reads up to the row of which the database gave the number. */
  async #rowAt(error: LoadRowError): Promise<DelembicError> {
    await using reader = await this.#open(false);
    const rows = await this.#prepare(reader, false);
    const byLine = rows.csv !== undefined && this.#session.dialect.loadsCsv && this.#sql.countsLines;
    const finder = new RowFinder(error, byLine, rows.plan.columns.findIndex(({ name }) => name === error.column));
    for await (const chunk of rows.chunks()) {
      this.#environment.signal.throwIfAborted();
      const index = finder.find(chunk.rows);
      if (index !== undefined) {
        return this.#refusals.badRow(error, rows.plan.columns, chunk.rows[index], chunk.place(index));
      }
    }
    return this.#refusals.unplaced(error);
  }

  #open(collect: boolean): Promise<RowReader> {
    const { source, options, open } = this.#request;
    if (open !== undefined) return open();
    return openSource({ source, options, environment: this.#environment, collect });
  }

  #prepare(reader: RowReader, collect: boolean): Promise<PreparedRows> {
    const { source, options } = this.#request;
    const rowSource = { source, options, environment: this.#environment, collect };
    return prepareRows(reader, this.#shape, rowSource, this.#sql.looseTypes);
  }

  #target({ plan }: PreparedRows): LoadTarget {
    const { options } = this.#request;
    return new LoadTarget({ session: this.#session, sql: this.#sql, shape: this.#shape, plan, options });
  }
}

function placeIn({ bad }: BadRowError): number {
  return bad.line ?? bad.row;
}
