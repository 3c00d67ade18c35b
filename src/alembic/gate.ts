/**
 * Whether Alembic lets a migration run: what it needs must be in the database, what it has to come before must not.
 * Pure; never a guess.
 *
 * @module
 */

import { DelembicError, FaultsError } from "../errors.ts";
import type { AlembicTree } from "./tree.ts";

/** A row of the version table that no script knows. Exit code 1. */
export class AlembicAheadError extends DelembicError {
  constructor(rows: readonly string[]) {
    const names = rows.map((row) => `'${row}'`).join(", ");
    super(
      `The database is at Alembic revision ${names}, which no script here has: it is ahead of this checkout`,
      {
        code: "alembic-ahead",
        hint:
          "Check out or deploy the version that has the script. 'delembic alembic current' shows the database's rows.",
        data: { revisions: rows },
      },
    );
  }
}

/** What stands in a migration's way; full ids. Nothing does when both are empty. */
export interface GateAnswer {
  /** What it needs and is not in the database. */
  readonly missing: string[];
  /** What it had to come before and is in the database already. */
  readonly tooLate: string[];
}

/**
 * Compares what a migration says with the rows of the version table. A revision is in the database when it is one of
 * the rows, or an ancestor of one by `down_revision` or `depends_on`.
 *
 * @param rows as `readVersionRows` of `src/alembic/version_table.ts` gives them
 * @param names as the migration has them: anything that {@link AlembicTree.resolve} understands
 * @throws {AlembicAheadError} @throws {AlembicNameError} @throws {FaultsError} when the answer hangs on a script that
 * cannot be read
 */
export function alembicGate(
  tree: AlembicTree,
  rows: readonly string[],
  names: { readonly required: readonly string[]; readonly before: readonly string[] },
): GateAnswer {
  const applied = appliedRevisions(tree, rows);
  const isApplied = (id: string) => applied.has(id);
  const required = unique(names.required.flatMap((name) => tree.resolve(name)));
  const before = unique(names.before.flatMap((name) => tree.resolve(name)));
  const missing = required.filter((id) => !isApplied(id));
  // what is applied is so for certain; what is not may only seem so, because a script between cannot be read
  if (missing.length > 0 || !before.every(isApplied)) tree.requireWhole(applied);
  return { missing, tooLate: before.filter(isApplied) };
}

/**
 * What is in the database, as far as the scripts tell.
 *
 * @throws {AlembicAheadError} @throws {FaultsError} when a row may be the id of a script that cannot be read
 */
export function appliedRevisions(tree: AlembicTree, rows: readonly string[]): ReadonlySet<string> {
  const unknown = rows.filter((row) => !tree.revisions.has(row));
  if (unknown.length > 0 && tree.nameless.length > 0) throw new FaultsError(tree.nameless);
  if (unknown.length > 0) throw new AlembicAheadError(unknown);
  return tree.ancestors(rows);
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
