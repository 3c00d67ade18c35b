import assert from "node:assert/strict";
import fc from "fast-check";
import { closest, meant } from "../../src/suggest.ts";

Deno.test("closest() finds a word with one letter wrong, missing, too many or swapped", () => {
  const commands = ["upgrade", "downgrade", "history", "heads", "current"];
  assert.equal(closest("upgrede", commands), "upgrade");
  assert.equal(closest("upgade", commands), "upgrade");
  assert.equal(closest("upgradde", commands), "upgrade");
  assert.equal(closest("ugprade", commands), "upgrade");
  assert.equal(closest("HISTORY", commands), "history");
});

Deno.test("closest() takes the nearest, and of equally near ones the first", () => {
  assert.equal(closest("heads", ["head", "heads"]), "heads");
  assert.equal(closest("heat", ["head", "hear"]), "head");
  assert.equal(closest("sqlalchemy.ulr", ["script_location", "sqlalchemy.url"]), "sqlalchemy.url");
});

Deno.test("closest() suggests nothing where nothing is near", () => {
  assert.equal(closest("quux", ["upgrade", "history"]), undefined);
  assert.equal(closest("x", []), undefined);
  assert.equal(closest("", ["upgrade"]), undefined);
});

Deno.test("meant() also takes the only one that begins with the word", () => {
  assert.equal(meant("--dry", ["--dry-run", "--sql"]), "--dry-run");
  assert.equal(meant("--lock", ["--lock-timeout", "--lock-other"]), undefined);
  assert.equal(meant("--d", ["--dry-run"]), undefined);
  assert.equal(meant("upgarde", ["upgrade", "downgrade"]), "upgrade");
});

Deno.test("closest() does not take another number for a slip of the finger", () => {
  assert.equal(closest("D009", ["D001", "D002"]), undefined);
  assert.equal(closest("D02", ["D001", "D002"]), "D002");
});

Deno.test("closest() finds a candidate itself, whatever else there is", () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), (words, at) => {
    const word = words[at % words.length] ?? "";
    assert.equal(closest(word, words)?.toLowerCase(), word.toLowerCase());
  }));
});
