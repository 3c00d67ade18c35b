/**
 * The graph in Mermaid, as GitHub and GitLab draw it in Markdown. Pure.
 *
 * @module
 */

import { signOf } from "./graph_text.ts";
import type { GraphNode, GraphView, NodeState } from "./graph_view.ts";
import { fitted } from "./text_width.ts";
import { visible } from "./visible.ts";

/** What GitHub's Mermaid draws at most; beyond it shows an error in place of the picture. */
export const MERMAID_LIMITS = { characters: 50_000, edges: 500 } as const;

/** Longer descriptions are cut off, in columns. */
const TEXT_COLUMNS = 60;

const CLASSES: Readonly<Record<NodeState, string>> = {
  applied: "fill:#dcf5e3,stroke:#1a7f37,color:#0b3d1c",
  pending: "fill:#e4effc,stroke:#2563c9,color:#123061,stroke-dasharray:4 3",
  running: "fill:#e3f6f8,stroke:#0b7285,color:#083d47,stroke-width:3px",
  failed: "fill:#fde4e1,stroke:#c62828,color:#5f1412,stroke-width:2px",
  blocked: "fill:#fdf0d5,stroke:#a15c00,color:#4d2c00,stroke-dasharray:2 2",
  changed: "fill:#fdf0d5,stroke:#a15c00,color:#4d2c00",
  missing: "fill:#fde4e1,stroke:#c62828,color:#5f1412,stroke-dasharray:2 2",
  faulty: "fill:#fde4e1,stroke:#c62828,color:#5f1412,stroke-width:3px",
  unknown: "fill:#eeeeee,stroke:#6b6b6b,color:#333333",
};

export function graphMermaid({ nodes, edges }: GraphView): string {
  const names = new Map(nodes.map(({ key }, at) => [key, `n${at}`]));
  const states = [...new Set(nodes.map(({ state }) => state))].sort();
  const lines = [
    "flowchart TD",
    ...nodes.map((node) => `  ${names.get(node.key)}${shapeOf(node)}:::${node.state}`),
    ...edges.map(({ from, to, kind }) => `  ${names.get(from)} ${kind === "gate" ? "-.->" : "-->"} ${names.get(to)}`),
    ...states.map((state) => `  classDef ${state} ${CLASSES[state]}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Data revisions are round, Alembic's are square. */
function shapeOf(node: GraphNode): string {
  const label = `"${labelOf(node)}"`;
  return node.kind === "data" ? `(${label})` : `[[${label}]]`;
}

function labelOf(node: GraphNode): string {
  const { id, state, text, labels } = node;
  const told = state === "applied" ? [] : [state];
  const marks = [...labels, ...told].map((mark) => ` (${quoted(mark)})`).join("");
  return `${signOf(node)} ${quoted(id)}${marks}${text === "" ? "" : `<br/>${quoted(text)}`}`;
}

// all that Mermaid, Markdown or HTML could take for more than a letter
const SPECIAL_REGEXP = /[^\p{L}\p{N}\p{M} .,/+-]/gu;

/** The text with everything special by its number, as Mermaid writes it. */
function quoted(text: string): string {
  return fitted(visible(text), TEXT_COLUMNS).replace(SPECIAL_REGEXP, (character) => `#${character.codePointAt(0)};`);
}
