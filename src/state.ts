/**
 * The state of each migration as `history`, `check` and `show` tell it, from values alone.
 *
 * @module
 */

import { topologicalOrder } from "./graph.ts";
import { isApplied, isPending, type PlanInput, planUpgrade, type VersionRecord } from "./plan.ts";
import type { LoadedMigration } from "./migration.ts";

/** What a migration is, in one word; see `delembic history`. */
export type MigrationState = "applied" | "pending" | "failed" | "blocked" | "changed" | "missing" | "running";

/** One line of `history`. */
export interface HistoryEntry {
  readonly revision: string;
  readonly status: MigrationState;
  /** `undefined` when the ledger knows a revision that has no file (`missing`). */
  readonly migration: LoadedMigration | undefined;
  readonly record: VersionRecord | undefined;
}

export interface HistoryInput extends PlanInput {
  /** Revisions with an open row of the run history, while somebody holds the lock. */
  readonly running: ReadonlySet<string>;
  /** Applied revisions whose file is not what was applied, though they are not `repeatable`. */
  readonly changed: ReadonlySet<string>;
}

/** Every migration in the order of the plan, then those that the ledger knows and that have no file. */
export function historyOf(input: HistoryInput): HistoryEntry[] {
  const blocked = new Set(
    planUpgrade(input, { kind: "head" }).steps
      .filter(({ blocks }) => blocks.some(({ kind }) => kind !== "python"))
      .map(({ migration }) => migration.revision),
  );
  const entries = topologicalOrder(input.parents).map((revision): HistoryEntry => {
    const record = input.records.get(revision);
    return { revision, status: statusOf(input, revision, blocked), migration: input.migrations.get(revision), record };
  });
  const missing = [...input.records.values()]
    .filter((record) => isApplied(record) && !input.migrations.has(record.revision))
    .map((record): HistoryEntry => ({ revision: record.revision, status: "missing", migration: undefined, record }));
  return [...entries, ...missing];
}

function statusOf(input: HistoryInput, revision: string, blocked: ReadonlySet<string>): MigrationState {
  if (input.running.has(revision)) return "running";
  const record = input.records.get(revision);
  if (!isPending(input, revision)) return input.changed.has(revision) ? "changed" : "applied";
  if (input.partial.has(revision) || record?.status === "failed") return "failed";
  return blocked.has(revision) ? "blocked" : "pending";
}
