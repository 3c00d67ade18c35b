/**
 * What a migration needs, and whether that is there. Pure.
 *
 * @module
 */

import { type GateAnswer, isApplied } from "./plan.ts";
import { type Project, withoutPrefix } from "./project.ts";
import type { Survey } from "./survey.ts";

export interface Need {
  readonly id: string;
  readonly kind: "data" | "alembic";
  readonly state: "applied" | "not applied" | "unknown";
}

/**
 * In the order in which the migration's file has them.
 *
 * @param asked what Alembic's state says to an applied migration, where somebody asked; of pending ones `seen` knows it
 */
export function needsOf(
  revision: string,
  { project, seen }: { readonly project: Pick<Project, "migrations">; readonly seen: Survey },
  asked?: GateAnswer,
): Need[] {
  const missing = new Set((asked ?? seen.gate(revision)).missing);
  const applied = asked === undefined && isApplied(seen.records.get(revision));
  return (project.migrations.get(revision)?.dependsOn ?? []).map((need): Need => {
    if (project.migrations.has(need) || seen.records.has(need)) {
      return { id: need, kind: "data", state: isApplied(seen.records.get(need)) ? "applied" : "not applied" };
    }
    const id = withoutPrefix(need);
    // what an applied migration needed was there then; it may not be now
    const unknown = seen.alembicError !== undefined || seen.unknown.has(revision) || applied;
    return { id, kind: "alembic", state: missing.has(id) ? "not applied" : unknown ? "unknown" : "applied" };
  });
}
