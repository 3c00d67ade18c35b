/**
 * Columns that come, and others of the same table that go: where they look like one under a new name, or like parts of
 * one. Pure.
 *
 * @module
 */

import { tableText } from "./alembic/operation.ts";
import type { DroppedColumn, FillNeed, Need, Obstacle } from "./draft_need.ts";
import { ancestorsOf, type Parents } from "./graph.ts";
import { closest } from "./suggest.ts";

/**
 * Gives each column that is to be filled the dropped ones that it looks to be made of; what is taken over needs no
 * archive.
 *
 * @param lineage what comes right before each Alembic revision
 */
export function pairSources(
  needs: readonly Need[],
  dropped: readonly DroppedColumn[],
  lineage: Parents,
): { readonly needs: Need[]; readonly obstacles: Obstacle[] } {
  const obstacles: Obstacle[] = [];
  const taken = new Set<Need>();
  const fills = needs.filter((need): need is FillNeed => need.kind === "fill" && need.added);
  // first name before last name, in whatever order they are dropped
  const inOrder = dropped.toSorted((a, b) => a.position - b.position);
  const pairs = fills.map((fill) => ({ fill, sources: inOrder.filter((column) => isAlike(fill, column, lineage)) }))
    .filter(({ sources }) => sources.length > 0);
  for (const { fill, sources } of pairs) {
    const [first] = sources;
    if (first === undefined) continue;
    if (sources.some(({ revision }) => fill.after.includes(revision))) {
      obstacles.push(inOne(fill, first));
      continue;
    }
    const users = pairs.filter((pair) => pair.sources.includes(first));
    fill.sources = sources.map(({ name, place }) => ({ name, place }));
    fill.renamed = sources.length === 1 && users.length === 1 && first.kind === fill.type?.kind;
    fill.before = [...new Set([...fill.before, ...sources.map(({ revision }) => revision)])];
    for (const { need } of sources) taken.add(need);
  }
  return { needs: needs.filter((need) => !taken.has(need)), obstacles };
}

function isAlike(fill: FillNeed, column: DroppedColumn, lineage: Parents): boolean {
  if (tableText(fill.table) !== tableText(column.table)) return false;
  // on another branch, or before the column is there, it is none of its business
  const before = ancestorsOf(lineage, [column.revision]);
  if (!fill.after.every((id) => before.has(id))) return false;
  // it may already have to come before something that is earlier
  if (fill.before.length > 0 && !fill.before.includes(column.revision) && fill.notNull === undefined) return false;
  const words = wordsOf(fill.column);
  return wordsOf(column.name).some((word) => words.includes(word)) ||
    (fill.column.length >= SHORTEST_NAME && closest(fill.column, [column.name]) !== undefined);
}

/** Shorter names are alike by chance. */
const SHORTEST_NAME = 4;
/** Words that say nothing of what a column is. */
const EMPTY_WORDS = new Set(["id", "is", "at", "on", "by", "the", "new", "old", "has", "of"]);

function wordsOf(name: string): string[] {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[_\W]+/);
  return words.filter((word) => word.length > 1 && !EMPTY_WORDS.has(word));
}

function inOne(fill: FillNeed, { name, place, revision }: DroppedColumn): Obstacle {
  const table = tableText(fill.table);
  return {
    place,
    revision,
    message:
      `${table}.${name} is dropped in the revision that adds ${table}.${fill.column}: nothing can be put between to copy it`,
    hint: `Rename it by op.alter_column(…, new_column_name="${fill.column}"), or drop it in a revision of its own.`,
  };
}
