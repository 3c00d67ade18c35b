/**
 * Which branches a revision is on: a label that is written in one script holds for the line of scripts around it.
 *
 * @module
 */

import { ancestorsOf, childrenOf, type Parents } from "./graph.ts";

/**
 * The labels of every revision that has any, its own and inherited ones, as Alembic's `Script.branch_labels`.
 *
 * A label holds for all that builds on its revision; and, where the branch neither forks nor merges, for what lies
 * before it up to the fork that it comes from.
 *
 * @param lineage for each revision its `down_revision`
 * @param parents `depends_on` as well: where others depend on a revision is a fork, too
 */
export function branchLabels(
  labels: Iterable<readonly [revision: string, labels: readonly string[]]>,
  lineage: Parents,
  parents: Parents,
): Map<string, Set<string>> {
  const result = new Map<string, Set<string>>();
  const above = childrenOf(lineage), users = childrenOf(parents);
  const isJunction = (id: string) => (users.get(id)?.length ?? 0) > 1 || (lineage.get(id)?.length ?? 0) > 1;
  for (const [revision, own] of labels) {
    if (own.length === 0) continue;
    const members = ancestorsOf(above, [revision]);
    if (![...members].some(isJunction)) {
      let id = lineage.get(revision)?.[0];
      while (id !== undefined && !isJunction(id) && !members.has(id)) {
        members.add(id);
        id = lineage.get(id)?.[0];
      }
    }
    for (const id of members) result.set(id, new Set([...result.get(id) ?? [], ...own]));
  }
  return result;
}
