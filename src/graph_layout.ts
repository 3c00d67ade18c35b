/**
 * Where the nodes and edges of a graph are drawn, from top to bottom: parts that do not hang together side by side. Pure,
 * and the same for the same graph.
 *
 * @module
 */

import { layered, type Layers, type Link, type Slot } from "./graph_layers.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lengths in pixels; all nodes are of one size. */
export interface LayoutSizes {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** Between two nodes beside each other, and two layers. */
  readonly gapX: number;
  readonly gapY: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The upper left corner of each node. */
  readonly nodes: readonly Point[];
  /** For each edge the points that it goes through: down from one to the next. */
  readonly edges: readonly (readonly Point[])[];
}

/** The width of an edge on its way through a layer. */
const PASSING_WIDTH = 10;
/** How often the layers are moved: towards what is above, towards what is below, and then between both. */
const ROUNDS = 8;
/** How many times wider than high a picture of many parts is. */
const ASPECT = 1.8;

/** @param count nodes are numbered from 0, in an order in which each comes after what it needs */
export function layOut(count: number, links: readonly Link[], sizes: LayoutSizes): Layout {
  const parts = partsOf(count, links).map((part) => ({
    ...part,
    layout: layOutPart(part.members.length, part.links, sizes),
  }));
  const corners = packed(parts.map(({ layout }) => layout), sizes);
  const nodes = new Array<Point>(count);
  const edges = new Array<readonly Point[]>(links.length);
  parts.forEach(({ members, numbers, layout }, at) => {
    const corner = corners[at] ?? { x: 0, y: 0 };
    const moved = ({ x, y }: Point) => ({ x: x + corner.x, y: y + corner.y });
    members.forEach((node, index) => nodes[node] = moved(layout.nodes[index] ?? { x: 0, y: 0 }));
    numbers.forEach((edge, index) => edges[edge] = (layout.edges[index] ?? []).map(moved));
  });
  const far = parts.map(({ layout }, at) => ({
    x: (corners[at]?.x ?? 0) + layout.width,
    y: (corners[at]?.y ?? 0) + layout.height,
  }));
  return {
    width: far.reduce((most, { x }) => Math.max(most, x), 0),
    height: far.reduce((most, { y }) => Math.max(most, y), 0),
    nodes,
    edges,
  };
}

/** Nodes that hang together, and the edges between them, by their numbers within the part and in the whole. */
interface Part {
  readonly members: readonly number[];
  readonly links: readonly Link[];
  readonly numbers: readonly number[];
}

function partsOf(count: number, links: readonly Link[]): Part[] {
  const roots = Array.from({ length: count }, (_, node) => node);
  const rootOf = (node: number): number => {
    let root = node;
    for (let up = roots[root] ?? root; up !== root; up = roots[root] ?? root) root = up;
    // the next question is answered in one step
    roots[node] = root;
    return root;
  };
  for (const [from, to] of links) roots[rootOf(to)] = rootOf(from);
  const groups = Map.groupBy(roots.keys(), rootOf);
  const within = new Map([...groups.values()].flatMap((members) => members.map((node, at) => [node, at] as const)));
  const edges = Map.groupBy(links.keys(), (at) => rootOf(links[at]?.[0] ?? 0));
  return [...groups].map(([root, members]) => {
    const numbers = edges.get(root) ?? [];
    const local = (node: number | undefined) => within.get(node ?? -1) ?? 0;
    return { members, numbers, links: numbers.map((at): Link => [local(links[at]?.[0]), local(links[at]?.[1])]) };
  });
}

function layOutPart(count: number, links: readonly Link[], sizes: LayoutSizes): Layout {
  const graph = layered(count, links);
  const centres = centresOf(graph, sizes);
  const ys = graph.layers.map((_, rank) => rank * (sizes.nodeHeight + sizes.gapY));
  const rows = new Map(graph.layers.flatMap((layer, rank) => layer.map((slot) => [slot, ys[rank] ?? 0] as const)));
  const edgesOf = (slot: Slot) => widthOf(slot, sizes) / 2;
  const left = Math.min(0, ...[...centres].map(([slot, x]) => x - edgesOf(slot)));
  const right = Math.max(0, ...[...centres].map(([slot, x]) => x + edgesOf(slot)));
  const centre = (slot: Slot) => Math.round((centres.get(slot) ?? 0) - left);
  const nodes = new Array<Point>(count);
  for (const [slot] of centres) {
    if (slot.isNode) nodes[slot.id] = { x: centre(slot) - sizes.nodeWidth / 2, y: rows.get(slot) ?? 0 };
  }
  const edges = graph.routes.map((route) =>
    route.flatMap((slot, at): Point[] => {
      const x = centre(slot), top = rows.get(slot) ?? 0, bottom = top + sizes.nodeHeight;
      if (at === 0) return [{ x, y: bottom }];
      return at === route.length - 1 ? [{ x, y: top }] : [{ x, y: top }, { x, y: bottom }];
    })
  );
  return { width: right - left, height: (ys.at(-1) ?? 0) + sizes.nodeHeight, nodes, edges };
}

