/**
 * Rows of the migration's own code.
 *
 * @module
 */

import { jsonText } from "./db/json_value.ts";
import { JSON_AS_TEXT, type RowChunk, type RowReader, type SourceRow } from "./rows.ts";
import { type ObjectColumns, RowShape } from "./rows_objects.ts";
import { BadRows } from "./rows_parser.ts";

export interface RowsOfOptions extends ObjectColumns {
  /** What messages call the rows: `the rows of this migration`. */
  readonly name: string;
  /** Bad rows are given in {@link RowChunk.bad} and not thrown. @default false */
  readonly collect?: boolean;
}

/** Rows of a chunk. */
const CHUNK_ROWS = 1000;

/**
 * A reader of rows that code gives; the first one is asked for at once, as it may name the columns.
 *
 * @throws what the iterable throws
 */
export async function rowsOf(
  rows: Iterable<SourceRow> | AsyncIterable<SourceRow>,
  options: RowsOfOptions,
): Promise<RowReader> {
  const asked = new AskedIterator(
    Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator](),
  );
  const shape = new RowShape(options);
  const bad = new BadRows(options.name, options.collect ?? false);
  const first = await asked.next();
  if (first.done !== true) shape.valuesOf(first.value);
  return {
    name: options.name,
    columns: shape.names,
    headerLine: undefined,
    typed: !(JSON_AS_TEXT in rows),
    width: shape.width,
    progress: undefined,
    chunks: () => chunks(first, asked, shape, bad),
    [Symbol.asyncDispose]: () => asked.close(),
  };
}

/** An iterator that can be left while it is still waited for. */
class AskedIterator {
  readonly #rows: Iterator<SourceRow> | AsyncIterator<SourceRow>;
  #waits = false;

  constructor(rows: Iterator<SourceRow> | AsyncIterator<SourceRow>) {
    this.#rows = rows;
  }

  async next(): Promise<IteratorResult<SourceRow>> {
    this.#waits = true;
    const next = await this.#rows.next();
    this.#waits = false;
    return next;
  }

  async close(): Promise<void> {
    const closing = Promise.resolve(this.#rows.return?.());
    // one that is still asked for a row answers when it likes
    if (this.#waits) closing.catch(() => undefined);
    else await closing;
  }
}

async function* chunks(
  first: IteratorResult<SourceRow>,
  iterator: AskedIterator,
  shape: RowShape,
  bad: BadRows,
): AsyncGenerator<RowChunk> {
  let rows: unknown[][] = [];
  let number = 0;
  for (let next = first; next.done !== true; next = await iterator.next()) {
    const shaped = shape.valuesOf(next.value);
    number++;
    if ("values" in shaped) rows.push(shaped.values);
    else {
      const { problem, hint } = shaped;
      bad.add({ line: undefined, row: number, problem, text: textOf(next.value) }, hint);
    }
    if (number % CHUNK_ROWS !== 0) continue;
    yield { rows, lines: undefined, bad: bad.taken() };
    rows = [];
  }
  yield { rows, lines: undefined, bad: bad.taken() };
}

/** The row as JSON, or as it can be shown. */
function textOf(row: unknown): string {
  try {
    return jsonText(row);
  } catch (error) {
    if (error instanceof TypeError) return Deno.inspect(row);
    throw error;
  }
}
