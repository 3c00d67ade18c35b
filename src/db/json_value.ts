/**
 * JSON of a database as JavaScript's values and back, without loss: `JSON.parse` alone would round numbers that a
 * double cannot hold.
 *
 * | in the JSON                                   | value                                  |
 * |-----------------------------------------------|----------------------------------------|
 * | integer beyond 2^53 - 1                       | `bigint`                               |
 * | other number that a double cannot hold        | `JSON.rawJSON(text)`                   |
 * | `null` as the whole document                  | `JSON.rawJSON("null")`: not SQL's NULL |
 * | all else                                      | as `JSON.parse` gives it               |
 *
 * @module
 */

/** A number as it is written, which `JSON.stringify` writes so again: `{ rawJSON: "0.1000000000000000000001" }`. */
export interface RawJson {
  readonly rawJSON: string;
}

/** What TypeScript's library does not know yet: https://tc39.es/proposal-json-parse-with-source/ */
interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}

const json = JSON as unknown as JsonWithSource;

/** Whether a text may hold a number that a double cannot: 16 digits or more, or an exponent of two digits or more. */
const LONG_NUMBER_REGEXP = /[\d.]{16}|\d[eE][+-]?\d\d/;
const INTEGER_REGEXP = /^-?\d+$/;
const DECIMAL_REGEXP = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** @throws {SyntaxError} when the text is no JSON */
export function parseJson(text: string): unknown {
  if (text.trim() === "null") return json.rawJSON("null");
  if (!LONG_NUMBER_REGEXP.test(text)) return JSON.parse(text);
  return json.parse(
    text,
    (_key, value, { source }) => typeof value === "number" && source !== undefined ? exactNumber(value, source) : value,
  );
}

function exactNumber(value: number, source: string): number | bigint | RawJson {
  if (INTEGER_REGEXP.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
  return Number.isFinite(value) && normalized(source) === normalized(String(value)) ? value : json.rawJSON(source);
}

/** One text for all ways to write the same decimal number: sign, digits without zeros around them, exponent. */
function normalized(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = DECIMAL_REGEXP.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * The JSON of a value: with `bigint` as a number, too.
 *
 * @throws {TypeError} when the value has no JSON: a function, a symbol, a ring
 */
export function jsonText(value: unknown): string {
  const text: string | undefined = JSON.stringify(
    value,
    (_key, part: unknown) => typeof part === "bigint" ? json.rawJSON(String(part)) : part,
  );
  if (text === undefined) throw new TypeError(`Cannot write a ${typeof value} as JSON`);
  return text;
}

export function isRawJson(value: unknown): value is RawJson {
  return json.isRawJSON(value);
}
