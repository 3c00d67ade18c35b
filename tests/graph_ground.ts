/**
 * Views of graphs for tests: `D002 < D001` is a migration and what it needs.
 *
 * @module
 */

import type { GraphEdge, GraphNode, GraphView, NodeState } from "../src/graph_view.ts";

/** @param specs `D003 < D001 D002 = failed: text`; ids with a small first letter are Alembic's */
export function viewOf(...specs: readonly string[]): GraphView {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (const spec of specs) {
    const [head = "", text = ""] = spec.split(": ");
    const [relation = "", state = "applied"] = head.split(" = ");
    const [id = "", needs = ""] = relation.split(" < ");
    nodes.push(nodeOf(id, { state: state as NodeState, text }));
    for (const need of needs.split(" ").filter((need) => need !== "")) {
      const [from, to] = [keyOf(need), keyOf(id)];
      edges.push({ from, to, kind: from.slice(0, 4) === to.slice(0, 4) ? "needs" : "gate" });
    }
  }
  return { nodes, edges };
}

export function nodeOf(id: string, more: Partial<GraphNode> = {}): GraphNode {
  const kind = /^[A-Z]/.test(id) ? "data" : "schema";
  return { key: keyOf(id), id, kind, state: "applied", text: "", labels: [], isHead: false, ...more };
}

function keyOf(id: string): string {
  return `${/^[A-Z]/.test(id) ? "data" : "schema"}:${id}`;
}

/** What people, and those who mean harm, write into a description. */
export const HOSTILE_TEXTS: readonly string[] = [
  `<script>alert(1)</script>`,
  `"quotes" 'and' \`ticks\``,
  `</title></text><image href="https://evil.example/x"/>`,
  "\u202eeman ruoy\u202c \u200f\u061c",
  "bell \x07 and \x1b[31mred\x1b[0m",
  "first line\nsecond line\r\nthird",
  `]]> --> %% end classDef x fill:#f00`,
  `"]:::failed; click n0 "javascript:alert(1)"`,
  `&lt;b&gt; #35; &#x3c; \\N \\l`,
  "\ud800 lone \ufffe\uffff",
  "x".repeat(10_000),
];
