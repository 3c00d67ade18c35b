/**
 * Rows into a table of SQLite: values by multi-row inserts, CSV as blobs that SQLite takes apart (`sqlite_pack.ts`).
 * Either way texts land as if the shell's `.import` had put them: what looks like a number is one in a column of numbers.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { ColumnShape } from "./catalog.ts";
import { type BulkCsv, type BulkLoad, type BulkRows, DatabaseError, LoadRowError, type Session } from "./database.ts";
import { sqliteBulk } from "./sqlite_bulk.ts";
import { sqliteCatalog } from "./sqlite_catalog.ts";
import { sqliteError } from "./sqlite_errors.ts";
import { CsvPacker, type PackedRows, type RefusedField, unpackRows, unpackSql } from "./sqlite_pack.ts";
import { packedRows } from "./sqlite_packing.ts";
import { quoted } from "./sqlite_text.ts";
import { bindable } from "./sqlite_value.ts";

/** Runs a piece of work when its turn comes, so that other statements and signals get theirs. */
type InTurn = <T>(text: string, work: () => T) => Promise<T>;

/** Values of one statement: more take longer to bind, fewer are more statements. */
const STATEMENT_VALUES = 100;
/** Rows between which nothing else has its turn: some milliseconds. */
const TURN_ROWS = 1_000;
/** With more, taking a row apart takes longer than binding its values. */
const PACKED_COLUMNS = 32;

/** @throws {LoadRowError} @throws {DatabaseError} @throws what the source throws */
export async function loadRows(session: Session, load: BulkLoad, inTurn: InTurn): Promise<number> {
  const run = () => new TableLoad(session, load, inTurn).run();
  if (session.inTransaction) return await run();
  await session.begin();
  try {
    const count = await run();
    await session.commit();
    return count;
  } catch (error) {
    // what failed may have rolled back already
    if (session.inTransaction) await session.rollback();
    throw error;
  }
}

class TableLoad {
  readonly #session: Session;
  readonly #native: DatabaseSync;
  readonly #load: BulkLoad;
  readonly #inTurn: InTurn;
  readonly #into: string;
  readonly #statements = new Map<string, StatementSync>();
  /** Rows that came before those of the turn. */
  #before = 0;
  #count = 0;

  constructor(session: Session, load: BulkLoad, inTurn: InTurn) {
    this.#session = session;
    this.#native = session.native as DatabaseSync;
    this.#load = load;
    this.#inTurn = inTurn;
    this.#into = `insert into ${load.table.map(quoted).join(".")} (${load.columns.map(quoted).join(", ")})`;
  }

  async run(): Promise<number> {
    // a table that is not there is an error, rows or none
    await this.#inTurn(this.#into, () => this.#prepared(this.#valuesSql(1)));
    const { data } = this.#load;
    if (data.kind === "rows") await this.#rows(data);
    else await this.#csv(data);
    return this.#count;
  }

