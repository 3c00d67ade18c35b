/**
 * Keys of a walk as the ledger keeps them: JSON that loses nothing, so that a walk goes on tomorrow exactly where it was.
 *
 * @module
 */

/** One value of a key, as a query gives it. */
export type KeyValue = string | number | bigint | boolean | Uint8Array;

/** The values of the key's columns, in the order of the walk. */
export type Key = readonly KeyValue[];

/** @throws {TypeError} for a value that no key can have: NULL, JSON, a list */
export function toKey(values: readonly unknown[]): Key {
  return values.map((value) => {
    if (isKeyValue(value)) return value;
    throw new TypeError(`Cannot use ${Deno.inspect(value)} in a key`);
  });
}

function isKeyValue(value: unknown): value is KeyValue {
  return ["string", "number", "bigint", "boolean"].includes(typeof value) || value instanceof Uint8Array;
}

/** Texts, booleans and plain numbers as they are; others as an object that names their kind. */
export function encodeKey(key: Key): string {
  return JSON.stringify(key.map((value) => {
    if (typeof value === "bigint") return { bigint: String(value) };
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
      return { number: Object.is(value, -0) ? "-0" : String(value) };
    }
    return value instanceof Uint8Array ? { bytes: value.toHex() } : value;
  }));
}

/** Undoes {@link encodeKey}. @throws {SyntaxError | TypeError} for what it did not write */
export function decodeKey(text: string): Key {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new TypeError(`This is no key: ${text}`);
  return toKey(parsed.map((value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("bigint" in value) return BigInt(String(value.bigint));
    if ("number" in value) return Number(value.number);
    if ("bytes" in value) return Uint8Array.fromHex(String(value.bytes));
    return value;
  }));
}

/** For people: `42`, or `'de', 7`. */
export function formatKey(key: Key): string {
  return key.map((value) => {
    if (typeof value === "string") return `'${value.length > 60 ? `${value.slice(0, 59)}…` : value}'`;
    return value instanceof Uint8Array ? `x'${value.toHex()}'` : String(value);
  }).join(", ");
}
