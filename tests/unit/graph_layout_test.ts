import assert from "node:assert/strict";
import fc from "fast-check";
import { layered, type Link } from "../../src/graph_layers.ts";
import { layOut } from "../../src/graph_layout.ts";

const SIZES = { nodeWidth: 180, nodeHeight: 46, gapX: 22, gapY: 44 };

/** Graphs as histories are: each node needs a few of those before it, or none. */
const GRAPHS = fc.integer({ min: 0, max: 40 }).chain((count) =>
  fc.tuple(
    fc.constant(count),
    fc.array(fc.tuple(fc.nat(Math.max(0, count - 1)), fc.nat(Math.max(0, count - 1))), { maxLength: count * 2 }),
  )
).map(([count, pairs]): { count: number; links: Link[] } => {
  const links = new Map(
    pairs.filter(([a, b]) => a !== b).map(([a, b]) => [
      `${Math.min(a, b)} ${Math.max(a, b)}`,
      [
        Math.min(a, b),
        Math.max(a, b),
      ] as const,
    ]),
  );
  return { count, links: count === 0 ? [] : [...links.values()] };
});

Deno.test("layOut() puts no node over another, and all within the picture", () => {
  fc.assert(fc.property(GRAPHS, ({ count, links }) => {
    const { nodes, width, height } = layOut(count, links, SIZES);
    assert.equal(nodes.length, count);
    for (const [at, a] of nodes.entries()) {
      assert.ok(a.x >= -0.5 && a.x + SIZES.nodeWidth <= width + 0.5, `x ${a.x} of ${width}`);
      assert.ok(a.y >= 0 && a.y + SIZES.nodeHeight <= height, `y ${a.y} of ${height}`);
      for (const b of nodes.slice(at + 1)) {
        // coordinates are rounded
        const beside = Math.abs(a.x - b.x) >= SIZES.nodeWidth + SIZES.gapX - 1;
        const below = Math.abs(a.y - b.y) >= SIZES.nodeHeight + SIZES.gapY;
        assert.ok(beside || below, JSON.stringify([a, b]));
      }
    }
  }));
});

Deno.test("layOut() leads each edge downwards, from the lower side of a node to the upper side of the other", () => {
  fc.assert(fc.property(GRAPHS, ({ count, links }) => {
    const { nodes, edges } = layOut(count, links, SIZES);
    links.forEach(([from, to], at) => {
      const points = edges[at] ?? [];
      const [first, last] = [points[0], points.at(-1)];
      const [upper, lower] = [nodes[from], nodes[to]];
      assert.deepEqual(first, { x: (upper?.x ?? 0) + SIZES.nodeWidth / 2, y: (upper?.y ?? 0) + SIZES.nodeHeight });
      assert.deepEqual(last, { x: (lower?.x ?? 0) + SIZES.nodeWidth / 2, y: lower?.y });
      points.slice(1).forEach(({ y }, index) => assert.ok(y > (points[index]?.y ?? 0), JSON.stringify(points)));
    });
  }));
});

Deno.test("layOut() leads no edge through a node", () => {
  fc.assert(fc.property(GRAPHS, ({ count, links }) => {
    const { nodes, edges } = layOut(count, links, SIZES);
    for (const points of edges) {
      // between layers an edge bends; where it passes one it goes straight down between two points
      for (const { x, y } of points.slice(1, -1)) {
        for (const node of nodes) {
          const inside = x > node.x && x < node.x + SIZES.nodeWidth && y > node.y && y < node.y + SIZES.nodeHeight;
          assert.ok(!inside, JSON.stringify({ x, y, node }));
        }
      }
    }
  }));
});

Deno.test("layOut() is the same for the same graph", () => {
  fc.assert(fc.property(GRAPHS, ({ count, links }) => {
    assert.deepEqual(layOut(count, links, SIZES), layOut(count, links, SIZES));
  }));
});

Deno.test("layOut() draws a chain straight, and parts that do not hang together side by side", () => {
  const chain = layOut(4, [[0, 1], [1, 2], [2, 3]], SIZES);
  assert.deepEqual(chain.nodes.map(({ x }) => x), [0, 0, 0, 0]);
  const parts = layOut(9, [], SIZES);
  assert.ok(new Set(parts.nodes.map(({ y }) => y)).size > 1, "in several rows");
  assert.ok(new Set(parts.nodes.map(({ x }) => x)).size > 1, "beside each other");
});

Deno.test("layered() puts a node near to those that need it", () => {
  const { layers } = layered(4, [[0, 2], [2, 3], [1, 3]]);
  assert.equal(layers.findIndex((layer) => layer.some((slot) => slot.isNode && slot.id === 1)), 1);
});

Deno.test("layOut() draws a thousand nodes in a second, however they hang together", () => {
  const shapes: Record<string, Link[]> = {
    chain: Array.from({ length: 999 }, (_, at) => [at, at + 1]),
    star: Array.from({ length: 999 }, (_, at) => [0, at + 1]),
    ladder: Array.from({ length: 998 }, (_, at): Link[] => [[at, at + 1], [at, at + 2]]).flat(),
    // the worst: edges over hundreds of layers
    long: Array.from({ length: 999 }, (_, at): Link[] => [[at, at + 1], ...at < 500 ? [[at, at + 400] as const] : []])
      .flat(),
  };
  for (const [name, links] of Object.entries(shapes)) {
    const start = performance.now();
    layOut(1000, links, SIZES);
    const took = performance.now() - start;
    assert.ok(took < 3_000, `${name} took ${took} ms`);
  }
});
