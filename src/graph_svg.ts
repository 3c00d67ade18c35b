/**
 * The graph as SVG: state by colour and by shape, readable in light and dark, and told to those who hear it. Pure.
 *
 * @module
 */

import { layOut, type Point } from "./graph_layout.ts";
import { DARK_COLOURS, GRAPH_RULES, LIGHT_COLOURS } from "./graph_style.ts";
import type { GraphNode, GraphView, NodeState } from "./graph_view.ts";
import { fitted, textWidth } from "./text_width.ts";
import { visible } from "./visible.ts";

export interface SvgOptions {
  /** Where a click on a node leads to; without it there are no links. */
  readonly linkOf?: (node: GraphNode) => string | undefined;
  /** As a part of a page, which has the styles. @default a file of its own */
  readonly isPart?: boolean;
}

const HEIGHT = 46;
const MARGIN = 16;
const GAPS = { gapX: 22, gapY: 44 };
/** How many columns of text a node takes at least and at most, how wide one is, and what else is in a node. */
const COLUMNS = { least: 12, most: 26, width: 7.3, around: 50 };
/** A whole description for those who point at a node, or hear it, in columns. */
const TITLE_COLUMNS = 400;

export function graphSvg(view: GraphView, options: SvgOptions = {}): string {
  const columns = columnsOf(view);
  const nodeWidth = Math.ceil((columns * COLUMNS.width + COLUMNS.around) / 2) * 2;
  const place = new Map(view.nodes.map(({ key }, at) => [key, at]));
  const links = view.edges.map(({ from, to }) => [place.get(from) ?? 0, place.get(to) ?? 0] as const);
  const layout = layOut(view.nodes.length, links, { nodeWidth, nodeHeight: HEIGHT, ...GAPS });
  const width = Math.ceil(layout.width) + 2 * MARGIN, height = Math.ceil(layout.height) + 2 * MARGIN;
  const edges = layout.edges.map((points, at) =>
    `<path class="dg-edge${view.edges[at]?.kind === "gate" ? " gate" : ""}" d="${
      pathOf(points)
    }" marker-end="url(#dg-arrow)"/>`
  );
  const nodes = view.nodes.map((node, at) =>
    linked(nodeSvg(node, layout.nodes[at] ?? { x: 0, y: 0 }, { nodeWidth, columns }), options.linkOf?.(node))
  );
  return `${opening({ width, height, isPart: options.isPart ?? false })}
<title id="dg-title">Graph of revisions</title>
<desc id="dg-desc">${xml(describe(view))}</desc>
${options.isPart ? "" : `<style>${ownStyle()}</style>\n<rect class="dg-paper" width="100%" height="100%"/>\n`}${ARROW}
<g class="dg-all" transform="translate(${MARGIN} ${MARGIN})">
${[...edges, ...nodes].join("\n")}
</g>
</svg>
`;
}

function opening({ width, height, isPart }: { width: number; height: number; isPart: boolean }): string {
  // links within an image would be hidden from those who hear it
  const role = isPart ? "group" : "img";
  return `<svg xmlns="http://www.w3.org/2000/svg" class="dg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="${role}" aria-labelledby="dg-title dg-desc">`;
}

function ownStyle(): string {
  return `svg{${LIGHT_COLOURS}}@media (prefers-color-scheme:dark){svg{${DARK_COLOURS}}}.dg-paper{fill:var(--paper)}\n${GRAPH_RULES}`;
}

const ARROW =
  `<defs><marker id="dg-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">` +
  `<path class="dg-arrow" d="M0 0.5 8 4 0 7.5Z"/></marker></defs>`;

/** `1,000 revisions: 3 pending, 997 applied.` */
function describe({ nodes }: GraphView): string {
  if (nodes.length === 0) return "There are no revisions.";
  const counts = [...Map.groupBy(nodes, ({ state }) => state)].map(([state, { length }]) => `${length} ${state}`);
  return `${nodes.length} revisions, those that are needed above those that need them: ${counts.join(", ")}.`;
}

