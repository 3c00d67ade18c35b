/** `delembic repair` */

import type { RepairReport } from "../decisions.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag, optional, seconds, UsageError } from "./command_line.ts";
import { type Line, styled } from "./text.ts";

export const repair = command({
  description: [
    "Brings the record and the truth together again. Without options it closes attempts that dead runs left open, and " +
    "takes files that were changed after they were applied for what was applied.",
    "A migration that was interrupted where it could not be undone (without a transaction, or with DDL on MySQL) is " +
    "yours to judge: look at the data, complete it or take it back by hand, then say which it is. All of this is " +
    "written into the log with your name.",
  ],
  arguments: {
    id: optional("only this revision (default: all)"),
  },
  options: {
    applied: flag("the interrupted migration is all there: record it as applied"),
    reverted: flag("nothing of the interrupted migration is left: let it run again"),
    lockTimeout: seconds("how long to wait for another run to end (default: 300)"),
  },
  examples: [
    { line: "repair", text: "Settle what can be settled; tell what needs a decision." },
    { line: "repair D003 --applied", text: "D003 is complete: record it." },
    { line: "repair D003 --reverted", text: "D003 was taken back by hand: the next upgrade runs it again." },
  ],
  async run(context, { options, arguments: { id } }): Promise<ExitCode> {
    const { applied, reverted, lockTimeout: lockTimeoutMs } = options;
    if (applied && reverted) {
      throw new UsageError("conflicting-options", "Options '--applied' and '--reverted' exclude each other");
    }
    const as = applied ? "applied" : reverted ? "reverted" : undefined;
    const { openProject } = await import("./open_project.ts");
    const { startRun } = await import("./start_run.ts");
    const { repair } = await import("../decisions.ts");
    const opened = await openProject(context);
    const report = await startRun(context, opened, (run) => repair(run, { revision: id, as, lockTimeoutMs }));
    context.output.result(repairedLines(report));
    context.output.problem(undecidedLines(report));
    context.output.document({ ...report });
    return report.undecided.length > 0 ? EXIT.interrupted : EXIT.done;
  },
});

export function repairedLines({ accepted, settled, undecided }: RepairReport): Line[] {
  if (accepted.length + settled.length + undecided.length === 0) return ["Nothing to repair."];
  return [
    ...accepted.map((revision) => `Accepted the changed file of ${revision}`),
    ...settled.map(({ revision, as }) => `Settled ${revision} as ${as}`),
  ];
}

export function undecidedLines({ undecided }: RepairReport): Line[] {
  return undecided.flatMap((revision): Line[] => [
    [styled("yellow", "UNDECIDED:"), ` Migration ${revision} was interrupted midway: a part of it is committed.`],
    `Look at the data, then run 'delembic repair ${revision} --applied' or '--reverted'.`,
  ]);
}
