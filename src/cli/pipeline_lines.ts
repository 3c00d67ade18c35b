/**
 * A pipeline's steps as lines. Pure.
 *
 * @module
 */

import type { PipelineStep } from "../pipeline_file.ts";
import type { StepReport } from "../pipeline_run.ts";
import type { StepPreview } from "../pipeline_steps.ts";
import { explain } from "../runner.ts";
import { named } from "./run_lines.ts";
import { indented, type Line, styled } from "./text.ts";

const PRESENT = "    already there";

/** `[1/6] Schema → aaa  (alembic → aaa)` */
export function stepLines({ name, type, target }: PipelineStep, index: number, total: number): Line[] {
  return ["", [styled("bold", `[${index + 1}/${total}] ${name}`), `  (${type} → ${target})`]];
}

/** How a step went that went well. */
export function stepEndLines({ status, seconds }: StepReport): Line[] {
  if (status === "present") return [PRESENT];
  return status === "done" ? [`    done in ${seconds.toFixed(1)}s`] : [];
}

/** The last words of a run. */
export function pipelineEndLines(reports: readonly StepReport[]): Line[] {
  const ran = reports.filter(({ status }) => status === "done").length;
  const present = reports.filter(({ status }) => status === "present").length;
  const stopped = reports.findIndex(({ status }) => status !== "done" && status !== "present");
  if (stopped >= 0) {
    return ["", `Pipeline stopped at step ${stopped + 1} of ${reports.length}. Run it again to go on from there.`];
  }
  const rest = present === 0 ? "" : `, ${present} already there`;
  return ["", `Pipeline complete — ${ran} step(s) ran${rest}.`];
}

/** What `pipeline run --dry-run` shows of a step. */
export function previewLines({ step, status, runs, blocked }: StepPreview, index: number, total: number): Line[] {
  return [...stepLines(step, index, total), ...indented(previewBody({ step, status, runs, blocked }), 4)];
}

function previewBody({ step, status, runs, blocked }: StepPreview): Line[] {
  if (status === "present") return [PRESENT.trim()];
  if (status === "not-reached") return ["would not be reached"];
  const would = step.type === "alembic"
    ? [`would run: alembic upgrade ${step.target}`]
    : runs.map(({ migration }): Line => ["would run ", ...named(migration.revision, migration.description)]);
  if (blocked === undefined) return would;
  const { revision, description } = blocked.migration;
  const { message, hint } = explain(revision, blocked.blocks);
  return [
    ...would,
    ["would stop at ", ...named(revision, description)],
    [styled("yellow", "BLOCKED:"), ` ${message}`],
    hint,
  ];
}
