/** `delembic downgrade` */

import { EXIT, type ExitCode } from "../errors.ts";
import type { RunContext } from "../runner.ts";
import { parseTarget, type Target } from "../target.ts";
import { command, type Context } from "./command.ts";
import { flag, required, seconds } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";

export const downgrade = command({
  description: [
    "Runs the downgrade of applied migrations, in the reverse of the order in which they are applied, and takes them " +
    "out of the record. Nothing is undone when one of those that would have to go has no downgrade.",
    "With --sql it prints a script for psql, mariadb or sqlite3 instead, as 'upgrade' does: START:END, where START is what " +
    "the database has, and END what it is to come back to.",
    "In production a new migration that corrects the data is mostly the better way: it runs everywhere the same.",
  ],
  arguments: {
    target: required(
      "-N (the last N), a revision (what builds on it), LABEL@-N, LABEL@base, or base (all); with --sql START:END",
    ),
  },
  options: {
    dryRun: flag("print what would be undone; change nothing"),
    sql: flag("print a script that does it, for the database's own client; run nothing, ask no database"),
    lockTimeout: seconds("how long to wait for another run to end (default: 300)"),
  },
  examples: [
    { line: "downgrade -1", text: "Undo the last migration." },
    { line: "downgrade D002 --dry-run", text: "See what would be undone to come back to D002." },
    { line: "downgrade base", text: "Undo everything." },
    {
      line: "downgrade D005:D002 --sql > undo.sql",
      text: "For a database that is at D005 and that only others may change.",
    },
  ],
  async run(context, { options, arguments: { target } }): Promise<ExitCode> {
    if (options.sql) {
      const { printSql, requireNoRun } = await import("./offline_sql.ts");
      requireNoRun(options);
      const { openProject } = await import("./open_project.ts");
      return await printSql(context, await openProject(context), { direction: "downgrade", text: target });
    }
    const parsed = parseTarget(target);
    const { openProject } = await import("./open_project.ts");
    const opened = await openProject(context);
    if (options.dryRun) return await dryRun(context, opened, parsed);
    const { runAndTell } = await import("./run_report.ts");
    const { downgrade } = await import("../runner.ts");
    const words = { done: "downgraded", nothing: nothingFor(parsed) } as const;
    const work = (run: RunContext) => downgrade(run, { target: parsed, lockTimeoutMs: options.lockTimeout });
    return await runAndTell(context, opened, work, { words });
  },
});

/** A migration that nobody declared to build on the target stays, though it came later. */
function nothingFor(target: Target): string {
  return target.kind === "name"
    ? `Nothing to undo: nothing that is applied builds on ${target.name}.`
    : "Nothing to undo.";
}

async function dryRun(context: Context, opened: OpenProject, target: Target): Promise<ExitCode> {
  const { lookAt } = await import("./open_project.ts");
  const { planDowngrade } = await import("../plan.ts");
  const { requireSound } = await import("../project.ts");
  const { requireDowngrades } = await import("../runner.ts");
  const { named } = await import("./run_lines.ts");
  requireSound(opened.project);
  return await lookAt(context, opened, ({ seen }) => {
    const going = planDowngrade(seen, target);
    requireDowngrades(going);
    const { output } = context;
    output.result(
      going.length === 0
        ? [nothingFor(target)]
        : going.map(({ revision, description }) => ["Would undo ", ...named(revision, description)]),
    );
    output.document({
      dryRun: true,
      plan: going.map(({ revision, description, file, kind }) => ({ revision, description, file, kind })),
      downgraded: [],
      failed: null,
      upToDate: going.length === 0,
    });
    return EXIT.done;
  });
}
