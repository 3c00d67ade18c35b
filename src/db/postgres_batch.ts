/**
 * Several statements of the ledger in one round trip: the simple query protocol, which takes many statements and no
 * values, so that the values stand in the text as literals.
 *
 * @module
 */

import type { Result, Row, Statement } from "./database.ts";
import type { Completed } from "./postgres_wire.ts";

const PLACEHOLDER_REGEXP = /\$(\d+)/g;

/** The statements as one text. Their placeholders stand outside of quotes, as `Queryable.batch` demands. */
export function asOneText(statements: readonly Statement[]): string {
  return statements.map(({ text, params = [] }) =>
    // one pass over the text: a literal that was put in is not looked at again
    text.replace(PLACEHOLDER_REGEXP, (_, index) => literal(params[Number(index) - 1]))
  ).join(";\n");
}

/**
 * A value as SQL. Text in the form E'…', whose meaning no setting of the session changes; with a blank before it, so that
 * it cannot grow together with a word.
 *
 * @throws {TypeError} for what is neither null, text, a finite number nor a boolean
 */
export function literal(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string" && !value.includes("\0")) {
    return ` E'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  }
  if (typeof value === "number" && Number.isFinite(value)) return value < 0 ? `(${value})` : String(value);
  if (typeof value === "boolean" || typeof value === "bigint") return `(${value})`;
  throw new TypeError(`Cannot write ${Deno.inspect(value)} as a literal of SQL`);
}

const COUNT_REGEXP = /\d+$/;

/**
 * The result of each statement. The driver keeps apart only those that gave rows, and runs the others together; what it
 * gives is one set of rows, or a list of them, of which the first is empty when the first statement gave none.
 */
export function resultsOf(
  answer: readonly Row[] | readonly (readonly Row[])[],
  completed: readonly Completed[],
): Result[] {
  const sets = ("command" in answer ? [answer] : answer) as readonly (readonly Row[])[];
  let next = completed[0]?.rows ? 0 : 1;
  return completed.map(({ tag, rows }) => ({
    rows: rows ? [...sets[next++] ?? []] : [],
    count: Number(COUNT_REGEXP.exec(tag)?.[0] ?? 0),
  }));
}
