/** `delembic check` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag, list, UsageError } from "./command_line.ts";
import type { Problem } from "./problems.ts";

/** What the next `upgrade` sees to. */
const AWAITED: ReadonlySet<Problem["kind"]> = new Set(["pending", "blocked"]);

export const check = command({
  description: [
    "Exits with 0 when everything is applied and sound; else with 1 and the list of what is not: pending, blocked or " +
    "failed migrations, files that were changed or removed after they were applied, applied migrations under which " +
    "Alembic was downgraded, runs that are at work or were interrupted midway, and all that is wrong in the files. Made " +
    "for CI and for the start of an application. Reads only: creates no table and no file.",
    "With --schema it looks at the Alembic scripts instead, and at no database: a new column, a column that becomes NOT " +
    "NULL, a dropped column or table, a foreign or unique key, a check, another type, a table of reference data. Each " +
    "needs a data migration that comes behind and before the right Alembic revisions, and names the table and column. Where " +
    "none is needed, write '# delembic: no data' on the line of the operation or above it, or 'delembic: no data' on a line " +
    "of the script's docstring for all of it. It begins behind what all data migrations depend on, or at --from.",
  ],
  arguments: {},
  options: {
    allowPending: flag("what is pending, or blocked by a schema that is not there yet, is no problem"),
    schema: flag("list schema changes that look as if they need data work, and have none"),
    from: list("REV", "with --schema: look behind this Alembic revision; 'base' for all; may be repeated"),
    to: list("REV", "with --schema: look no further than this Alembic revision; may be repeated"),
  },
  examples: [
    { line: "check", text: "In a pipeline: go on only when the data is where the code wants it." },
    { line: "check --json", text: "The same for a script." },
    { line: "check --schema", text: "Has somebody forgotten a backfill? Fails the build of a pull request." },
    { line: "check --allow-pending", text: "Of a pull request, which may bring migrations: is all else as it was?" },
  ],
  async run(context, { options }): Promise<ExitCode> {
    if (options.schema) {
      if (options.allowPending) {
        throw new UsageError(
          "conflicting-options",
          "Options '--schema' and '--allow-pending' exclude each other",
          "With --schema no database is asked what is pending.",
        );
      }
      const { checkSchema } = await import("./schema_check.ts");
      return await checkSchema(context, options);
    }
    if (options.from.length > 0 || options.to.length > 0) {
      throw new UsageError("invalid-option", "'--from' and '--to' are for '--schema'", "Add it, or leave them out.");
    }
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
