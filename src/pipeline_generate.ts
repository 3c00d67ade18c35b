/**
 * The steps of a pipeline from a project's two graphs.
 *
 * @module
 */

import type { AlembicTree } from "./alembic/tree.ts";
import { DelembicError, EXIT, type Fault, FaultsError } from "./errors.ts";
import { headsOf } from "./graph.ts";
import type { PipelineStep } from "./pipeline_file.ts";
import { type DataNeeds, type PipelinePlan, planPipeline, type RingPart, type TwoGraphs } from "./pipeline_plan.ts";
import { type Project, requireSound, unknownDependencies, withoutPrefix } from "./project.ts";

/** Asks the database for the applied revisions; called only where a migration depends on one that has no file. */
export type AskApplied = () => Promise<(revision: string) => boolean>;

/**
 * The steps that bring a database, whatever is in it, to all heads of both tools: see `pipeline_plan.ts`.
 *
 * @throws {DelembicError} when there is no Alembic {FaultsError} when something is wrong in the files, or the two graphs
 * contradict each other
 */
export async function generatePipeline(project: Project, askApplied: AskApplied): Promise<PipelineStep[]> {
  requireSound(project);
  if (project.config.alembic === undefined) {
    throw new DelembicError("Cannot auto-generate pipeline: alembic_config not set in delembic.ini", {
      code: "no-alembic",
      exitCode: EXIT.usage,
      hint: "Set 'alembic_config = alembic.ini' (or pyproject.toml) there and try again.",
    });
  }
  const tree = await project.alembic();
  // of all scripts each must be known
  tree.history();
  const applied = await requireKnown(project, askApplied);
  const graphs: TwoGraphs = { schema: tree.parents, data: dataNeeds(project, tree, applied) };
  const plan = planPipeline(graphs);
  if ("rings" in plan) throw new FaultsError(plan.rings.map((ring) => ringFault(project, graphs, ring)));
  return stepsOf(plan, graphs, project, tree.heads().length > 1 ? "heads" : "head");
}

/** @throws {FaultsError} for dependencies that nobody knows */
async function requireKnown(project: Project, askApplied: AskApplied): Promise<(revision: string) => boolean> {
  const faultsWith = async (applied: (revision: string) => boolean) => {
    const faults: Fault[] = [];
    for (const id of project.migrations.keys()) faults.push(...await unknownDependencies(project, id, applied));
    return faults;
  };
  const none = () => false;
  if ((await faultsWith(none)).length === 0) return none;
  const applied = await askApplied();
  const faults = await faultsWith(applied);
  if (faults.length > 0) throw new FaultsError(faults);
  return applied;
}

function dataNeeds(
  project: Project,
  tree: AlembicTree,
  applied: (revision: string) => boolean,
): Map<string, DataNeeds> {
  const resolved = (names: readonly string[]) => [...new Set(names.flatMap((name) => tree.resolve(name)))];
  return new Map([...project.migrations.values()].map(({ revision, requiresBefore }) => {
    const external = (project.external.get(revision) ?? []).filter((id) => !applied(id) || tree.revisions.has(id));
    const data = project.parents.get(revision) ?? [];
    const before = resolved(requiresBefore.map(withoutPrefix));
    return [revision, { data, schema: resolved(external), before }];
  }));
}

function stepsOf(
  { turns, floating }: Extract<PipelinePlan, { turns: unknown }>,
  { schema, data }: TwoGraphs,
  project: Project,
  heads: "head" | "heads",
): PipelineStep[] {
  const steps = turns.slice(0, -2).flatMap(({ tool, revisions }): PipelineStep[] => {
    if (tool === "alembic") {
      return headsOf(schema, revisions).map((id) => ({ name: `Schema → ${id}`, type: tool, target: id }));
    }
    // what a target needs runs with it, so what names no schema gets a step only where nothing takes it along
    const needed = new Set(revisions.flatMap((id) => data.get(id)?.data ?? []));
    return revisions.filter((id) => !floating.has(id) || !needed.has(id)).map((id) => {
      const description = project.migrations.get(id)?.description.replace(/\s+/g, " ").trim();
      return { name: `Data: ${description || id}`, type: tool, target: id };
    });
  });
  const ends: PipelineStep[] = [
    { name: `Schema → ${heads}`, type: "alembic", target: heads },
    { name: "Data migrations → head", type: "delembic", target: "head" },
  ];
  return [...steps, ...data.size === 0 ? ends.slice(0, 1) : ends];
}

function ringFault(project: Project, graphs: TwoGraphs, ring: readonly RingPart[]): Fault {
  const name = ({ tool, revision }: RingPart) => tool === "alembic" ? `Alembic revision ${revision}` : revision;
  const links = ring.slice(1).map((waited, at) => {
    const waiting = ring[at] ?? waited;
    if (waiting.tool === waited.tool) {
      return `${name(waiting)} ${waiting.tool === "alembic" ? "builds on" : "depends on"} ${waited.revision}`;
    }
    return waiting.tool === "alembic"
      ? `${waited.revision} has to run before ${name(waiting)} (requiresBefore)`
      : `${waiting.revision} needs ${name(waited)}`;
  });
  const before = ring.find(({ tool, revision }) =>
    tool === "delembic" && (graphs.data.get(revision)?.before.length ?? 0) > 0
  );
  return {
    code: "pipeline-ring",
    message: `Schema and data wait for each other in a circle: ${ring.map(({ revision }) => revision).join(" → ")}`,
    place: { file: project.migrations.get(before?.revision ?? "")?.file ?? "" },
    hint: `${links.join("; ")}. Take one of these out.`,
  };
}