function widthOf({ isNode }: Slot, { nodeWidth }: LayoutSizes): number {
  return isNode ? nodeWidth : PASSING_WIDTH;
}

/** The middle of each slot, such that edges are as upright as the order of the layers lets them be. */
function centresOf({ layers }: Layers, sizes: LayoutSizes): Map<Slot, number> {
  const centres = new Map<Slot, number>();
  for (const layer of layers) arrange(layer, sizes, centres, (_, at) => ({ wanted: at * sizes.nodeWidth, weight: 1 }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const layer of layers) arrange(layer, sizes, centres, (slot) => pull(slot, slot.above, centres));
    for (const layer of [...layers].reverse()) {
      arrange(layer, sizes, centres, (slot) => pull(slot, slot.below, centres));
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const layer of round % 2 === 0 ? layers : [...layers].reverse()) {
      arrange(layer, sizes, centres, (slot) => pull(slot, [...slot.above, ...slot.below], centres));
    }
  }
  return centres;
}

interface Pull {
  readonly wanted: number;
  readonly weight: number;
}

/** To where its neighbours draw a slot. Long edges draw strongly, so that they are straight. */
function pull(slot: Slot, others: readonly Slot[], centres: ReadonlyMap<Slot, number>): Pull {
  let sum = 0, weight = 0;
  for (const other of others) {
    const force = slot.isNode && other.isNode ? 1 : slot.isNode || other.isNode ? 2 : 8;
    sum += force * (centres.get(other) ?? 0);
    weight += force;
  }
  return weight === 0 ? { wanted: centres.get(slot) ?? 0, weight: 0.1 } : { wanted: sum / weight, weight };
}

/**
 * Moves the slots of a layer to where they want to be, in their order and with room between them: the least squares by
 * pooling neighbours that are in each other's way.
 */
function arrange(
  layer: readonly Slot[],
  sizes: LayoutSizes,
  centres: Map<Slot, number>,
  pullOf: (slot: Slot, at: number) => Pull,
): void {
  const pools: { sum: number; weight: number; size: number }[] = [];
  const offsets: number[] = [];
  layer.forEach((slot, at) => {
    const before = layer[at - 1];
    const room = before === undefined ? 0 : (widthOf(before, sizes) + widthOf(slot, sizes)) / 2 + sizes.gapX;
    const offset = (offsets[at - 1] ?? 0) + room;
    offsets.push(offset);
    const { wanted, weight } = pullOf(slot, at);
    pools.push({ sum: (wanted - offset) * weight, weight, size: 1 });
    for (let last = pools.at(-1), other = pools.at(-2); last && other; last = pools.at(-1), other = pools.at(-2)) {
      if (other.sum / other.weight <= last.sum / last.weight) break;
      pools.splice(-2, 2, {
        sum: other.sum + last.sum,
        weight: other.weight + last.weight,
        size: other.size + last.size,
      });
    }
  });
  let at = 0;
  for (const { sum, weight, size } of pools) {
    for (const end = at + size; at < end; at++) {
      const slot = layer[at];
      if (slot !== undefined) centres.set(slot, sum / weight + (offsets[at] ?? 0));
    }
  }
}

/** The upper left corner of each part: in rows, in their order. */
function packed(parts: readonly Layout[], { gapX, gapY }: LayoutSizes): Point[] {
  const area = parts.reduce((sum, { width, height }) => sum + (width + gapX) * (height + gapY), 0);
  const limit = Math.max(Math.sqrt(area * ASPECT), ...parts.map(({ width }) => width));
  let x = 0, y = 0, rowHeight = 0;
  return parts.map(({ width, height }) => {
    if (x > 0 && x + width > limit) {
      y += rowHeight + gapY;
      x = rowHeight = 0;
    }
    const corner = { x, y };
    x += width + gapX;
    rowHeight = Math.max(rowHeight, height);
    return corner;
  });
}
