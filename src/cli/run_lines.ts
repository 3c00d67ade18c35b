/**
 * What happens during a run, as lines: one fold of the events for every command that runs migrations. Pure.
 *
 * @module
 */

import { unreachable } from "../errors.ts";
import type { RunEvent } from "../events.ts";
import type { Block, PlanStep } from "../plan.ts";
import { explain } from "../runner.ts";
import { secondsText } from "../seconds_text.ts";
import { hintLine } from "./error_lines.ts";
import { cuttable, type Flexible } from "./narrow.ts";
import { indented, type Line, linesOf, styled } from "./text.ts";

/** Lines, and where they go: see `src/cli/output.ts`. */
export interface Told {
  readonly to: "progress" | "note" | "problem";
  readonly lines: readonly Line[];
}

const VERBS = { upgrade: "Running", downgrade: "Undoing", verify: "Verifying", join: "Joining" } as const;

/**
 * Warnings are kept for the document too, and how far loads and walks are is told now and then: neither is told here.
 *
 * @param failure how a failed migration is told
 */
export function runLines(
  event: Exclude<RunEvent, { type: "warning" | "progress" | "batch" | "loaded" }>,
  failure: (revision: string, error: unknown) => readonly Line[],
): Told {
  switch (event.type) {
    case "running":
      return progress([[`${VERBS[event.direction]} `, ...named(event.revision, event.description)]]);
    case "ok":
      return progress([["  ", styled("green", "OK"), ` (${secondsText(event.durationSeconds)})`]]);
    case "blocked":
      return { to: "problem", lines: blockedLines(event.message, event.hint) };
    case "failed":
      return {
        to: "problem",
        lines: [...failure(event.revision, event.error), ...event.partial ? partialLines(event.revision) : []],
      };
    case "interrupted":
      return { to: "problem", lines: [interruptedLine(event)] };
    case "log":
      return note(linesOf(event.message).map((line) => `  ${line}`));
    case "retrying":
      return note(
        linesOf(event.error).map((line, at) => at === 0 ? `  Attempt ${event.attempt} after: ${line}` : `    ${line}`),
      );
    case "waiting":
      return note([`Waiting for the lock: held by ${event.holder}, since ${event.since}`]);
    case "settled":
      return note([`Closed the attempt at ${event.revision} that a dead run left open, as ${event.status}.`]);
    default:
      return unreachable(event);
  }
}

function progress(lines: readonly Line[]): Told {
  return { to: "progress", lines };
}

function note(lines: readonly Line[]): Told {
  return { to: "note", lines };
}

/** Somebody who paused it did not interrupt it: nothing that was at work is lost. */
function interruptedLine({ reason, code }: { readonly reason: string; readonly code: string }): Line {
  return ["  ", styled("yellow", code === "paused" ? "PAUSED:" : "INTERRUPTED:"), ` ${reason}`];
}

function partialLines(revision: string): Line[] {
  const { hint } = explain(revision, [{ kind: "partial" }]);
  return indented([hintLine(`A part of it is committed. ${hint}`)], 4);
}

function blockedLines(message: string, hint: string): Line[] {
  return [[styled("yellow", "BLOCKED:"), ` ${message}`], hint];
}

/** `D001: load person`, of which the description gives way. */
export function named(revision: string, description: string): (string | Flexible)[] {
  return description === "" ? [revision] : [`${revision}: `, cuttable(description)];
}

/** The plan of `upgrade --dry-run`: a run stops at the first step that is blocked. */
export function planLines(steps: readonly PlanStep[]): Line[] {
  const stop = steps.findIndex(({ blocks }) => blocks.length > 0);
  return steps.flatMap(({ migration, blocks }, at): Line[] => {
    const { revision, description } = migration;
    const verb = stop < 0 || at < stop ? "Would run" : at === stop ? "Would stop at" : "Would not reach";
    const blocked = blocks.flatMap((block: Block) => {
      const { message, hint } = explain(revision, [block]);
      return blockedLines(message, hint);
    });
    return [[`${verb} `, ...named(revision, description)], ...blocked];
  });
}
