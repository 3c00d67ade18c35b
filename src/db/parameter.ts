/**
 * What may stand for a placeholder, for the databases whose drivers know only texts, numbers and bytes.
 *
 * @module
 */

import { isRawJson, jsonText } from "./json_value.ts";

/** A value that is sent as it is. */
export type Plain = null | boolean | string | number | bigint | Uint8Array;

/**
 * A value as the driver can send it: a `Date` is text in UTC with six digits of a second, as SQLAlchemy writes it; plain
 * objects and arrays are JSON; what has a `toJSON` says by it how it is written.
 *
 * @throws {TypeError} for what would be stored as something else without a word: `undefined`, `NaN`, a `Map`, …
 */
export function plainValue(value: unknown): Plain {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new TypeError("Cannot write text with half a surrogate pair: it is no Unicode");
      return value;
    case "bigint":
    case "boolean":
      return value;
    case "number":
      if (Number.isNaN(value)) throw new TypeError("Cannot use NaN as a value in SQL: pass null for NULL");
      return value;
    case "object":
      return plainObject(value);
    case "undefined":
      throw new TypeError("Cannot use undefined as a value in SQL: pass null for NULL");
    default:
      throw new TypeError(`Cannot use a ${typeof value} as a value in SQL`);
  }
}

function plainObject(value: object | null): Plain {
  if (value === null || value instanceof Uint8Array) return value;
  if (value instanceof Date) return dateText(value);
  if (isRawJson(value)) return value.rawJSON;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const own: unknown = value.toJSON();
    return typeof own === "string" ? own : jsonText(own);
  }
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null) return jsonText(value);
  throw new TypeError(`Cannot use a ${value.constructor?.name ?? "such an object"} as a value in SQL`);
}

/** `2026-01-15 10:30:00.123000`, UTC. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TypeError("Cannot use an invalid Date as a value in SQL");
  return date.toISOString().replace("T", " ").replace("Z", "000");
}
