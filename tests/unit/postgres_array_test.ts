/** PostgreSQL's text form of arrays. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { isBoundedArray, parseArray, writeArray } from "../../src/db/postgres_array.ts";

const read = (text: string) => parseArray(text, { delimiter: ",", read: (item) => item });

Deno.test("parseArray() reads dimensions, NULL, quotes and escapes", () => {
  assert.deepEqual(read("{}"), []);
  assert.deepEqual(read('{a,NULL,null,"NULL"}'), ["a", null, "null", "NULL"]);
  assert.deepEqual(read("{{1,2},{3,NULL}}"), [["1", "2"], ["3", null]]);
  assert.deepEqual(read('{"a,b","{}","\\"q\\"","\\\\",""," "}'), ["a,b", "{}", '"q"', "\\", "", " "]);
});

Deno.test("parseArray() takes the delimiter of the type", () => {
  assert.deepEqual(parseArray("{(1,1),(0,0);(2,2),(1,1)}", { delimiter: ";", read: (item) => item }), [
    "(1,1),(0,0)",
    "(2,2),(1,1)",
  ]);
});

Deno.test("isBoundedArray() is true of arrays that say where their indexes begin", () => {
  assert.equal(isBoundedArray("[0:1]={1,2}"), true);
  assert.equal(isBoundedArray("{1,2}"), false);
});

Deno.test("writeArray() and parseArray() are each other's inverse, for any text", () => {
  const item = fc.option(fc.string({ unit: "grapheme" }));
  const list = fc.oneof(fc.array(item), fc.array(fc.array(item, { minLength: 1 }), { minLength: 1 }));
  fc.assert(fc.property(list, (items) => {
    assert.deepEqual(read(writeArray(items, { delimiter: ",", nested: true, write: String })), items);
  }));
});
