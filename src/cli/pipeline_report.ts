/**
 * What came of a pipeline, for people and for programs.
 *
 * @module
 */

import type { PipelineReport, StepReport } from "../pipeline_run.ts";
import { Interruption } from "../interruption.ts";
import type { Context } from "./command.ts";
import { errorDocument, errorLines, failureDocument, thrownText } from "./error_lines.ts";
import type { OpenProject } from "./open_project.ts";
import { projectView } from "./project_view.ts";
import { filesOf } from "./start_run.ts";
import { type Line, styled } from "./text.ts";

const GO_ON = "What is done stays. Run 'delembic pipeline run' again to go on from there.";

/**
 * What ended a step.
 *
 * @param told a migration that was at work has told that it was interrupted
 */
export function stepErrorLines(
  { error }: StepReport,
  { context, opened, told }: { readonly context: Context; readonly opened: OpenProject; readonly told: boolean },
): Line[] {
  if (error === undefined || told) return [];
  // the last words of a pipeline say how to go on
  if (error instanceof Interruption) return [["  ", styled("yellow", "INTERRUPTED:"), ` ${error.message}`]];
  return errorLines(error, projectView(context, opened.config));
}

/** The document of `pipeline run --json`. */
export function pipelineDocument({ steps }: PipelineReport, opened: OpenProject): Record<string, unknown> {
  const ended = steps.findIndex(({ status }) => status !== "done" && status !== "present");
  const last = steps[ended];
  return {
    steps: steps.map(({ step: { name, type, target }, status, seconds }) => ({ name, type, target, status, seconds })),
    applied: steps.flatMap(({ run }) => run?.done ?? []),
    failed: last?.status === "failed" ? failedStep(last, ended, opened) : null,
    blocked: last?.run?.blocked.map(({ revision, missing, blocks }) => ({ revision, missing, blocks })) ?? [],
    upToDate: steps.every(({ status }) => status === "present"),
    ...(last?.status === "interrupted" ? { error: { ...errorDocument(last.error), hint: GO_ON } } : {}),
  };
}

function failedStep({ step: { name }, error, run }: StepReport, index: number, opened: OpenProject) {
  const head = { step: index + 1, name };
  const failed = run?.failed;
  if (failed === undefined || failed === null) return { ...head, error: thrownText(error), ...errorDocument(error) };
  return {
    ...head,
    revision: failed.revision,
    ...failureDocument(failed.cause, filesOf(opened, failed.revision)),
    ...(failed.partial ? { partial: true } : {}),
  };
}
