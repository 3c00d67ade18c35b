/**
 * What a run would do, decided from values alone: the files, the ledger's rows, the state of Alembic. No I/O.
 *
 * @module
 */

import { ancestorsOf, compareIds, type Parents, topologicalOrder } from "./graph.ts";
import type { LoadedMigration } from "./migration.ts";
import { wantedDown, wantedUp } from "./reach.ts";
import { graphOf, type Target, TargetError } from "./target.ts";

/** The latest outcome of a revision, as `delembic_version` holds it. */
export interface VersionRecord {
  readonly revision: string;
  /** ISO 8601, UTC, six digits. */
  readonly appliedAt: string | null;
  /** `success` or `failed`, in the Python tool's words. */
  readonly status: string;
  readonly seconds: number | null;
}

/** What Alembic's state means for one migration; see `src/alembic/gate.ts`. */
export interface GateAnswer {
  /** Alembic revisions that it needs and that are not in the database. */
  readonly missing: readonly string[];
  /** Alembic revisions that it had to come before and that are in the database already. */
  readonly tooLate: readonly string[];
}

/** What stands in the way of a migration. */
export type Block =
  | { readonly kind: "alembic"; readonly missing: readonly string[] }
  | { readonly kind: "too-late"; readonly applied: readonly string[] }
  /** A step before it in the plan is blocked, and it depends on that one. */
  | { readonly kind: "data"; readonly revisions: readonly string[] }
  /** A file of the Python tool, and no Python is configured that would run it. */
  | { readonly kind: "python" }
  /** An earlier attempt was interrupted, or failed, after part of it had been committed. */
  | { readonly kind: "partial" };

export interface PlanStep {
  readonly migration: LoadedMigration;
  /** Empty when nothing stands in its way. */
  readonly blocks: readonly Block[];
}

export interface Plan {
  readonly steps: readonly PlanStep[];
  /** Revisions of the target that are applied already, as they are now. */
  readonly applied: readonly string[];
}

export interface PlanInput {
  readonly migrations: ReadonlyMap<string, LoadedMigration>;
  /** The data revisions that each migration needs. */
  readonly parents: Parents;
  readonly records: ReadonlyMap<string, VersionRecord>;
  /** Applied revisions that are `repeatable`, and whose file or data is not what was applied. */
  readonly outdated: ReadonlySet<string>;
  /** Revisions whose last attempt left something committed and was never settled. */
  readonly partial: ReadonlySet<string>;
  /** Whether the Python tool's files can be run. @default false */
  readonly runsPython?: boolean;
  readonly gate: (revision: string) => GateAnswer;
}

export function isApplied(record: VersionRecord | undefined): boolean {
  return record?.status === "success";
}

/** Whether an upgrade would run it: it is not applied, or to be applied again. */
export function isPending(input: Pick<PlanInput, "records" | "outdated">, revision: string): boolean {
  return !isApplied(input.records.get(revision)) || input.outdated.has(revision);
}

/**
 * The steps of `upgrade TARGET`, in the order in which they would run: topological, ties in natural order of the ids.
 *
 * @throws {TargetError} when the target names nothing, or is one for `downgrade`
 */
export function planUpgrade(input: PlanInput, target: Target): Plan {
  const order = topologicalOrder(input.parents);
  const wanted = wantedBy(input, order, target);
  const applied = order.filter((id) => wanted.has(id) && !isPending(input, id));
  const steps: PlanStep[] = [];
  const blocked = new Set<string>();
  for (const id of order) {
    const migration = input.migrations.get(id);
    if (migration === undefined || !wanted.has(id) || !isPending(input, id)) continue;
    const blocks = blocksOf(input, migration, blocked);
    if (blocks.length > 0) blocked.add(id);
    steps.push({ migration, blocks });
  }
  return { steps, applied };
}

function wantedBy(input: PlanInput, order: readonly string[], target: Target): ReadonlySet<string> {
  switch (target.kind) {
    case "head":
      return new Set(order);
    case "steps": {
      if (target.steps < 0) {
        throw new TargetError(`Cannot upgrade by ${target.steps}`, `Use 'delembic downgrade ${target.steps}'.`);
      }
      const pending = order.filter((id) => isPending(input, id));
      return ancestorsOf(input.parents, pending.slice(0, target.steps));
    }
    default: {
      const applied = new Set(order.filter((id) => isApplied(input.records.get(id))));
      return wantedUp(graphOf(input.migrations, input.parents), applied, target);
    }
  }
}

function blocksOf(input: PlanInput, migration: LoadedMigration, blocked: ReadonlySet<string>): Block[] {
  const blocks: Block[] = [];
  const { missing, tooLate } = input.gate(migration.revision);
  if (missing.length > 0) blocks.push({ kind: "alembic", missing });
  if (tooLate.length > 0) blocks.push({ kind: "too-late", applied: tooLate });
  const revisions = (input.parents.get(migration.revision) ?? []).filter((id) => blocked.has(id));
  if (revisions.length > 0) blocks.push({ kind: "data", revisions: revisions.sort(compareIds) });
  if (migration.kind === "py" && input.runsPython !== true) blocks.push({ kind: "python" });
  if (input.partial.has(migration.revision)) blocks.push({ kind: "partial" });
  return blocks;
}

/**
 * The migrations that `downgrade TARGET` would undo, in the order in which it would: the reverse of the order of
 * `upgrade`, so that each goes before what it needs.
 *
 * @throws {TargetError} when the target names nothing, or is one for `upgrade`; when an applied revision that would
 * have to go has no file
 */
export function planDowngrade(input: PlanInput, target: Target): LoadedMigration[] {
  const order = topologicalOrder(input.parents);
  const applied = order.filter((id) => isApplied(input.records.get(id)));
  const going = goingBy(input, applied, target);
  return going.reverse().map((id) => {
    const migration = input.migrations.get(id);
    if (migration === undefined) throw new TargetError(`Revision ${id} has no file, so it cannot be undone`);
    return migration;
  });
}

function goingBy(input: PlanInput, applied: readonly string[], target: Target): string[] {
  switch (target.kind) {
    case "head":
      throw new TargetError("Cannot downgrade to head", "Use 'delembic upgrade head'.");
    case "steps":
      if (target.steps > 0) {
        throw new TargetError(`Cannot downgrade by +${target.steps}`, `Use 'delembic downgrade -${target.steps}'.`);
      }
      if (-target.steps > applied.length) {
        throw new TargetError(
          `Cannot undo ${-target.steps} migrations: ${applied.length} are applied`,
          "Use 'delembic downgrade base' to undo all of them.",
        );
      }
      return target.steps === 0 ? [] : applied.slice(target.steps);
    default: {
      const going = wantedDown(graphOf(input.migrations, input.parents), new Set(applied), target);
      return applied.filter((id) => going.has(id));
    }
  }
}
