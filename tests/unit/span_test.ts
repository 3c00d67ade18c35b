import assert from "node:assert/strict";
import { isSpan, offlineSpan, parseSpan, resolveSpan, revisionsIn } from "../../src/span.ts";
import { graphOf } from "../../src/target.ts";

/** Two branches with labels from one root, their merge, and a line beside them. */
const GRAPH = (() => {
  const parents = new Map([
    ["root", []],
    ["bill1", ["root"]],
    ["bill2", ["bill1"]],
    ["shop1", ["root"]],
    ["both", ["bill2", "shop1"]],
    ["aside", []],
    ["aside2", ["aside"]],
  ]);
  const labels = new Map([["bill1", ["billing"]], ["aside", ["other"]]]);
  const migrations = new Map([...parents.keys()].map((id) => [id, { labels: labels.get(id) ?? [] }]));
  return graphOf(migrations, parents);
})();

function range(text: string, ...applied: string[]): string[] {
  return [...revisionsIn(resolveSpan(text, GRAPH, applied), GRAPH)].sort();
}

Deno.test("resolveSpan() and revisionsIn() give both ends and all between them", () => {
  assert.deepEqual(range("root:bill2"), ["bill1", "bill2", "root"]);
  assert.deepEqual(range("bill1:both"), ["bill1", "bill2", "both"]);
  assert.deepEqual(range("bill1:"), ["bill1", "bill2", "both"]);
  assert.deepEqual(range(":bill1"), ["bill1", "root"]);
  assert.deepEqual(range("base:shop1"), ["root", "shop1"]);
  assert.equal(range(":").length, 7);
  assert.deepEqual(range("other@base:"), ["aside", "aside2"]);
  assert.deepEqual(range("other@base:other@head"), ["aside", "aside2"]);
  assert.deepEqual(range("billing:billing@head"), ["bill1", "bill2", "both"]);
});

Deno.test("resolveSpan() counts from the other side, and knows what is applied", () => {
  assert.deepEqual(range("bill1:+1"), ["bill1", "bill2"]);
  assert.deepEqual(range("root:billing@+2"), ["bill1", "bill2", "root"]);
  assert.deepEqual(range("-1:bill2"), ["bill1", "bill2"]);
  assert.deepEqual(range("-9:bill2"), ["bill1", "bill2", "root"]);
  assert.deepEqual(range("bill1:+9"), ["bill1", "bill2", "both"]);
  assert.deepEqual(range("-1:current", "root", "bill1"), ["bill1", "root"]);
  assert.deepEqual(range("current:both", "root", "bill1"), ["bill1", "bill2", "both"]);
  assert.deepEqual(range(":current"), []);
});

Deno.test("resolveSpan() refuses what is no range, or goes the other way", () => {
  const refused: [string, string][] = [
    ["root", "Cannot understand the range 'root'"],
    ["a:b:c", "Cannot understand the range 'a:b:c'"],
    ["nope:", "Unknown target revision: nope"],
    ["root:+1", "'root:+1' could be any of 2 revisions: bill1, shop1"],
    ["bill2:bill1", "bill1 does not build on bill2"],
    [":+1", "':+1' could be any of 2 revisions: root, aside"],
    ["heads:+1", "'+1' could count from any of aside2, both"],
  ];
  for (const [text, message] of refused) assert.throws(() => range(text), { message, code: "unknown-target" }, text);
});

Deno.test("offlineSpan() says what is taken for applied, and where the script goes", () => {
  assert.deepEqual(offlineSpan("bill1:bill2", GRAPH), {
    applied: new Set(["bill1", "root"]),
    target: { kind: "name", name: "bill2" },
  });
  assert.deepEqual(offlineSpan(":", GRAPH), { applied: new Set(), target: { kind: "head" } });
  assert.deepEqual(offlineSpan("bill2:", GRAPH, "base").target, { kind: "base", branch: undefined });
  assert.deepEqual(offlineSpan("bill2:-1", GRAPH).target, { kind: "steps", steps: -1 });
  assert.throws(() => offlineSpan("nope:bill1", GRAPH), { message: "Unknown target revision: nope" });
});

Deno.test("parseSpan() takes the sides apart", () => {
  assert.deepEqual(parseSpan("D1 : D2"), { start: "D1", end: "D2" });
  assert.deepEqual([isSpan("D1:"), isSpan("D1")], [true, false]);
});
