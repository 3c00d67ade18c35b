/**
 * Into which files the work goes: what has to come behind and before the same Alembic revisions goes into one, but each
 * walk over a table is a migration of its own. Pure.
 *
 * @module
 */

import { tableText } from "./alembic/operation.ts";
import { type Need, titleOf } from "./draft_need.ts";

/** One migration to be drafted. */
export interface DraftPlan {
  /** All of one table when it is a walk. */
  readonly needs: readonly Need[];
  /** The table that is walked in batches. */
  readonly walk: { readonly table: string; readonly key: readonly string[] } | undefined;
  readonly after: readonly string[];
  readonly before: readonly string[];
  readonly title: string;
  /** The places in the list of the drafts that this one depends on. */
  readonly behind: readonly number[];
}

/** @param order of the Alembic revisions: each after what it needs */
export function planFiles(needs: readonly Need[], order: readonly string[]): DraftPlan[] {
  const place = new Map(order.map((id, at) => [id, at]));
  const last = (ids: readonly string[]) => Math.max(-1, ...ids.map((id) => place.get(id) ?? -1));
  const groups = new Map<string, Need[]>();
  for (const need of needs) {
    const key = JSON.stringify([need.after, need.before, walkOf(need)?.table]);
    groups.set(key, [...groups.get(key) ?? [], need]);
  }
  const sorted = [...groups.values()].sort(([a], [b]) => {
    const end = (need: Need | undefined) =>
      need === undefined || need.before.length === 0 ? Infinity : last(need.before);
    const walks = (need: Need | undefined) => need === undefined || walkOf(need) === undefined ? 1 : 0;
    // what is filled is checked afterwards
    return last(a?.after ?? []) - last(b?.after ?? []) || compare(end(a), end(b)) || walks(a) - walks(b);
  });
  return sorted.map((group, at) => {
    const [first] = group;
    const tables = new Set(group.flatMap(tablesOf));
    const behind = sorted.slice(0, at).flatMap((other, index) =>
      other.some((need) => tablesOf(need).some((table) => tables.has(table))) ? [index] : []
    );
    return {
      needs: group,
      walk: first === undefined ? undefined : walkOf(first),
      after: first?.after ?? [],
      before: first?.before ?? [],
      title: titleOfAll(group),
      behind,
    };
  });
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function walkOf(need: Need): DraftPlan["walk"] {
  if (need.kind !== "fill" || need.keyless) return undefined;
  return { table: tableText(need.table), key: need.primaryKey };
}

function tablesOf(need: Need): string[] {
  return [tableText(need.table), ...(need.kind === "orphans" ? [tableText(need.target)] : [])];
}

/** Some titles are shown, not a long list of them. */
const MOST_TITLES = 2;

function titleOfAll(needs: readonly Need[]): string {
  const fills = needs.filter((need) => need.kind === "fill");
  const [first] = fills;
  if (first !== undefined && fills.length === needs.length) {
    const verb = fills.every(({ renamed }) => renamed) ? "copy" : "backfill";
    return `${verb} ${some(fills.map(({ column }, at) => at === 0 ? `${first.table.name}.${column}` : column), 3)}`;
  }
  return some([...new Set(needs.map(titleOf))], MOST_TITLES);
}

function some(texts: readonly string[], most: number): string {
  const more = texts.length - most;
  return more > 0 ? `${texts.slice(0, most).join(", ")} and ${more} more` : texts.join(", ");
}
