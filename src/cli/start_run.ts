/**
 * What the commands that act begin with: waiting for the database, and a run that a signal ends in good order.
 *
 * @module
 */

import { actorOf } from "../actor.ts";
import { now } from "../clock.ts";
import { EXIT } from "../errors.ts";
import { Interruption } from "../interruption.ts";
import type { RunContext } from "../open_run.ts";
import type { EventSink, RunEvent } from "../events.ts";
import type { Telemetry } from "../telemetry.ts";
import { VERSION } from "../version.ts";
import { waitForDatabase } from "../wait_for_database.ts";
import type { Context } from "./command.ts";
import { failureDocument, failureLines, type MigrationFiles } from "./error_lines.ts";
import { eventDocument } from "./event_document.ts";
import { eventAnnotations } from "./github_annotations.ts";
import { type OpenProject, openSource } from "./open_project.ts";
import { absolutePath } from "./paths.ts";
import { ProgressTeller } from "./progress_teller.ts";
import { projectView } from "./project_view.ts";
import { runLines } from "./run_lines.ts";

export interface StartOptions {
  /** How long the database is given to come up. @default it must be up */
  readonly waitMs?: number | undefined;
  /** Called after the event was told. */
  readonly onEvent?: EventSink;
}

/**
 * Calls `work` with the context of a run. The first SIGINT or SIGTERM ends the run in good order, the second one the
 * process at once.
 */
export async function startRun<T>(
  context: Context,
  opened: OpenProject,
  work: (run: RunContext) => Promise<T>,
  options: StartOptions = {},
): Promise<T> {
  const { io, hooks, output } = context;
  const { waitMs, onEvent } = options;
  const { project, database } = opened;
  const ending = new AbortController();
  const tellEvent = (event: RunEvent) => {
    // a log has warnings from wherever they come, so not from here as well
    const isLogged = output.tellsEvents && event.type !== "warning";
    if (output.json || isLogged) output.event(documentOf(opened, event));
  };
  using telemetry = await openTelemetry(context, opened);
  using teller = new ProgressTeller({ io, output, tellEvent });
  using _listening = io.onSignal((signal) => {
    if (!ending.signal.aborted) return ending.abort(new Interruption(signal));
    teller[Symbol.dispose]();
    io.exit(signal === "SIGINT" ? EXIT.sigint : EXIT.sigterm);
  });
  if (waitMs !== undefined) {
    const tell = (error: string) => output.note([`Waiting up to ${waitMs / 1000} s for the database: ${error}`]);
    await waitForDatabase(database, { waitMs, signal: ending.signal, tell });
  }
  return await work({
    project,
    database,
    openSource: (name) => openSource(opened.config, name),
    actor: actorOf(io),
    identity: { pid: io.pid, version: VERSION, command: context.commandLine },
    emit: (event) => {
      teller.hear(event);
      telemetry?.hear(event);
      if (event.type !== "progress" && event.type !== "batch") {
        tellEvent(event);
        if (event.type !== "loaded") tellLines(context, opened, event);
      }
      onEvent?.(event);
    },
    signal: ending.signal,
    ...hooks,
  });
}

/** What measures the run, when Deno was started to send what is measured. */
async function openTelemetry(context: Context, { config, database }: OpenProject): Promise<Telemetry | undefined> {
  const { io, output, commandLine } = context;
  if (!["1", "true"].includes(io.env("OTEL_DENO") ?? "")) return undefined;
  const { Telemetry } = await import("../telemetry.ts");
  return new Telemetry({
    command: commandLine.split(" ", 1)[0] ?? "",
    dialect: database.dialect.name,
    section: config.section,
    redact: (text) => output.redacted(text),
  });
}

function documentOf(opened: OpenProject, event: RunEvent): Record<string, unknown> {
  return eventDocument(event, now(), (revision, error) => failureDocument(error, filesOf(opened, revision)));
}

function tellLines(
  context: Context,
  opened: OpenProject,
  event: Exclude<RunEvent, { type: "progress" | "batch" | "loaded" }>,
): void {
  const { output } = context;
  if (event.type === "warning") return output.warn(event.message, event.hint);
  const view = projectView(context, opened.config);
  const { to, lines } = runLines(event, (revision, error) => failureLines(error, view, filesOf(opened, revision)));
  if (output.json || !output.tellsEvents) output[to](lines);
  output.annotate(eventAnnotations(event, (revision) => filesOf(opened, revision)));
}

/** Where the code of a migration may have failed. */
export function filesOf({ config, project }: OpenProject, revision: string): MigrationFiles {
  const file = project.migrations.get(revision)?.file;
  return { folder: config.folder, file: file === undefined ? undefined : absolutePath(config.folder, file) };
}
