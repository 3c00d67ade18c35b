/**
 * The run lock of a SQLite database: an OS lock on a file beside it, which the OS releases when the process ends,
 * however it ends. The file itself stays: whoever deleted it could not know that nobody waits for it.
 *
 * @module
 */

import { DatabaseError, type FileLock, type FileLockHolder } from "./database.ts";
import { messageOf } from "../errors.ts";

/** How long a runtime without a `tryLock` may take to say that the lock is free, in milliseconds. */
const GRACE_MS = 100;
/** How long a lock that came too late is kept for the next attempt, in milliseconds. */
const KEEP_MS = 3_000;

/** The lock file of a database: `app.db.delembic-lock`. */
export function lockFileOf(databaseFile: string): string {
  return `${databaseFile}.delembic-lock`;
}

/**
 * Tries to take the lock of a database, and does not wait for it. While it is held the file holds `details`.
 *
 * @throws {DatabaseError} of kind `privilege` when the file cannot be made, for example in a folder that is read-only
 */
export async function acquireFileLock(databaseFile: string, details: string): Promise<FileLock | FileLockHolder> {
  const path = lockFileOf(databaseFile);
  const file = await tryLock(path);
  if (file === undefined) return { held: false, details: await Deno.readTextFile(path).catch(() => "") };
  await write(file, details);
  let released = false;
  return {
    held: true,
    release: async () => {
      if (released) return;
      released = true;
      // whoever reads it must not see a holder that is gone
      await write(file, "").catch(() => undefined);
      file.close();
    },
  };
}

async function write(file: Deno.FsFile, text: string): Promise<void> {
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** The file, locked; `undefined` when somebody else has the lock. */
async function tryLock(path: string): Promise<Deno.FsFile | undefined> {
  const late = attempts.get(path);
  if (late !== undefined) return await inTime(path, late);
  const file = await open(path);
  // Deno 2.6, whose executables this program is also compiled for, can only wait for a lock
  if (!("tryLock" in file)) return await inTime(path, waitFor(path, file));
  if (await file.tryLock(true)) return file;
  file.close();
  return undefined;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true, write: true, create: true });
  } catch (cause) {
    throw new DatabaseError("privilege", `Cannot open the lock file: ${messageOf(cause)}`, {
      hint: "A run needs to write into the folder of the SQLite database: give it the right to, or move the database.",
      cause,
    });
  }
}

/** Attempts that have not got their lock yet. A waiting lock cannot be called off: the next attempt takes it over. */
const attempts = new Map<string, Promise<Deno.FsFile>>();

function waitFor(path: string, file: Deno.FsFile): Promise<Deno.FsFile> {
  const attempt = file.lock(true).then(() => file);
  attempts.set(path, attempt);
  attempt.then(() => {
    const timer = setTimeout(() => {
      if (attempts.get(path) !== attempt) return;
      attempts.delete(path);
      file.close();
    }, KEEP_MS);
    Deno.unrefTimer(timer);
  }, () => attempts.delete(path));
  return attempt;
}

async function inTime(path: string, attempt: Promise<Deno.FsFile>): Promise<Deno.FsFile | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), GRACE_MS));
  const file = await Promise.race([attempt, late]);
  clearTimeout(timer);
  if (file !== undefined) attempts.delete(path);
  return file;
}
