/**
 * Everything about one migration, for `show`.
 *
 * @module
 */

import { forPeople } from "../clock.ts";
import { DelembicError } from "../errors.ts";
import { readRuns, type RunRecord } from "../ledger.ts";
import { fullChecksum, type LoadedMigration } from "../migration.ts";
import { type Need, needsOf } from "../needs.ts";
import { type Block, type GateAnswer, isApplied, planUpgrade, type VersionRecord } from "../plan.ts";
import { explain } from "../runner.ts";
import { historyOf, type MigrationState } from "../state.ts";
import { graphOf } from "../target.ts";
import { secondsText } from "../seconds_text.ts";
import { readGate } from "../survey.ts";
import { dataLines, dataMembers, type DataStory, readDataStory } from "./data_story.ts";
import { logLines, runMember } from "./log.ts";
import type { Look } from "./open_project.ts";
import { type Marks, marksMember, marksOf } from "./revision_marks.ts";
import { columns, indented, type Line, linesOf } from "./text.ts";

export interface Profile {
  readonly revision: string;
  readonly status: MigrationState;
  /** `undefined` when there is no file. */
  readonly migration: LoadedMigration | undefined;
  readonly record: VersionRecord | undefined;
  readonly needs: readonly Need[];
  readonly marks: Marks;
  readonly blocks: readonly Block[];
  /** The latest first. */
  readonly runs: readonly RunRecord[];
  readonly data: DataStory;
}

/** @param revision a full id */
export async function profileOf(look: Look, revision: string): Promise<Profile> {
  const { project, seen, db } = look;
  const entry = historyOf(seen).find((entry) => entry.revision === revision);
  const declared = entry?.migration;
  const migration = declared && { ...declared, checksum: await fullChecksum(declared) };
  const step = planUpgrade(seen, { kind: "head" }).steps.find((step) => step.migration.revision === revision);
  return {
    revision,
    status: entry?.status ?? "missing",
    migration,
    record: entry?.record,
    needs: needsOf(revision, look, isApplied(entry?.record) ? await askAlembic(look, revision) : undefined),
    marks: marksOf(graphOf(project.migrations, project.parents), revision),
    blocks: step?.blocks ?? [],
    runs: await readRuns(db, { revision }),
    data: await readDataStory(db, revision),
  };
}

/** What Alembic's state says to an applied migration; `undefined` where it cannot be read. */
async function askAlembic({ project, seen, db }: Look, revision: string): Promise<GateAnswer | undefined> {
  if (seen.alembicError !== undefined) return undefined;
  try {
    return (await readGate(project, db, [revision], (id) => isApplied(seen.records.get(id))))(revision);
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    return undefined;
  }
}

/** How an attempt ends whose text is an error; that of others is a remark. */
const FAILED: ReadonlySet<string> = new Set(["failed", "partial", "interrupted"]);

export interface ProfileOptions {
  /** Names a file as people see it. */
  readonly shown: (file: string) => string;
  /** Every range of a walk, also those that are done. */
  readonly all: boolean;
}

