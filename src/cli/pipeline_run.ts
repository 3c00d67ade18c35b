/** `delembic pipeline run` */

import { now } from "../clock.ts";
import { DelembicError, EXIT, type ExitCode } from "../errors.ts";
import type { RunContext } from "../open_run.ts";
import type { AlembicCommand, AlembicOutput } from "../pipeline_alembic.ts";
import type { PipelineStep } from "../pipeline_file.ts";
import type { StepReport } from "../pipeline_run.ts";
import { command, type Context } from "./command.ts";
import { flag, seconds, UsageError, value } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";

/** What is to be run, and what it is called. */
interface Pipeline {
  readonly steps: readonly PipelineStep[];
  readonly title: string;
}

export const pipelineRun = command({
  description: [
    "Runs the steps of pipeline.yaml from top to bottom: those of the type alembic by the real 'alembic upgrade TARGET', " +
    "those of the type delembic as 'delembic upgrade TARGET' does. Steps whose target is in the database already are " +
    "passed by. It stops at the first failure, and the next run goes on from there. With --auto it takes the steps that " +
    "'pipeline generate' would write.",
    "The whole file, and every target in it, is checked before anything runs.",
    "Alembic is called as alembic_command of delembic.ini says (default: alembic), in the folder of its configuration, " +
    "with that file (-c) and the section that goes with yours (-n). It connects as its own env.py says: --url and " +
    "DELEMBIC_URL mean nothing to it, and when it worked on another database the run stops. While it works, this run " +
    "holds Delembic's lock, so that two pipelines do not run it at once.",
    "Exit codes are those of 'upgrade'; 1 also when Alembic failed, 2 when it cannot be run.",
  ],
  arguments: {},
  options: {
    file: value("FILE", "the pipeline (default: pipeline.yaml beside delembic.ini)"),
    auto: flag("take the steps that 'pipeline generate' would write"),
    dryRun: flag("print what would run and what is there already; change nothing"),
    lockTimeout: seconds("how long to wait for another run to end (default: 300)"),
    maxTime: seconds("stop after this time; what is at work then is rolled back"),
    wait: seconds("how long to wait for the database to come up (default: not at all)"),
  },
  examples: [
    { line: "pipeline run", text: "Schema and data, as pipeline.yaml has it." },
    { line: "pipeline run --auto --dry-run", text: "See what the two graphs ask for, and what of it is there." },
    { line: "pipeline run --auto --wait 60", text: "All that is pending in one go, in a container that starts up." },
  ],
  async run(context, { options: { file, auto, dryRun, lockTimeout, maxTime, wait } }): Promise<ExitCode> {
    if (auto && file !== undefined) {
      throw new UsageError("conflicting-options", "Options '--auto' and '--file' exclude each other");
    }
    const { openProject } = await import("./open_project.ts");
    const opened = await openProject(context);
    const written = auto ? undefined : await readSteps(context, opened, file);
    const pipeline = async () => written ?? await generated(context, opened);
    if (dryRun) return await tellPreview(context, opened, await pipeline());
    let alembic: AlembicCommand | undefined;
    // a second signal ends this process at once, and Alembic is not to be left alone; heard before the run's own listener
    using _killing = endAlembic(context, () => alembic);
    const { startRun } = await import("./start_run.ts");
    const told = { interruption: false };
    return await startRun(context, opened, async (run) => {
      const { steps, title } = await pipeline();
      alembic = await usableAlembic(context, run, steps);
      context.output.progress([`${title}  (${steps.length} steps)`]);
      const limits = { lockTimeoutMs: lockTimeout, maxTimeMs: maxTime };
      return await runSteps(context, opened, run, { steps, alembic, told, ...limits });
    }, { waitMs: wait, onEvent: ({ type }) => told.interruption ||= type === "interrupted" });
  },
});

/** How long Alembic has to end before it is told that it is waited for, in milliseconds. */
const ENDING_MS = 1_000;

function endAlembic({ io, output }: Context, alembic: () => AlembicCommand | undefined): Disposable {
  let signals = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    if (alembic()?.running) output.note(["Waiting for Alembic to end; a second signal ends it at once."]);
  };
  const listening = io.onSignal(() => {
    if (++signals > 1) alembic()?.kill();
    else timer = setTimeout(tell, ENDING_MS);
  });
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      listening[Symbol.dispose]();
    },
  };
}

/** @throws {DelembicError} when there is no such file {FaultsError} with all that is wrong in it */
async function readSteps(context: Context, opened: OpenProject, named: string | undefined): Promise<Pipeline> {
  const { pipelineFile, readPipelineText } = await import("./pipeline_text_file.ts");
  const { readPipeline } = await import("../pipeline_reader.ts");
  const { requireTargets } = await import("../pipeline_steps.ts");
  const { shownPath } = await import("./paths.ts");
  const { path, shown } = pipelineFile(context, opened.config, named);
  const text = await readPipelineText({ path, shown });
  if (text === undefined) {
    throw new DelembicError(`${shown} not found`, {
      code: "no-pipeline",
      exitCode: EXIT.usage,
      hint: "Use --auto or run 'delembic pipeline generate' first.",
    });
  }
  // as all files in errors, relative to the project's folder
  const place = shownPath(opened.config.folder, path);
  const steps = readPipeline(text, place);
  await requireTargets(opened.project, steps, place);
  return { steps, title: `Running pipeline: ${shown}` };
}

