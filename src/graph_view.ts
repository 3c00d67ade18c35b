/**
 * The graph of revisions as something to look at: nodes with their state, and what needs what. All pictures of it, in
 * text, Mermaid, DOT and SVG, are made of this. Pure.
 *
 * @module
 */

import type { AlembicTree } from "./alembic/tree.ts";
import { DelembicError } from "./errors.ts";
import { compareIds, headsOf, type Parents, topologicalOrder } from "./graph.ts";
import { type Project, withoutPrefix } from "./project.ts";
import type { HistoryEntry, MigrationState } from "./state.ts";

/** `faulty`: its file is wrong, or it needs itself; `unknown`: Alembic's state is not known. */
export type NodeState = MigrationState | "faulty" | "unknown";

export type NodeKind = "data" | "schema";

export interface GraphNode {
  /** Unlike all others; a data revision and an Alembic one may have the same id. */
  readonly key: string;
  readonly id: string;
  readonly kind: NodeKind;
  readonly state: NodeState;
  /** The migration's description, or the Alembic script's message; may be empty. */
  readonly text: string;
  /** Names of the branch that begins here. */
  readonly labels: readonly string[];
  /** Whether no other one of its kind needs it. */
  readonly isHead: boolean;
}

export interface GraphEdge {
  /** The key of what has to come first. */
  readonly from: string;
  readonly to: string;
  /** `needs`: of one kind; `gate`: from one kind to the other. */
  readonly kind: "needs" | "gate";
}

export interface GraphView {
  /** Each after all that it needs. */
  readonly nodes: readonly GraphNode[];
  /** Each from a node to a later one. */
  readonly edges: readonly GraphEdge[];
}

/** What of a project is drawn. */
export interface GraphInput {
  readonly project: Pick<Project, "migrations" | "parents" | "external" | "broken">;
  /** The state of each migration, as `historyOf` gives it. */
  readonly entries: readonly HistoryEntry[];
  /** Alembic's revisions too, with those that are in the database; `undefined` where that is not known. */
  readonly schema?:
    | { readonly tree: AlembicTree; readonly applied: ReadonlySet<string> | undefined }
    | undefined;
}

export function graphView(input: GraphInput): GraphView {
  const nodes = new Map([...dataNodes(input), ...schemaNodes(input)].map((node) => [node.key, node]));
  const needs = new Map([...nodes.keys()].map((key): [string, Set<string>] => [key, new Set()]));
  const tie = (from: string, to: string) => {
    if (nodes.has(from)) needs.get(to)?.add(from);
  };
  tieData(input, tie);
  tieSchema(input, tie);
  const order = wholeOrder(new Map([...needs].map(([key, from]) => [key, [...from]])));
  const place = new Map(order.map((key, at) => [key, at]));
  const edges = order.flatMap((to) =>
    [...needs.get(to) ?? []].filter((from) => (place.get(from) ?? 0) < (place.get(to) ?? 0))
      .sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0))
      .map((from): GraphEdge => ({ from, to, kind: kindOf(from) === kindOf(to) ? "needs" : "gate" }))
  );
  return { nodes: order.flatMap((key) => nodes.get(key) ?? []), edges };
}

const DATA = "data:";
const SCHEMA = "schema:";

/** The key of a data revision's node. */
export function dataKey(id: string): string {
  return DATA + id;
}

/** The key of an Alembic revision's node. */
export function schemaKey(id: string): string {
  return SCHEMA + id;
}

function kindOf(key: string): NodeKind {
  return key.startsWith(DATA) ? "data" : "schema";
}

type Tie = (from: string, to: string) => void;

function dataNodes({ project, entries }: GraphInput): GraphNode[] {
  const states = new Map(entries.map(({ revision, status }) => [revision, status]));
  const ids = new Set([...project.migrations.keys(), ...states.keys(), ...project.broken]);
  const heads = new Set(headsOf(project.parents));
  return [...ids].map((id) => {
    const migration = project.migrations.get(id);
    return {
      key: dataKey(id),
      id,
      kind: "data",
      // what the ledger knows and a faulty file seems to have is not missing
      state: migration === undefined && project.broken.includes(id) ? "faulty" : states.get(id) ?? "faulty",
      text: migration?.description ?? "",
      labels: migration?.labels ?? [],
      isHead: heads.has(id),
    };
  });
}

function tieData({ project }: GraphInput, tie: Tie): void {
  for (const { revision, dependsOn } of project.migrations.values()) {
    for (const need of dependsOn) tie(dataKey(need), dataKey(revision));
  }
}

function schemaNodes({ schema }: GraphInput): GraphNode[] {
  if (schema === undefined) return [];
  const { tree, applied } = schema;
  const heads = new Set(tree.knownHeads());
  return [...tree.revisions.values()].map(({ revision, message, labels }) => ({
    key: schemaKey(revision),
    id: revision,
    kind: "schema",
    state: applied === undefined ? "unknown" : applied.has(revision) ? "applied" : "pending",
    text: message,
    labels,
    isHead: heads.has(revision),
  }));
}

/** Alembic's own edges, and those between it and the data revisions. */
function tieSchema({ project, schema }: GraphInput, tie: Tie): void {
  if (schema === undefined) return;
  const { tree } = schema;
  for (const [id, parents] of tree.parents) for (const parent of parents) tie(schemaKey(parent), schemaKey(id));
  for (const { revision, requiresBefore } of project.migrations.values()) {
    for (const name of project.external.get(revision) ?? []) {
      for (const id of resolved(tree, name)) tie(schemaKey(id), dataKey(revision));
    }
    for (const name of requiresBefore) {
      for (const id of resolved(tree, withoutPrefix(name))) tie(dataKey(revision), schemaKey(id));
    }
  }
}

/** None for a name that Alembic does not know: that is told as a fault. */
function resolved(tree: AlembicTree, name: string): string[] {
  try {
    return tree.resolve(name);
  } catch (error) {
    if (error instanceof DelembicError) return [];
    throw error;
  }
}

/** All nodes: the order of their needs, then those on and behind a circle. */
function wholeOrder(parents: Parents): string[] {
  const order = topologicalOrder(parents);
  if (order.length === parents.size) return order;
  const known = new Set(order);
  return [...order, ...[...parents.keys()].filter((key) => !known.has(key)).sort(compareIds)];
}
