/**
 * Rows into a table of MySQL or MariaDB: by `LOAD DATA LOCAL INFILE`, or by multi-row inserts where the server forbids
 * that.
 *
 * `LOCAL` makes warnings of all that is wrong with a row, and stores another value or leaves the row out. So every
 * warning is an error here, and what a failed load has brought is taken back.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ResultSetHeader } from "mysql2";
import { type BulkLoad, DatabaseError, LoadRowError } from "./database.ts";
import type { InfileCsv } from "./mysql_csv.ts";
import { statementError } from "./mysql_errors.ts";
import { type ColumnWay, INFILE_FORMAT, infilePieces, InfileStream, rowsOfPieces } from "./mysql_infile.ts";
import { insertChunk, insertRows } from "./mysql_insert.ts";
import {
  type Bringing,
  type LoadChunk,
  type LoadConnection,
  type LoadServer,
  type LoadSource,
  rowsOfChunk,
} from "./mysql_load_source.ts";
import { isAboutRow, type LoadTrouble, troubleError } from "./mysql_load_trouble.ts";
import { quoteId, quotePath } from "./mysql_name.ts";
import { firstResult } from "./mysql_result.ts";
import { bindable } from "./mysql_types.ts";

/** Numbers of the errors by which a server, or its settings, say that there is no `LOAD DATA LOCAL`. */
const FORBIDDEN: ReadonlySet<number> = new Set([1148, 3948, 4166]);

/** @throws {LoadRowError} @throws {DatabaseError} @throws what the driver says, or the source */
export async function loadRows(connection: LoadConnection, load: BulkLoad, source: LoadSource): Promise<number> {
  const server = await settingsOf(connection);
  const ways = await columnWays(connection, load);
  const csv = await source.csv();
  const owns = !connection.inTransaction;
  // zero is a value like others, not a wish for the next number; notes would hide warnings
  const mode = `${server.mode},STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO`;
  await connection.call("set session sql_mode = ?, sql_notes = 0, @delembic_text = null", [mode]);
  try {
    await connection.call(owns ? "start transaction" : "savepoint delembic_load");
    const count = await bring(connection, load, { source, csv, ways, server });
    await connection.call(owns ? "commit" : "release savepoint delembic_load");
    await restore(connection, server);
    return count;
  } catch (error) {
    await takeBack(connection, owns ? "rollback" : "rollback to savepoint delembic_load");
    // what went wrong first is told
    if (!connection.lost) await restore(connection, server).catch(() => undefined);
    throw error;
  }
}

async function restore(connection: LoadConnection, { mode, notes }: LoadServer): Promise<void> {
  await connection.call("set session sql_mode = ?, sql_notes = ?", [mode, bindable(notes)]);
}

async function takeBack(connection: LoadConnection, statement: string): Promise<void> {
  await connection.settled();
  if (connection.lost) return;
  // a deadlock has ended the transaction, with its savepoints; what went wrong first is told
  await connection.call(statement).catch(() => undefined);
}

async function settingsOf(connection: LoadConnection): Promise<LoadServer> {
  const answer = await connection.call("select @@sql_mode, @@sql_notes, @@max_allowed_packet, version()");
  const [mode, notes, packetBytes, version] = firstResult(answer).rows[0] ?? [];
  const [, major, minor] = /^(\d+)\.(\d+)\..*MariaDB/.exec(String(version)) ?? [];
  return {
    mode: String(mode),
    notes: Number(notes) === 0 ? 0 : 1,
    packetBytes: Number(packetBytes),
    numbersRows: Number(major) > 10 || Number(major) === 10 && Number(minor) >= 7,
  };
}

const BYTES_REGEXP =
  /^(?:(?:var)?binary|(?:tiny|medium|long)?blob|vector|geometry|.*point|.*linestring|.*polygon|geometry?collection|geomcollection)\b/;

