/**
 * In which order schema revisions and data migrations run when both tools take turns: decided from the two graphs
 * alone. Pure.
 *
 * The order keeps, strictly:
 *
 * - each revision and each migration comes after all that it needs, and a migration before the revisions that it has to
 *   precede (`requiresBefore`). Where that is impossible, the ring is named;
 * - a migration's checkpoint is the schema that it needs, by itself or through the migrations that it depends on. It runs
 *   before any revision that builds on that checkpoint. Revisions of other branches, which have nothing to do with it,
 *   may come before it or after it;
 * - where a checkpoint lies on several branches, the migrations of two checkpoints may each ask to come before what the
 *   other one needs. These then come before what builds on the whole of their checkpoints;
 * - a migration that names no revision, nor depends on one that does, is for the schema as it will be: it runs with those
 *   that depend on it, right before the revision that it has to precede, or else at the end.
 *
 * Of all orders that keep this, one is taken in which the two tools take turns as seldom as can be. In it migrations run
 * as early, and revisions as late, as they can.
 *
 * @module
 */

import { ancestorsOf, childrenOf, findCycles, headsOf, type Parents, topologicalOrder } from "./graph.ts";

/** What a data migration needs. */
export interface DataNeeds {
  /** Data revisions. */
  readonly data: readonly string[];
  /** Alembic revisions, by their full ids. */
  readonly schema: readonly string[];
  /** Alembic revisions that it has to come before, by their full ids. */
  readonly before: readonly string[];
}

export interface TwoGraphs {
  /** What each Alembic revision needs. */
  readonly schema: Parents;
  readonly data: ReadonlyMap<string, DataNeeds>;
}

export type Tool = "alembic" | "delembic";

/** What one tool does before the other one has its turn; each after what it needs. */
export interface Turn {
  readonly tool: Tool;
  readonly revisions: readonly string[];
}

/** A revision or a migration in a ring, each of which waits for the next one. */
export interface RingPart {
  readonly tool: Tool;
  readonly revision: string;
}

export type PipelinePlan =
  | {
    readonly turns: readonly Turn[];
    /** The migrations that name no revision, nor depend on one that does. */
    readonly floating: ReadonlySet<string>;
  }
  /** Both graphs together have no order; each ring ends with what it begins with. */
  | { readonly rings: readonly (readonly RingPart[])[] };

/** Before the ids of Alembic, so that the same id may be in both graphs: a data revision has no colon. */
const SCHEMA_PREFIX = "alembic:";
// the two steps that a pipeline ends with, to all heads of both tools
const SCHEMA_END = `${SCHEMA_PREFIX}:end`;
const DATA_END = ":end";

/**
 * Plans the turns of the tools. The last two are always one of Alembic, to its heads, and one of data migrations, to
 * theirs; either may have nothing left to do.
 */
export function planPipeline(graphs: TwoGraphs): PipelinePlan {
  const needs = hardNeeds(graphs);
  const rings = findCycles(needs);
  if (rings.length > 0) return { rings: rings.map((ring) => ring.map(partOf)) };
  const checkpoints = checkpointsOf(graphs, needs);
  return {
    turns: turnsOf(constraintsOf(graphs, needs, checkpoints)),
    floating: new Set([...graphs.data.keys()].filter((id) => !checkpoints.has(id))),
  };
}

function isSchema(node: string): boolean {
  return node.startsWith(SCHEMA_PREFIX);
}

function schemaNode(id: string): string {
  return SCHEMA_PREFIX + id;
}

function partOf(node: string): RingPart {
  if (isSchema(node)) return { tool: "alembic", revision: node.slice(SCHEMA_PREFIX.length) };
  return { tool: "delembic", revision: node };
}

/** Both graphs as one. */
function hardNeeds({ schema, data }: TwoGraphs): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  for (const [id, parents] of schema) needs.set(schemaNode(id), parents.map(schemaNode));
  for (const [id, { data: others, schema }] of data) needs.set(id, [...others, ...schema.map(schemaNode)]);
  for (const [id, { before }] of data) for (const later of before) needs.get(schemaNode(later))?.push(id);
  return needs;
}

/** All that the order has to keep, the two ends included. */
function constraintsOf(graphs: TwoGraphs, hard: Parents, checkpoints: Checkpoints): Parents {
  const schemaNeeds = new Map([...hard].filter(([node]) => isSchema(node)));
  const eager = eagerNeeds(hard, schemaNeeds, checkpoints);
  const floating = floatingNeeds(graphs, hard, checkpoints);
  const all = merged(hard, eager, floating);
  all.set(SCHEMA_END, [...schemaNeeds.keys(), ...checkpoints.keys()]);
  all.set(DATA_END, [SCHEMA_END, ...graphs.data.keys()]);
  return all;
}

function merged(...graphs: readonly Parents[]): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const graph of graphs) {
    for (const [node, needs] of graph) all.set(node, [...all.get(node) ?? [], ...needs]);
  }
  return all;
}

/** The schema that each migration needs, of those that need any. */
type Checkpoints = ReadonlyMap<string, ReadonlySet<string>>;

function checkpointsOf({ data }: TwoGraphs, hard: Parents): Checkpoints {
  const checkpoints = new Map<string, ReadonlySet<string>>();
  for (const id of data.keys()) {
    const schema = new Set([...ancestorsOf(hard, [id])].filter(isSchema));
    if (schema.size > 0) checkpoints.set(id, schema);
  }
  return checkpoints;
}

