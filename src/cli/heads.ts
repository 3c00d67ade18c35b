/** `delembic heads` */

import { EXIT, type ExitCode } from "../errors.ts";
import { headsOf } from "../graph.ts";
import { command } from "./command.ts";
import { columns } from "./text.ts";

export const heads = command({
  description: [
    "Lists the migrations of the files that no other one depends on: the ends of the graph, applied or not. Does not " +
    "ask the database.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "heads", text: "See where the next migration could be tied on." },
    { line: "heads --json", text: "The same for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { openProject, tellFileFaults } = await import("./open_project.ts");
    const opened = await openProject(context);
    tellFileFaults(context, opened);
    const { project } = opened;
    const found = headsOf(project.parents).flatMap((id) => project.migrations.get(id) ?? []);
    const lines = columns(found.map(({ revision, description }) => [revision, description]));
    context.output.result(lines.length === 0 ? ["No migrations found."] : lines);
    context.output.document({
      heads: found.map(({ revision, description, file }) => ({ revision, description, file })),
    });
    return EXIT.done;
  },
});
