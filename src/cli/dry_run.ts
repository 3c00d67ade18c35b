/**
 * `upgrade --dry-run`: what a run would do, and what would stop it.
 *
 * @module
 */

import { EXIT, type ExitCode, FaultsError } from "../errors.ts";
import { isApplied, planUpgrade } from "../plan.ts";
import { requireSound, unknownDependencies } from "../project.ts";
import { resolveRevision, type Target } from "../target.ts";
import type { Context } from "./command.ts";
import type { Look } from "./open_project.ts";
import { planLines } from "./run_lines.ts";

/** @throws what `upgrade` would throw before it runs anything */
export async function planOf({ output }: Context, { project, seen }: Look, target: Target): Promise<ExitCode> {
  const scope = target.kind === "revision" && target.steps === 0
    ? [resolveRevision(target.id, [...project.migrations.keys()])]
    : undefined;
  for (const { message } of requireSound(project, scope)) output.warn(message);
  const { steps } = planUpgrade(seen, target);
  const pending = steps.map(({ migration }) => migration.revision);
  const faults = await unknownDependencies(project, pending, (id) => isApplied(seen.records.get(id)));
  if (faults.length > 0) throw new FaultsError(faults);
  if (seen.alembicError !== undefined) throw seen.alembicError;
  output.result(steps.length === 0 ? ["Already up to date."] : planLines(steps));
  const blocked = steps.filter(({ blocks }) => blocks.length > 0);
  output.document({
    dryRun: true,
    plan: steps.map(({ migration: { revision, description, file, kind }, blocks }) => ({
      revision,
      description,
      file,
      kind,
      blocks,
    })),
    applied: [],
    failed: null,
    blocked: blocked.map(({ migration, blocks }) => ({
      revision: migration.revision,
      missing: blocks.flatMap((block) => block.kind === "alembic" ? block.missing : []),
      blocks,
    })),
    upToDate: steps.length === 0,
  });
  return blocked.length > 0 ? EXIT.failed : EXIT.done;
}