export function profileLines(profile: Profile, { shown, all }: ProfileOptions): Line[] {
  const { revision, status, migration, record, needs, marks, blocks, runs, data } = profile;
  const rows: [string, string][] = [["Revision:", revision], ["Status:", status]];
  if (migration === undefined) rows.push(["File:", "missing"]);
  else {
    if (migration.description !== "") rows.push(["Description:", migration.description]);
    rows.push(["File:", shown(migration.file)]);
    rows.push(["Checksum:", `${migration.checksum}${checksumNote(profile)}`]);
    rows.push(["Steps:", stepsOf(migration).join(", ")]);
    const options = optionsOf(migration);
    if (options.length > 0) rows.push(["Options:", options.join(", ")]);
  }
  if (isApplied(record) && record?.appliedAt) {
    rows.push([
      "Applied:",
      `${forPeople(record.appliedAt)}${record.seconds === null ? "" : ` in ${secondsText(record.seconds)}`}`,
    ]);
  }
  const needed = needs.map(({ id, kind, state }) => `${kind === "alembic" ? "alembic " : ""}${id} (${state})`);
  if (needed.length > 0) rows.push(["Depends on:", needed.join(", ")]);
  if (marks.neededBy.length > 0) rows.push(["Needed by:", marks.neededBy.join(", ")]);
  if (marks.branches.length > 0) rows.push(["Branches:", branchesText(marks, migration)]);
  // what was thrown once is of no interest when the migration is applied (defect 18)
  const attempts = !isApplied(record) ? runs : isOutdated(profile) ? runs.slice(0, 1) : [];
  const failure = attempts.find(({ status }) => FAILED.has(status ?? ""));
  const lastError = failure?.exception ?? "";
  return [
    ...columns(rows, { 1: "wrap" }),
    ...blocks.flatMap((block): Line[] => {
      const { message, hint } = explain(revision, [block]);
      return ["", `BLOCKED: ${message}`, hint];
    }),
    ...dataLines(data, { all, runs }),
    ...(runs.length === 0 ? [] : ["", "Attempts:", ...indented(logLines(runs, false))]),
    ...(lastError === "" ? [] : ["", "Last error:", ...linesOf(lastError).map((line) => `  ${line}`)]),
  ];
}

/** `billing (begins here), shop` */
function branchesText({ branches }: Marks, migration: LoadedMigration | undefined): string {
  return branches.map((label) => migration?.labels.includes(label) ? `${label} (begins here)` : label).join(", ");
}

function checksumNote(profile: Profile): string {
  if (isOutdated(profile)) return " (changed since it was applied)";
  return isApplied(profile.record) ? " (as applied)" : "";
}

/** Whether the file is not what was applied; where it is `repeatable`, it is to be applied again. */
function isOutdated({ status, record }: Profile): boolean {
  if (status === "changed") return true;
  return isApplied(record) && (status === "pending" || status === "blocked" || status === "failed");
}

function stepsOf(migration: LoadedMigration): string[] {
  if (migration.kind === "py") return ["those of the Python tool"];
  const own = (["upgrade", "validate", "downgrade"] as const).filter((name) => migration[name] !== undefined);
  const { batch } = migration;
  return batch === undefined ? own : [batch.load === undefined ? "apply" : "load in batches", ...own];
}

function optionsOf(migration: LoadedMigration): string[] {
  const { transaction, idempotent, repeatable, timeoutMs, lockTimeoutMs, tags, requiresBefore } = migration;
  return [
    ...(transaction ? [] : ["no transaction"]),
    ...(idempotent ? ["idempotent"] : []),
    ...(repeatable ? ["repeatable"] : []),
    ...(timeoutMs === undefined ? [] : [`timeout ${timeoutMs / 1000} s`]),
    ...(lockTimeoutMs === undefined ? [] : [`lock timeout ${lockTimeoutMs / 1000} s`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(" ")}`]),
    ...(requiresBefore.length === 0 ? [] : [`before Alembic's ${requiresBefore.join(" ")}`]),
  ];
}

export function profileDocument(profile: Profile): Record<string, unknown> {
  const { revision, status, migration, record, needs, marks, blocks, runs, data } = profile;
  const applied = isApplied(record);
  return {
    revision,
    status,
    description: migration?.description ?? null,
    file: migration?.file ?? null,
    kind: migration?.kind ?? null,
    checksum: migration?.checksum ?? null,
    changed: isOutdated(profile),
    dependsOn: needs,
    neededBy: marks.neededBy,
    ...marksMember(marks, migration?.labels),
    blocks,
    steps: migration === undefined ? [] : stepsOf(migration),
    transaction: migration?.transaction ?? null,
    idempotent: migration?.idempotent ?? null,
    appliedAt: applied ? record?.appliedAt ?? null : null,
    durationSeconds: applied ? record?.seconds ?? null : null,
    runs: runs.map(runMember),
    ...dataMembers(data, runs),
  };
}
