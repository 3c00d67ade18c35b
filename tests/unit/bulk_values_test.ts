/**
 * Texts that a load looks at itself, where the database would take anything.
 *
 * @module
 */

import assert from "node:assert/strict";
import { valueCheck } from "../../src/bulk_values.ts";
import type { ColumnKind } from "../../src/db/catalog.ts";

const GOOD: Partial<Record<ColumnKind, readonly string[]>> = {
  integer: ["0", "-12", "+7", " 5 ", "9223372036854775807", "-9223372036854775808"],
  decimal: ["1", "-1.5", ".5", "1.", "1e10", "2.5E-3"],
  float: ["3.14"],
  date: ["2024-02-29", "0001-01-01", "19782"],
  timestamp: [
    "2024-02-29",
    "2024-01-01 10:00",
    "2024-01-01T10:00:00.123456Z",
    "2024-01-01 10:00:00+02:00",
    "1700000000",
  ],
  time: ["10:00", "23:59:59.999"],
  uuid: ["123e4567-e89b-12d3-a456-426614174000", "{123E4567E89B12D3A456426614174000}"],
  json: ["1", '{"a": [true, null]}', '"x"'],
};

const BAD: Partial<Record<ColumnKind, readonly string[]>> = {
  integer: ["", "abc", "1.5", "1e3", "0x10", "9223372036854775808"],
  decimal: ["", "1.2.3", "e5", ".", "1,5", "NaN"],
  float: ["one"],
  boolean: ["", "maybe", "2"],
  date: ["2023-02-29", "2024-13-01", "01.02.2024", "2024-01-01 10:00"],
  timestamp: ["2024-01-01 25:00", "2024-02-30 10:00", "soon"],
  time: ["24:00", "10:60", "noon"],
  uuid: ["123", "123e4567-e89b-12d3-a456-42661417400g"],
  json: ["", "{a}", "undefined"],
};

for (const [kind, texts] of Object.entries(GOOD)) {
  Deno.test(`valueCheck() takes what is a value of the kind ${kind}`, () => {
    const check = valueCheck(columnOf(kind));
    for (const text of texts) assert.deepEqual(check?.(text), { value: text });
  });
}

for (const [kind, texts] of Object.entries(BAD)) {
  Deno.test(`valueCheck() refuses what is no value of the kind ${kind}`, () => {
    const check = valueCheck(columnOf(kind));
    for (const text of texts) assert("problem" in (check?.(text) ?? {}), text);
  });
}

Deno.test("valueCheck() makes numbers of the words for true and false", () => {
  const check = valueCheck(columnOf("boolean"));
  assert.deepEqual(["true", "F", " yes ", "0"].map((text) => check?.(text)), [
    { value: 1 },
    { value: 0 },
    { value: 1 },
    { value: 0 },
  ]);
});

Deno.test("valueCheck() has nothing to say of texts and bytes", () => {
  assert.equal(valueCheck(columnOf("text")), undefined);
  assert.equal(valueCheck(columnOf("bytes")), undefined);
});

function columnOf(kind: string) {
  return { name: "c", type: kind, kind: kind as ColumnKind, nullable: true, hasDefault: false, generated: false };
}
