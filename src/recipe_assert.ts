/**
 * `assertNoRows` and `assertCount`: what `validate` makes sure of.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { RecipeError, type SqlPart } from "./recipe_sql.ts";

/** How many rows a message shows. */
const SHOWN_ROWS = 5;
/** How much of a value it shows, in characters. */
const SHOWN_LENGTH = 60;

/**
 * Fails when the query gives a row; the message says how many there are, and shows the first ones.
 *
 * ```ts
 * await assertNoRows(conn, conn.sql`select id, email from person where email <> lower(email)`);
 * ```
 */
export async function assertNoRows(conn: Connection, query: SqlPart, message = "Expected no rows"): Promise<void> {
  const first: Record<string, unknown>[] = [];
  for await (const row of conn.stream<Record<string, unknown>>`${query}`) {
    first.push(row);
    if (first.length > SHOWN_ROWS) break;
  }
  if (first.length === 0) return;
  const count = first.length <= SHOWN_ROWS ? first.length : await countRows(conn, query);
  const shown = first.slice(0, SHOWN_ROWS).map((row) => `\n  ${rowText(row)}`).join("");
  const more = count > SHOWN_ROWS ? `\n  … and ${count - SHOWN_ROWS} more` : "";
  throw new RecipeError("assertion", `${message}: found ${count}${shown}${more}`);
}

async function countRows(conn: Connection, query: SqlPart): Promise<number> {
  return Number(await conn.value`select count(*) from (${query}) counted`);
}

function rowText(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row).map(([name, value]) => `${name}: ${valueText(value)}`).join(", ");
}

function valueText(value: unknown): string {
  const text = value instanceof Uint8Array
    ? `0x${value.slice(0, SHOWN_LENGTH).toHex()}`
    : Deno.inspect(value, { depth: 2, compact: true, breakLength: Infinity, strAbbreviateSize: SHOWN_LENGTH });
  return text.length > SHOWN_LENGTH * 2 ? `${text.slice(0, SHOWN_LENGTH * 2)}…` : text;
}

/** A number, or between which ones it must be, both included. */
export type ExpectedCount = number | { readonly min?: number; readonly max?: number };

/**
 * Fails when the number that the query gives is another one.
 *
 * ```ts
 * await assertCount(conn, conn.sql`select count(*) from person`, { min: 1_000 });
 * ```
 */
export async function assertCount(
  conn: Connection,
  query: SqlPart,
  expected: ExpectedCount,
  message?: string,
): Promise<void> {
  const row = await conn.one<Record<string, unknown>>`${query}`;
  const [value, further] = Object.values(row);
  const count = typeof value === "string" && value.trim() === "" ? NaN : Number(value);
  if (value === null || further !== undefined || Number.isNaN(count)) {
    throw new RecipeError(
      "recipe-option",
      `The query gives no number: ${rowText(row)}`,
      "Write select count(*) from ….",
    );
  }
  const { min = -Infinity, max = Infinity } = typeof expected === "number"
    ? { min: expected, max: expected }
    : expected;
  if (count >= min && count <= max) return;
  throw new RecipeError(
    "assertion",
    `${message ?? "The count is wrong"}: expected ${rangeText(expected)}, found ${count}`,
  );
}

function rangeText(expected: ExpectedCount): string {
  if (typeof expected === "number") return String(expected);
  const { min, max } = expected;
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
