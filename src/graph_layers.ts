/**
 * A graph in layers: each node below all that it needs, long edges as a slot in each layer that they pass, and an order
 * within the layers that has few crossings. After Sugiyama, K., Tagawa, S., Toda, M. (1981), "Methods for visual
 * understanding of hierarchical system structures". Pure, and the same for the same graph.
 *
 * @module
 */

/** An edge between two nodes, by their numbers; the first one comes before the second. */
export type Link = readonly [from: number, to: number];

/** What takes a place in a layer: a node, or a long edge on its way through. */
export interface Slot {
  /** Unlike all others; nodes have their own number. */
  readonly id: number;
  readonly isNode: boolean;
  readonly above: Slot[];
  readonly below: Slot[];
}

export interface Layers {
  readonly layers: readonly (readonly Slot[])[];
  /** For each edge the slots that it goes through, its ends included; only the ends where there were too many. */
  readonly routes: readonly (readonly Slot[])[];
}

/** Beyond so many slots of edges on their way, long edges go straight: nobody follows them by eye anyway. */
const MOST_PASSING = 10_000;
const SWEEPS = 8;

/** @param count nodes are numbered from 0, in an order in which each comes after what it needs */
export function layered(count: number, links: readonly Link[]): Layers {
  const ranks = ranksOf(count, links);
  const layers: Slot[][] = Array.from({ length: Math.max(-1, ...ranks) + 1 }, () => []);
  const nodes = ranks.map((rank, id) => placed(layers, rank, { id, isNode: true, above: [], below: [] }));
  const passing = links.reduce((sum, [from, to]) => sum + spanOf(ranks, from, to) - 1, 0);
  let id = count;
  const routes = links.map(([from, to]) => {
    const route = [nodes[from], nodes[to]].filter((slot) => slot !== undefined);
    const isShort = spanOf(ranks, from, to) === 1;
    if (!isShort && passing > MOST_PASSING) return route;
    for (let rank = (ranks[from] ?? 0) + 1; rank < (ranks[to] ?? 0); rank++) {
      route.splice(-1, 0, placed(layers, rank, { id: id++, isNode: false, above: [], below: [] }));
    }
    for (let at = 1; at < route.length; at++) tie(route[at - 1], route[at]);
    return route;
  });
  return { layers: leastCrossed(layers), routes };
}

function spanOf(ranks: readonly number[], from: number, to: number): number {
  return (ranks[to] ?? 0) - (ranks[from] ?? 0);
}

function placed(layers: Slot[][], rank: number, slot: Slot): Slot {
  layers[rank]?.push(slot);
  return slot;
}

function tie(upper: Slot | undefined, lower: Slot | undefined): void {
  if (upper === undefined || lower === undefined) return;
  upper.below.push(lower);
  lower.above.push(upper);
}

/** Each node as high as it can be; then those whose edges get shorter by it, as low as they can. */
function ranksOf(count: number, links: readonly Link[]): number[] {
  const ins = neighbours(count, links, 1), outs = neighbours(count, links, 0);
  const ranks = new Array<number>(count).fill(0);
  for (let node = 0; node < count; node++) {
    for (const parent of ins[node] ?? []) ranks[node] = Math.max(ranks[node] ?? 0, (ranks[parent] ?? 0) + 1);
  }
  for (let node = count - 1; node >= 0; node--) {
    const children = outs[node] ?? [];
    if (children.length === 0 || children.length < (ins[node] ?? []).length) continue;
    ranks[node] = children.reduce((least, child) => Math.min(least, ranks[child] ?? 0), Infinity) - 1;
  }
  return ranks;
}

/** For each node the other ends of the edges that it is at the end `side` of. */
function neighbours(count: number, links: readonly Link[], side: 0 | 1): number[][] {
  const lists: number[][] = Array.from({ length: count }, () => []);
  for (const link of links) lists[link[side]]?.push(link[side === 0 ? 1 : 0]);
  return lists;
}

/** Sorts each layer by where its neighbours are, downwards and upwards in turn, and keeps the best. */
function leastCrossed(layers: readonly Slot[][]): Slot[][] {
  let order = layers.map((layer) => [...layer]);
  let best = order, least = crossings(order);
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
    order = swept(order, sweep % 2 === 0);
    const count = crossings(order);
    if (count < least) [best, least] = [order, count];
  }
  return best;
}

function swept(order: readonly Slot[][], isDown: boolean): Slot[][] {
  const sorted = order.map((layer) => [...layer]);
  const place = new Map(sorted.flatMap((layer) => layer.map((slot, at) => [slot, at] as const)));
  const ranks = sorted.map((_, at) => at);
  for (const rank of isDown ? ranks : ranks.reverse()) {
    const layer = sorted[rank] ?? [];
    const wanted = new Map(layer.map((slot, at) => {
      const others = isDown ? slot.above : slot.below;
      const sum = others.reduce((sum, other) => sum + (place.get(other) ?? 0), 0);
      return [slot, others.length === 0 ? at : sum / others.length];
    }));
    layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    layer.forEach((slot, at) => place.set(slot, at));
  }
  return sorted;
}

/** How many edges cross between all layers. */
function crossings(order: readonly Slot[][]): number {
  return order.reduce((sum, layer, rank) => sum + crossingsBelow(layer, order[rank + 1] ?? []), 0);
}

/** Pairs of edges in the wrong order, counted with a Fenwick tree. */
function crossingsBelow(upper: readonly Slot[], lower: readonly Slot[]): number {
  const place = new Map(lower.map((slot, at) => [slot, at]));
  const tree = new Array<number>(lower.length + 1).fill(0);
  let seen = 0, count = 0;
  for (const slot of upper) {
    const ends = slot.below.map((below) => place.get(below) ?? 0).sort((a, b) => a - b);
    for (const end of ends) {
      let notAfter = 0;
      for (let at = end + 1; at > 0; at -= at & -at) notAfter += tree[at] ?? 0;
      count += seen - notAfter;
    }
    for (const end of ends) {
      seen++;
      for (let at = end + 1; at < tree.length; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
    }
  }
  return count;
}
