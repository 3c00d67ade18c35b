/**
 * Turns a file of the Python tool into one of ours, and puts it in its place.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { type Conversion, convertedScript, convertedSql, fitsSql, fittedToSql, unconvertedOf } from "./converted.ts";
import type { SqlLexicon } from "./db/database.ts";
import { DelembicError, EXIT, reasonOf } from "./errors.ts";
import { createFile, readBuiltIn } from "./new_file.ts";

export type { Conversion } from "./converted.ts";
export { unconvertedOf } from "./converted.ts";

/** A Python migration that was read, and the others of its file. */
export interface PythonFile {
  readonly conversion: Conversion;
  readonly others: readonly string[];
}

/** @throws {DelembicError} when the file cannot be read, or has no such migration */
export async function readPythonFile(path: string, revision: string): Promise<PythonFile> {
  const { normalizeSource } = await import("./python_outline.ts");
  const { readPythonMigrations } = await import("./python_migration.ts");
  const { readSteps } = await import("./python_convert.ts");
  const source = normalizeSource(await Deno.readTextFile(path));
  const file = basename(path);
  const { migrations } = readPythonMigrations(source, file);
  const found = migrations.find((migration) => migration.revision === revision);
  if (found === undefined) throw new TypeError(`${path} has no ${revision}`);
  const steps = readSteps(source, found.line);
  const { dependsOn, labels, description } = found;
  return {
    conversion: { revision, dependsOn, labels, description, file, ...steps },
    others: migrations.map((migration) => migration.revision).filter((id) => id !== revision),
  };
}

/** A file, and what is left to be done in it by hand. */
export interface Rendered {
  readonly kind: "sql" | "ts";
  readonly text: string;
  readonly unconverted: readonly { readonly line: number; readonly why: string; readonly code: string }[];
}

/** @param wanted what it is to be; else SQL where that has all the words, and TypeScript otherwise */
export function renderConversion(
  conversion: Conversion,
  lexicon: SqlLexicon,
  wanted: "sql" | "ts" | undefined,
): Rendered {
  const kind = wanted ?? (fitsSql(conversion) ? "sql" : "ts");
  const fitted = kind === "sql" ? fittedToSql(conversion, lexicon) : conversion;
  const text = (kind === "sql" ? convertedSql : convertedScript)(fitted, lexicon);
  return { kind, text, unconverted: unconvertedOf(fitted).map(({ line, why, code }) => ({ line, why, code })) };
}

/** Where the two files are after a conversion was written. */
export interface Replaced {
  readonly created: string;
  /** The Python file, under a name that nobody reads. */
  readonly kept: string;
}

/**
 * Writes the new file beside the Python one, which gets a `_` before its name.
 *
 * @throws {DelembicError} when either is there already, or cannot be written; then nothing has changed
 */
export async function replaceFile(
  path: string,
  { kind, text }: { readonly kind: "sql" | "ts"; readonly text: string },
): Promise<Replaced> {
  const created = path.replace(/\.py$/, `.${kind}`);
  const kept = join(dirname(path), `_${basename(path)}`);
  const isThere = await Deno.lstat(kept).then(() => true, () => false);
  if (isThere) throw problem(`${kept} is there already`, "Move it away, or delete it.");
  await createFile(created, text);
  try {
    await Deno.rename(path, kept);
  } catch (error) {
    await Deno.remove(created);
    throw problem(`Cannot rename ${path}: ${reasonOf(error)}`, "May this user write in that folder?");
  }
  if (kind === "ts") await ensureTypes(dirname(dirname(path)));
  return { created, kept };
}

function problem(message: string, hint: string): DelembicError {
  return new DelembicError(message, { code: "file-write", exitCode: EXIT.usage, hint });
}

/** The types that a migration in TypeScript imports; a project of the Python tool does not have them yet. */
async function ensureTypes(scriptLocation: string): Promise<void> {
  const file = join(scriptLocation, "delembic.d.ts");
  const isThere = await Deno.lstat(file).then(() => true, () => false);
  if (!isThere) await createFile(file, await readBuiltIn("delembic.d.ts"));
}
