/** `delembic current` */

import { forPeople } from "../clock.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { headsOf } from "../graph.ts";
import { isApplied, type VersionRecord } from "../plan.ts";
import type { Survey } from "../survey.ts";
import { command } from "./command.ts";
import type { Line } from "./text.ts";

export const current = command({
  description: [
    "Shows the heads of what is applied: the applied migrations that no other applied one needs. Everything that they " +
    "need is applied as well. Reads only: creates no table and no file.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "current", text: "See how far this database is." },
    { line: "current --json", text: "The same for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { lookAt, openProject, tellFaults } = await import("./open_project.ts");
    const opened = await openProject(context);
    return await lookAt(context, opened, (look) => {
      tellFaults(context, look);
      const applied = appliedHeads(look.seen);
      context.output.result(currentLines(applied));
      context.output.document({
        heads: applied.map(({ record, hasFile }) => ({
          revision: record.revision,
          appliedAt: record.appliedAt,
          file: hasFile,
        })),
      });
      return EXIT.done;
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
