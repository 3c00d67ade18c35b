/**
 * The graph in DOT, the language of Graphviz. Pure.
 *
 * @module
 */

import { signOf } from "./graph_text.ts";
import type { GraphNode, GraphView, NodeState } from "./graph_view.ts";
import { fitted } from "./text_width.ts";
import { visible } from "./visible.ts";

/** Longer descriptions are cut off, in columns. */
const TEXT_COLUMNS = 60;

interface Look {
  readonly fill: string;
  readonly line: string;
  readonly style: string;
}

const LOOKS: Readonly<Record<NodeState, Look>> = {
  applied: { fill: "#dcf5e3", line: "#1a7f37", style: "filled" },
  pending: { fill: "#e4effc", line: "#2563c9", style: "filled,dashed" },
  running: { fill: "#e3f6f8", line: "#0b7285", style: "filled,bold" },
  failed: { fill: "#fde4e1", line: "#c62828", style: "filled,bold" },
  blocked: { fill: "#fdf0d5", line: "#a15c00", style: "filled,dotted" },
  changed: { fill: "#fdf0d5", line: "#a15c00", style: "filled" },
  missing: { fill: "#fde4e1", line: "#c62828", style: "filled,dotted" },
  faulty: { fill: "#fde4e1", line: "#c62828", style: "filled,bold" },
  unknown: { fill: "#eeeeee", line: "#6b6b6b", style: "filled" },
};

export function graphDot({ nodes, edges }: GraphView): string {
  const lines = [
    "digraph delembic {",
    '  graph [rankdir=TB, fontname="sans-serif"];',
    '  node [fontname="sans-serif", fontsize=11, shape=box, margin="0.15,0.08"];',
    '  edge [color="#767676", arrowsize=0.7];',
    ...nodes.map(nodeLine),
    ...edges.map(({ from, to, kind }) =>
      `  ${quoted(from)} -> ${quoted(to)}${kind === "gate" ? " [style=dashed]" : ""};`
    ),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function nodeLine(node: GraphNode): string {
  const { key, id, kind, state, text, labels } = node;
  const { fill, line, style } = LOOKS[state];
  const marks = [...labels, ...state === "applied" ? [] : [state]].map((mark) => ` (${mark})`).join("");
  const title = `${signOf(node)} ${id}${marks}`;
  const label = [title, ...text === "" ? [] : [fitted(visible(text), TEXT_COLUMNS)]].map(escaped).join("\\n");
  const corners = kind === "data" ? "rounded," : "";
  return `  ${quoted(key)} [label="${label}", style="${corners}${style}", fillcolor="${fill}", color="${line}"];`;
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Harmless within quotes: Graphviz reads `\n`, `\N`, and entities such as `&lt;` there. */
function escaped(text: string): string {
  return visible(text).replaceAll("&", "&amp;").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
