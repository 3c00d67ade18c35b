/**
 * A run and its last words, for `upgrade` and `downgrade`.
 *
 * @module
 */

import type { DelembicError, ExitCode } from "../errors.ts";
import { withHooks } from "../hooks.ts";
import type { RunContext, RunReport } from "../runner.ts";
import type { Context } from "./command.ts";
import { errorDocument, errorLines, failureDocument, hintLine } from "./error_lines.ts";
import { errorAnnotations } from "./github_annotations.ts";
import type { OpenProject } from "./open_project.ts";
import { projectView } from "./project_view.ts";
import { filesOf, startRun } from "./start_run.ts";
import type { Line } from "./text.ts";

export interface RunWords {
  /** The document's name for what was done. */
  readonly done: "applied" | "downgraded";
  readonly nothing: string;
}

/** Runs, and tells what came of it. */
export async function runAndTell(
  context: Context,
  opened: OpenProject,
  work: (run: RunContext) => Promise<RunReport>,
  { words, waitMs }: { readonly words: RunWords; readonly waitMs?: number | undefined },
): Promise<ExitCode> {
  const { output } = context;
  let toldInterruption = false;
  const { config, database } = opened;
  const hooked = {
    config,
    command: context.commandLine.split(" ", 1)[0] ?? "",
    database: database.target.label,
    warn: (message: string, hint: string) => output.warn(message, hint),
  };
  const report = await withHooks(hooked, () =>
    startRun(context, opened, work, {
      waitMs,
      onEvent: ({ type }) => toldInterruption ||= type === "interrupted",
    }));
  const { failed, blocked, interrupted, upToDate, exitCode } = report;
  if (upToDate) output.progress([words.nothing]);
  if (interrupted !== null) {
    output.problem(interruptionLines(interrupted, toldInterruption, context, opened));
    if (!toldInterruption) output.annotate(errorAnnotations(interrupted, opened.config.folder));
  }
  output.document({
    [words.done]: report.done,
    failed: failed === null ? null : {
      revision: failed.revision,
      ...failureDocument(failed.cause, filesOf(opened, failed.revision)),
      ...(failed.partial ? { partial: true } : {}),
    },
    blocked: blocked.map(({ revision, missing, blocks }) => ({ revision, missing, blocks })),
    upToDate,
    ...(interrupted === null ? {} : { error: errorDocument(interrupted) }),
  });
  return exitCode;
}

/** What ended the run: only the remedy, where the migration that it ended has told the rest. */
function interruptionLines(
  interrupted: DelembicError,
  told: boolean,
  context: Context,
  { config }: OpenProject,
): readonly Line[] {
  if (!told) return errorLines(interrupted, projectView(context, config));
  return interrupted.hint === undefined ? [] : [hintLine(interrupted.hint)];
}
