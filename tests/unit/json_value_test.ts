/** JSON without loss. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { isRawJson, jsonText, parseJson } from "../../src/db/json_value.ts";

Deno.test("parseJson() gives integers beyond 2^53 - 1 as bigint, wherever they are", () => {
  assert.deepEqual(parseJson('{"a":[9007199254740993,-9007199254740993],"b":9007199254740991}'), {
    a: [9007199254740993n, -9007199254740993n],
    b: 9007199254740991,
  });
});

Deno.test("parseJson() keeps a number that a double cannot hold as it is written", () => {
  for (const text of ["0.1000000000000000000001", "1e400", "-1e-400", "123456789.12345678901234"]) {
    const value = parseJson(`[${text}]`);
    assert.ok(Array.isArray(value) && isRawJson(value[0]));
    assert.equal(value[0].rawJSON, text);
    assert.equal(jsonText(value), `[${text}]`);
  }
});

Deno.test("parseJson() gives a number for one that is only written at length", () => {
  assert.deepEqual(
    parseJson("[0.50000000000000000000, 1.00000000000000000000e5, 1e21, 0.1e-10, 1e22, 0.0000000000000000]"),
    [
      0.5,
      100000,
      1e21,
      1e-11,
      1e22,
      0,
    ],
  );
});

Deno.test("parseJson() leaves digits in strings and keys alone", () => {
  assert.deepEqual(parseJson('{"9007199254740993":"0.1000000000000000000001"}'), {
    "9007199254740993": "0.1000000000000000000001",
  });
});

Deno.test("parseJson() gives JSON's null as a value of its own, and only where it is the whole document", () => {
  const value = parseJson(" null ");
  assert.ok(isRawJson(value));
  assert.equal(jsonText(value), "null");
  assert.deepEqual(parseJson("[null]"), [null]);
});

Deno.test("parseJson() throws on what is no JSON", () => {
  assert.throws(() => parseJson("{"), SyntaxError);
  assert.throws(() => parseJson("12345678901234567890x"), SyntaxError);
});

Deno.test("jsonText() refuses what has no JSON", () => {
  assert.throws(() => jsonText(() => 1), { message: "Cannot write a function as JSON" });
  assert.throws(() => jsonText(Symbol("s")), TypeError);
});

Deno.test("jsonText(parseJson()) is the same number, for any number", () => {
  const digits = fc.stringMatching(/^\d{1,30}$/);
  const number = fc.tuple(fc.boolean(), digits, fc.option(digits), fc.option(fc.integer({ min: -400, max: 400 })))
    .map(([minus, whole, fraction, exponent]) =>
      `${minus ? "-" : ""}${whole.replace(/^0+(?=\d)/, "")}${fraction === null ? "" : `.${fraction}`}${
        exponent === null ? "" : `e${exponent}`
      }`
    );
  fc.assert(
    fc.property(number, (text) => {
      assert.deepEqual(exact(jsonText(parseJson(text))), exact(text));
    }),
    { numRuns: 2_000 },
  );
});

/** A decimal number as an integer times a power of ten, without zeros at its end. */
function exact(text: string): [digits: bigint, exponent: number] {
  const [, whole = "", fraction = "", power = "0"] = /^(-?\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
  let digits = BigInt(`${whole}${fraction}`), exponent = Number(power) - fraction.length;
  if (digits === 0n) return [0n, 0];
  while (digits % 10n === 0n) {
    digits /= 10n;
    exponent++;
  }
  return [digits, exponent];
}
