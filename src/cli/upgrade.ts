/** `delembic upgrade` */

import { EXIT, type ExitCode } from "../errors.ts";
import type { RunContext } from "../runner.ts";
import { parseTarget, type Target } from "../target.ts";
import { command, type Context } from "./command.ts";
import { flag, optional, seconds, UsageError } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";

export const upgrade = command({
  description: [
    "Runs every pending migration that the target needs, in the order of their dependencies. Each one runs in a " +
    "transaction of its own, in which it is also recorded: it is applied once, or not at all. The run stops at the " +
    "first migration that fails, or that needs an Alembic revision which is not in the database yet.",
    "Only one run at a time works on a database; others wait for it. Ctrl-C stops the statement that is at work, rolls " +
    "it back and records the interruption; a second Ctrl-C ends the program at once.",
    "A migration that works in batches goes on where it was, whenever and however it was ended. With --join this process " +
    "helps one that another process runs, on this host or another: it takes ranges of keys from the database until none " +
    "is left. It takes no lock and runs nothing else. --max-time ends it as well.",
    "With --sql it runs nothing and asks no database: it prints a script for psql, mariadb or sqlite3, which does what the " +
    "run would do and records it, for those who may run it. START:END prints what END needs beyond START, without START: " +
    "everything. The script makes sure that nothing is applied twice, and that Alembic's revisions are there. A migration " +
    "in TypeScript that reads results cannot be printed: the error names the line.",
    "Exit codes: 0 done; 1 a migration failed or is blocked; 2 wrong usage or files; 3 no database; 4 no lock; " +
    "5 interrupted where it could not be undone: see 'repair'; 124 time up, or paused; 130 and 143 interrupted.",
  ],
  arguments: {
    target: optional(
      "head (everything, the default), a revision or the beginning of one, a label, LABEL@head, +N, LABEL@+N, " +
        "REVISION+N or REVISION-N; with --sql also START:END",
    ),
  },
  options: {
    dryRun: flag("print what would run and what is blocked; change nothing"),
    join: flag("help the batched migration that another process runs, until nothing is left"),
    lockTimeout: seconds("how long to wait for another run to end (default: 300)"),
    maxTime: seconds("stop after this time; what is at work then is rolled back"),
    wait: seconds("how long to wait for the database to come up (default: not at all)"),
    sql: flag("print a script that does it, for the database's own client; run nothing, ask no database"),
  },
  examples: [
    { line: "upgrade", text: "Run everything that is pending." },
    {
      line: "upgrade D003 --dry-run",
      text: "See what D003 and all that it needs would run, and what stands in the way.",
    },
    {
      line: "upgrade D004:head --sql > data.sql",
      text: "For a database that is at D004 and that only others may change.",
    },
    { line: "upgrade --join", text: "On a second host: help with the large table that the first one is at." },
    { line: "upgrade --wait 60 --lock-timeout 600", text: "In a container that starts together with its database." },
  ],
  async run(context, { options, arguments: given }): Promise<ExitCode> {
    if (options.sql) {
      const { printSql, requireNoRun } = await import("./offline_sql.ts");
      requireNoRun(options);
      const { openProject } = await import("./open_project.ts");
      return await printSql(context, await openProject(context), {
        direction: "upgrade",
        text: given.target ?? "head",
      });
    }
    if (options.join) requireAlone(given.target, options);
    const parsed = parseTarget(given.target ?? "head");
    const { openProject } = await import("./open_project.ts");
    const opened = await openProject(context);
    if (opened.project.migrations.size === 0 && opened.project.faults.length === 0) return tellNone(context);
    if (options.dryRun) return await dryRun(context, opened, parsed);
    const { lockTimeout: lockTimeoutMs, maxTime: maxTimeMs, wait: waitMs } = options;
    if (options.join) {
      return await (await import("./join_report.ts")).joinAndTell(context, opened, { waitMs, maxTimeMs });
    }
    const { runAndTell } = await import("./run_report.ts");
    const { upgrade } = await import("../runner.ts");
    const words = { done: "applied", nothing: "Already up to date." } as const;
    const work = (run: RunContext) => upgrade(run, { target: parsed, lockTimeoutMs, maxTimeMs });
    return await runAndTell(context, opened, work, { words, waitMs });
  },
});

/** Who helps decides neither what runs nor when. */
function requireAlone(
  target: string | undefined,
  { dryRun, lockTimeout }: { readonly dryRun: boolean; readonly lockTimeout: number | undefined },
): void {
  const other = target !== undefined
    ? "a target"
    : dryRun
    ? "'--dry-run'"
    : lockTimeout !== undefined
    ? "'--lock-timeout'"
    : undefined;
  if (other === undefined) return;
  throw new UsageError(
    "conflicting-options",
    `Option '--join' and ${other} exclude each other`,
    "It helps with whatever another process runs, without its lock.",
  );
}

function tellNone({ output }: Context): ExitCode {
  output.progress(["No migrations found."]);
  output.document({ applied: [], failed: null, blocked: [], upToDate: true });
  return EXIT.done;
}

/** Tells the plan, from the same values by which a run decides. */
async function dryRun(context: Context, opened: OpenProject, target: Target): Promise<ExitCode> {
  const { lookAt } = await import("./open_project.ts");
  const { planOf } = await import("./dry_run.ts");
  return await lookAt(context, opened, (look) => planOf(context, look, target));
}