function columnsOf({ nodes }: GraphView): number {
  const widest = nodes.reduce((most, node) => {
    const text = Math.max(textWidth(visible(titleOf(node))), textWidth(visible(node.text.slice(0, COLUMNS.most))));
    return Math.max(most, text);
  }, COLUMNS.least);
  return Math.min(widest, COLUMNS.most);
}

/** The first line: `D001 billing`. */
function titleOf({ id, labels }: GraphNode): string {
  return [id, ...labels.map((label) => `(${label})`)].join(" ");
}

/** Down from point to point: straight through a layer, in a curve from one to the next. */
function pathOf(points: readonly Point[]): string {
  return points.map(({ x, y }, at) => {
    const before = points[at - 1];
    if (before === undefined) return `M${x} ${y}`;
    if (before.x === x) return `V${y}`;
    const bend = (y - before.y) / 2;
    return `C${before.x} ${before.y + bend} ${x} ${y - bend} ${x} ${y}`;
  }).join("");
}

function nodeSvg(
  node: GraphNode,
  { x, y }: Point,
  { nodeWidth, columns }: { readonly nodeWidth: number; readonly columns: number },
): string {
  const { kind, state, text } = node;
  const told = `${titleOf(node)}: ${state}${kind === "schema" ? ", in Alembic" : ""}${text === "" ? "" : `. ${text}`}`;
  const isTwoLines = text !== "";
  return `<g class="dg-node ${kind} ${state}" transform="translate(${x} ${y})">` +
    `<title>${xml(fitted(visible(told), TITLE_COLUMNS))}</title>` +
    `<rect class="dg-box" width="${nodeWidth}" height="${HEIGHT}" rx="${kind === "data" ? 10 : 1}"/>` +
    (kind === "schema" ? `<rect class="dg-bar" width="4" height="${HEIGHT}"/>` : "") +
    `<g transform="translate(22 ${HEIGHT / 2})">${STATE_SIGNS[state]}</g>` +
    `<text class="dg-id" x="38" y="${isTwoLines ? 19 : 28}">${xml(fitted(visible(titleOf(node)), columns))}</text>` +
    (isTwoLines ? `<text class="dg-text" x="38" y="36">${xml(fitted(visible(text), columns + 1))}</text>` : "") +
    "</g>";
}

/** What a state looks like, without its colour; SVG around the origin, in a circle of a radius of 9. */
export const STATE_SIGNS: Readonly<Record<NodeState, string>> = {
  applied: `<circle class="dg-fill" r="8"/><path class="dg-mark" d="M-3.5 0.3-1 2.8 3.7-2.6"/>`,
  pending: `<circle class="dg-ring" r="7"/>`,
  running: `<circle class="dg-ring" r="7"/><path class="dg-fill" d="M-2.2-3.6 3.8 0-2.2 3.6Z"/>`,
  failed: `<circle class="dg-fill" r="8"/><path class="dg-mark" d="M-3-3 3 3M3-3-3 3"/>`,
  blocked: `<circle class="dg-ring" r="7"/><path class="dg-stroke" d="M-4.6 4.6 4.6-4.6"/>`,
  changed: `<path class="dg-fill" d="M0-8.5 8.5 0 0 8.5-8.5 0Z"/><path class="dg-mark" d="M-2.6 0H2.6"/>`,
  missing: `<circle class="dg-ring" r="7" stroke-dasharray="3 2.5"/>`,
  faulty: `<path class="dg-fill" d="M0-8.5 8.8 7H-8.8Z"/><path class="dg-mark" d="M0-3V1.6M0 4.4V4.6"/>`,
  unknown: `<rect class="dg-ring" x="-6.5" y="-6.5" width="13" height="13"/>`,
};

function linked(svg: string, href: string | undefined): string {
  return href === undefined ? svg : `<a href="${xml(href)}">${svg}</a>`;
}

/** A text within XML; what XML cannot hold is shown as what is not known. */
function xml(text: string): string {
  return visible(text).toWellFormed().replace(/[\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
