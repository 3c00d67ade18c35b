/**
 * Which needs are met by a data migration that is there already. Pure.
 *
 * @module
 */

import { ancestorsOf, type Parents } from "./graph.ts";
import type { Need } from "./draft_need.ts";

/** A data migration, as far as it matters here. Alembic revisions are full ids. */
export interface KnownMigration {
  readonly revision: string;
  /** What it needs of Alembic: its own and that of the migrations before it. */
  readonly after: readonly string[];
  readonly before: readonly string[];
  /** The text of its file, where there is one. */
  readonly text: string;
}

/**
 * The first migration that lies where the need has to be met, and whose file names the table and the column: by its
 * dependencies it comes behind what the need comes behind, and before what it has to precede.
 *
 * @param parents of the Alembic revisions
 */
export function coverOf(
  need: Need,
  migrations: readonly KnownMigration[],
  parents: Parents,
): KnownMigration | undefined {
  const names = [need.table.name, ...columnsOf(need)];
  // few name it, and for these alone the graph is gone through
  return migrations.find((migration) =>
    names.every((name) => says(migration, name)) && liesWithin(need, migration, parents)
  );
}

/** What else its work names. */
function columnsOf(need: Need): readonly string[] {
  switch (need.kind) {
    case "fill":
    case "conversion":
      return [need.column];
    case "archive":
      return need.column === undefined ? [] : [need.column];
    case "orphans":
      return need.columns;
    case "duplicates":
      return need.parts.filter(({ isColumn }) => isColumn).map(({ text }) => text);
    case "violations":
    case "seed":
      return [];
  }
}

function liesWithin(need: Need, { after, before }: KnownMigration, parents: Parents): boolean {
  const needed = ancestorsOf(parents, after);
  const preceded = ancestorsOf(parents, need.before);
  // it precedes what it has to precede when it says so of that revision, or of one before it
  if (need.before.length > 0 && before.some((id) => preceded.has(id))) return true;
  return need.after.every((id) => needed.has(id)) && !need.before.some((id) => needed.has(id));
}

function says({ text }: KnownMigration, name: string): boolean {
  const plain = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(String.raw`(?<!\w)${plain}(?!\w)`, "i").test(text);
}