async function columnWays(connection: LoadConnection, { table, columns }: BulkLoad): Promise<readonly ColumnWay[]> {
  const { rows, columns: heads } = firstResult(await connection.call(`show columns from ${quotePath(table)}`));
  const at = (name: string) => heads?.findIndex((head) => head.name === name) ?? -1;
  const found = new Map(rows.map((row) => [String(row[at("Field")]).toLowerCase(), row]));
  return columns.map((column) => {
    const row = found.get(column.toLowerCase());
    // the server refuses it in an insert, and passes over its values in LOAD DATA
    if (/\b(?:VIRTUAL|STORED|PERSISTENT)\b/i.test(String(row?.[at("Extra")]))) {
      throw new DatabaseError("other", `The column ${quoteId(column)} is computed, and takes no value`);
    }
    const type = String(row?.[at("Type")]);
    if (/^bit\b/.test(type)) return "bit";
    return BYTES_REGEXP.test(type) ? "bytes" : "text";
  });
}

/** In parts, so that what is wrong is known soon, and the rows that it may be about are still at hand. */
async function bring(connection: LoadConnection, load: BulkLoad, bringing: Bringing): Promise<number> {
  const { source, server } = bringing;
  for (;;) {
    const part = new LoadPart(load, bringing);
    if (!server.numbersRows) await connection.call("savepoint delembic_part");
    try {
      await bringPart(connection, { load, bringing, part });
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      if (part.begun || !FORBIDDEN.has(error.details.errno ?? 0)) throw error;
      return await insertRows(connection, load, bringing);
    }
    if (part.isLast) return source.given;
  }
}

interface Step {
  readonly load: BulkLoad;
  readonly bringing: Bringing;
  readonly part: LoadPart;
}

async function bringPart(connection: LoadConnection, step: Step): Promise<void> {
  const { load, bringing: { source }, part } = step;
  const file = `delembic-${crypto.randomUUID()}`;
  const text = loadText(load, step.bringing, file);
  const stream = new InfileStream(part.pieces(), connection.outlet);
  let header: ResultSetHeader;
  try {
    header = await connection.callWithFile(text, file, stream);
  } catch (error) {
    if (source.failure?.error === error) throw error;
    const told = statementError(error, text);
    throw isAboutRow(told) && part.begun ? await refusal(connection, step, told) : told;
  } finally {
    stream.stop();
  }
  if (header.warningStatus > 0) throw await refusal(connection, step, undefined);
  if (part.takes(header.affectedRows)) return;
  throw new DatabaseError("other", `The server took ${header.affectedRows} rows of ${part.count}`, {
    statement: text,
  });
}

/** The error of a part: what the server said, or else its first warning; of a row, where it is known or can be found. */
async function refusal(
  connection: LoadConnection,
  { load, bringing, part }: Step,
  told: DatabaseError | undefined,
): Promise<DatabaseError> {
  const statement = `load data local infile into ${quotePath(load.table)}`;
  const trouble = await diagnose(connection, bringing.server);
  if (trouble === undefined) {
    return told ??
      new DatabaseError("other", "The server changed or left out values, and does not say which", { statement });
  }
  const { message, number, state } = trouble;
  const error = told ??
    statementError(Object.assign(new Error(message), { errno: number, sqlState: state }), statement);
  const known = troubleError(error, trouble, { before: part.before, rows: part.rows(), columns: load.columns });
  if (known instanceof LoadRowError || bringing.server.numbersRows || !isAboutRow(error)) return known;
  await connection.call("rollback to savepoint delembic_part");
  return await foundByInserting(connection, { load, bringing, part }) ?? known;
}

async function foundByInserting(
  connection: LoadConnection,
  { load, bringing, part }: Step,
): Promise<LoadRowError | undefined> {
  try {
    await insertChunk(connection, load, { ...bringing, before: part.before, rows: part.rows() });
    return undefined;
  } catch (error) {
    if (error instanceof LoadRowError) return error;
    throw error;
  }
}

