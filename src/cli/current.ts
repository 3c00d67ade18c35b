/** `delembic current` */

import { forPeople } from "../clock.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { headsOf } from "../graph.ts";
import { isApplied, type VersionRecord } from "../plan.ts";
import type { Survey } from "../survey.ts";
import { graphOf, type RevisionGraph } from "../target.ts";
import { command } from "./command.ts";
import { flag } from "./command_line.ts";
import { marksOf, placeLines } from "./revision_marks.ts";
import { indented, type Line, styled } from "./text.ts";

export const current = command({
  description: [
    "Shows the heads of what is applied: the applied migrations that no other applied one needs. Everything that they " +
    "need is applied as well. Reads only: creates no table and no file.",
    "With --check-heads it exits with 1 unless every head of the files is applied. 'check' looks at more: at what is " +
    "blocked, was changed, or failed.",
  ],
  arguments: {},
  options: {
    checkHeads: flag("exit with 1 unless all heads are applied"),
  },
  examples: [
    { line: "current", text: "See how far this database is." },
    { line: "current -v", text: "Also what these are, and on which branches." },
    { line: "current --check-heads", text: "Let a deployment stop where the data is behind." },
    { line: "current --json", text: "The same for a script." },
  ],
  async run(context, { options: { checkHeads } }): Promise<ExitCode> {
    const { lookAt, openProject, tellFaults } = await import("./open_project.ts");
    const { shownFile } = await import("./project_view.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, (look) => {
      tellFaults(context, look);
      const { seen, project } = look;
      const { output } = context;
      const graph = graphOf(seen.migrations, seen.parents);
      const applied = appliedHeads(seen);
      const missing = graph.names.heads.filter((id) => !isApplied(seen.records.get(id)));
      const shown = (file: string) => shownFile(context, opened.config, file);
      output.result(output.verbose ? verboseLines(applied, { seen, graph, shown }) : currentLines(applied));
      output.document({
        heads: applied.map(({ record, hasFile }) => ({
          revision: record.revision,
          appliedAt: record.appliedAt,
          file: hasFile,
          branches: marksOf(graph, record.revision).branches,
        })),
        missingHeads: missing,
      });
      if (!checkHeads) return EXIT.done;
      if (missing.length > 0) {
        const verb = missing.length === 1 ? "is a head and is" : "are heads and are";
        output.problem([[styled("red", "Error:"), ` ${missing.join(", ")} ${verb} not applied`]]);
      }
      // a file that cannot be read may hold a head
      return missing.length > 0 || project.faults.length > 0 ? EXIT.failed : EXIT.done;
    });
  },
});

/** A head of what is applied; one without a file is a head because nobody can tell what needs it. */
export interface AppliedHead {
  readonly record: VersionRecord;
  readonly hasFile: boolean;
}

export function appliedHeads({ migrations, parents, records }: Pick<Survey, "migrations" | "parents" | "records">) {
  const applied = [...records.values()].filter(isApplied);
  const heads = new Set(headsOf(parents, applied.map(({ revision }) => revision)));
  return applied
    .map((record): AppliedHead => ({ record, hasFile: migrations.has(record.revision) }))
    .filter(({ record, hasFile }) => !hasFile || heads.has(record.revision));
}

export function currentLines(heads: readonly AppliedHead[]): Line[] {
  if (heads.length === 0) return ["No migrations applied yet."];
  return heads.map(({ record: { revision, appliedAt }, hasFile }) => {
    const when = appliedAt === null ? "applied" : `applied ${forPeople(appliedAt)}`;
    return `${revision}  (${when}${hasFile ? "" : "; its file is missing"})`;
  });
}

interface Surroundings {
  readonly seen: Pick<Survey, "migrations">;
  readonly graph: RevisionGraph;
  readonly shown: (file: string) => string;
}

/** Each with its description, its place in the graph and its file. */
function verboseLines(heads: readonly AppliedHead[], { seen, graph, shown }: Surroundings): Line[] {
  const lines = currentLines(heads);
  if (heads.length === 0) return lines;
  return heads.flatMap(({ record: { revision } }, at): Line[] => {
    const migration = seen.migrations.get(revision);
    const told = migration === undefined
      ? []
      : [migration.description, ...placeLines(marksOf(graph, revision), migration), shown(migration.file)];
    return [lines[at] ?? "", ...indented(told.filter((line) => line !== ""))];
  });
}
