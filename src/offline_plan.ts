/**
 * Which migrations a script has, decided from the files alone. Pure.
 *
 * @module
 */

import { DelembicError, EXIT } from "./errors.ts";
import type { LoadedMigration } from "./migration.ts";
import { planDowngrade, type PlanInput, planUpgrade, type VersionRecord } from "./plan.ts";
import type { Project } from "./project.ts";
import { isSpan, offlineSpan } from "./span.ts";
import { graphOf, parseTarget, type Target, TargetError } from "./target.ts";

/** What a script does, in order. */
export interface OfflinePlan {
  readonly direction: "upgrade" | "downgrade";
  readonly migrations: readonly LoadedMigration[];
}

/** `TARGET`: all that it needs; `START:END`: what END needs beyond START. @throws {TargetError} {OfflineError} */
export function planUpgradeScript(project: Project, text: string): OfflinePlan {
  const { applied, target } = spanOf(project, text, "head");
  const { steps } = planUpgrade(inputOf(project, applied), target);
  const migrations = steps.map(({ migration }) => migration);
  const python = migrations.find(({ kind }) => kind === "py");
  if (python !== undefined) throw new PythonInScriptError(python);
  return { direction: "upgrade", migrations };
}

/** `START:END`: what is undone to come from START to END. @throws {TargetError} */
export function planDowngradeScript(project: Project, text: string): OfflinePlan {
  if (!isSpan(text)) {
    throw new TargetError(
      `A script needs to know where it starts: '${text}' says only where it ends`,
      `Write START:END, as in 'downgrade D005:${text === "base" ? "base" : "D002"} --sql'.`,
    );
  }
  const { applied, target } = spanOf(project, text, "base");
  return { direction: "downgrade", migrations: planDowngrade(inputOf(project, applied), target) };
}

function spanOf(
  { migrations, parents }: Project,
  text: string,
  standard: string,
): { readonly applied: ReadonlySet<string>; readonly target: Target } {
  if (!isSpan(text)) return { applied: new Set(), target: parseTarget(text) };
  return offlineSpan(text, graphOf(migrations, parents), standard);
}

/** As if the database had these revisions, and nothing stood in the way of any. */
function inputOf({ migrations, parents }: Project, applied: ReadonlySet<string>): PlanInput {
  const record = (revision: string): VersionRecord => ({ revision, appliedAt: null, status: "success", seconds: null });
  return {
    migrations,
    parents,
    records: new Map([...applied].map((id) => [id, record(id)])),
    outdated: new Set(),
    partial: new Set(),
    gate: () => ({ missing: [], tooLate: [] }),
  };
}

class PythonInScriptError extends DelembicError {
  constructor({ revision, file }: LoadedMigration) {
    super(`Migration ${revision} is a Python file, which cannot be printed as SQL`, {
      code: "offline-python",
      exitCode: EXIT.usage,
      place: { file },
      hint:
        `Print scripts for what is before it and behind it ('${revision}:head'), and run it by itself between them.`,
    });
  }
}
