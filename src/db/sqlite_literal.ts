/**
 * SQLite's literals. Pure.
 *
 * @module
 */

import { plainValue } from "./parameter.ts";

const INT64_MAX = 2n ** 63n - 1n;

/**
 * A value in the place of a placeholder.
 *
 * @throws {TypeError} for what cannot be a value
 */
export function sqliteLiteral(value: unknown): string {
  const plain = plainValue(value);
  switch (typeof plain) {
    case "boolean":
      return plain ? " 1 " : " 0 ";
    case "number":
      return ` ${numberLiteral(plain)} `;
    case "bigint":
      return bigintLiteral(plain);
    case "string":
      return ` ${sqliteText(plain)} `;
    default:
      return plain === null ? " null " : ` x'${plain.toHex()}' `;
  }
}

function bigintLiteral(value: bigint): string {
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw new TypeError(`Cannot use ${value} as a value in SQL: SQLite's integers have 64 bits`);
  }
  // the digits alone of the least integer are one too many, and make a REAL
  return value === -INT64_MAX - 1n ? `(-${INT64_MAX} - 1)` : value < 0n ? `(${value})` : ` ${value} `;
}

/** Digits of which SQLite surely makes the number that they are; more of them it may round once too often. */
const CERTAIN_DIGITS = 15, CERTAIN_EXPONENT = 22;
const DECIMAL_REGEXP = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

function numberLiteral(value: number): string {
  if (Object.is(value, -0)) return "(0.0 * -1)";
  if (Number.isSafeInteger(value)) return value < 0 ? `(${value})` : String(value);
  if (value < 0) return `(-${numberLiteral(-value)})`;
  if (value === Infinity) return "9e999";
  const [, whole = "", fraction = "", exponent = "0"] = DECIMAL_REGEXP.exec(String(value)) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+|0+$/g, "").length;
  if (digits <= CERTAIN_DIGITS && Math.abs(Number(exponent)) + fraction.length <= CERTAIN_EXPONENT) {
    const text = String(value);
    return text.includes(".") || text.includes("e") ? text : `${text}.0`;
  }
  return exactly(value);
}

/** As its 53 bits and divisions or multiplications by powers of two, each of which is exact. */
function exactly(value: number): string {
  let mantissa = value, exponent = 0;
  while (!Number.isSafeInteger(mantissa)) {
    const down = mantissa > Number.MAX_SAFE_INTEGER;
    mantissa = down ? mantissa / 2 : mantissa * 2;
    exponent += down ? 1 : -1;
  }
  const sign = exponent < 0 ? "/" : "*";
  const factors: string[] = [];
  for (let left = Math.abs(exponent); left > 0; left -= 32) factors.push(`${2 ** Math.min(left, 32)}.0`);
  return `(${[`${mantissa}.0`, ...factors].join(` ${sign} `)})`;
}

/** Characters that end a text for SQLite, or that its client drops at the end of a line. */
const UNSAFE_REGEXP = /[\0\r]/;

/** A text; one with NUL or CR by its bytes, which are UTF-8 as those of the database are (see the script's beginning). */
export function sqliteText(text: string): string {
  if (!UNSAFE_REGEXP.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return `cast(x'${new TextEncoder().encode(text).toHex()}' as text)`;
}
