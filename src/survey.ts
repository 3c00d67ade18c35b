/**
 * What the database says about the project: one look that the plan and all reading commands share. Creates nothing.
 *
 * @module
 */

import { readVersionRows } from "./alembic/version_table.ts";
import { type Database, DatabaseError, type Queryable, type Session } from "./db/database.ts";
import { DelembicError, type Fault } from "./errors.ts";
import { readChecksums, readUnsettledRuns, readVersions, type RunRecord, withRightsHint } from "./ledger.ts";
import { type LeaseState, readLease } from "./lock.ts";
import { isApplied, isPending, type VersionRecord } from "./plan.ts";
import { gateOf, needsAlembic, type Project, unknownDependencies } from "./project.ts";
import type { RunMemory } from "./run_memory.ts";
import type { HistoryInput } from "./state.ts";
import { fullChecksum, type LoadedMigration } from "./migration.ts";

export interface Survey extends HistoryInput {
  readonly openRuns: readonly RunRecord[];
  readonly partialRuns: ReadonlyMap<string, RunRecord>;
  /** Who holds the run lock, where it is a lease. */
  readonly lease: LeaseState | undefined;
  /** Why Alembic's state could not be told, where it could not; then nothing shows as blocked by it. */
  readonly alembicError: DelembicError | undefined;
  /** Pending migrations with dependencies that nobody knows, or without their data; these do not show as blocked. */
  readonly unknown: ReadonlyMap<string, readonly Fault[]>;
}

/**
 * Connects for reading alone and calls `read`. A SQLite file that is not there yet is read as an empty database, which
 * it will be when `upgrade` makes it, after `onMissing` was told.
 */
export async function withReading<T>(
  database: Database,
  read: (db: Queryable) => Promise<T>,
  onMissing?: (error: DatabaseError) => void,
): Promise<T> {
  let session: Session | undefined;
  try {
    session = await database.connect("read");
  } catch (error) {
    const missing = error instanceof DatabaseError && error.kind === "missing-database";
    if (!missing || database.target.dialect !== "sqlite") throw error;
    onMissing?.(error);
  }
  try {
    return await read(session ?? nothingThere(database));
  } catch (error) {
    throw withRightsHint(error);
  } finally {
    await session?.close();
  }
}

/** A database in which there is nothing. */
function nothingThere({ dialect }: Database): Queryable {
  const nothing = { rows: [], count: 0 };
  return {
    dialect,
    query: () => Promise.resolve(nothing),
    batch: (statements) => Promise.resolve(statements.map(() => nothing)),
  };
}

/**
 * Reads the ledger and, where a pending migration needs it, Alembic's state.
 *
 * @param options.memory of earlier looks at the same database
 */
export async function survey(
  project: Project,
  db: Queryable,
  { memory }: { readonly memory?: RunMemory } = {},
): Promise<Survey> {
  const records = await readVersions(db);
  const { open: openRuns, partial: partialRuns } = await (memory?.read(db) ?? readUnsettledRuns(db));
  const lease = db.dialect.leaseLock ? await readLease(db) : undefined;
  const { changed, outdated } = await changedOf(project, await readChecksums(db), records);
  const { gate, error, unknown } = await alembicState(project, db, { records, outdated });
  return {
    migrations: project.migrations,
    parents: project.parents,
    records,
    partial: new Set(partialRuns.keys()),
    partialRuns,
    runsPython: project.config.python !== undefined,
    gate,
    changed,
    outdated,
    running: new Set(openRuns.flatMap(({ revision }) => revision ?? [])),
    openRuns,
    lease,
    alembicError: error,
    unknown,
  };
}

/**
 * Applied revisions whose file is not what was applied: changed, or to be applied again where they are `repeatable`.
 * Those that the Python tool applied have no checksum.
 */
async function changedOf(
  project: Project,
  checksums: ReadonlyMap<string, string>,
  records: ReadonlyMap<string, VersionRecord>,
): Promise<Pick<Survey, "changed" | "outdated">> {
  const other: LoadedMigration[] = [];
  for (const migration of project.migrations.values()) {
    const { revision } = migration;
    const stored = checksums.get(revision);
    if (stored === undefined || !isApplied(records.get(revision))) continue;
    if (stored !== await fullChecksum(migration)) other.push(migration);
  }
  const idsOf = (repeatable: boolean) =>
    new Set(other.filter((migration) => migration.repeatable === repeatable).map(({ revision }) => revision));
  return { changed: idsOf(false), outdated: idsOf(true) };
}

async function alembicState(project: Project, db: Queryable, seen: Pick<Survey, "records" | "outdated">) {
  const applied = (id: string) => isApplied(seen.records.get(id));
  const pending = [...project.migrations.keys()].filter((id) => isPending(seen, id));
  const unknown = new Map<string, readonly Fault[]>();
  try {
    for (const id of pending) {
      const faults = [...await unknownDependencies(project, id, applied), ...await missingDataOf(project, id)];
      if (faults.length > 0) unknown.set(id, faults);
    }
    const known = pending.filter((id) => !unknown.has(id));
    return { gate: await readGate(project, db, known, applied), error: undefined, unknown };
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    return { gate: () => ({ missing: [], tooLate: [] }), error, unknown };
  }
}

async function missingDataOf({ migrations, config }: Project, revision: string): Promise<Fault[]> {
  const migration = migrations.get(revision);
  if (migration === undefined || migration.data.length === 0) return [];
  const { missingData } = await import("./data_files.ts");
  return await missingData(migration, config.scriptLocation);
}

/** Whether Alembic lets these migrations run, by what its version table holds now. */
export async function readGate(
  project: Project,
  db: Queryable,
  pending: readonly string[],
  applied: (revision: string) => boolean,
): ReturnType<typeof gateOf> {
  const concerned = pending.filter((id) => needsAlembic(project, id, applied));
  if (concerned.length === 0) return await gateOf(project, [], [], applied);
  const rows = await readVersionRows(db, (await project.alembic()).versionTable);
  return await gateOf(project, rows, concerned, applied);
}

/** An applied migration whose Alembic revisions are not in the database any more: the schema was taken back under it. */
export interface Ungrounded {
  readonly revision: string;
  readonly missing: readonly string[];
}

/** The applied migrations that Alembic's state no longer bears; reads the Alembic scripts when one names any. */
export async function readUngrounded(project: Project, db: Queryable, seen: Survey): Promise<Ungrounded[]> {
  const applied = (id: string) => isApplied(seen.records.get(id));
  const revisions = [...project.migrations.keys()].filter(applied);
  const gate = await readGate(project, db, revisions, applied);
  return revisions.map((revision) => ({ revision, missing: gate(revision).missing })).filter(({ missing }) =>
    missing.length > 0
  );
}
