/**
 * A directed acyclic graph of named nodes: order, ancestors, heads and named cycles. It knows nothing of migrations,
 * files or databases; the data revisions and the Alembic revisions both use it.
 *
 * @module
 */

/** For each node, the nodes that it needs. A parent that is no key of the map is ignored. */
export type Parents = ReadonlyMap<string, readonly string[]>;

const ID_PARTS_REGEXP = /\d+|\D+/g;

/**
 * The one order on ids: natural (`D2` before `D10`), ties by code units, so that it is total and knows no locale.
 */
export function compareIds(a: string, b: string): number {
  const left = a.match(ID_PARTS_REGEXP) ?? [];
  const right = b.match(ID_PARTS_REGEXP) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] ?? "", y = right[i] ?? "";
    if (x === y) continue;
    const bothNumbers = isDigit(x) && isDigit(y);
    const order = bothNumbers ? compareDigits(x, y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareText(a, b);
}

function isDigit(part: string): boolean {
  const code = part.charCodeAt(0);
  return code >= 48 && code <= 57;
}

/** Compares digit strings of any length by value, without numbers that lose digits. */
function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+(?=\d)/, ""), y = b.replace(/^0+(?=\d)/, "");
  return x.length - y.length || compareText(x, y);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * All nodes, each after all that it needs; among those that are ready, the first by {@link compareIds}. Nodes on or
 * behind a cycle are left out: ask {@link findCycles} first.
 *
 * Kahn, A. B. (1962), "Topological sorting of large networks", with a binary heap as its queue.
 */
export function topologicalOrder(parents: Parents): string[] {
  const children = childrenOf(parents);
  const waiting = new Map<string, number>();
  const ready = new IdHeap();
  for (const [id, needs] of parents) {
    const known = new Set(needs.filter((need) => parents.has(need))).size;
    if (known === 0) ready.push(id);
    else waiting.set(id, known);
  }
  const order: string[] = [];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    order.push(id);
    for (const child of children.get(id) ?? []) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  return order;
}

/** For each node, those that need it directly. */
export function childrenOf(parents: Parents): Map<string, string[]> {
  const children = new Map<string, string[]>([...parents.keys()].map((id) => [id, []]));
  for (const [id, needs] of parents) {
    for (const need of new Set(needs)) children.get(need)?.push(id);
  }
  return children;
}

/** The given nodes and all that they need, directly or not. Unknown ids are left out. */
export function ancestorsOf(parents: Parents, ids: Iterable<string>): Set<string> {
  const seen = new Set<string>();
  const stack = [...ids];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const needs = parents.get(id);
    if (needs === undefined || seen.has(id)) continue;
    seen.add(id);
    for (const need of needs) stack.push(need);
  }
  return seen;
}

/** The nodes of `among` (default: all) on which no other one of `among` depends, in natural order. */
export function headsOf(parents: Parents, among: Iterable<string> = parents.keys()): string[] {
  const known = [...among].filter((id) => parents.has(id));
  // in an acyclic graph a node is no head exactly when it is an ancestor of what some node needs
  const needed = ancestorsOf(parents, known.flatMap((id) => parents.get(id) ?? []));
  return known.filter((id) => !needed.has(id)).sort(compareIds);
}

/**
 * One cycle for each knot of the graph, as the path that a reader can follow: `["D001", "D003", "D001"]` where D001
 * needs D003 and D003 needs D001. Each begins at its first id in natural order. Empty when the graph is acyclic.
 */
export function findCycles(parents: Parents): string[][] {
  const acyclic = new Set(topologicalOrder(parents));
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of [...parents.keys()].filter((id) => !acyclic.has(id)).sort(compareIds)) {
    if (done.has(start)) continue;
    const cycle = shortestCycle(parents, start);
    if (cycle === undefined) continue;
    cycles.push(cycle);
    // everything that is on a cycle together with this one belongs to the same knot
    const below = ancestorsOf(parents, [start]);
    for (const id of below) if (ancestorsOf(parents, [id]).has(start)) done.add(id);
  }
  return cycles;
}

/** The shortest way from `start` along its needs back to itself, by breadth. */
function shortestCycle(parents: Parents, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  let frontier = [start];
  while (frontier.length > 0) {
    const next: string[] = [];
    for (const id of frontier) {
      for (const need of [...parents.get(id) ?? []].sort(compareIds)) {
        if (need === start) return pathBack(cameFrom, start, id);
        if (!parents.has(need) || cameFrom.has(need)) continue;
        cameFrom.set(need, id);
        next.push(need);
      }
    }
    frontier = next;
  }
  return undefined;
}

function pathBack(cameFrom: ReadonlyMap<string, string>, start: string, last: string): string[] {
  const path = [start];
  for (let id: string | undefined = last; id !== undefined && id !== start; id = cameFrom.get(id)) path.push(id);
  path.push(start);
  return path.reverse();
}

/** A binary heap of ids; `Array.sort` at each step would make a long chain of migrations quadratic. */
class IdHeap {
  readonly #items: string[] = [];

  push(id: string): void {
    this.#items.push(id);
    let at = this.#items.length - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (this.#order(at, up) >= 0) return;
      this.#swap(at, up);
      at = up;
    }
  }

  pop(): string | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length === 0 || last === undefined) return top;
    this.#items[0] = last;
    this.#sink();
    return top;
  }

  #sink(): void {
    for (let at = 0;;) {
      const left = 2 * at + 1, right = left + 1;
      let least = at;
      if (left < this.#items.length && this.#order(left, least) < 0) least = left;
      if (right < this.#items.length && this.#order(right, least) < 0) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #order(i: number, j: number): number {
    return compareIds(this.#items[i] ?? "", this.#items[j] ?? "");
  }

  #swap(i: number, j: number): void {
    [this.#items[i], this.#items[j]] = [this.#items[j] ?? "", this.#items[i] ?? ""];
  }
}
