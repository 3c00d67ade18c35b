/** `delembic resume` */

import { EXIT, type ExitCode } from "../errors.ts";
import type { WalkDecision } from "../walk_decisions.ts";
import { walkRows } from "../walk_numbers.ts";
import { command } from "./command.ts";
import { required } from "./command_line.ts";

export const resume = command({
  description: [
    "Takes a 'pause' back. It runs nothing itself: the next 'upgrade' goes on where the migration was paused, and does " +
    "no row twice. It takes no lock, and is written into the log with your name.",
  ],
  arguments: {
    id: required("a revision, the beginning of one, or a label"),
  },
  options: {},
  examples: [
    { line: "resume D007", text: "D007 may go on." },
    { line: "upgrade D007", text: "And now it does." },
  ],
  async run(context, { arguments: { id } }): Promise<ExitCode> {
    const { openProject } = await import("./open_project.ts");
    const { tellDecision } = await import("./pause.ts");
    const { startRun } = await import("./start_run.ts");
    const { resumeWalk } = await import("../walk_decisions.ts");
    const decision = await startRun(context, await openProject(context), (run) => resumeWalk(run, id));
    context.output.result(resumedLines(decision));
    tellDecision(context, decision, { paused: false });
    return EXIT.done;
  },
});

export function resumedLines({ revision, changed, story }: WalkDecision): string[] {
  if (!changed) return [`${revision} is not paused.`];
  const begun = story !== undefined && story.walk.status !== "new";
  return [
    `${revision} may go on.${begun ? ` It has done ${walkRows(story)}.` : ""}`,
    `To do ${begun ? "the rest" : "it"}: delembic upgrade`,
  ];
}
