/**
 * `upgrade --dry-run`: what a run would do, and what would stop it.
 *
 * @module
 */

import { EXIT, type ExitCode, formatPlace } from "../errors.ts";
import { requireSoundFor, soundPlan } from "../runner.ts";
import type { Target } from "../target.ts";
import type { Context } from "./command.ts";
import type { Look } from "./open_project.ts";
import { planLines } from "./run_lines.ts";

/** @throws what `upgrade` would throw before it runs anything */
export function planOf({ output }: Context, { project, seen }: Look, target: Target): ExitCode {
  for (const { message, place } of requireSoundFor(project, target)) output.warn(`${message} (${formatPlace(place)})`);
  const steps = soundPlan(project, seen, target);
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
