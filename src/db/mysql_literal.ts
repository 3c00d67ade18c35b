/**
 * Literals of MySQL and MariaDB, which mean the same in every SQL mode and pass its client unchanged. Pure.
 *
 * @module
 */

import { plainValue } from "./parameter.ts";

/** Of what a client, or a mode, may make something else: escapes, NUL, CR, and the client's end of file. */
const UNSAFE = ["\\", "\0", "\r", "\x1a"];

/**
 * A value in the place of a placeholder.
 *
 * @throws {TypeError} for what cannot be a value
 */
export function mysqlLiteral(value: unknown): string {
  const plain = plainValue(value);
  switch (typeof plain) {
    case "boolean":
      return plain ? " 1 " : " 0 ";
    case "number":
      return numberLiteral(plain);
    case "bigint":
      return plain < 0n ? `(${plain})` : ` ${plain} `;
    case "string":
      return ` ${mysqlText(plain)} `;
    default:
      return plain === null ? " null " : ` _binary ${plain.length === 0 ? "''" : `x'${plain.toHex()}'`} `;
  }
}

/** What is no integer is a DOUBLE, and not the DECIMAL that digits alone would be. */
function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`Cannot use ${value} as a value in SQL: MySQL has no such number`);
  if (Object.is(value, -0)) return "(-0e0)";
  const digits = String(value);
  const text = Number.isSafeInteger(value) || digits.includes("e") ? digits : `${digits}e0`;
  return value < 0 ? `(${text})` : ` ${text} `;
}

export function mysqlText(text: string): string {
  if (!UNSAFE.some((character) => text.includes(character))) return `'${text.replaceAll("'", "''")}'`;
  return `_utf8mb4 x'${new TextEncoder().encode(text).toHex()}'`;
}
