/**
 * The steps of a pipeline against a project and its database: whether their targets are there, and what is left to do.
 *
 * @module
 */

import { appliedRevisions } from "./alembic/gate.ts";
import { readVersionRows } from "./alembic/version_table.ts";
import type { Queryable } from "./db/database.ts";
import { DelembicError, type Fault, FaultsError } from "./errors.ts";
import type { PipelineStep } from "./pipeline_file.ts";
import type { PlanStep, VersionRecord } from "./plan.ts";
import { gateOf, type Project, requireSound } from "./project.ts";
import { requireSoundFor, soundPlan } from "./runner.ts";
import { type Survey, survey } from "./survey.ts";
import { graphOf, parseTarget } from "./target.ts";

/**
 * Refuses steps whose targets mean nothing in the project's files.
 *
 * @param file as errors name it
 * @throws {FaultsError} with all of them
 */
export async function requireTargets(project: Project, steps: readonly PipelineStep[], file: string): Promise<void> {
  const faults: Fault[] = [];
  for (const step of steps) {
    try {
      await resolveTarget(project, step);
    } catch (error) {
      if (!(error instanceof DelembicError) || error instanceof FaultsError) throw error;
      const { code, message } = error;
      const several = code === "alembic-ambiguous-revision" && step.target === "head";
      const hint = several ? "Write heads, which means all of them." : error.hint;
      const line = step.line === undefined ? {} : { line: step.line };
      faults.push({ code, message: `Step '${step.name}': ${message}`, place: { file, ...line }, hint });
    }
  }
  if (faults.length > 0) throw new FaultsError(faults, file);
}

async function resolveTarget(project: Project, { type, target }: PipelineStep): Promise<void> {
  if (type === "alembic") return void (await project.alembic()).resolve(target);
  const parsed = parseTarget(target);
  if (parsed.kind === "name") graphOf(project.migrations, project.parents).names.resolve(parsed.name);
}

/** The Alembic revisions of a step that are not in the database. @throws {DelembicError} as `alembicGate` does */
export async function missingRevisions(project: Project, db: Queryable, target: string): Promise<string[]> {
  const tree = await project.alembic();
  const applied = appliedRevisions(tree, await readVersionRows(db, tree.versionTable));
  return tree.resolve(target).filter((id) => !applied.has(id));
}

/** What an `upgrade` to the target would run, as things are. @throws as `upgrade` does */
export async function pendingMigrations(
  project: Project,
  db: Queryable,
  target: string,
): Promise<readonly PlanStep[]> {
  const parsed = parseTarget(target);
  requireSoundFor(project, parsed);
  return soundPlan(project, await survey(project, db), parsed);
}

/** What a run would do for a step, if all before it went well. */
export interface StepPreview {
  readonly step: PipelineStep;
  readonly status: "present" | "would-run" | "blocked" | "not-reached";
  /** Data migrations that would run. */
  readonly runs: readonly PlanStep[];
  /** The migration that would be blocked. */
  readonly blocked: PlanStep | undefined;
}

/** What a run would do, by what the database holds and by what each step adds to it. Changes nothing. */
export async function previewPipeline(
  project: Project,
  db: Queryable,
  steps: readonly PipelineStep[],
): Promise<StepPreview[]> {
  requireSound(project);
  const future = await Future.of(project, db, steps);
  const previews: StepPreview[] = [];
  for (const step of steps) {
    const stopped = previews.some(({ status }) => status === "blocked");
    const nothing = { step, runs: [], blocked: undefined };
    previews.push(stopped ? { ...nothing, status: "not-reached" } : await future.take(step));
  }
  return previews;
}

/** What the database would hold. */
class Future {
  readonly #project: Project;
  readonly #records: Map<string, VersionRecord>;
  readonly #outdated: Set<string>;
  readonly #seen: Survey;
  /** Of Alembic's version table; `undefined` when no step changes it. */
  #rows: readonly string[] | undefined;

  private constructor(project: Project, seen: Survey, rows: readonly string[] | undefined) {
    this.#project = project;
    this.#seen = seen;
    this.#records = new Map(seen.records);
    this.#outdated = new Set(seen.outdated);
    this.#rows = rows;
  }

  static async of(project: Project, db: Queryable, steps: readonly PipelineStep[]): Promise<Future> {
    const seen = await survey(project, db);
    if (!steps.some(({ type }) => type === "alembic")) return new Future(project, seen, undefined);
    const tree = await project.alembic();
    const rows = await readVersionRows(db, tree.versionTable);
    // a row that no script knows is told here, as a run would
    appliedRevisions(tree, rows);
    return new Future(project, seen, rows);
  }

  async take(step: PipelineStep): Promise<StepPreview> {
    const nothing = { step, runs: [], blocked: undefined, status: "present" } as const;
    if (step.type === "delembic") return await this.#takeData(step);
    const tree = await this.#project.alembic();
    const rows = this.#rows ?? [];
    const applied = tree.ancestors(rows);
    const missing = tree.resolve(step.target).filter((id) => !applied.has(id));
    if (missing.length === 0) return nothing;
    this.#rows = [...rows, ...missing];
    return { ...nothing, status: "would-run" };
  }

  async #takeData(step: PipelineStep): Promise<StepPreview> {
    const applied = (id: string) => this.#records.get(id)?.status === "success";
    const pending = [...this.#project.migrations.keys()].filter((id) => !applied(id) || this.#outdated.has(id));
    const known = pending.filter((id) => !this.#seen.unknown.has(id));
    const gate = this.#rows === undefined || this.#seen.alembicError !== undefined
      ? this.#seen.gate
      : await gateOf(this.#project, this.#rows, known, applied);
    const seen = { ...this.#seen, records: this.#records, outdated: this.#outdated, gate };
    const plan = soundPlan(this.#project, seen, parseTarget(step.target));
    const stop = plan.findIndex(({ blocks }) => blocks.length > 0);
    const runs = stop < 0 ? plan : plan.slice(0, stop);
    for (const { migration: { revision } } of runs) {
      this.#outdated.delete(revision);
      this.#records.set(revision, { revision, appliedAt: null, status: "success", seconds: null });
    }
    const status = stop >= 0 ? "blocked" : runs.length > 0 ? "would-run" : "present";
    return { step, status, runs, blocked: plan[stop] };
  }
}
