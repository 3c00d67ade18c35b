/**
 * MySQL's values as JavaScript's and back, by the type of the column. Nothing is lost on the way, and what was read can
 * be written back as it is; it is the same whether the server sent it as text or in binary.
 *
 * | type                                         | value                                                          |
 * |----------------------------------------------|----------------------------------------------------------------|
 * | TINYINT … BIGINT, also UNSIGNED              | `number`, `bigint` beyond 2^53 - 1; BOOLEAN is a TINYINT       |
 * | FLOAT                                        | `number`: the shortest that is this FLOAT again                |
 * | DOUBLE                                       | `number`                                                       |
 * | DECIMAL                                      | text                                                           |
 * | DATE, TIME, DATETIME, TIMESTAMP, YEAR        | text, with as many digits of a second as the column has        |
 * | BIT, BINARY, VARBINARY, BLOB, geometry, VECTOR | `Uint8Array`                                                 |
 * | JSON                                         | parsed, see `json_value.ts`; MariaDB's too, where it says so   |
 * | all others (CHAR, TEXT, ENUM, SET, UUID, …)  | text                                                           |
 *
 * A JSON document that is only a text, `true` or `false` is written back as such with `JSON.stringify`: the server does
 * not tell that a placeholder is for JSON.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import mysql, { type TypedParameterValue } from "mysql2";
import { parseJson } from "./json_value.ts";
import { plainValue } from "./parameter.ts";

// not among what the package exports by name
const { TypedParameter } = mysql;

/** What a column definition of the driver tells of a column. */
export interface Column {
  readonly name: string;
  readonly columnType: number;
  readonly characterSet: number;
  /** Digits of a second, for columns of time. */
  readonly decimals: number;
  /** MariaDB's name of a format within another type. */
  readonly extendedFormat?: string | undefined;
}

/** Of a value that is not NULL. */
type Reader = (value: unknown) => unknown;

/** Kinds whose values the driver gives as they are meant: small integers, DOUBLE, dates, DECIMAL. */
const PLAIN: ReadonlySet<number> = new Set([0, 1, 2, 3, 5, 9, 10, 14, 246]);
const VECTOR = 242, BLOB = 252, GEOMETRY = 255;
/** The number of the character set that means bytes. */
const BINARY = 63;
const FLOAT = 4, TIMESTAMP = 7, LONGLONG = 8, TIME = 11, DATETIME = 12, YEAR = 13, JSON_TYPE = 245;

/** What makes a value of the driver ours; `undefined` where it is already. */
export function readerOf({ columnType, decimals, extendedFormat }: Column): Reader | undefined {
  if (columnType === JSON_TYPE || extendedFormat === "json") return (value) => parseJson(String(value));
  switch (columnType) {
    case LONGLONG:
      // the driver gives text for what is not safe
      return (value) => typeof value === "string" ? BigInt(value) : value;
    case FLOAT:
      return (value) => shortestFloat(Number(value));
    case YEAR:
      return (value) => String(value).padStart(4, "0");
    case TIME:
    case DATETIME:
    case TIMESTAMP:
      return decimals > 0 && decimals <= 6 ? (value) => withFraction(String(value), decimals) : undefined;
    default:
      if (PLAIN.has(columnType)) return undefined;
      return (value) => typeof value !== "string" && Buffer.isBuffer(value) ? new Uint8Array(value) : value;
  }
}

/** The largest FLOAT. A double above it is refused, though it may be rounded to this one. */
const MAX_FLOAT = 3.4028234663852886e38;

/** In binary a FLOAT comes as the double that is equal to it: 0.1 as 0.10000000149011612. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value && Math.abs(shorter) <= MAX_FLOAT) return shorter;
  }
  return value;
}

/** In binary the zeros at the end of a fraction are left out. */
function withFraction(text: string, digits: number): string {
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(digits, "0")}`;
}

/** The options of each statement. A function of its own for each value would make rows several times as slow. */
export const READING = { rowsAsArray: true } as const;

/** Makes the driver give the bytes of what it would take apart; to be called when columns are known, before their rows. */
export function asBytes(columns: readonly Column[] | undefined): void {
  for (const column of columns ?? []) {
    if (column.columnType !== GEOMETRY && column.columnType !== VECTOR) continue;
    Object.assign(column, { columnType: BLOB, characterSet: BINARY });
  }
}

/** A value that the driver sends as what it is. */
export type Bindable = null | string | number | Buffer | TypedParameterValue;

/**
 * A value for the driver. Whole numbers go as integers: as the DOUBLE that the driver would make of them, `limit ?` does
 * not take them, and large ones are compared inexactly.
 *
 * @throws {TypeError} for what cannot be stored as it is
 */
export function bindable(value: unknown): Bindable {
  const plain = plainValue(value);
  switch (typeof plain) {
    case "boolean":
      return TypedParameter.LONGLONG(plain ? 1n : 0n);
    case "number":
      if (!Number.isFinite(plain)) {
        throw new TypeError(`Cannot use ${plain} as a value in SQL: MySQL has no such number`);
      }
      return Number.isSafeInteger(plain) && !Object.is(plain, -0) ? TypedParameter.LONGLONG(plain) : plain;
    case "bigint":
      return bindBigint(plain);
    case "string":
      return plain;
    default:
      return plain === null ? null : Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  }
}

function bindBigint(value: bigint): TypedParameterValue {
  if (BigInt.asIntN(64, value) === value) return TypedParameter.LONGLONG(value);
  if (BigInt.asUintN(64, value) === value) return TypedParameter.LONGLONG.unsigned(value);
  return TypedParameter.NEWDECIMAL(String(value));
}
