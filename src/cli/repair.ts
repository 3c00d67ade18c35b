/** `delembic repair` */

import type { RepairReport } from "../decisions.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { batchesText, rowsText } from "../numbers_text.ts";
import { command, type Context } from "./command.ts";
import { flag, optional, seconds, UsageError } from "./command_line.ts";
import { type Line, styled } from "./text.ts";

export const repair = command({
  description: [
    "Brings the record and the truth together again. Without options it closes attempts that dead runs left open, and " +
    "takes files that were changed after they were applied for what was applied.",
    "A migration that was interrupted where it could not be undone (without a transaction, or with DDL on MySQL) is " +
    "yours to judge: look at the data, complete it or take it back by hand, then say which it is. All of this is " +
    "written into the log with your name.",
    "A migration that works in batches goes on where it was, whatever ended it, and needs no repair. With --restart it " +
    "begins anew: what it did stays, so it must be able to do the same rows again.",
  ],
  arguments: {
    id: optional("only this revision (default: all)"),
  },
  options: {
    applied: flag("the interrupted migration is all there: record it as applied"),
    reverted: flag("nothing of the interrupted migration is left: let it run again"),
    restart: flag("forget how far a migration in batches is: the next upgrade begins anew"),
    lockTimeout: seconds("how long to wait for another run to end (default: 300)"),
  },
  examples: [
    { line: "repair", text: "Settle what can be settled; tell what needs a decision." },
    { line: "repair D003 --applied", text: "D003 is complete: record it." },
    { line: "repair D007 --restart", text: "D007 was rewritten: let it walk the whole table again." },
    { line: "repair D003 --reverted", text: "D003 was taken back by hand: the next upgrade runs it again." },
  ],
  async run(context, { options, arguments: { id } }): Promise<ExitCode> {
    const { applied, reverted, restart, lockTimeout: lockTimeoutMs } = options;
    requireOne({ applied, reverted, restart });
    const as = applied ? "applied" : reverted ? "reverted" : undefined;
    if (restart) return await restartOne(context, id, lockTimeoutMs);
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

function requireOne(options: Readonly<Record<string, boolean>>): void {
  const [first, second] = Object.keys(options).filter((name) => options[name]);
  if (second === undefined) return;
  throw new UsageError("conflicting-options", `Options '--${first}' and '--${second}' exclude each other`);
}

async function restartOne(
  context: Context,
  id: string | undefined,
  lockTimeoutMs: number | undefined,
): Promise<ExitCode> {
  if (id === undefined) {
    throw new UsageError(
      "missing-argument",
      "Say which revision is to begin anew",
      "For example: delembic repair D007 --restart",
    );
  }
  const { openProject } = await import("./open_project.ts");
  const { startRun } = await import("./start_run.ts");
  const { restartWalk } = await import("../walk_decisions.ts");
  const opened = await openProject(context);
  const restarted = await startRun(context, opened, (run) => restartWalk(run, { revision: id, lockTimeoutMs }));
  const { revision, rows, batches } = restarted;
  context.output.result([
    `${revision} begins anew with the next upgrade; it had done ${rowsText(rows)} in ${batchesText(batches)}.`,
  ]);
  context.output.document({ restarted });
  return EXIT.done;
}

/** Attempts that were closed are told when that happens. */
export function repairedLines({ closed, accepted, settled, undecided }: RepairReport): Line[] {
  if (closed.length + accepted.length + settled.length + undecided.length === 0) return ["Nothing to repair."];
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
