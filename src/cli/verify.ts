/** `delembic verify` */

import type { ExitCode } from "../errors.ts";
import type { VerifyReport } from "../verify.ts";
import { command } from "./command.ts";
import { optional } from "./command_line.ts";
import type { Line } from "./text.ts";

export const verify = command({
  description: [
    "Runs validate of applied migrations again, each in a transaction that is rolled back, and tells which ones do not " +
    "hold any more. Data changes after a migration: a validate that was true then may be false now without a mistake.",
    "A migration that had to come before a schema revision (requiresBefore) which is applied by now is left out, as what it " +
    "made may be gone with that schema; it is verified when it is named.",
  ],
  arguments: {
    id: optional("only this revision (default: all that are applied)"),
  },
  options: {},
  examples: [
    { line: "verify", text: "After a restore: is the data what the migrations made it?" },
    { line: "verify D003", text: "Only one of them." },
  ],
  async run(context, { arguments: { id } }): Promise<ExitCode> {
    const { openProject } = await import("./open_project.ts");
    const { filesOf, startRun } = await import("./start_run.ts");
    const { errorDocument, failureDocument } = await import("./error_lines.ts");
    const { tellError } = await import("./project_view.ts");
    const { verify } = await import("../verify.ts");
    const opened = await openProject(context);
    const report = await startRun(
      context,
      opened,
      (run) => verify(run, id === undefined ? {} : { revision: id }),
    );
    const { verified, failed, without, past, interrupted, exitCode } = report;
    const { output } = context;
    output.progress(verifiedLines(report));
    if (interrupted !== null) tellError(context, opened.config, interrupted);
    output.document({
      verified,
      failed: failed.map(({ revision, cause }) => ({
        revision,
        ...failureDocument(cause, filesOf(opened, revision)),
      })),
      without,
      past,
      ...(interrupted === null ? {} : { error: errorDocument(interrupted) }),
    });
    return exitCode;
  },
});

export function verifiedLines({ verified, failed, without, past }: VerifyReport): Line[] {
  if (verified.length + failed.length + without.length + past.length === 0) return ["No migrations applied yet."];
  const lines = [
    ...(without.length === 0 ? [] : [`Without validate: ${without.join(", ")}`]),
    ...(past.length === 0 ? [] : [`Left out, as the schema has gone on since: ${past.join(", ")}`]),
  ];
  return [...lines, `Verified ${counted(verified.length, "migration")}, ${failed.length} failed.`];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
