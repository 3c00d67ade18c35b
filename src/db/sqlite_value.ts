/**
 * Values for SQLite's placeholders.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";
import { plainValue } from "./parameter.ts";

/** @throws {TypeError} for what would be stored as something else without a word */
export function bindable(value: unknown): SQLInputValue {
  const plain = plainValue(value);
  if (typeof plain === "boolean") return plain ? 1n : 0n;
  // the driver sends each number as REAL, and 5.0 is not 5 where the column has no type
  if (typeof plain === "number" && Number.isSafeInteger(plain) && !Object.is(plain, -0)) return BigInt(plain);
  return plain;
}
