/**
 * What a run did: its document, and its last words.
 *
 * @module
 */

import type { ExitCode } from "../errors.ts";
import type { RunReport } from "../runner.ts";
import type { Context } from "./command.ts";
import { errorDocument, errorLines, failureDocument } from "./error_lines.ts";
import type { OpenProject } from "./open_project.ts";
import { projectView } from "./project_view.ts";
import { filesOf } from "./start_run.ts";

/** @param doneAs the document's name for what was done: `applied`, `downgraded` */
export function tellReport(
  context: Context,
  opened: OpenProject,
  report: RunReport,
  doneAs: "applied" | "downgraded",
): ExitCode {
  const { output } = context;
  const { done, failed, blocked, interrupted, upToDate, exitCode } = report;
  if (upToDate) output.progress([doneAs === "applied" ? "Already up to date." : "Nothing to undo."]);
  if (interrupted !== null) output.problem(errorLines(interrupted, projectView(context, opened.config)));
  output.document({
    [doneAs]: done,
    failed: failed === null
      ? null
      : { revision: failed.revision, ...failureDocument(failed.cause, filesOf(opened, failed.revision)) },
    blocked: blocked.map(({ revision, missing, blocks }) => ({ revision, missing, blocks })),
    upToDate,
    ...(interrupted === null ? {} : { error: errorDocument(interrupted) }),
  });
  return exitCode;
}
