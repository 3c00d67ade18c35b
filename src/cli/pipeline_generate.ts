/** `delembic pipeline generate` */

import { DelembicError, EXIT, type ExitCode } from "../errors.ts";
import type { AskApplied } from "../pipeline_generate.ts";
import { command, type Context } from "./command.ts";
import { flag, UsageError, value } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";
import type { PipelineFile } from "./pipeline_text_file.ts";

export const pipelineGenerate = command({
  description: [
    "Writes pipeline.yaml: the steps that bring a database to all heads of Alembic and of the data migrations, each data " +
    "migration as soon as the schema has what it needs, by itself or through those that it depends on, and before " +
    "anything builds on that schema; and before the revisions that its requiresBefore names. The tools take turns as " +
    "seldom as can be. Branches, merges and several heads of Alembic are fine.",
    "A migration that names no Alembic revision, and depends on none that does, runs at the end. When the two graphs " +
    "contradict each other, the ring is named.",
    "Only files are read: what is in the database does not matter, as 'pipeline run' passes by what is there already. A " +
    "file that is there is overwritten only when you say so.",
  ],
  arguments: {},
  options: {
    output: value("FILE", "the file to write (default: pipeline.yaml beside delembic.ini)"),
    print: flag("print it instead"),
    force: flag("overwrite a file that is there"),
  },
  examples: [
    { line: "pipeline generate --print", text: "See in which order schema and data go." },
    { line: "pipeline generate", text: "Write pipeline.yaml, to review and keep it." },
  ],
  async run(context, { options }): Promise<ExitCode> {
    if (options.print && (options.output !== undefined || options.force)) {
      const other = options.output === undefined ? "--force" : "--output";
      throw new UsageError("conflicting-options", `Options '--print' and '${other}' exclude each other`);
    }
    const { openProject } = await import("./open_project.ts");
    const { generatePipeline } = await import("../pipeline_generate.ts");
    const { pipelineText } = await import("../pipeline_file.ts");
    const { output } = context;
    const opened = await openProject(context);
    const steps = await generatePipeline(opened.project, askApplied(context, opened));
    const text = pipelineText(steps);
    if (options.print) {
      output.result(text.trimEnd().split("\n"));
      output.document({ steps });
      return EXIT.done;
    }
    const { pipelineFile, readPipelineText, writePipelineText } = await import("./pipeline_text_file.ts");
    const file = pipelineFile(context, opened.config, options.output);
    const before = await readPipelineText(file);
    if (before === text) {
      output.progress([`Kept ${file.shown}, which is as it would be generated  (${steps.length} steps)`]);
    } else {
      if (before !== undefined && !options.force && !mayOverwrite(context, file)) {
        output.problem(["Aborted!"]);
        return EXIT.failed;
      }
      await writePipelineText(file, text);
      output.progress([
        `Generated ${file.shown}  (${steps.length} steps)`,
        "Review and edit if needed, then run: delembic pipeline run",
      ]);
    }
    output.document({ file: file.shown, changed: before !== text, steps });
    return EXIT.done;
  },
});

/** Asks whoever sits at the terminal. @throws {DelembicError} when there is nobody to ask */
function mayOverwrite({ io, output }: Context, { shown }: PipelineFile): boolean {
  if (output.json || !io.inIsTerminal || !io.errIsTerminal) {
    throw new DelembicError(`${shown} already exists`, {
      code: "pipeline-exists",
      hint: "Overwrite it with --force, or write another file with --output.",
    });
  }
  io.err(`${shown} already exists. Overwrite? [y/N]: `);
  return /^y(es)?$/i.test(io.readLine().trim());
}

/** For those migrations whose files are gone, which others may still name. */
export function askApplied(context: Context, { database }: OpenProject): AskApplied {
  return async () => {
    const { withReading } = await import("./open_project.ts");
    const { readVersions } = await import("../ledger.ts");
    const { isApplied } = await import("../plan.ts");
    const records = await withReading(context, database, readVersions);
    return (revision) => isApplied(records.get(revision));
  };
}
