/**
 * Multi-row inserts, for servers that forbid `LOAD DATA LOCAL`.
 *
 * @module
 */

import { type BulkLoad, DatabaseError, LoadRowError } from "./database.ts";
import { statementError } from "./mysql_errors.ts";
import { binaryOf, type ColumnWay } from "./mysql_infile.ts";
import { type Bringing, type LoadConnection, rowsOfChunk } from "./mysql_load_source.ts";
import { type Brought, isAboutRow, troubleError } from "./mysql_load_trouble.ts";
import { quoteId, quotePath } from "./mysql_name.ts";
import { type Bindable, bindable } from "./mysql_types.ts";

/** Rows of one statement. All numbers of rows are powers of two, so that few statements are prepared. */
const MOST_ROWS = 256;
/** The protocol numbers the placeholders of a statement in two bytes. */
const MOST_VALUES = 65_535;

/** @throws {LoadRowError} @throws what the driver says, or the source */
export async function insertRows(connection: LoadConnection, load: BulkLoad, bringing: Bringing): Promise<number> {
  const { source } = bringing;
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
    const rows = rowsOfChunk(chunk, bringing);
    await insertChunk(connection, load, { ...bringing, rows, before: source.given });
    source.given += rows.length;
  }
  return source.given;
}

/** @throws {LoadRowError} @throws {DatabaseError} */
export async function insertChunk(
  connection: LoadConnection,
  load: BulkLoad,
  { rows, before, ways, server }: Pick<Bringing, "ways" | "server"> & Pick<Brought, "rows" | "before">,
): Promise<void> {
  const bound = rows.map((row, index) => boundRow(row, { load, ways, row: before + index + 1 }));
  const chunk = new InsertedChunk(connection, load, { bound, rows, before, packetBytes: server.packetBytes });
  for (let first = 0; first < rows.length;) {
    const size = chunk.sizeFrom(first);
    await chunk.insert(first, size);
    first += size;
  }
}

/** @throws {LoadRowError} for a value that cannot be written */
function boundRow(
  values: readonly unknown[],
  { load: { columns }, ways, row }: { load: BulkLoad; ways: readonly ColumnWay[]; row: number },
): readonly Bindable[] {
  let column: string | undefined;
  try {
    if (values.length !== ways.length) throw new TypeError(`It has ${values.length} values, not ${ways.length}`);
    return values.map((value, index) => {
      column = columns[index];
      const way = ways[index];
      return way === "bit" ? binaryOf(value, way) : bindable(value);
    });
  } catch (error) {
    const { message } = error as Error;
    throw new LoadRowError(new DatabaseError("other", message), { row, column });
  }
}

interface ChunkOptions {
  readonly rows: readonly (readonly unknown[])[];
  readonly bound: readonly (readonly Bindable[])[];
  readonly before: number;
  readonly packetBytes: number;
}

class InsertedChunk {
  readonly #connection: LoadConnection;
  readonly #columns: readonly string[];
  readonly #options: ChunkOptions;
  readonly #into: string;
  readonly #row: string;
  readonly #mostRows: number;

  constructor(connection: LoadConnection, { table, columns }: BulkLoad, options: ChunkOptions) {
    this.#connection = connection;
    this.#columns = columns;
    this.#options = options;
    this.#into = `insert into ${quotePath(table)} (${columns.map(quoteId).join(", ")}) values `;
    this.#row = `(${columns.map(() => "?").join(", ")})`;
    const fitting = Math.floor(MOST_VALUES / Math.max(columns.length, 1));
    this.#mostRows = 2 ** Math.floor(Math.log2(Math.min(MOST_ROWS, fitting)));
  }

  /** How many rows the statement has that begins with this one. */
  sizeFrom(first: number): number {
    const { bound, packetBytes } = this.#options;
    let size = this.#mostRows;
    while (size > bound.length - first) size /= 2;
    while (size > 1 && bytesIn(bound.slice(first, first + size)) > packetBytes / 2) size /= 2;
    return size;
  }

  /** Not every server tells the row, so it is found by halves. What comes in on the way is taken back with the load. */
  async insert(first: number, size: number): Promise<void> {
    const { bound, rows, before } = this.#options;
    const text = this.#into + Array.from({ length: size }, () => this.#row).join(", ");
    try {
      await this.#connection.call(text, bound.slice(first, first + size).flat());
    } catch (error) {
      const told = statementError(error, text);
      if (!isAboutRow(told)) throw told;
      if (size === 1) {
        const one = { columns: this.#columns, rows: rows.slice(first, first + 1), before: before + first };
        throw troubleError(told, { message: told.message, row: 1 }, one);
      }
      await this.insert(first, size / 2);
      await this.insert(first + size / 2, size / 2);
      throw told;
    }
  }
}

function bytesIn(rows: readonly (readonly Bindable[])[]): number {
  let bytes = 0;
  for (const value of rows.flat()) {
    // a character has at most three bytes for each of its code units; all else is short
    bytes += typeof value === "string" ? value.length * 3 : value instanceof Uint8Array ? value.length : 9;
  }
  return bytes;
}
