/**
 * Another id for a migration: its files, and where it is applied what the ledger has of it, in one transaction under the
 * lock, with a row in the history that says so.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { readWalks } from "./batch_ledger.ts";
import { writingWalkDetail } from "./batch_writes.ts";
import { checksumOf, checksumWithData } from "./checksum.ts";
import { now } from "./clock.ts";
import { dataFile } from "./data_files.ts";
import type { Dialect, Queryable, Statement } from "./db/database.ts";
import {
  readChecksums,
  readPartialRuns,
  readVersion,
  readVersions,
  recordDecision,
  writingChecksum,
} from "./ledger.ts";
import { type LoadedFolder, loadMigrations } from "./load.ts";
import { fullChecksum, type LoadedMigration } from "./migration.ts";
import { OpenRun, type RunContext } from "./open_run.ts";
import { isApplied } from "./plan.ts";
import { type DeclaredIn, type IdChange, renamedText } from "./renamed_text.ts";
import { readExactly, RenameError, type RenamePlan, takeBack, writeEdits } from "./rename_plan.ts";

/** Whose the record is that the ledger has of the old id. */
export type Recorded =
  /** There is none. */
  | "none"
  /** It is of the migration that gets another id. */
  | "own"
  /** It is of another file with the same id. */
  | "other"
  /** Of one of several files, and nobody can tell of which. */
  | "unsure";

/** What the database knows of the old id. @throws {RenameError} when it knows the new one */
export async function recordOf(plan: RenamePlan, db: Queryable): Promise<Recorded> {
  const { migration, rivals, change: { from, to } } = plan;
  const versions = await readVersions(db);
  const partial = await readPartialRuns(db);
  const isRecorded = async (id: string) =>
    isApplied(versions.get(id)) || partial.has(id) || (await readWalks(db, id)).length > 0;
  if (!await isRecorded(from)) return "none";
  if (versions.has(to) || await isRecorded(to)) {
    throw new RenameError(`This database has a record of ${to}`, "Choose another id.");
  }
  if (rivals.length === 0 || migration === undefined) return "own";
  const stored = (await readChecksums(db)).get(from);
  if (stored === await fullChecksum(migration)) return "own";
  for (const rival of rivals) if (stored === await fullChecksum(rival)) return "other";
  return "unsure";
}

/** Changes the files alone. @throws {RenameError} */
export async function renameFiles(plan: RenamePlan, context: Pick<RunContext, "project" | "database">): Promise<void> {
  const { config } = context.project;
  await writeEdits(plan.edits, config.folder);
  try {
    await reload(plan, context);
  } catch (error) {
    await takeBack(plan.edits, config.folder);
    throw error;
  }
}

/**
 * Changes the files, and the record of what was applied.
 *
 * @throws {RenameError}; {LockBusyError}; {DatabaseError}; then the files are as they were
 */
export async function renameRecorded(
  plan: RenamePlan,
  context: RunContext,
  options: { readonly lockTimeoutMs?: number | undefined } = {},
): Promise<void> {
  const { config } = context.project;
  await using run = await OpenRun.begin(context, options.lockTimeoutMs);
  await writeEdits(plan.edits, config.folder);
  try {
    const loaded = await reload(plan, context);
    await run.audit.transaction(async (db) => {
      await run.lock.check(db);
      await renameRows(db, plan, loaded, run);
    });
  } catch (error) {
    await takeBack(plan.edits, config.folder);
    throw error;
  }
}

/** The files as they are now. @throws {RenameError} when they are not what was to come */
async function reload(plan: RenamePlan, { project: { config }, database }: Pick<RunContext, "project" | "database">) {
  const options = { relativeTo: config.folder, dialect: database.dialect, again: true };
  const loaded = await loadMigrations(config.versionsFolder, options);
  const { from, to } = plan.change;
  for (const { newFile, where } of plan.edits) {
    const found = loaded.migrations.filter(({ file }) => file === newFile);
    const isRight = where === "revision"
      ? found.some(({ revision }) => revision === to) && !found.some(({ revision }) => revision === from)
      : found.some(({ dependsOn }) => dependsOn.includes(to));
    if (isRight) continue;
    throw new RenameError(
      `The file does not declare ${to} after '${from}' was changed in its text`,
      "Nothing was changed: do it by hand.",
      { file: newFile },
    );
  }
  return loaded;
}

async function renameRows(db: Queryable, plan: RenamePlan, loaded: LoadedFolder, run: OpenRun): Promise<void> {
  const { from, to } = plan.change;
  // this runs again when the connection drops; the answer to the first commit may be what was lost
  if (await readVersion(db, from) === undefined && await readVersion(db, to) !== undefined) return;
  const at = now();
  const stored = await readChecksums(db);
  const checksums: Statement[] = [];
  for (const { migration, before } of await changedByRename(plan, loaded, run)) {
    const { revision, file } = migration;
    const known = revision === to ? from : revision;
    const checksum = await fullChecksum(migration);
    // what was changed before shows as changed afterwards, too
    if (stored.get(known) === before) checksums.push(...writingChecksum(db.dialect, { revision, checksum, file, at }));
    const detail = (await readWalks(db, known))[0]?.walk.detail;
    if (detail?.checksum !== before) continue;
    checksums.push(writingWalkDetail(db.dialect, revision, { ...detail, checksum }));
  }
  await db.batch([...renamingRows(db.dialect, plan.change), ...checksums]);
  await recordDecision(db, { revision: to, at, status: "repaired", note: `Renamed from ${from}.\n` }, run.actor);
}

const TABLES = ["delembic_version", "delembic_run_history", "delembic_checksum", "delembic_batch"] as const;

function renamingRows({ placeholder: p }: Dialect, { from, to }: IdChange): Statement[] {
  return TABLES.map((table) => ({
    text: `update ${table} set revision = ${p(1)} where revision = ${p(2)}`,
    params: [to, from],
  }));
}

/** A migration that has the new id or needs it, with the checksum that its file had before that. */
interface Changed {
  readonly migration: LoadedMigration;
  readonly before: string;
}

/** Those whose files the rename changed, here or where it was made first. */
async function changedByRename(
  { change: { from, to } }: RenamePlan,
  { migrations }: LoadedFolder,
  { project: { config } }: OpenRun,
): Promise<Changed[]> {
  const changed: Changed[] = [];
  for (const migration of migrations) {
    const where: DeclaredIn | undefined = migration.revision === to
      ? "revision"
      : migration.dependsOn.includes(to)
      ? "dependsOn"
      : undefined;
    if (where === undefined) continue;
    const path = join(config.folder, migration.file);
    const text = renamedText(await readExactly(path), migration.kind, { where, change: { from: to, to: from } });
    if (text === undefined) continue;
    changed.push({ migration, before: await checksumWith(new TextEncoder().encode(text), migration, path) });
  }
  return changed;
}

/** As a migration's own checksum would be with this content; see `src/load.ts`. */
async function checksumWith(content: Uint8Array, { data }: LoadedMigration, path: string): Promise<string> {
  if (data.length === 0) return checksumOf(content);
  const folder = dirname(dirname(path));
  return await checksumWithData(content, await Promise.all(data.map((name) => dataFile(resolve(folder, name)))));
}
