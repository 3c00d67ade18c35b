/** `delembic merge` */

import { EXIT, type ExitCode } from "../errors.ts";
import { requireSound } from "../project.ts";
import { graphOf } from "../target.ts";
import { command } from "./command.ts";
import { flag, requiredValue, several, UsageError, value } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";

export const merge = command({
  description: [
    "Makes a migration that does nothing and needs several others, so that the graph has one head again, and what comes " +
    "next builds on all of them. Without REV it joins all heads.",
    "It is not needed for 'upgrade', which takes all heads. It is for what has to come after two branches, and for teams " +
    "that want one line.",
    "A file merge.ts.txt or merge.sql.txt in the script location is used in place of the built-in template.",
  ],
  arguments: {
    rev: several("the revisions to join: D007, billing@head (default: all heads)"),
  },
  options: {
    message: requiredValue("TEXT", "why; becomes its description and file name", "m"),
    sql: flag("make a .sql file instead of a .ts file"),
    revId: value("ID", "the revision id, instead of the next one"),
  },
  examples: [
    { line: 'merge -m "billing and shop"', text: "Join all heads." },
    { line: 'merge -m "billing and shop" billing@head shop@head --sql', text: "Join two branches, in SQL." },
  ],
  async run(context, { options: { message, sql, revId }, arguments: { rev } }): Promise<ExitCode> {
    const { openProject } = await import("./open_project.ts");
    const { newFileName } = await import("./new_migration.ts");
    const { createFile, readTemplate, renderTemplate } = await import("../new_file.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    const { config } = opened;
    const dependsOn = headsToJoin(opened, rev);
    const kind = sql ? "sql" : "ts";
    const { file, revision } = newFileName(opened, { kind, message, revId, now: context.io.now() });
    const template = await readTemplate(kind, config.scriptLocation, "merge");
    const migration = { revision, dependsOn, description: message };
    await createFile(file, renderTemplate(kind, template, migration));
    const shown = shownFile(context, config, file);
    context.output.result([`Created ${shown}, which joins ${dependsOn.join(", ")}`]);
    context.output.document({ ...migration, file: shown });
    return EXIT.done;
  },
});

/** @throws {FaultsError} when the files are unsound; {TargetError}; {UsageError} when there is nothing to join */
function headsToJoin({ project }: OpenProject, names: readonly string[]): string[] {
  requireSound(project);
  const { migrations, parents } = project;
  const graph = graphOf(migrations, parents);
  const ids = names.length === 0 ? graph.names.heads : names.flatMap((name) => graph.names.resolve(name));
  const joined = [...new Set(ids)];
  if (joined.length > 1) return joined;
  throw new UsageError(
    "nothing-to-merge",
    joined[0] === undefined ? "There is nothing to join" : `There is only ${joined[0]} to join`,
    names.length === 0 ? "The graph has one head: build on that." : "Name at least two revisions.",
  );
}
