import assert from "node:assert/strict";
import { DelembicError, FaultsError, messageOf, reasonOf } from "../../src/errors.ts";

Deno.test("DelembicError knows the errors of another copy of its module, and subclasses know their own alone", async () => {
  // as where the executable has one copy, and a migration imports another one
  const address = new URL("../../src/errors.ts?copy", import.meta.url).href;
  const other: { readonly DelembicError: typeof DelembicError } = await import(address);
  assert.notEqual(other.DelembicError, DelembicError);
  const error: unknown = new other.DelembicError("not so", { code: "no", hint: "So." });
  assert.ok(error instanceof DelembicError);
  assert.equal(error.hint, "So.");
  assert.ok(!(error instanceof FaultsError));
  assert.ok(new FaultsError([]) instanceof DelembicError);
  assert.ok(!(new TypeError("x") instanceof DelembicError));
  assert.ok(!(Object.create(DelembicError.prototype) instanceof FaultsError));
  assert.doesNotMatch(Deno.inspect(error), /Symbol/);
});

Deno.test("messageOf() and reasonOf() take whatever was thrown", () => {
  assert.equal(messageOf("text"), "text");
  assert.equal(messageOf({ a: 1 }), "{ a: 1 }");
  assert.equal(messageOf(new RangeError()), "RangeError");
  assert.equal(reasonOf(new Error("Permission denied (os error 13): open '/x'")), "Permission denied");
});
