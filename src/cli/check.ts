/** `delembic check` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag } from "./command_line.ts";
import type { Problem } from "./problems.ts";

/** What the next `upgrade` sees to. */
const AWAITED: ReadonlySet<Problem["kind"]> = new Set(["pending", "blocked"]);

export const check = command({
  description: [
    "Exits with 0 when everything is applied and sound; else with 1 and the list of what is not: pending, blocked or " +
    "failed migrations, files that were changed or removed after they were applied, applied migrations under which " +
    "Alembic was downgraded, runs that are at work or were interrupted midway, and all that is wrong in the files. Made " +
    "for CI and for the start of an application. Reads only: creates no table and no file.",
  ],
  arguments: {},
  options: {
    allowPending: flag("what is pending, or blocked by a schema that is not there yet, is no problem"),
  },
  examples: [
    { line: "check", text: "In a pipeline: go on only when the data is where the code wants it." },
    { line: "check --json", text: "The same for a script." },
    { line: "check --allow-pending", text: "Of a pull request, which may bring migrations: is all else as it was?" },
  ],
  async run(context, { options }): Promise<ExitCode> {
    const { lookAt, openProject } = await import("./open_project.ts");
    const { problemsOf, problemLines, problemDocument } = await import("./problems.ts");
    const { problemAnnotations } = await import("./github_problems.ts");
    const { projectView } = await import("./project_view.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, async (look) => {
      const found = await problemsOf(look);
      const problems = options.allowPending ? found.filter(({ kind }) => !AWAITED.has(kind)) : found;
      const { output } = context;
      output.result(
        problems.length === 0 && found.length > 0
          ? [`Nothing is wrong; ${found.length} to be applied.`]
          : problemLines(problems, projectView(context, opened.config)),
      );
      output.annotate(problemAnnotations(problems, {
        folder: opened.config.folder,
        fileOf: (revision) => opened.project.migrations.get(revision)?.file,
      }));
      output.document({ ok: problems.length === 0, problems: problems.map(problemDocument) });
      return problems.length === 0 ? EXIT.done : EXIT.failed;
    });
  },
});
