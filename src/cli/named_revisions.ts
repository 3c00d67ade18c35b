/**
 * The revisions that a name on the command line means, those without a file among them. Pure.
 *
 * @module
 */

import { isApplied } from "../plan.ts";
import type { Survey } from "../survey.ts";
import { graphOf, resolveRevision, TargetError } from "../target.ts";
import { appliedHeads } from "./current.ts";

/**
 * At least one; several for `heads`, `current` and the like.
 *
 * @throws {TargetError} when the name means none
 */
export function namedRevisions(seen: Pick<Survey, "migrations" | "parents" | "records">, name: string): string[] {
  const graph = graphOf(seen.migrations, seen.parents);
  const lost = [...seen.records.values()].filter((record) => isApplied(record) && !graph.parents.has(record.revision))
    .map(({ revision }) => revision);
  // in a revision without a file nothing else can be found than its id
  if (lost.some((id) => id.startsWith(name))) return [resolveRevision(name, [...graph.parents.keys(), ...lost])];
  const isCurrent = name === "current" && !graph.parents.has(name);
  const ids = isCurrent ? appliedHeads(seen).map(({ record }) => record.revision) : graph.names.resolve(name);
  if (ids.length > 0) return ids;
  throw isCurrent
    ? new TargetError("No migrations applied yet", "Run 'delembic history' to see what there is.")
    : new TargetError(`'${name}' is before the first revision`, "Run 'delembic history' to see what there is.");
}
