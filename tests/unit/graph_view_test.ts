import assert from "node:assert/strict";
import fc from "fast-check";
import { graphRows } from "../../src/graph_text.ts";
import { type GraphInput, graphView } from "../../src/graph_view.ts";
import type { LoadedMigration } from "../../src/migration.ts";
import type { HistoryEntry } from "../../src/state.ts";
import { topologicalOrder } from "../../src/graph.ts";

/** A project as files make it, in which anything may need anything. */
function inputOf(needs: readonly (readonly number[])[], broken: readonly string[] = []): GraphInput {
  const migrations = new Map(
    needs.map((of, at) => [
      `D${at}`,
      { revision: `D${at}`, description: "", labels: [], requiresBefore: [], dependsOn: of.map((need) => `D${need}`) },
    ]),
  ) as unknown as ReadonlyMap<string, LoadedMigration>;
  const parents = new Map(
    [...migrations].map(([id, { dependsOn }]) => [id, dependsOn.filter((need) => migrations.has(need))]),
  );
  const entries = topologicalOrder(parents).map((revision): HistoryEntry => ({
    revision,
    status: "pending",
    migration: migrations.get(revision),
    record: undefined,
  }));
  return { project: { migrations, parents, external: new Map(), broken }, entries };
}

const NEEDS = fc.array(fc.array(fc.nat(15), { maxLength: 3 }), { maxLength: 14 });

Deno.test("graphView() has every revision once, and each edge leads to a later one, whatever needs what", () => {
  fc.assert(fc.property(NEEDS, (needs) => {
    const input = inputOf(needs);
    const { nodes, edges } = graphView(input);
    assert.deepEqual(nodes.map(({ id }) => id).sort(), [...input.project.migrations.keys()].sort());
    const place = new Map(nodes.map(({ key }, at) => [key, at]));
    for (const { from, to } of edges) assert.ok((place.get(from) ?? NaN) < (place.get(to) ?? NaN), `${from} ${to}`);
    // without a circle no edge is left out
    if (input.entries.length === nodes.length) {
      const expected = new Set([...input.project.parents].flatMap(([id, of]) => of.map((need) => `${need} ${id}`)));
      assert.deepEqual(new Set(edges.map(({ from, to }) => `${from.slice(5)} ${to.slice(5)}`)), expected);
    }
  }));
});

Deno.test("graphView() shows what is on a circle, and what is broken, as faulty", () => {
  const { nodes } = graphView(inputOf([[], [2], [1], [1]], ["D9"]));
  assert.deepEqual(nodes.map(({ id, state }) => `${id} ${state}`), [
    "D0 pending",
    "D9 faulty",
    "D1 faulty",
    "D2 faulty",
    "D3 faulty",
  ]);
});

/** The edges that the lanes of a picture lead along. */
function edgesIn(view: ReturnType<typeof graphView>): Set<string> {
  const found = new Set<string>();
  /** For each column the nodes that a line there comes from. */
  let lanes: (Set<string> | undefined)[] = [];
  let last: { readonly key: string; readonly column: number } | undefined;
  for (const { before, sign, after, node } of graphRows(view)) {
    const cells = [...(before + sign + after)];
    if (node !== undefined) {
      const column = before.length / 2;
      for (const from of lanes[column] ?? []) found.add(`${from} ${node.key}`);
      lanes = lanes.map((lane, at) => cells[at * 2] === "│" ? lane : undefined);
      // straight down, unless a line of lanes says otherwise
      lanes[column] = new Set([node.key]);
      last = { key: node.key, column };
      continue;
    }
    lanes = lanesBelow(cells, lanes, last ?? { key: "", column: 0 });
  }
  return found;
}

function lanesBelow(
  cells: readonly string[],
  lanes: readonly (Set<string> | undefined)[],
  { key, column }: { readonly key: string; readonly column: number },
): (Set<string> | undefined)[] {
  const below: (Set<string> | undefined)[] = [];
  for (let at = 0; at * 2 < cells.length; at++) {
    const cell = cells[at * 2] ?? " ";
    if (!"│├┤┼╭╮┬".includes(cell)) continue;
    const own = at === column ? new Set<string>() : lanes[at] ?? new Set<string>();
    below[at] = cell === "│" && at !== column ? own : new Set([...own, key]);
  }
  return below;
}

Deno.test("graphRows() leads from each revision to those that need it, and nowhere else", () => {
  fc.assert(fc.property(NEEDS, (needs) => {
    // needs of what comes before alone, so that there is no circle
    const view = graphView(inputOf(needs.map((of, at) => of.filter((need) => need < at))));
    assert.deepEqual(edgesIn(view), new Set(view.edges.map(({ from, to }) => `${from} ${to}`)));
  }));
});
