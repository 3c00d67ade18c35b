/**
 * Where a migration stands in the graph, in the words of Alembic: head, branch point, merge point, the branches it is
 * on. Pure.
 *
 * @module
 */

import { compareIds } from "../graph.ts";
import type { LoadedMigration } from "../migration.ts";
import type { RevisionGraph } from "../target.ts";

export interface Marks {
  readonly head: boolean;
  /** Several build on it. */
  readonly branchPoint: boolean;
  /** It builds on several. */
  readonly mergePoint: boolean;
  /** The labels of the branches that it is on, its own and inherited ones. */
  readonly branches: readonly string[];
  /** The revisions that build on it. */
  readonly neededBy: readonly string[];
}

export function marksOf(graph: RevisionGraph, revision: string): Marks {
  const neededBy = [...graph.names.children.get(revision) ?? []].sort(compareIds);
  return {
    head: graph.parents.has(revision) && neededBy.length === 0,
    branchPoint: neededBy.length > 1,
    mergePoint: (graph.parents.get(revision)?.length ?? 0) > 1,
    branches: [...graph.branchesOf(revision)].sort(compareIds),
    neededBy,
  };
}

/** `D010 (billing, shop)`: a revision with its branches. */
export function withBranches(revision: string, { branches }: Pick<Marks, "branches">): string {
  return branches.length === 0 ? revision : `${revision} (${branches.join(", ")})`;
}

/** The lines that `-v` tells of a migration's place in the graph. */
export function placeLines(
  marks: Marks,
  migration: Pick<LoadedMigration, "dependsOn" | "labels"> | undefined,
): string[] {
  const { head, branchPoint, mergePoint, branches, neededBy } = marks;
  const words = [
    ...(head ? ["head"] : []),
    ...(branchPoint ? ["branch point"] : []),
    ...(mergePoint ? ["merge point"] : []),
    ...branches.map((label) => `branch ${label}${migration?.labels.includes(label) ? ", which begins here" : ""}`),
  ];
  const dependsOn = migration?.dependsOn ?? [];
  return [
    ...(words.length === 0 ? [] : [words.join("; ")]),
    ...(dependsOn.length === 0 ? [] : [`depends on ${dependsOn.join(", ")}`]),
    ...(neededBy.length === 0 ? [] : [`needed by ${neededBy.join(", ")}`]),
  ];
}

/** The same for `--json`. */
export function marksMember(marks: Marks, labels: readonly string[] = []): Record<string, unknown> {
  const { head, branchPoint, mergePoint, branches } = marks;
  return { labels, branches, head, branchPoint, mergePoint };
}
