/**
 * What the server says of a row of a COPY, in whichever language. Pure.
 *
 * @module
 */

import { type BulkLoad, LoadRowError } from "./database.ts";
import { serverError, statementError } from "./postgres_errors.ts";
import type { ErrorFields } from "./postgres_wire.ts";

/** The server refused the data of a COPY. */
export class CopyRefused extends Error {
  constructor(readonly fields: ErrorFields) {
    super(fields.get("M"));
  }
}

/**
 * Classes of errors that no row is to blame for: the connection, the state of the transaction, conflicts with others, rights
 * and the code of triggers, resources, locks, a cancel request or the server's end, its files, its own faults.
 */
const NOT_OF_ROW_REGEXP = /^(?:08|25|40|42|53|55|57|58|F0|XX)/;

/** How the first row of CSV ends; `undefined` as long as it has not. */
export type LineEnding = "\n" | "\r\n" | undefined;

/** The error of a load; what a source threw stays what it is. */
export function loadError(
  error: unknown,
  load: BulkLoad,
  { statement, ending }: { readonly statement: string; readonly ending: LineEnding },
): unknown {
  if (!(error instanceof CopyRefused)) return error;
  const cause = statementError(serverError(error.fields), { statement, prefix: 0 });
  // the server names a row whatever stopped it there
  if (NOT_OF_ROW_REGEXP.test(cause.details.sqlState ?? "")) return cause;
  const place = placeOf(error.fields, load, ending);
  return place === undefined ? cause : new LoadRowError(cause, place);
}

interface Place {
  readonly row: number;
  readonly column: string | undefined;
  readonly value: string | undefined;
}

/** `COPY person, line 3, column born: "1999-13-01"`, or without the column and the whole line for its value. */
function placeOf(fields: ErrorFields, load: BulkLoad, ending: LineEnding): Place | undefined {
  const where = fields.get("W") ?? "";
  const name = load.table.at(-1)?.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&") ?? "";
  // the words between differ from language to language; the table, the line and the column keep their order
  // what it says of JSON comes before that: `JSON data, line 1: …`
  const match = new RegExp(`^(?!JSON)[^\\n]{0,8}${name}[^\\n\\d]{1,16}(\\d+)([^\\n]*?)(?:\\s*[:：]\\s*|$)`, "m").exec(
    where,
  );
  if (match === null) return undefined;
  const [whole, line, rest = ""] = match;
  const row = rowAt(Number(line), load, ending);
  if (row === undefined) return undefined;
  const column = longest(load.columns.filter((candidate) => rest.includes(` ${candidate}`)));
  if (column !== undefined) return { row, column, value: unquoted(where.slice(match.index + whole.length)) };
  return { row, ...columnOf(fields, load) };
}

function longest(names: readonly string[]): string | undefined {
  return names.toSorted((a, b) => b.length - a.length)[0];
}

const QUOTED_REGEXP = /^(["»«„“])\s?([^]*?)\s?["«»”“]$/;

/** `undefined` for NULL, which stands there without quotes. */
function unquoted(text: string): string | undefined {
  return QUOTED_REGEXP.exec(text)?.[2];
}

const KEY_REGEXP = /\(([^()]+)\)=\(([^]*)\)/;

/** The column that a constraint is about: NOT NULL says it in a field, a key in its detail: `Key (id)=(7) already exists.` */
function columnOf(fields: ErrorFields, { columns }: BulkLoad): Pick<Place, "column" | "value"> {
  const column = fields.get("c");
  if (column !== undefined) return { column, value: undefined };
  const [, key, value] = KEY_REGEXP.exec(fields.get("D") ?? "") ?? [];
  return key !== undefined && columns.includes(key) ? { column: key, value } : { column: undefined, value: undefined };
}

/**
 * COPY counts the lines of CSV, of which a row may have several: only those that end as the first row does, and before it
 * has ended only carriage returns. Where that may mean another row than it seems, there is no telling which.
 */
function rowAt(line: number, { data }: BulkLoad, ending: LineEnding): number | undefined {
  if (data.kind === "rows" || data.lineOf === undefined) return line;
  const { lineOf } = data;
  if (ending !== "\n") return lineOf(line) - lineOf(1) === line - 1 ? line : undefined;
  let [low, high] = [1, line];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lineOf(middle) - lineOf(2) + 2 <= line) low = middle;
    else high = middle - 1;
  }
  return low;
}
