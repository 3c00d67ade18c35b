/** `delembic pause` */

import { EXIT, type ExitCode } from "../errors.ts";
import type { WalkDecision } from "../walk_decisions.ts";
import { walkNumbers, walkRows } from "../walk_numbers.ts";
import { command, type Context } from "./command.ts";
import { required } from "./command_line.ts";

export const pause = command({
  description: [
    "Stops a migration that works in batches: the batches that are at work now are completed, and what is done stays. " +
    "The 'upgrade' that runs it ends with exit code 124, and those that help with --join end as well. It stays paused until " +
    "'delembic resume ID'. One that has not begun yet will not begin.",
    "It takes no lock and may be given from anywhere. It is written into the log with your name.",
  ],
  arguments: {
    id: required("a revision, the beginning of one, or a label"),
  },
  options: {},
  examples: [
    { line: "pause D007", text: "The shop is slow: let D007 rest." },
    { line: "resume D007", text: "And let it go on: the next upgrade does the rest." },
  ],
  async run(context, { arguments: { id } }): Promise<ExitCode> {
    const { openProject } = await import("./open_project.ts");
    const { startRun } = await import("./start_run.ts");
    const { pauseWalk } = await import("../walk_decisions.ts");
    const decision = await startRun(context, await openProject(context), (run) => pauseWalk(run, id));
    context.output.result(pausedLines(decision));
    tellDecision(context, decision, { paused: true });
    return EXIT.done;
  },
});

export function pausedLines({ revision, changed, story }: WalkDecision): string[] {
  const rows = story === undefined || story.walk.status === "new" ? "" : ` It has done ${walkRows(story)}.`;
  const next = `To let it go on: delembic resume ${revision}`;
  if (!changed) return [`${revision} is paused already.${rows}`, next];
  if (story === undefined || story.walk.status === "new") return [`${revision} is paused before it has begun.`, next];
  const isAtWork = story.ranges.some(({ status, free }) => status === "running" && !free);
  return [isAtWork ? `${revision} pauses after its present batch.${rows}` : `${revision} is paused.${rows}`, next];
}

/** The document of `pause` and `resume`. */
export function tellDecision(
  { output }: Context,
  { revision, changed, story }: WalkDecision,
  state: { readonly paused: boolean },
): void {
  const rowsDone = story === undefined ? 0 : walkNumbers(story).rows;
  output.document({ revision, ...state, changed, rowsDone, rowsTotal: story?.walk.rowsTotal ?? null });
}
