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
  // who holds it is for people; on a disk that is full the database itself says so
  await write(file, details).catch(() => undefined);
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
  // Deno 2.6, whose executables this program is also compiled for, can only wait for a lock
  if (!("tryLock" in Deno.FsFile.prototype)) return await takeWithin(path, GRACE_MS);
  const file = await open(path);
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

/** Waiting for a lock cannot be called off: what waits when its time is over is there for the next attempt. */
const waiting = new Map<string, Promise<Deno.FsFile>>();

async function takeWithin(path: string, milliseconds: number): Promise<Deno.FsFile | undefined> {
  const attempt = waiting.get(path) ?? waitForLock(path);
  const late = new AbortController();
  const file = await Promise.race([attempt, pause(milliseconds, late.signal)]);
  late.abort();
  // several may have waited for the same attempt: the first takes it
  if (file === undefined || waiting.get(path) !== attempt) return undefined;
  waiting.delete(path);
  return file;
}

function waitForLock(path: string): Promise<Deno.FsFile> {
  const attempt = open(path).then(async (file) => {
    await file.lock(true);
    return file;
  });
  waiting.set(path, attempt);
  attempt.then(async (file) => {
    await pause(KEEP_MS);
    if (waiting.get(path) !== attempt) return;
    waiting.delete(path);
    file.close();
  }, () => waiting.delete(path));
  return attempt;
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), milliseconds);
    signal?.addEventListener("abort", () => clearTimeout(timer));
    // a process that is done does not wait for a lock that nobody wants
    Deno.unrefTimer(timer);
  });
}
