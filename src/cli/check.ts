/** `delembic check` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";

export const check = command({
  description: [
    "Exits with 0 when everything is applied and sound; else with 1 and the list of what is not: pending, blocked or " +
    "failed migrations, files that were changed or removed after they were applied, applied migrations under which " +
    "Alembic was downgraded, runs that are at work or were interrupted midway, and all that is wrong in the files. Made " +
    "for CI and for the start of an application. Reads only: creates no table and no file.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "check", text: "In a pipeline: go on only when the data is where the code wants it." },
    { line: "check --json", text: "The same for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { lookAt, openProject } = await import("./open_project.ts");
    const { problemsOf, problemLines, problemDocument } = await import("./problems.ts");
    const { projectView } = await import("./project_view.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, async (look) => {
      const problems = await problemsOf(look);
      const { output } = context;
      output.result(problemLines(problems, projectView(context, opened.config)));
      output.document({ ok: problems.length === 0, problems: problems.map(problemDocument) });
      return problems.length === 0 ? EXIT.done : EXIT.failed;
    });
  },
});
