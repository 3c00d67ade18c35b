/** `delembic heads` */

import { EXIT, type ExitCode } from "../errors.ts";
import type { LoadedMigration } from "../migration.ts";
import { graphOf } from "../target.ts";
import { command } from "./command.ts";
import { type Marks, marksMember, marksOf, placeLines, withBranches } from "./revision_marks.ts";
import { columns, indented, type Line } from "./text.ts";

export const heads = command({
  description: [
    "Lists the migrations of the files that no other one depends on: the ends of the graph, applied or not, each with " +
    "the labels of its branches. Does not ask the database.",
    "Several heads are no mistake: 'upgrade' takes them all. 'merge' makes one of them.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "heads", text: "See where the next migration could be tied on." },
    { line: "heads -v", text: "Also what each depends on, and its file." },
    { line: "heads --json", text: "The same for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { openProject, tellFileFaults } = await import("./open_project.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    tellFileFaults(context, opened);
    const { project: { migrations, parents }, config } = opened;
    const graph = graphOf(migrations, parents);
    const found = graph.names.heads.flatMap((id) => migrations.get(id) ?? [])
      .map((migration): Head => ({ migration, marks: marksOf(graph, migration.revision) }));
    const { output } = context;
    const shown = output.verbose ? (file: string) => shownFile(context, config, file) : undefined;
    output.result(found.length === 0 ? ["No migrations found."] : headLines(found, shown));
    output.document({
      heads: found.map(({ migration: { revision, description, file, labels, dependsOn }, marks }) => ({
        revision,
        description,
        file,
        dependsOn,
        ...marksMember(marks, labels),
      })),
    });
    return EXIT.done;
  },
});

interface Head {
  readonly migration: LoadedMigration;
  readonly marks: Marks;
}

function headLines(heads: readonly Head[], shown: ((file: string) => string) | undefined): Line[] {
  const lines = columns(
    heads.map(({ migration: { revision, description }, marks }) => [withBranches(revision, marks), description]),
    { 1: 1 },
  );
  if (shown === undefined) return lines;
  return heads.flatMap(({ migration, marks }, at): Line[] => [
    lines[at] ?? "",
    ...indented([...placeLines(marks, migration), shown(migration.file)]),
  ]);
}
