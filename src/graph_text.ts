/**
 * The graph for a terminal, as `git log --graph` draws it, but with the oldest first: a line a revision, and below it how
 * the lanes go on. Pure.
 *
 * @module
 */

import type { GraphEdge, GraphNode, GraphView, NodeState } from "./graph_view.ts";

/** A line of the picture: lanes, the sign of a revision where it stands on this line, lanes, and the revision. */
export interface GraphRow {
  readonly before: string;
  readonly sign: string;
  readonly after: string;
  readonly node: GraphNode | undefined;
}

const DATA_SIGNS: Readonly<Record<NodeState, string>> = {
  applied: "●",
  pending: "○",
  running: "◉",
  failed: "✗",
  blocked: "⊘",
  changed: "◐",
  missing: "◌",
  faulty: "!",
  unknown: "?",
};
/** Alembic's are square. */
const SCHEMA_SIGNS: Readonly<Partial<Record<NodeState, string>>> = { applied: "■", pending: "□", unknown: "▫" };

/** A sign for the state, so that nobody needs the colours. */
export function signOf({ kind, state }: Pick<GraphNode, "kind" | "state">): string {
  return (kind === "schema" ? SCHEMA_SIGNS[state] : undefined) ?? DATA_SIGNS[state];
}

/** The lines of the whole graph. */
export function graphRows({ nodes, edges }: GraphView): GraphRow[] {
  const children = Map.groupBy(edges, ({ from }) => from);
  const order = new Map(nodes.map(({ key }, at) => [key, at]));
  const lanes = new Lanes();
  return nodes.flatMap((node) => {
    const column = lanes.take(node.key);
    const row = { ...lanes.around(column), sign: signOf(node), node };
    const next = (children.get(node.key) ?? []).map(({ to }: GraphEdge) => to)
      .sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    const link = lanes.fork(column, next);
    return link === undefined ? [row] : [row, { before: link, sign: "", after: "", node: undefined }];
  });
}

/** Where the lines come to one cell from. */
const UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8;

const CORNERS: Readonly<Record<number, string>> = {
  [UP | DOWN]: "│",
  [LEFT | RIGHT]: "─",
  [UP | RIGHT]: "╰",
  [UP | LEFT]: "╯",
  [DOWN | RIGHT]: "╭",
  [DOWN | LEFT]: "╮",
  [UP | DOWN | RIGHT]: "├",
  [UP | DOWN | LEFT]: "┤",
  [UP | LEFT | RIGHT]: "┴",
  [DOWN | LEFT | RIGHT]: "┬",
  [UP | DOWN | LEFT | RIGHT]: "┼",
};

/** Each lane leads down to one node that is still to come; those that lead to the same node are one. */
class Lanes {
  readonly #targets: (string | undefined)[] = [];
  /** Where a node is just above, and no lane goes on: what stood right below would seem to follow it. */
  #ended = -1;

  /** The column of a node, whose lane ends here. */
  take(key: string): number {
    const found = this.#targets.indexOf(key);
    const column = found >= 0 ? found : this.#free(0, this.#ended);
    this.#targets[column] = undefined;
    return column;
  }

  /** The lanes beside a node. */
  around(column: number): { before: string; after: string } {
    const cells = this.#targets.map((target) => target === undefined ? "  " : "│ ");
    return { before: cells.slice(0, column).join(""), after: ` ${cells.slice(column + 1).join("")}`.trimEnd() };
  }

  /** Begins lanes from a node to its children; the line that shows it, where a straight one would not. */
  fork(column: number, children: readonly string[]): string | undefined {
    this.#ended = children.length === 0 ? column : -1;
    const before = [...this.#targets];
    const columns = new Set(children.map((child) => {
      const found = this.#targets.indexOf(child);
      if (found >= 0) return found;
      const free = this.#free(column);
      this.#targets[free] = child;
      return free;
    }));
    if ([...columns].every((at) => at === column)) return undefined;
    return this.#link(column, columns, before);
  }

  #link(column: number, columns: ReadonlySet<number>, before: readonly (string | undefined)[]): string {
    const left = Math.min(column, ...columns), right = Math.max(column, ...columns);
    let line = "";
    for (let at = 0; at < this.#targets.length; at++) {
      const passes = before[at] !== undefined && at !== column;
      const meets = at === column || columns.has(at);
      const within = at > left && at < right;
      const directions = (passes || at === column ? UP : 0) | (passes || columns.has(at) ? DOWN : 0) |
        (meets && at > left ? LEFT : 0) | (meets && at < right ? RIGHT : 0);
      // a lane that has nothing to do with it goes on in front of the line that crosses it
      line += meets ? CORNERS[directions] ?? " " : passes ? "│" : within ? "─" : " ";
      line += at >= left && at < right ? "─" : " ";
    }
    return line.trimEnd();
  }

  /** The first free column from one on, but for `not`; lanes to the left are kept for nodes that begin there. */
  #free(from: number, not = -1): number {
    for (let at = from; at < this.#targets.length; at++) if (at !== not && this.#targets[at] === undefined) return at;
    if (this.#targets.push(undefined) - 1 === not) this.#targets.push(undefined);
    return this.#targets.length - 1;
  }
}