function loadText({ table, columns }: BulkLoad, bringing: Bringing, file: string): string {
  const { ways } = bringing;
  const format = asItIs(bringing)?.format ?? INFILE_FORMAT;
  const targets = columns.map((column, index) => ways[index] === "text" ? quoteId(column) : `@delembic_${index}`);
  const set = columns
    .map((column, index) => `${quoteId(column)} = unhex(@delembic_${index})`)
    .filter((_, index) => ways[index] !== "text");
  return `load data local infile '${file}' into table ${quotePath(table)} ${format} (${targets.join(", ")})` +
    (set.length === 0 ? "" : ` set ${set.join(", ")}`);
}

/** CSV goes as it is, unless there are columns of bytes. */
function asItIs({ csv, ways }: Bringing): InfileCsv | undefined {
  return ways.every((way) => way === "text") ? csv : undefined;
}

/** After this many bytes or rows a part is full. */
const PART_BYTES = 4_000_000, PART_ROWS = 50_000;

/** The rows of one statement. */
class LoadPart {
  /** How many rows of the load came before. */
  readonly before: number;
  /** How many rows it has so far. */
  count = 0;
  /** The server has asked for the rows. */
  begun = false;
  isLast = false;
  readonly #columns: readonly string[];
  readonly #bringing: Bringing;
  readonly #csv: InfileCsv | undefined;
  /** What the server got; of CSV, what it was made of. */
  readonly #kept: Buffer[] = [];

  constructor({ columns }: BulkLoad, bringing: Bringing) {
    this.#columns = columns;
    this.#bringing = bringing;
    this.#csv = asItIs(bringing);
    this.before = bringing.source.given;
  }

  /** The rows that the server got. */
  rows(): (readonly unknown[])[] {
    const csv = this.#csv;
    return csv === undefined
      ? rowsOfPieces(this.#kept, this.#bringing.ways)
      : this.#kept.flatMap((records) => csv.rows(records));
  }

  /** Whether the server took all rows; those of CSV only the server counts. */
  takes(count: number): boolean {
    if (this.#csv === undefined) return count === this.count;
    this.count = count;
    this.#bringing.source.given += count;
    return true;
  }

  async *pieces(): AsyncGenerator<Buffer> {
    this.begun = true;
    for (let bytes = 0; bytes < PART_BYTES && this.count < PART_ROWS;) {
      const chunk = await this.#bringing.source.next();
      if (chunk === undefined) {
        this.isLast = true;
        return;
      }
      for (const piece of this.#piecesOf(chunk)) {
        bytes += piece.length;
        yield piece;
      }
    }
  }

  *#piecesOf(chunk: LoadChunk): Generator<Buffer> {
    if (this.#csv !== undefined && chunk instanceof Uint8Array) {
      this.#kept.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
      yield* this.#csv.pieces(chunk);
      return;
    }
    const { source, ways } = this.#bringing;
    const rows = rowsOfChunk(chunk, this.#bringing);
    const before = source.given;
    source.given += rows.length;
    this.count += rows.length;
    for (const piece of infilePieces(rows, { ways, columns: this.#columns, before })) {
      this.#kept.push(piece);
      yield piece;
    }
  }
}

/** The first thing that the server found wrong with the last statement. */
async function diagnose(connection: LoadConnection, { numbersRows }: LoadServer): Promise<LoadTrouble | undefined> {
  const number = numbersRows ? ", @delembic_row = row_number" : "";
  await connection.call(
    "get diagnostics condition 1 @delembic_state = returned_sqlstate, @delembic_number = mysql_errno, " +
      `@delembic_text = message_text${number}`,
  );
  const row = numbersRows ? "@delembic_row" : "0";
  const answer = await connection.call(`select @delembic_state, @delembic_number, @delembic_text, ${row}`);
  const [state, errno, text, rowNumber] = firstResult(answer).rows[0] ?? [];
  if (text === null || text === undefined) return undefined;
  return { state: String(state), number: Number(errno), message: String(text), row: Number(rowNumber) };
}
