/**
 * PostgreSQL's values as JavaScript's and back, by the type's number. Nothing is lost on the way, and what was read can
 * be written back as it is.
 *
 * | type                                   | value                                                               |
 * |----------------------------------------|---------------------------------------------------------------------|
 * | smallint, integer, bigint, oid         | `number`, `bigint` beyond 2^53 - 1                                  |
 * | real, double precision                 | `number`                                                            |
 * | boolean                                | `boolean`                                                           |
 * | bytea                                  | `Uint8Array`                                                        |
 * | json, jsonb                            | parsed, see `json_value.ts`; a string is written as a JSON string   |
 * | arrays of types that PostgreSQL has    | `Array` of such values, `null` for NULL, nested for each dimension  |
 * | arrays whose first index is not 1, of types that users made, and of JSON with several dimensions | text |
 * | all others                             | text as the server writes it                                        |
 *
 * A domain is read as its base type is, but the server names the domain itself where it wants a value: to write a
 * string or an array into a domain over JSON, say `$1::jsonb`.
 *
 * @module
 */

import { isRawJson, jsonText, parseJson } from "./json_value.ts";
import { isBoundedArray, parseArray, writeArray } from "./postgres_array.ts";

const BOOL = 16, BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, OID = 26, FLOAT4 = 700, FLOAT8 = 701;
const JSON_OID = 114, JSONB = 3802, BOX = 603;
/** Types whose values are text and nothing else. */
const TEXTS: ReadonlySet<number> = new Set([18, 19, 25, 1042, 1043]);

/** The array types that PostgreSQL comes with, by number, and the type of their elements: pg_type does not change. */
const ELEMENT_OF: ReadonlyMap<number, number> = new Map([
  ...[[1000, 16], [1001, 17], [1002, 18], [1003, 19], [1016, 20], [1005, 21], [1006, 22], [1007, 23], [1008, 24]],
  ...[[1009, 25], [1028, 26], [1010, 27], [1011, 28], [1012, 29], [1013, 30], [199, 114], [143, 142], [1017, 600]],
  ...[[1018, 601], [1019, 602], [1020, 603], [1027, 604], [629, 628], [651, 650], [1021, 700], [1022, 701]],
  ...[[719, 718], [775, 774], [791, 790], [1040, 829], [1041, 869], [1034, 1033], [1014, 1042], [1015, 1043]],
  ...[[1182, 1082], [1183, 1083], [1115, 1114], [1185, 1184], [1187, 1186], [1270, 1266], [1561, 1560]],
  ...[[1563, 1562], [1231, 1700], [2201, 1790], [2207, 2202], [2208, 2203], [2209, 2204], [2210, 2205]],
  ...[[2211, 2206], [2951, 2950], [2949, 2970], [3221, 3220], [3643, 3614], [3645, 3615], [3644, 3642]],
  ...[[3735, 3734], [3770, 3769], [3807, 3802], [3905, 3904], [3907, 3906], [3909, 3908], [3911, 3910]],
  ...[[3913, 3912], [3927, 3926], [4073, 4072], [4090, 4089], [4097, 4096], [4192, 4191], [6150, 4451]],
  ...[[6151, 4532], [6152, 4533], [6153, 4534], [6155, 4535], [6157, 4536], [5039, 5038], [271, 5069]],
] as [number, number][]);

type Reader = (text: string) => unknown;

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [BOOL, (text) => text === "t"],
  [BYTEA, readBytes],
  [INT8, readInteger],
  [INT2, Number],
  [INT4, Number],
  [OID, Number],
  [FLOAT4, Number],
  [FLOAT8, Number],
  [JSON_OID, parseJson],
  [JSONB, parseJson],
]);

