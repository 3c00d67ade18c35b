/**
 * What became of a command, and how the project stands, as Markdown for the page of a build. Pure.
 *
 * @module
 */

import type { HistoryEntry, MigrationState } from "../state.ts";
import { type Annotation, markdownCode, markdownPlace, markdownText } from "./github_text.ts";
import { secondsText } from "../seconds_text.ts";

export interface Finished {
  /** `upgrade head` */
  readonly commandLine: string;
  readonly exitCode: number;
  /** What this command applied. */
  readonly applied: ReadonlySet<string>;
  readonly annotations: readonly Annotation[];
  /** `undefined` where the project or its database could not be looked at. */
  readonly entries: readonly HistoryEntry[] | undefined;
  /** The graph in Mermaid's words; `undefined` where there is none to show. */
  readonly graph: string | undefined;
  /** Takes secrets out of a text. */
  redact(text: string): string;
}

/** A page with a thousand rows is not read. */
const MOST_ROWS = 100;
const MOST_ANNOTATIONS = 20;

const MARKS: Readonly<Record<MigrationState, string>> = {
  applied: "✅",
  pending: "⏳",
  failed: "❌",
  blocked: "⛔",
  changed: "✏️",
  missing: "❓",
  running: "▶️",
};

const LEVELS: Readonly<Record<Annotation["level"], string>> = { error: "❌", warning: "⚠️", notice: "⏸️" };

export function summaryMarkdown(finished: Finished): string {
  const { commandLine, exitCode, entries, graph, annotations } = finished;
  const outcome = exitCode === 0 ? "done" : `exit code ${exitCode}`;
  const more = annotations.length - MOST_ANNOTATIONS;
  const parts = [
    `### ${exitCode === 0 ? "✅" : "❌"} ${markdownCode(`delembic ${commandLine}`)}: ${outcome}`,
    entries === undefined ? "" : tally(entries, finished.applied),
    ...annotations.slice(0, MOST_ANNOTATIONS).map(quoted),
    more > 0 ? `${more} more are in the log.` : "",
    entries === undefined || entries.length === 0 ? "" : table(entries, finished),
    graph === undefined ? "" : `\`\`\`mermaid\n${graph.trimEnd()}\n\`\`\``,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** `1 applied now, 3 of 5 are applied` */
function tally(entries: readonly HistoryEntry[], applied: ReadonlySet<string>): string {
  if (entries.length === 0) return "There are no migrations.";
  const all = `${entries.filter(isApplied).length} of ${entries.length} are applied`;
  return applied.size === 0 ? all : `${applied.size} applied now, ${all}`;
}

function isApplied({ status }: HistoryEntry): boolean {
  return status === "applied" || status === "changed" || status === "missing";
}

/** How many migrations the next `upgrade` would have to see to. */
export function pendingCount(entries: readonly HistoryEntry[]): number {
  return entries.filter((entry) => !isApplied(entry)).length;
}

function quoted({ level, title, message, place }: Annotation): string {
  const where = place === undefined ? "" : ` ${markdownPlace(place)}`;
  return `> ${LEVELS[level]} **${markdownText(title)}**${where}<br>${markdownText(message, 1000)}`;
}

/** What is not applied, and as many of the last ones that are as there is room for. */
function table(entries: readonly HistoryEntry[], { applied, redact }: Finished): string {
  const isNews = (entry: HistoryEntry) => entry.status !== "applied" || applied.has(entry.revision);
  const news = entries.filter(isNews).slice(0, MOST_ROWS);
  const old = entries.filter((entry) => !isNews(entry));
  const kept = new Set([...news, ...old.slice(Math.max(0, old.length - (MOST_ROWS - news.length)))]);
  const rows = entries.filter((entry) => kept.has(entry)).map((entry) => {
    const { revision, status, migration, record } = entry;
    const seconds = status === "applied" ? record?.seconds : undefined;
    const cells = [
      markdownCode(revision),
      markdownText(redact(migration?.description ?? "")),
      `${MARKS[status]} ${status}${applied.has(revision) ? " now" : ""}`,
      seconds === undefined || seconds === null ? "" : secondsText(seconds),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const left = entries.length - rows.length;
  return [
    "| Revision | Description | State | Took |",
    "| --- | --- | --- | --- |",
    ...rows,
    ...(left === 0 ? [] : ["", `${left} more are not shown.`]),
  ].join("\n");
}
