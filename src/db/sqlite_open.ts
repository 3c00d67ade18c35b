/**
 * Opens a SQLite file, and says what is wrong where it cannot: SQLite itself has one sentence for everything.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { messageOf } from "../errors.ts";
import { DatabaseError, type Role } from "./database.ts";
import { resultCodeOf } from "./sqlite_errors.ts";
import type { SqliteTarget } from "./target.ts";

/**
 * Opens the file of a target. Who only reads does not make it: an empty database is no answer to "what is applied?".
 *
 * @throws {DatabaseError} of kind `missing-database`, `denied` or `storage`
 */
export async function openFile(target: SqliteTarget, role: Role): Promise<DatabaseSync> {
  const { file } = target;
  await checkPath(file, role);
  try {
    // a busy file is waited for without blocking the process, see SqliteSession
    return new DatabaseSync(file, {
      timeout: 0,
      enableForeignKeyConstraints: !isOff(target.options["foreign_keys"]),
    });
  } catch (cause) {
    // this one tells no code, and the path was looked at before
    if (resultCodeOf(cause) !== undefined) throw cause;
    throw new DatabaseError("denied", `Cannot open the SQLite database: ${messageOf(cause)}`, {
      hint: "Give this user the right to read and write the file and its folder.",
      cause,
    });
  }
}

/** `0`, `off`, `false` and `no` are the ways in which SQLite's pragmas write it. */
function isOff(value: string | undefined): boolean {
  return value !== undefined && /^(?:0|off|false|no)$/i.test(value);
}

async function checkPath(file: string, role: Role): Promise<void> {
  const found = await stat(file);
  if (found?.isDirectory) {
    throw new DatabaseError("missing-database", `The path of the SQLite database is a folder: ${file}`, {
      hint: "Write the path of a file into the URL.",
    });
  }
  if (found !== undefined) return;
  const folder = dirname(file);
  if (!(await stat(folder))?.isDirectory) {
    throw new DatabaseError("missing-database", `The folder of the SQLite database does not exist: ${folder}`, {
      hint: "Create the folder, or correct the path in the URL.",
    });
  }
  if (role !== "read") return;
  throw new DatabaseError("missing-database", `The SQLite database does not exist: ${file}`, {
    hint: "'delembic upgrade' creates it; if it should be there, correct the path in the URL.",
  });
}

/** `undefined` when there is nothing. @throws {DatabaseError} of kind `denied` when it may not be looked at */
async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return undefined;
    throw new DatabaseError("denied", `Cannot look at the SQLite database: ${messageOf(cause)}`, {
      hint: "Give this user the right to read the file and its folder.",
      cause,
    });
  }
}
