/** `delembic log` */

import { forPeople } from "../clock.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import type { RunRecord } from "../ledger.ts";
import { secondsText } from "../seconds_text.ts";
import { command } from "./command.ts";
import { dataLines, dataMembers, readDataStory } from "./data_story.ts";
import { optional, UsageError, value } from "./command_line.ts";
import { columns, type Line, linesOf } from "./text.ts";
import { actorText } from "./walk_lines.ts";

const COUNT_REGEXP = /^[1-9]\d{0,8}$/;

export const log = command({
  description: [
    "Lists the attempts, the latest first: which migration, when, how it ended, how long it took, and who did it. " +
    "Decisions of people (stamp, repair, unlock, pause, resume) are there too. Nothing is ever taken out of this list. " +
    "Reads only: creates no table and no file.",
    "Of a migration that works in batches, 'log ID' also tells how far it is, and each range of keys that was handed " +
    "out: how far it is done, and who has it. Of one that loaded files or rows, what the last attempt loaded.",
  ],
  arguments: {
    id: optional("only the attempts at this revision"),
  },
  options: {
    limit: value("N", "only the latest N"),
  },
  examples: [
    { line: "log", text: "See all that was done on this database." },
    { line: "log D003 -v", text: "See each attempt at D003 with its whole error." },
    { line: "log --limit 20 --json", text: "The latest ones, for a script." },
  ],
  async run(context, { options, arguments: { id } }): Promise<ExitCode> {
    if (options.limit !== undefined && !COUNT_REGEXP.test(options.limit)) {
      throw new UsageError("invalid-value", `Option '--limit' needs a number from 1 on, got '${options.limit}'`);
    }
    const { lookAt, openProject } = await import("./open_project.ts");
    const { readRuns } = await import("../ledger.ts");
    const { graphOf, resolveRevision } = await import("../target.ts");
    return await lookAt(context, await openProject(context), async ({ db, project, seen }) => {
      const all = await readRuns(db);
      const known = new Set([
        ...project.migrations.keys(),
        ...seen.records.keys(),
        ...all.flatMap(({ revision }) => revision ?? []),
      ]);
      const revision = id === undefined
        ? undefined
        : resolveRevision(id, [...known], graphOf(project.migrations, project.parents));
      const chosen = all.filter((run) => revision === undefined || run.revision === revision);
      const runs = options.limit === undefined ? chosen : chosen.slice(0, Number(options.limit));
      const data = revision === undefined ? { walk: undefined, loads: [] } : await readDataStory(db, revision);
      const { output } = context;
      output.result([...logLines(runs, output.verbose), ...dataLines(data, { all: true, runs: chosen })]);
      output.document({ runs: runs.map(runMember), ...dataMembers(data, chosen) });
      return EXIT.done;
    });
  },
});

/** Who did it gives way first, then how long it took, then the time of the day. */
const NARROW = { 1: "2026-01-15…".length, 4: 0, 5: 0 };

/** A table of attempts; with `errors`, below each the whole text of what was thrown. */
export function logLines(runs: readonly RunRecord[], errors: boolean): Line[] {
  if (runs.length === 0) return ["No attempts yet."];
  const [header = "", ...rows] = columns([
    ["ID", "STARTED", "REVISION", "STATUS", "TOOK", "BY"],
    ...runs.map((run) => [
      String(run.id),
      run.startedAt === null ? "" : forPeople(run.startedAt),
      run.revision ?? "",
      run.endedAt === null ? `${run.status} (open)` : run.status ?? "",
      run.seconds === null ? "" : secondsText(run.seconds),
      actorText(run),
    ]),
  ], NARROW);
  return [
    header,
    ...rows.flatMap((row, at) => {
      const exception = runs[at]?.exception ?? "";
      return errors && exception !== "" ? [row, ...linesOf(exception).map((line) => `    ${line}`)] : [row];
    }),
  ];
}

export function runMember(run: RunRecord): Record<string, unknown> {
  const { id, revision, startedAt, endedAt, seconds, status, exception, username, hostname } = run;
  return { id, revision, startedAt, endedAt, durationSeconds: seconds, status, exception, username, hostname };
}
