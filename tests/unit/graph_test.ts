import assert from "node:assert/strict";
import fc from "fast-check";
import { ancestorsOf, compareIds, findCycles, headsOf, type Parents, topologicalOrder } from "../../src/graph.ts";

function graph(edges: Record<string, string[]>): Parents {
  return new Map(Object.entries(edges));
}

/** A random acyclic graph: each node may need nodes made before it; the ids are shuffled against that order. */
const acyclic = fc.integer({ min: 1, max: 25 }).chain((size) =>
  fc.record({
    ids: fc.shuffledSubarray(Array.from({ length: size }, (_, i) => `D${i}`), { minLength: size, maxLength: size }),
    edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 3 * size }),
  })
).map(({ ids, edges }) => {
  const parents = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const [a, b] of edges) {
    if (a !== b) parents.get(ids[Math.max(a, b)] ?? "")?.push(ids[Math.min(a, b)] ?? "");
  }
  return parents;
});

Deno.test("compareIds() is natural: D2 before D10, however long the numbers", () => {
  const ids = ["D10", "D2", "D1", "D010", "E1", "D", "D99999999999999999999", "D2.1", "D2-b", "D2a"];
  assert.deepEqual(ids.sort(compareIds), [
    "D",
    "D1",
    "D2",
    "D2-b",
    "D2.1",
    "D2a",
    "D010",
    "D10",
    "D99999999999999999999",
    "E1",
  ]);
});

Deno.test("compareIds() is a total order", () => {
  const id = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
  fc.assert(fc.property(id, id, id, (a, b, c) => {
    assert.equal(Math.sign(compareIds(a, b)), -Math.sign(compareIds(b, a)) || 0);
    assert.equal(compareIds(a, b) === 0, a === b);
    if (compareIds(a, b) <= 0 && compareIds(b, c) <= 0) assert.ok(compareIds(a, c) <= 0);
  }));
});

Deno.test("topologicalOrder() puts each node after all that it needs, ties in natural order", () => {
  assert.deepEqual(
    topologicalOrder(graph({ D10: [], D2: ["D10"], D1: [], D3: ["D1"] })),
    ["D1", "D3", "D10", "D2"],
  );
  fc.assert(fc.property(acyclic, (parents) => {
    const order = topologicalOrder(parents);
    assert.equal(new Set(order).size, parents.size);
    const at = new Map(order.map((id, index) => [id, index]));
    for (const [id, needs] of parents) {
      for (const need of needs) assert.ok((at.get(need) ?? Infinity) < (at.get(id) ?? -1), `${need} before ${id}`);
    }
    // no two neighbours that are not bound to each other stand against the natural order
    order.forEach((id, index) => {
      const before = order[index - 1];
      if (before !== undefined && compareIds(id, before) < 0) assert.ok(parents.get(id)?.includes(before));
    });
  }));
});

Deno.test("topologicalOrder() does not depend on the order of its input", () => {
  fc.assert(fc.property(acyclic, (parents) => {
    const reversed = new Map([...parents].reverse().map(([id, needs]) => [id, [...needs].reverse()]));
    assert.deepEqual(topologicalOrder(parents), topologicalOrder(reversed));
  }));
});

Deno.test("headsOf() gives the nodes on which no other one depends, of all or of some", () => {
  const parents = graph({ D1: [], D2: ["D1"], D3: ["D1"], D4: ["D2"], D5: [] });
  assert.deepEqual(headsOf(parents), ["D3", "D4", "D5"]);
  assert.deepEqual(headsOf(parents, ["D1", "D2"]), ["D2"]);
  assert.deepEqual(headsOf(parents, ["D1", "D4", "gone"]), ["D4"]);
  fc.assert(fc.property(acyclic, (parents) => {
    const heads = headsOf(parents);
    assert.deepEqual([...ancestorsOf(parents, heads)].sort(), [...parents.keys()].sort());
  }));
});

Deno.test("findCycles() names a cycle as a path, and one for each knot", () => {
  assert.deepEqual(findCycles(graph({ D001: ["D003"], D002: [], D003: ["D001", "D002"] })), [["D001", "D003", "D001"]]);
  assert.deepEqual(findCycles(graph({ D1: ["D1"] })), [["D1", "D1"]]);
  assert.deepEqual(findCycles(graph({ A: ["B"], B: ["A"], C: ["D"], D: ["C"], E: ["A", "C"] })), [
    ["A", "B", "A"],
    ["C", "D", "C"],
  ]);
});

Deno.test("findCycles() finds a true cycle exactly when the order leaves nodes out", () => {
  const any = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 }).map((edges) => {
    const parents = new Map<string, string[]>(Array.from({ length: 10 }, (_, i) => [`N${i}`, []]));
    for (const [a, b] of edges) parents.get(`N${a}`)?.push(`N${b}`);
    return parents;
  });
  fc.assert(fc.property(any, (parents) => {
    const cycles = findCycles(parents);
    assert.equal(cycles.length === 0, topologicalOrder(parents).length === parents.size);
    for (const cycle of cycles) {
      assert.equal(cycle[0], cycle.at(-1));
      cycle.slice(1).forEach((need, index) => assert.ok(parents.get(cycle[index] ?? "")?.includes(need)));
    }
  }));
});

Deno.test("topologicalOrder() and headsOf() handle 100,000 nodes in a chain", () => {
  const parents = new Map(Array.from({ length: 100_000 }, (_, i) => [`D${i}`, i === 0 ? [] : [`D${i - 1}`]]));
  assert.equal(topologicalOrder(parents).at(-1), "D99999");
  assert.deepEqual(headsOf(parents), ["D99999"]);
});