  async #rows({ chunks }: BulkRows): Promise<void> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += TURN_ROWS) {
        const rows = chunk.length <= TURN_ROWS ? chunk : chunk.slice(at, at + TURN_ROWS);
        await this.#inTurn(this.#into, () => this.#insertValues(rows));
        this.#before += rows.length;
      }
    }
  }

  async #csv({ delimiter, null: nullText, chunks }: BulkCsv): Promise<void> {
    const shapes = await this.#shapes();
    const packer = new CsvPacker({ delimiter, null: nullText, kinds: shapes.map((shape) => shape?.kind ?? "other") });
    const takesBlobs = await this.#takesBlobs();
    for await (const packed of packedRows(packer, chunks)) {
      await this.#inTurn(this.#into, () => {
        if (takesBlobs) this.#insertBlob(packed);
        else this.#insertValues(unpackRows(packed));
        this.#before += packed.count;
        if (packed.refused !== undefined) throw this.#refusal(packed.refused, shapes[packed.refused.column]);
      });
    }
  }

  async #shapes(): Promise<(ColumnShape | undefined)[]> {
    const shape = await sqliteCatalog.describe(this.#session, this.#load.table);
    const shapes = new Map(shape?.columns.map((column) => [column.name.toLowerCase(), column]));
    return this.#load.columns.map((name) => shapes.get(name.toLowerCase()));
  }

  async #takesBlobs(): Promise<boolean> {
    const { rows: [row] } = await this.#session.query("pragma encoding");
    return row?.["encoding"] === "UTF-8" && this.#load.columns.length <= PACKED_COLUMNS;
  }

  #valuesSql(rows: number): string {
    const row = `(${this.#load.columns.map(() => "?").join(", ")})`;
    return `${this.#into} values ${Array(rows).fill(row).join(", ")}`;
  }

  #blobSql(): string {
    return `${this.#into} select ${unpackSql(this.#load.columns.length)} from json_each(?)`;
  }

  #prepared(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const made = this.#native.prepare(text);
    this.#statements.set(text, made);
    return made;
  }

  #insertValues(rows: readonly (readonly unknown[])[]): void {
    const most = Math.max(1, Math.floor(STATEMENT_VALUES / this.#load.columns.length));
    const several = this.#valuesSql(most), one = this.#valuesSql(1);
    for (let at = 0; at < rows.length;) {
      const size = rows.length - at >= most ? most : 1;
      const values: SQLInputValue[] = [];
      for (let i = at; i < at + size; i++) this.#bind(rows, i, values);
      const run = () => this.#prepared(size === 1 ? one : several).run(...values);
      this.#guarded(run, {
        count: size,
        first: this.#before + at,
        insert: (i) => void this.#prepared(one).run(...this.#bind(rows, at + i, [])),
        valuesOf: (i) => rows[at + i] ?? [],
      });
      at += size;
    }
  }

  #bind(rows: readonly (readonly unknown[])[], index: number, values: SQLInputValue[]): SQLInputValue[] {
    const row = rows[index] ?? [];
    const { columns } = this.#load;
    for (let column = 0; column < columns.length; column++) {
      try {
        values.push(bindable(row[column]));
      } catch (cause) {
        if (!(cause instanceof TypeError)) throw cause;
        const error = new DatabaseError("other", cause.message, { statement: this.#into, cause });
        throw new LoadRowError(error, { row: this.#before + index + 1, column: columns[column] });
      }
    }
    return values;
  }

  #insertBlob(packed: PackedRows): void {
    if (packed.count === 0) return;
    let rows: readonly (readonly (string | null)[])[] | undefined;
    const valuesOf = (index: number) => (rows ??= unpackRows(packed))[index] ?? [];
    this.#guarded(() => this.#prepared(this.#blobSql()).run(packed.blob), {
      count: packed.count,
      first: this.#before,
      insert: (index) => void this.#prepared(this.#valuesSql(1)).run(...valuesOf(index)),
      valuesOf,
    });
  }

  /** Runs one statement; where a row of it is refused, finds out which. */
  #guarded(run: () => { readonly changes: number | bigint }, part: Part): void {
    try {
      this.#count += Number(run().changes);
    } catch (thrown) {
      const error = sqliteError(thrown, this.#into);
      // a trigger or a conflict clause may have ended the transaction
      if (!isRefusal(error) || !this.#native.isTransaction) throw error;
      throw this.#located(part) ?? error;
    }
  }

  /** The error of the row that is refused, found by inserting one after another; nothing of it stays. */
  #located(part: Part): LoadRowError | undefined {
    this.#native.exec("savepoint delembic_row");
    try {
      for (let index = 0; index < part.count; index++) {
        try {
          part.insert(index);
        } catch (thrown) {
          const error = sqliteError(thrown, this.#into);
          if (!isRefusal(error)) throw error;
          return this.#rowError(error, part.first + index + 1, part.valuesOf(index));
        }
      }
      return undefined;
    } finally {
      if (this.#native.isTransaction) {
        this.#native.exec("rollback to delembic_row");
        this.#native.exec("release delembic_row");
      }
    }
  }

  #rowError(error: DatabaseError, row: number, values: readonly unknown[]): LoadRowError {
    const { columns } = this.#load;
    const [name, ...others] = sqliteBulk.refusal(error)?.columns ?? [];
    const column = columns.findIndex((own) => own.toLowerCase() === name?.toLowerCase());
    if (column < 0 || others.length > 0) return new LoadRowError(error, { row });
    const value = values[column];
    const isShown = value !== null && typeof value !== "object";
    return new LoadRowError(error, { row, column: columns[column], value: isShown ? String(value) : undefined });
  }

  /** In the words, and with the code, that SQLite has for its STRICT tables. */
  #refusal({ column, text, fault }: RefusedField, shape: ColumnShape | undefined): LoadRowError {
    const { table, columns } = this.#load;
    const name = columns[column];
    const what = fault === "range" ? "a number of more than 64 bits" : "TEXT value";
    const type = /^\w+/.exec(shape?.type ?? "")?.[0].toUpperCase();
    const message = `cannot store ${what} in ${type} column ${table.at(-1)}.${name}`;
    const error = new DatabaseError("other", message, {
      statement: this.#into,
      details: { sqlState: "3091", errno: 19 },
    });
    return new LoadRowError(error, { row: this.#before + 1, column: name, value: text });
  }
}

/** The rows of one statement, for looking at each. */
interface Part {
  readonly count: number;
  /** How many rows came before them. */
  readonly first: number;
  insert(index: number): void;
  valuesOf(index: number): readonly unknown[];
}

function isRefusal(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && sqliteBulk.refusal(error) !== undefined;
}