async function generated(context: Context, opened: OpenProject): Promise<Pipeline> {
  const { generatePipeline } = await import("../pipeline_generate.ts");
  const { askApplied } = await import("./pipeline_generate.ts");
  return {
    steps: await generatePipeline(opened.project, askApplied(context, opened)),
    title: "Auto-generated pipeline",
  };
}

async function tellPreview(context: Context, opened: OpenProject, { steps, title }: Pipeline): Promise<ExitCode> {
  const { previewPipeline } = await import("../pipeline_steps.ts");
  const { withReading } = await import("./open_project.ts");
  const { previewLines } = await import("./pipeline_lines.ts");
  const previews = await withReading(
    context,
    opened.database,
    (db) => previewPipeline(opened.project, db, steps),
  );
  const lines = previews.flatMap((preview, index) => previewLines(preview, index, previews.length));
  context.output.result([`${title}  (${steps.length} steps)`, ...lines]);
  context.output.document({
    dryRun: true,
    steps: previews.map(({ step: { name, type, target }, status, runs, blocked }) => ({
      name,
      type,
      target,
      status,
      runs: runs.map(({ migration }) => migration.revision),
      ...(blocked === undefined ? {} : { blocked: { revision: blocked.migration.revision, blocks: blocked.blocks } }),
    })),
  });
  return previews.some(({ status }) => status === "blocked") ? EXIT.failed : EXIT.done;
}

/** Alembic's command, when a step has something to do for it. @throws {AlembicUnusableError} before anything runs */
async function usableAlembic(
  { globals, output }: Context,
  { project, database }: RunContext,
  steps: readonly PipelineStep[],
): Promise<AlembicCommand | undefined> {
  const { previewPipeline } = await import("../pipeline_steps.ts");
  const { withReading } = await import("../survey.ts");
  const previews = await withReading(database, (db) => previewPipeline(project, db, steps));
  if (!steps.some(({ type }) => type === "alembic")) return undefined;
  const { AlembicCommand } = await import("../pipeline_alembic.ts");
  const alembic = new AlembicCommand(project.config);
  const isWanted = previews.some(({ step, status }) => step.type === "alembic" && status === "would-run");
  if (!isWanted) return alembic;
  await alembic.requireUsable();
  if (globals.url !== undefined) {
    output.warn("Alembic does not know of --url", "It connects as its env.py says; let that name the same database.");
  }
  return alembic;
}

async function runSteps(
  context: Context,
  opened: OpenProject,
  run: RunContext,
  { steps, told, ...options }: {
    readonly steps: readonly PipelineStep[];
    readonly told: { readonly interruption: boolean };
    readonly alembic: AlembicCommand | undefined;
    readonly lockTimeoutMs: number | undefined;
    readonly maxTimeMs: number | undefined;
  },
): Promise<ExitCode> {
  const { runPipeline } = await import("../pipeline_run.ts");
  const { pipelineEndLines, stepEndLines, stepLines } = await import("./pipeline_lines.ts");
  const { stepErrorLines, pipelineDocument } = await import("./pipeline_report.ts");
  const { errorAnnotations } = await import("./github_annotations.ts");
  const { io, output, globals } = context;
  const kept: string[] = [];
  let ends = 0;
  const report = await runPipeline(run, steps, {
    ...options,
    alembicOutput: alembicOutput(context, kept),
    onBegin(step, index) {
      const { name, type, target } = step;
      output.progress(stepLines(step, index, steps.length));
      if (output.json) output.event({ event: "step", at: now(), step: index + 1, name, type, target });
    },
    onEnd(ended: StepReport) {
      output.progress(stepEndLines(ended));
      if (globals.quiet && ended.status === "failed") io.err(kept.join(""));
      kept.length = 0;
      output.problem(stepErrorLines(ended, { context, opened, told: told.interruption }));
      if (ended.error !== undefined && !told.interruption) {
        output.annotate(errorAnnotations(ended.error, opened.config.folder));
      }
      const { status, seconds } = ended;
      if (output.json) output.event({ event: "step-ended", at: now(), step: ++ends, status, seconds });
    },
  });
  const last = pipelineEndLines(report.steps);
  if (report.exitCode === EXIT.done) output.progress(last);
  else output.problem(last);
  output.document(pipelineDocument(report, opened));
  return report.exitCode;
}

/** With `--json` each line is an event, as stderr has nothing else; with `--quiet` only what failed is worth reading. */
function alembicOutput({ io, output, globals }: Context, kept: string[]): AlembicOutput {
  const atTerminal = io.inIsTerminal;
  if (globals.quiet) return { line: (line) => void kept.push(`${line}\n`), atTerminal };
  if (!output.json) return { atTerminal };
  return { line: (line) => output.event({ event: "alembic", at: now(), line }), atTerminal };
}
