/** `delembic history` */

import { readWalks, type WalkStory } from "../batch_ledger.ts";
import { forPeople } from "../clock.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import type { LoadedMigration } from "../migration.ts";
import { isApplied, isPending } from "../plan.ts";
import { resolveSpan, revisionsIn } from "../span.ts";
import { type HistoryEntry, historyOf, type MigrationState } from "../state.ts";
import { walkNumbers } from "../walk_numbers.ts";
import { percentText } from "../numbers_text.ts";
import { secondsText } from "../seconds_text.ts";
import { graphOf, type RevisionGraph } from "../target.ts";
import { command } from "./command.ts";
import { value } from "./command_line.ts";
import type { Look } from "./open_project.ts";
import { marksMember, marksOf, placeLines } from "./revision_marks.ts";
import { cuttable, wrappable } from "./narrow.ts";
import { type Line, padded, shownWidth, type Style, styled } from "./text.ts";
import { progressMember } from "./walk_lines.ts";

export const history = command({
  description: [
    "Lists every migration in the order in which 'upgrade' takes them, each with its state: applied; pending; failed " +
    "(the last attempt was rolled back, or left a part behind); blocked (needs an Alembic revision that is not in the " +
    "database, or a migration that is blocked); changed (the file is not what was applied); missing (applied, but " +
    "there is no file); running. Behind one that works in batches stands how much of it is done. Reads only: creates no " +
    "table and no file.",
    "With -r RANGE it lists a part of the graph: both ends, and what lies between. Each end may be whatever names a " +
    "revision; 'current' is what is applied, -2 at the beginning counts from the end, +2 at the end from the beginning.",
  ],
  arguments: {},
  options: {
    revRange: value("RANGE", "only START:END, both included; START: or :END", "r"),
  },
  examples: [
    { line: "history", text: "See what is applied and what is not." },
    { line: "history -v", text: "Also when it was applied, its place in the graph, and its file." },
    { line: "history -r D002:D005", text: "What lies between two revisions." },
    { line: "history -r :billing@head", text: "One branch, and what it builds on." },
  ],
  async run(context, { options: { revRange } }): Promise<ExitCode> {
    const { lookAt, openProject, tellFaults } = await import("./open_project.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, async (look) => {
      tellFaults(context, look);
      const graph = graphOf(look.seen.migrations, look.seen.parents);
      const entries = within(revRange, graph, historyOf(look.seen));
      const walks = await undoneWalks(look);
      const { output } = context;
      const shown = output.verbose ? (file: string) => shownFile(context, opened.config, file) : undefined;
      output.result(historyLines(entries, { detail: shown && { shown, graph }, walks }));
      output.document({ migrations: entries.map((entry) => historyMember(entry, graph, walks.get(entry.revision))) });
      return EXIT.done;
    });
  },
});

const STYLES: Readonly<Record<MigrationState, Style>> = {
  applied: "green",
  pending: "cyan",
  failed: "red",
  blocked: "yellow",
  changed: "yellow",
  missing: "red",
  running: "bold",
};

/** The width of the states' column, as in the Python tool. */
const STATE_WIDTH = 8;

/** The walks in batches that have begun and are not recorded as applied. */
export async function undoneWalks(
  { project, db, seen }: Pick<Look, "project" | "db" | "seen">,
): Promise<Map<string, WalkStory>> {
  const isConcerned = ({ revision, batch }: LoadedMigration) => batch !== undefined && isPending(seen, revision);
  if (![...project.migrations.values()].some(isConcerned)) return new Map();
  const stories = await readWalks(db);
  return new Map(
    stories.filter(({ walk }) => isPending(seen, walk.revision)).map((story) => [story.walk.revision, story]),
  );
}

/** The entries of a range; all where none is wanted. @throws {TargetError} */
function within(range: string | undefined, graph: RevisionGraph, entries: HistoryEntry[]): HistoryEntry[] {
  if (range === undefined) return entries;
  const applied = entries.filter(({ record }) => isApplied(record)).map(({ revision }) => revision);
  const ids = revisionsIn(resolveSpan(range, graph, applied), graph);
  return entries.filter(({ revision }) => ids.has(revision));
}

/** What is needed to tell more of a migration than its state. */
interface Detail {
  /** Names its file. */
  readonly shown: (file: string) => string;
  readonly graph: RevisionGraph;
}

export interface HistoryOptions {
  readonly detail?: Detail | undefined;
  readonly walks?: ReadonlyMap<string, WalkStory>;
}

export function historyLines(
  entries: readonly HistoryEntry[],
  { detail, walks = new Map() }: HistoryOptions = {},
): Line[] {
  if (entries.length === 0) return ["No migrations found."];
  const width = Math.max(...entries.map(({ revision }) => shownWidth(revision)));
  return entries.flatMap((entry): Line[] => {
    const { revision, status, migration } = entry;
    const line: Line = [
      styled(STYLES[status], status),
      " ".repeat(STATE_WIDTH + 2 - status.length),
      padded(revision, width),
      "  ",
      cuttable(migration?.description ?? ""),
      ...walkNote(walks.get(revision)),
    ];
    return detail === undefined ? [line] : [line, ...detailLines(entry, detail)];
  });
}

/** `  (24 %, paused)` */
function walkNote(story: WalkStory | undefined): string[] {
  if (story === undefined) return [];
  const { fraction } = walkNumbers(story);
  const parts = [...fraction === undefined ? [] : [percentText(fraction)], ...story.walk.pauseWanted ? ["paused"] : []];
  return parts.length === 0 ? [] : [`  (${parts.join(", ")})`];
}

function detailLines({ revision, migration, record, status }: HistoryEntry, { shown, graph }: Detail): Line[] {
  const blanks = " ".repeat(STATE_WIDTH + 2);
  const when = record?.appliedAt === null || record?.appliedAt === undefined ? undefined : forPeople(record.appliedAt);
  const seconds = record?.seconds === null || record?.seconds === undefined ? undefined : secondsText(record.seconds);
  const ended = [when && `${status === "failed" ? "failed" : "applied"} ${when}`, seconds && `in ${seconds}`];
  const told = ended.filter((part) => part !== undefined).join(" ");
  return [
    ...(told === "" ? [] : [blanks + told]),
    ...(migration === undefined ? [] : placeLines(marksOf(graph, revision), migration))
      .map((line): Line => [blanks, wrappable(line)]),
    migration === undefined ? `${blanks}no file` : blanks + shown(migration.file),
  ];
}

function historyMember(
  { revision, status, migration, record }: HistoryEntry,
  graph: RevisionGraph,
  story: WalkStory | undefined,
): Record<string, unknown> {
  const applied = record?.status === "success";
  return {
    revision,
    description: migration?.description ?? null,
    file: migration?.file ?? null,
    kind: migration?.kind ?? null,
    dependsOn: migration?.dependsOn ?? [],
    ...marksMember(marksOf(graph, revision), migration?.labels),
    status,
    appliedAt: applied ? record.appliedAt : null,
    durationSeconds: applied ? record.seconds : null,
    ...(story === undefined ? {} : { walk: progressMember(story) }),
  };
}
