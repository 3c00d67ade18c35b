/**
 * What there is to say of a SQLite file.
 *
 * @module
 */

import type { Diagnosis, LockFileState } from "./diagnosis.ts";
import { lockFileOf } from "./sqlite_lock.ts";

export const sqliteDiagnosis: Diagnosis = {
  server: async (db) => {
    const { rows: [row] } = await db.query("select sqlite_version() as version");
    return `SQLite ${row?.["version"]}`;
  },
  encryption: () => Promise.resolve(undefined),
  rights: (_db, target) => {
    const file = target.dialect === "sqlite" ? target.file : "";
    const readOnly = isWritable(file) ? undefined : "the file is read-only for this user";
    return Promise.resolve({ readOnly, mayCreate: readOnly === undefined, missing: [] });
  },
  lockFile: async (target) => await lockFileState(lockFileOf(target.dialect === "sqlite" ? target.file : "")),
};

/** Opens it for writing, and writes nothing. */
function isWritable(file: string): boolean {
  try {
    Deno.openSync(file, { write: true }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied || isReadOnlySystem(error)) return false;
    throw error;
  }
}

function isReadOnlySystem(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EROFS";
}

async function lockFileState(path: string): Promise<LockFileState> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { held: false, details: "" };
    throw error;
  }
  try {
    const details = await Deno.readTextFile(path);
    if (details === "") return { held: false, details };
    // Deno 2.6 can only wait for a lock
    if (!("tryLock" in Deno.FsFile.prototype)) return { held: undefined, details };
    // for a moment, and not exclusively: a run that comes right now tries again
    return { held: !await file.tryLock(false), details };
  } finally {
    file.close();
  }
}
