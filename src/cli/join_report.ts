/**
 * Helping another process, and what came of it, for `upgrade --join`.
 *
 * @module
 */

import type { ExitCode } from "../errors.ts";
import type { JoinReport } from "../join.ts";
import { rowsText } from "../numbers_text.ts";
import { secondsText } from "../seconds_text.ts";
import type { Context } from "./command.ts";
import { errorDocument, failureDocument } from "./error_lines.ts";
import type { OpenProject } from "./open_project.ts";
import { tellError } from "./project_view.ts";
import { filesOf, startRun } from "./start_run.ts";
import type { Line } from "./text.ts";

export interface JoinTimes {
  readonly waitMs: number | undefined;
  readonly maxTimeMs: number | undefined;
}

/** Helps, and tells what was done here. */
export async function joinAndTell(
  context: Context,
  opened: OpenProject,
  { waitMs, maxTimeMs }: JoinTimes,
): Promise<ExitCode> {
  const { output } = context;
  const { joinRun } = await import("../join.ts");
  const report = await startRun(context, opened, (run) => joinRun(run, { maxTimeMs }), { waitMs });
  const { joined, failed, interrupted, exitCode } = report;
  output.progress(joinedLines(report));
  if (interrupted !== null) tellError(context, opened.config, interrupted);
  output.document({
    joined,
    failed: failed === null ? null : {
      revision: failed.revision,
      ...failureDocument(failed.cause, filesOf(opened, failed.revision)),
    },
    ...(interrupted === null ? {} : { error: errorDocument(interrupted) }),
  });
  return exitCode;
}

export function joinedLines({ joined, failed, interrupted }: JoinReport): Line[] {
  const helped = joined.filter(({ rows }) => rows > 0);
  if (helped.length === 0 && failed === null && interrupted === null) return ["Nothing to help with."];
  return helped.map(({ revision, rows, durationSeconds }) =>
    `Did ${rowsText(rows)} of ${revision} (${secondsText(durationSeconds)})`
  );
}
