/** The graph of schema and data, to be looked at and clicked through. */

import { graphSvg, STATE_SIGNS } from "../graph_svg.ts";
import { type GraphNode, type GraphView, graphView, type NodeState } from "../graph_view.ts";
import type { Sight } from "./board.ts";
import { type Html, type HtmlTag, trusted } from "./html.ts";
import { addressOf, stateSign, troubleBox } from "./pieces.ts";
import type { Page } from "./shell.ts";

/** Draws the graph; the same one is not drawn twice. */
export class Drawing {
  readonly #redact: (text: string) => string;
  #key = "";
  #svg = "";

  /** @param redact takes secrets out of the texts in the picture, which a template cannot look into */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  svgOf({ nodes, edges }: GraphView): string {
    const redact = this.#redact;
    const view = { nodes: nodes.map((node) => ({ ...node, text: redact(node.text) })), edges };
    const key = JSON.stringify(view);
    if (key !== this.#key) [this.#key, this.#svg] = [key, graphSvg(view, { isPart: true, linkOf })];
    return this.#svg;
  }
}

export function graphPage(
  markup: HtmlTag,
  sight: Sight,
  { params, drawing }: { readonly params: URLSearchParams; readonly drawing: Drawing },
): Page {
  const { project, entries, schema, troubles } = sight;
  const wantsSchema = schema !== undefined && params.get("schema") !== "no";
  const view = graphView({ project, entries, ...wantsSchema ? { schema } : {} });
  const states = [...new Set(view.nodes.map(({ state }) => state))];
  const body = markup`<h1>Graph</h1>${troubles.map((trouble) => troubleBox(markup, trouble))}
    <div
      class="graph-bar">${legend(markup, states)}<span class="grow"></span>${
    schema === undefined
      ? ""
      : wantsSchema
      ? markup`<a href="/graph?schema=no">Without schema</a>`
      : markup`<a href="/graph">With schema</a>`
  }<span data-zoom class="zoom" hidden><button type="button" data-zoom-by="out" aria-label="Smaller">−</button><button type="button"
    data-zoom-by="fit">Fit</button><button type="button" data-zoom-by="in" aria-label="Larger">+</button></span></div>
    ${
    view.nodes.length === 0
      ? markup`<p class="quiet">There are no revisions to draw.</p>`
      : markup`<div class="graph" data-graph tabindex="0" role="region" aria-label="Graph of revisions">${
        trusted(drawing.svgOf(view))
      }</div>`
  }
  `;
  return { title: "Graph", tab: "/graph", body };
}

function linkOf({ kind, id }: GraphNode): string {
  return kind === "data" ? addressOf("/revision", { id }) : addressOf("/schema", { q: id });
}

function legend(markup: HtmlTag, states: readonly NodeState[]): Html {
  const shown = (Object.keys(STATE_SIGNS) as NodeState[]).filter((state) => states.includes(state));
  return markup`<ul class="legend">${shown.map((state) => markup`<li>${stateSign(state)}${state}</li>`)}</ul>`;
}
