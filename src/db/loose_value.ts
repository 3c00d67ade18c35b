/**
 * What a text has to look like in a column of a database that would take any text in any column: SQLite. Pure.
 *
 * @module
 */

import type { ColumnKind } from "./catalog.ts";

/** What is stored, or why the text cannot be. */
export type LooseValue = { readonly value: string | number } | { readonly fault: "syntax" | "range" };

const INTEGER_REGEXP = /^\s*[+-]?\d+\s*$/;
const NUMBER_REGEXP = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
const DATE_REGEXP = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIMESTAMP_REGEXP = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](.*))?$/;
const TIME_REGEXP = /^([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d{2}(?::?\d{2})?)?$/i;
const UUID_REGEXP = /^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$/i;

const BOOLEANS: Readonly<Record<string, number>> = {
  "1": 1,
  "0": 0,
  t: 1,
  f: 0,
  true: 1,
  false: 0,
  yes: 1,
  no: 0,
  y: 1,
  n: 0,
  on: 1,
  off: 0,
};

const INT64_MAX = 2n ** 63n - 1n;
/** So many characters of an integer are within 64 bits in any case. */
const CERTAIN_DIGITS = 18;

/** How a text for such a column is read; `undefined` where any text will do. */
export function looseReader(kind: ColumnKind): ((text: string) => LooseValue) | undefined {
  const wrong: LooseValue = { fault: "syntax" };
  const unless = (isRight: (text: string) => boolean) => (text: string): LooseValue =>
    isRight(text) ? { value: text } : wrong;
  switch (kind) {
    case "integer":
      return (text) => {
        if (!INTEGER_REGEXP.test(text)) return wrong;
        if (text.length <= CERTAIN_DIGITS || fitsInt64(BigInt(text.trim()))) return { value: text };
        return { fault: "range" };
      };
    case "decimal":
    case "float":
      return (text) => {
        if (!NUMBER_REGEXP.test(text)) return wrong;
        return Number.isFinite(Number(text)) ? { value: text } : { fault: "range" };
      };
    case "boolean":
      return (text) => {
        const value = BOOLEANS[text.trim().toLowerCase()];
        return value === undefined ? wrong : { value };
      };
    // a moment may be kept as a number, too
    case "date":
      return unless((text) => isDay(DATE_REGEXP.exec(text)) || NUMBER_REGEXP.test(text));
    case "timestamp":
      return unless((text) => isMoment(text) || NUMBER_REGEXP.test(text));
    case "time":
      return unless((text) => TIME_REGEXP.test(text) || NUMBER_REGEXP.test(text));
    case "uuid":
      return unless((text) => UUID_REGEXP.test(text));
    case "json":
      return unless(isJson);
    default:
      return undefined;
  }
}

function fitsInt64(value: bigint): boolean {
  return value <= INT64_MAX && value >= -INT64_MAX - 1n;
}

function isMoment(text: string): boolean {
  const match = TIMESTAMP_REGEXP.exec(text);
  return isDay(match) && (match?.[4] === undefined || TIME_REGEXP.test(match[4]));
}

function isDay(match: RegExpExecArray | null): boolean {
  if (match === null) return false;
  const [, year, month, day] = match.map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
