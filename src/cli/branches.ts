/** `delembic branches` */

import { EXIT, type ExitCode } from "../errors.ts";
import { topologicalOrder } from "../graph.ts";
import type { LoadedMigration } from "../migration.ts";
import { graphOf, type RevisionGraph } from "../target.ts";
import { command } from "./command.ts";
import { type Marks, marksMember, marksOf, placeLines, withBranches } from "./revision_marks.ts";
import { cuttable, type Flexible } from "./narrow.ts";
import { indented, type Line } from "./text.ts";

export const branches = command({
  description: [
    "Lists the branch points: the migrations on which several others build, and below each those that do. Does not ask " +
    "the database.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "branches", text: "See where the graph forks." },
    { line: "branches -v", text: "Also what each branch point depends on, and its file." },
    { line: "branches --json", text: "The same for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { openProject, tellFileFaults } = await import("./open_project.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    tellFileFaults(context, opened);
    const { project: { migrations, parents }, config } = opened;
    const graph = graphOf(migrations, parents);
    const told = (revision: string) => standing(graph, migrations.get(revision), revision);
    const points = topologicalOrder(parents).map(told).filter(({ marks }) => marks.branchPoint);
    const { output } = context;
    const shown = output.verbose ? (file: string) => shownFile(context, config, file) : undefined;
    output.result(
      points.length === 0
        ? ["No migration is needed by more than one other."]
        : points.flatMap((point) => pointLines(point, point.marks.neededBy.map(told), shown)),
    );
    output.document({
      branches: points.map((point) => ({ ...member(point), into: point.marks.neededBy.map(told).map(member) })),
    });
    return EXIT.done;
  },
});

interface Standing {
  readonly revision: string;
  readonly migration: LoadedMigration | undefined;
  readonly marks: Marks;
}

function standing(graph: RevisionGraph, migration: LoadedMigration | undefined, revision: string): Standing {
  return { revision, migration, marks: marksOf(graph, revision) };
}

function pointLines(
  point: Standing,
  into: readonly Standing[],
  shown: ((file: string) => string) | undefined,
): Line[] {
  const { migration } = point;
  const more = shown === undefined || migration === undefined
    ? []
    : indented([...placeLines(point.marks, migration), shown(migration.file)]);
  return [titled(point), ...more, ...into.map((one): Line => ["  -> ", ...titled(one)])];
}

function titled({ revision, migration, marks }: Standing): (string | Flexible)[] {
  const name = `${withBranches(revision, marks)}${marks.head ? " (head)" : ""}`;
  return [name, "  ", cuttable(migration?.description ?? "")];
}

function member({ revision, migration, marks }: Standing): Record<string, unknown> {
  return {
    revision,
    description: migration?.description ?? null,
    file: migration?.file ?? null,
    dependsOn: migration?.dependsOn ?? [],
    ...marksMember(marks, migration?.labels),
  };
}