/** That migrations come before what builds on their checkpoints. */
function eagerNeeds(
  hard: Parents,
  schemaNeeds: Parents,
  checkpoints: Checkpoints,
): Map<string, string[]> {
  const children = childrenOf(schemaNeeds);
  const heads = new Map([...checkpoints].map(([id, schema]) => [id, headsOf(schemaNeeds, schema)]));
  const wished = new Map<string, string[]>();
  const wish = (later: string, id: string) => wished.set(later, [...wished.get(later) ?? [], id]);
  for (const [id, ends] of heads) {
    for (const later of new Set(ends.flatMap((end) => children.get(end) ?? []))) wish(later, id);
  }
  const knots = knotsOf(merged(hard, wished));
  if (knots.size === 0) return wished;
  const granted = new Map<string, string[]>();
  const grant = (later: string, id: string) => granted.set(later, [...granted.get(later) ?? [], id]);
  for (const [later, ids] of wished) {
    const knot = knots.get(later);
    for (const id of ids) if (knot === undefined || knots.get(id) !== knot) grant(later, id);
  }
  for (const [id, ends] of heads) {
    if (!knots.has(id)) continue;
    for (const later of buildingOnAll(children, ends)) grant(later, id);
  }
  return granted;
}

/** The revisions that build on every one of these. */
function buildingOnAll(children: Parents, ends: readonly string[]): string[] {
  const [first = new Set<string>(), ...others] = ends.map((end) => ancestorsOf(children, [end]));
  return [...first].filter((id) => others.every((other) => other.has(id)) && !ends.includes(id));
}

/** For each node on a ring, the number of the knot that it is in: those in one knot can all be reached from each other. */
function knotsOf(parents: Parents): Map<string, number> {
  const tied = new Set(parents.keys());
  for (const node of topologicalOrder(parents)) tied.delete(node);
  const children = childrenOf(parents);
  const knots = new Map<string, number>();
  let number = 0;
  for (const node of tied) {
    if (knots.has(node)) continue;
    const behind = ancestorsOf(children, [node]);
    const knot = [...ancestorsOf(parents, [node])].filter((other) => behind.has(other));
    if (knot.length < 2) continue;
    number++;
    for (const other of knot) knots.set(other, number);
  }
  return knots;
}

/** The schema at which the migrations run that name none: all that comes before everything that waits for them. */
function floatingNeeds(
  { data }: TwoGraphs,
  hard: Parents,
  checkpoints: Checkpoints,
): Map<string, string[]> {
  const children = childrenOf(hard);
  const isFloating = (node: string) => !isSchema(node) && !checkpoints.has(node);
  // what waits for those that wait has more before it, so it may be left out
  const waiting = new Map([...children].map(([node, later]) => [node, isFloating(node) ? later : []]));
  const floating = new Map<string, string[]>();
  for (const id of [...data.keys()].filter(isFloating)) {
    const first = [...ancestorsOf(waiting, [id])].filter((node) => !isFloating(node));
    const [some, ...others] = first.map((node) => schemaBefore(node, hard, checkpoints));
    const common = [...some ?? [SCHEMA_END]].filter((node) => others.every((other) => other.has(node)));
    floating.set(id, common);
  }
  return floating;
}

function schemaBefore(
  node: string,
  hard: Parents,
  checkpoints: Checkpoints,
): ReadonlySet<string> {
  return checkpoints.get(node) ?? new Set([...ancestorsOf(hard, hard.get(node) ?? [])].filter(isSchema));
}

/** Divides an order into as few turns as can be. */
function turnsOf(constraints: Parents): Turn[] {
  const order = topologicalOrder(constraints);
  // whoever begins, each comes as early as it can; one of both beginnings gives the fewest turns
  const [schemaFirst, dataFirst] = [earliestTurns(order, constraints, true), earliestTurns(order, constraints, false)];
  const turnOf = lastTurn(dataFirst) < lastTurn(schemaFirst) ? dataFirst : schemaFirst;
  delaySchema(turnOf, order, constraints);
  const turns: string[][] = [];
  for (const node of order) (turns[turnOf.get(node) ?? 0] ??= []).push(node);
  // whoever begins may have nothing to do; there are no other gaps
  return turns.filter((nodes) => nodes !== undefined).map((nodes) => turnOfNodes(nodes, constraints));
}

function turnOfNodes(nodes: readonly string[], constraints: Parents): Turn {
  const ordered = topologicalOrder(new Map(nodes.map((node) => [node, constraints.get(node) ?? []])));
  return {
    tool: isSchema(nodes[0] ?? "") ? "alembic" : "delembic",
    revisions: ordered.filter((node) => node !== SCHEMA_END && node !== DATA_END).map((node) => partOf(node).revision),
  };
}

/** The turn in which each node can run at the earliest, when the schema or the data has the first turn. */
function earliestTurns(order: readonly string[], constraints: Parents, schemaFirst: boolean): Map<string, number> {
  const turnOf = new Map<string, number>();
  for (const node of order) {
    let turn = isSchema(node) === schemaFirst ? 0 : 1;
    for (const need of constraints.get(node) ?? []) {
      turn = Math.max(turn, (turnOf.get(need) ?? 0) + (isSchema(need) === isSchema(node) ? 0 : 1));
    }
    turnOf.set(node, turn);
  }
  return turnOf;
}

function lastTurn(turnOf: ReadonlyMap<string, number>): number {
  return turnOf.get(DATA_END) ?? 0;
}

/** Moves each revision to the last turn before that which waits for it. */
function delaySchema(turnOf: Map<string, number>, order: readonly string[], constraints: Parents): void {
  const children = childrenOf(constraints);
  for (const node of order.toReversed()) {
    if (!isSchema(node) || node === SCHEMA_END) continue;
    const limits = (children.get(node) ?? []).map((child) => (turnOf.get(child) ?? 0) - (isSchema(child) ? 0 : 1));
    turnOf.set(node, Math.min(...limits));
  }
}
