/** `delembic pipeline init` */

import { DelembicError, EXIT, type ExitCode } from "../errors.ts";
import { STARTER_TEXT } from "../pipeline_file.ts";
import { command } from "./command.ts";
import { value } from "./command_line.ts";

export const pipelineInit = command({
  description: [
    "Writes a pipeline.yaml beside delembic.ini, to be filled in by hand: all schema migrations, then all data migrations. " +
    "'delembic pipeline generate' writes one that fits your project, and 'delembic pipeline run --auto' needs none.",
  ],
  arguments: {},
  options: {
    file: value("FILE", "the file to write (default: pipeline.yaml beside delembic.ini)"),
  },
  examples: [
    { line: "pipeline init", text: "Begin with two steps." },
    { line: "pipeline init --file deploy/pipeline.yaml", text: "The same, somewhere else." },
  ],
  async run(context, { options }): Promise<ExitCode> {
    const { openConfig } = await import("./open_project.ts");
    const { pipelineFile, readPipelineText, writePipelineText } = await import("./pipeline_text_file.ts");
    const file = pipelineFile(context, await openConfig(context), options.file);
    if (await readPipelineText(file) !== undefined) {
      throw new DelembicError(`${file.shown} already exists`, {
        code: "pipeline-exists",
        hint: "Edit it, or write another one with --file.",
      });
    }
    await writePipelineText(file, STARTER_TEXT);
    context.output.progress([
      `Created ${file.shown}`,
      "Edit the file to add/reorder steps, then run: delembic pipeline run",
    ]);
    context.output.document({ created: file.shown });
    return EXIT.done;
  },
});
