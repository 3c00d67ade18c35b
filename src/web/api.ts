/**
 * What programs are told: `/api/data` as the Python tool tells it, and `/api/v1/…` with all that we know.
 *
 * @module
 */

import { readUndoneWalks } from "../batch_ledger.ts";
import { now } from "../clock.ts";
import type { Queryable } from "../db/database.ts";
import { type DelembicError, formatPlace } from "../errors.ts";
import { readRuns, readRunsOf, rowsIfThere, type RunRecord } from "../ledger.ts";
import { isApplied } from "../plan.ts";
import type { HistoryEntry } from "../state.ts";
import { walkNumbers } from "../walk_numbers.ts";
import type { Opened, Schema, Sight } from "./board.ts";
import { inOrder } from "./schema_page.ts";
import { runId } from "./runs_page.ts";

type Document = Record<string, unknown>;

/** The Python tool's `/api/data`; our own members are behind its own. */
export async function pythonData(sight: Sight): Promise<Document> {
  const { db, entries, project, schema, troubles } = sight;
  const known = entries.filter(({ migration }) => migration !== undefined);
  const latest = await latestRuns(
    db,
    known.filter(({ record }) => record !== undefined).map(({ revision }) => revision),
  );
  const errors = [
    ...project.faults.map(({ message, place }) => `${message} (${formatPlace(place)})`),
    ...troubles.map(({ message }) => message),
  ];
  return {
    alembic: schema === undefined ? [] : schemaMembers(schema),
    delembic: known.map((entry) => migrationMember(entry, latest.get(entry.revision))),
    meta: metaOf(sight, errors),
  };
}

/** The same where the database cannot be asked: everything is pending, and why is among the errors. */
export function pythonDataWithout(opened: Opened, error: DelembicError): Document {
  const entries = [...opened.project.migrations.values()].map((migration): HistoryEntry => ({
    revision: migration.revision,
    status: "pending",
    migration,
    record: undefined,
  }));
  return {
    alembic: [],
    delembic: entries.map((entry) => ({ ...migrationMember(entry, undefined), state: "unknown" })),
    meta: metaOf(opened, [`DB unavailable: ${error.message}`]),
  };
}

function metaOf({ database }: Opened, errors: readonly string[]): Document {
  return { generated_at: now().replace("Z", "+00:00"), db_hint: database.target.label, errors };
}

function schemaMembers({ tree, applied }: Schema): Document[] {
  return inOrder(tree).map(({ revision, message, down }) => ({
    revision,
    description: message,
    status: applied?.has(revision) ? "applied" : "pending",
    down_revision: down.length === 0 ? null : down.length === 1 ? down[0] : down,
  }));
}

/** In the Python tool's words: what we call blocked, or running, is pending there. */
function statusOf({ status, record }: HistoryEntry): string {
  if (status === "failed") return "failed";
  return isApplied(record) ? "applied" : "pending";
}

function migrationMember(entry: HistoryEntry, run: RunRecord | undefined): Document {
  const { revision, status, migration, record } = entry;
  return {
    revision,
    description: migration?.description ?? "",
    status: statusOf(entry),
    // with its offset on every database, as PostgreSQL's was always
    applied_at: record?.appliedAt?.replace("Z", "+00:00") ?? null,
    execution_time_seconds: record?.seconds ?? null,
    username: run?.username ?? null,
    hostname: run?.hostname ?? null,
    depends_on: migration?.dependsOn ?? [],
    // what was thrown once is over when the migration is applied
    exception: isApplied(record) ? null : run?.exception ?? null,
    state: status,
    file: migration?.file ?? null,
  };
}

/** Attempts that tell who applied a migration, or could not; decisions are none. */
const ATTEMPTS = "status in ('success', 'failed', 'partial', 'interrupted')";
/** So many attempts are looked through from the latest on, before the database has to sort them all. */
const NEAR_RUNS = 4_000;

/** The last attempt at each of these revisions that came to an end. */
async function latestRuns(db: Queryable, revisions: readonly string[]): Promise<ReadonlyMap<string, RunRecord>> {
  const near = await rowsIfThere(
    db,
    `select id, revision from delembic_run_history where ${ATTEMPTS} order by id desc limit ${NEAR_RUNS}`,
  );
  const ids = new Map<string, number>();
  for (const { id, revision } of near.reverse()) ids.set(String(revision), Number(id));
  if (near.length === NEAR_RUNS && revisions.some((revision) => !ids.has(revision))) {
    const all = `select max(id) as id, revision from delembic_run_history where ${ATTEMPTS} group by revision`;
    for (const { id, revision } of await rowsIfThere(db, all)) ids.set(String(revision), Number(id));
  }
  const runs = await readRunsOf(db, revisions.flatMap((revision) => ids.get(revision) ?? []));
  return new Map(runs.map((run) => [run.revision ?? "", run]));
}

/** `/api/v1/overview`: the states of all, and what is under way. */
export async function overviewDocument(sight: Sight): Promise<Document> {
  const { db, entries, project, schema, troubles, seen } = sight;
  const counts: Record<string, number> = {};
  for (const { status } of entries) counts[status] = (counts[status] ?? 0) + 1;
  return {
    counts,
    migrations: entries.map(({ revision, status, migration, record }) => ({
      revision,
      status,
      description: migration?.description ?? null,
      file: migration?.file ?? null,
      dependsOn: migration?.dependsOn ?? [],
      appliedAt: isApplied(record) ? record?.appliedAt ?? null : null,
      durationSeconds: isApplied(record) ? record?.seconds ?? null : null,
    })),
    schema: schema === undefined ? null : {
      database: schema.rows,
      heads: schema.tree.knownHeads(),
      pending: schema.applied === undefined ? null : schema.tree.revisions.size - schema.applied.size,
    },
    running: [...seen.running],
    walks: (await readUndoneWalks(db)).map((story) => {
      const { rows, fraction = null, rowsPerSecond = null, secondsLeft = null } = walkNumbers(story);
      const { revision, waiting = null, pauseWanted } = story.walk;
      return { revision, rowsDone: rows, fraction, rowsPerSecond, secondsLeft, waiting, paused: pauseWanted };
    }),
    faults: project.faults.map(({ code, message, place, hint }) => ({ code, message, ...place, hint: hint ?? null })),
    errors: troubles.map(({ code, message, hint }) => ({ code, message, hint: hint ?? null })),
  };
}

const MOST_RUNS = 1_000;

/** `/api/v1/runs?revision=&state=&q=&before=&limit=`: attempts, the latest first; `next` is the `before` of what follows. */
export async function runsDocument({ db }: Sight, params: URLSearchParams): Promise<Document> {
  const limit = Math.min(MOST_RUNS, Math.max(1, runId(params.get("limit")) ?? 50));
  const given = (name: string) => params.get(name) || undefined;
  const runs = await readRuns(db, {
    revision: given("revision"),
    status: given("state"),
    text: given("q"),
    before: runId(params.get("before")),
    limit: limit + 1,
  });
  const shown = runs.slice(0, limit);
  return {
    runs: shown.map(({ seconds, ...run }) => ({ ...run, durationSeconds: seconds })),
    next: runs.length > limit ? shown.at(-1)?.id ?? null : null,
  };
}