function readInteger(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

const ESCAPED_REGEXP = /\\(\\|\d{3})/g;

/** `\x00ff`, or with `bytea_output = escape` bytes as Latin characters with `\\` and `\ooo` among them. */
function readBytes(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Uint8Array.fromHex(text.slice(2));
  const plain = text.replace(
    ESCAPED_REGEXP,
    (_, escaped: string) => escaped === "\\" ? escaped : String.fromCharCode(parseInt(escaped, 8)),
  );
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** A value on its way to the server, which says only then which type it wants. */
export class Parameter {
  /** @throws {TypeError} when it is `undefined`, or text that UTF-8 cannot hold */
  constructor(readonly value: unknown) {
    if (value === undefined) throw new TypeError("Cannot use undefined as a value in SQL: pass null for NULL");
    if (typeof value === "string" && !value.isWellFormed()) {
      throw new TypeError("Cannot write text with half a surrogate pair: it is no Unicode");
    }
  }

  /** For types that only the server knows. */
  toString(): string {
    return writeValue(this.value, 0);
  }
}

/**
 * The text of a value, for a type; 0 for an unknown one.
 *
 * @throws {TypeError} when the type cannot take it
 */
export function writeValue(value: unknown, type: number): string {
  if (type === JSON_OID || type === JSONB) return writeJson(value);
  const element = ELEMENT_OF.get(type);
  if (Array.isArray(value) && !TEXTS.has(type)) return writeArrayOf(value, element ?? 0);
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return String(value);
    case "boolean":
      return String(value);
    case "object":
      return writeObject(value, type);
    default:
      throw new TypeError(`Cannot use a value of the type ${typeof value} in SQL`);
  }
}

function writeJson(value: unknown): string {
  if (bytesOf(value) !== undefined) throw new TypeError("Cannot write bytes as JSON");
  refuseOpaque(value);
  return jsonText(value);
}

/** A `Map` or `Set` would become `{}` without a word. */
function refuseOpaque(value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isRawJson(value)) return;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || "toJSON" in value) return;
  throw new TypeError(`Cannot use a ${value.constructor.name} as a value in SQL`);
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function writeArrayOf(items: readonly unknown[], element: number): string {
  return writeArray(items, {
    delimiter: element === BOX ? ";" : ",",
    nested: element !== JSON_OID && element !== JSONB,
    write: (item) => writeValue(item, element),
  });
}

function writeObject(value: object | null, type: number): string {
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    if (TEXTS.has(type)) throw new TypeError("Cannot write bytes as text: decode them with TextDecoder");
    return `\\x${bytes.toHex()}`;
  }
  if (value instanceof Date) return writeDate(value);
  if (isRawJson(value)) return value.rawJSON;
  refuseOpaque(value);
  // Temporal's types, URL and decimal libraries say by toJSON() how they are written
  const own: unknown = value !== null && "toJSON" in value && typeof value.toJSON === "function"
    ? value.toJSON()
    : value;
  return typeof own === "string" ? own : jsonText(own);
}

/** ISO 8601 in UTC; years before 1 and after 9999 as PostgreSQL reads them. */
function writeDate(date: Date): string {
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) throw new TypeError("Cannot use an invalid Date as a value in SQL");
  const rest = date.toISOString().replace(/^[+-]?\d+/, "");
  const before = year < 1;
  return `${String(before ? 1 - year : year).padStart(4, "0")}${rest}${before ? " BC" : ""}`;
}

/** How porsager's driver is told of the types: `types` of its options. */
export interface DriverType {
  readonly to: number;
  readonly from: number[];
  serialize(value: unknown): string;
  /** Absent where the text stays as it is. */
  // deno-lint-ignore no-explicit-any -- the driver's own type of it
  readonly parse: any;
}

/** The types that the driver has its own opinion of, and must not have one: dates. */
const LEFT_AS_TEXT = [25, 1082, 1114, 1184];

export function driverTypes(): Record<string, DriverType> {
  const types: Record<string, DriverType> = {};
  const add = (oid: number, parse: Reader | undefined) => {
    types[`type${oid}`] = {
      to: oid,
      from: [oid],
      serialize: (value) => writeValue(value instanceof Parameter ? value.value : value, oid),
      parse,
    };
  };
  for (const oid of TEXTS) add(oid, undefined);
  for (const oid of LEFT_AS_TEXT) add(oid, undefined);
  for (const [oid, read] of READERS) add(oid, read);
  for (const [oid, element] of ELEMENT_OF) add(oid, (text) => readArray(text, element));
  return types;
}

function readArray(text: string, element: number): unknown {
  if (isBoundedArray(text)) return text;
  const isJson = element === JSON_OID || element === JSONB;
  if (isJson && text.startsWith("{{")) return text;
  return parseArray(text, { delimiter: element === BOX ? ";" : ",", read: READERS.get(element) ?? ((item) => item) });
}
