/**
 * What `action.yml` asks for when a command is done: a summary on the page of the build, and outputs for later steps.
 *
 * @module
 */

import { DelembicError, EXIT, messageOf } from "../errors.ts";
import { graphMermaid, MERMAID_LIMITS } from "../graph_mermaid.ts";
import type { GraphView } from "../graph_view.ts";
import type { HistoryEntry } from "../state.ts";
import type { Context } from "./command.ts";
import { pendingCount, summaryMarkdown } from "./github_summary.ts";
import { Output } from "./output.ts";

/** In characters. GitHub keeps no more than 1 MiB of all outputs of a job, at two bytes a character. */
const LONGEST_OUTPUT = 400_000;

/** Appends to the files that the runner names. What cannot be told changes nothing of what was done. */
export async function reportToGitHub(context: Context, exitCode: number): Promise<void> {
  const { io, output, commandLine } = context;
  const state = exitCode === EXIT.unreachable ? UNSEEN : await lookQuietly(context);
  const document = output.documented();
  const applied = appliedIn(document?.value);
  const { annotations } = output;
  const redact = (text: string) => output.redacted(text);
  const summary = summaryMarkdown({ commandLine, exitCode, applied, annotations, redact, ...state });
  append(context, io.env("GITHUB_STEP_SUMMARY"), redact(summary));
  append(
    context,
    io.env("GITHUB_OUTPUT"),
    outputLines({
      applied: String(applied.size),
      pending: state.entries === undefined ? "" : String(pendingCount(state.entries)),
      json: document?.text ?? "",
    }),
  );
}

interface State {
  readonly entries: readonly HistoryEntry[] | undefined;
  readonly graph: string | undefined;
}

const UNSEEN: State = { entries: undefined, graph: undefined };

/** The project as it is now. What stands in the way was told by the command itself. */
async function lookQuietly(context: Context): Promise<State> {
  const { io, output } = context;
  const mode = { json: false, quiet: true, verbose: false, noColor: true };
  const silent = new Output({ ...io, out() {}, err() {} }, mode, { text: (text) => output.redacted(text) });
  const { lookAt, openProject } = await import("./open_project.ts");
  const { historyOf } = await import("../state.ts");
  const { graphView } = await import("../graph_view.ts");
  try {
    const quiet = { ...context, output: silent };
    return await lookAt(quiet, await openProject(quiet), ({ project, seen }) => {
      const entries = historyOf(seen);
      return { entries, graph: drawn(graphView({ project, entries })) };
    });
  } catch (error) {
    if (!(error instanceof DelembicError)) output.warn(`The summary is not whole: ${messageOf(error)}`);
    return UNSEEN;
  }
}

/** The graph, as far as GitHub draws it; one node is no graph. */
function drawn(view: GraphView): string | undefined {
  if (view.nodes.length < 2 || view.edges.length > MERMAID_LIMITS.edges) return undefined;
  const text = graphMermaid(view);
  return text.length > MERMAID_LIMITS.characters ? undefined : text;
}

/** The revisions in the document of `upgrade`. */
function appliedIn(document: Readonly<Record<string, unknown>> | undefined): ReadonlySet<string> {
  const applied = document?.["applied"];
  if (!Array.isArray(applied)) return new Set();
  return new Set(applied.flatMap((each: unknown) => {
    const revision = typeof each === "object" && each !== null && "revision" in each ? each.revision : undefined;
    return typeof revision === "string" ? [revision] : [];
  }));
}

/** As the runner reads them; a document is one line, and all others are numbers. */
function outputLines(outputs: Readonly<Record<string, string>>): string {
  return Object.entries(outputs).map(([name, value]) => `${name}=${value.length > LONGEST_OUTPUT ? "" : value}\n`)
    .join("");
}

function append({ output }: Context, file: string | undefined, text: string): void {
  if (file === undefined || file === "") return;
  try {
    Deno.writeTextFileSync(file, text, { append: true });
  } catch (error) {
    output.warn(`Cannot write to ${file}: ${messageOf(error)}`);
  }
}
