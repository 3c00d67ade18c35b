/**
 * Which files change when a migration gets another id, and how; and the change itself. What the database knows of it is
 * the business of `src/rename.ts`.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { revisionProblem } from "./declaration.ts";
import { DelembicError, EXIT, type Place, reasonOf } from "./errors.ts";
import type { LoadedFolder } from "./load.ts";
import type { LoadedMigration } from "./migration.ts";
import { type DeclaredIn, type IdChange, renamedFile, renamedText } from "./renamed_text.ts";
import { closest } from "./suggest.ts";

/** Why a migration cannot be renamed. Exit code 2. */
export class RenameError extends DelembicError {
  constructor(message: string, hint?: string, place?: Place) {
    super(message, { code: "cannot-rename", exitCode: EXIT.usage, hint, place });
  }
}

export interface RenameWish extends IdChange {
  /** Which of several files with the id; as {@link LoadedMigration.file}. */
  readonly file?: string | undefined;
}

/** A file that changes. */
export interface FileEdit {
  /** As {@link LoadedMigration.file}. */
  readonly file: string;
  /** Its name afterwards; mostly the same. */
  readonly newFile: string;
  readonly where: DeclaredIn;
  readonly before: string;
  readonly after: string;
}

/** A file that names the id and is left as it is. */
export interface LeftFile {
  readonly file: string;
  /** `either`: two files have the id, and it may mean either. `hidden`: the id is not written there as a text. */
  readonly why: "either" | "hidden";
}

export interface RenamePlan {
  readonly change: IdChange;
  /** The migration that gets another id; `undefined` where its file has it already. */
  readonly migration: LoadedMigration | undefined;
  /** Others with the same id, which keep it. */
  readonly rivals: readonly LoadedMigration[];
  readonly edits: readonly FileEdit[];
  readonly left: readonly LeftFile[];
}

/**
 * Reads what would change, and changes nothing.
 *
 * @param folder the folder that the migrations' file names are relative to
 * @throws {RenameError}
 */
export async function planRename(loaded: LoadedFolder, wish: RenameWish, folder: string): Promise<RenamePlan> {
  const { from, to } = wish;
  const change = { from, to };
  const having = loaded.migrations.filter(({ revision }) => revision === from);
  requireNewId(loaded, wish, having.length === 0);
  const migration = chosen(having, wish);
  const rivals = having.filter((other) => other !== migration);
  const declared = migration === undefined ? undefined : await editOf(migration, "revision", change, folder);
  if (migration !== undefined && declared === undefined) {
    throw new RenameError(
      `Cannot find where ${migration.file} declares its revision as the text '${from}'`,
      "Change it there by hand; the file's name is yours to choose.",
      { file: migration.file },
    );
  }
  const edits = declared === undefined ? [] : [declared];
  const left: LeftFile[] = [];
  const users = loaded.migrations.filter(({ dependsOn, revision }) => revision !== from && dependsOn.includes(from));
  for (const user of users) {
    const edit = rivals.length > 0 ? undefined : await editOf(user, "dependsOn", change, folder);
    if (edit !== undefined) edits.push(edit);
    else left.push({ file: user.file, why: rivals.length > 0 ? "either" : "hidden" });
  }
  return { change, migration, rivals, edits, left };
}

/** @param isThere whether a migration may have the new id already, as its file was renamed elsewhere */
function requireNewId(loaded: LoadedFolder, { from, to }: RenameWish, isThere: boolean): void {
  const problem = revisionProblem(to);
  if (problem !== undefined) throw new RenameError(`Revision id '${to}' ${problem}`);
  if (from === to) throw new RenameError(`Revision ${from} has that id already`);
  const other = loaded.migrations.find(({ revision, labels }) => (revision === to && !isThere) || labels.includes(to));
  if (other !== undefined) {
    const what = other.revision === to ? "Revision" : "Label";
    throw new RenameError(`${what} ${to} is there already: ${other.file}`, "Choose another id.");
  }
  if (loaded.broken.includes(to)) {
    throw new RenameError(`Revision ${to} is there already, in a broken file`, "Choose another id.");
  }
}

function chosen(having: readonly LoadedMigration[], { from, to, file }: RenameWish): LoadedMigration | undefined {
  const [first, ...others] = file === undefined ? having : having.filter((one) => one.file === file);
  if (first === undefined && file !== undefined) {
    const files = having.map((one) => one.file).join(", ");
    throw new RenameError(`${file} has no revision ${from}`, files === "" ? undefined : `It is in ${files}.`);
  }
  if (first === undefined || others.length === 0) return first;
  throw new RenameError(
    `Revision ${from} is in ${having.length} files: ${having.map((one) => one.file).join(", ")}`,
    `Say which of them: delembic rename ${from} ${to} ${others.at(-1)?.file}`,
  );
}

/** @throws {RenameError} when no file has the id, and none has the new one either */
export function requireKnown({ migration, change: { from, to } }: RenamePlan, loaded: LoadedFolder): void {
  if (migration !== undefined || loaded.migrations.some(({ revision }) => revision === to)) return;
  if (loaded.broken.includes(from)) {
    throw new RenameError(
      `The file of revision ${from} cannot be read`,
      "Mend it first; 'delembic check' tells what is wrong.",
    );
  }
  const suggestion = closest(from, loaded.migrations.map(({ revision }) => revision));
  throw new RenameError(
    `There is no revision ${from}`,
    `${suggestion === undefined ? "" : `Did you mean ${suggestion}? `}'delembic history' lists what there is.`,
  );
}

async function editOf(
  { file, kind }: LoadedMigration,
  where: DeclaredIn,
  change: IdChange,
  folder: string,
): Promise<FileEdit | undefined> {
  const before = await readExactly(join(folder, file));
  const after = renamedText(before, kind, { where, change });
  if (after === undefined) return undefined;
  const name = where === "revision" ? renamedFile(basename(file), change) : basename(file);
  const newFile = join(dirname(file), name).replaceAll("\\", "/");
  return { file, newFile, where, before, after };
}

/** A text that gives the same bytes when it is written again: its byte order mark stays. */
export async function readExactly(path: string): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await Deno.readFile(path));
}

/** Writes the edits. What was written is taken back when one of them fails. @throws {RenameError} */
export async function writeEdits(edits: readonly FileEdit[], folder: string): Promise<void> {
  const done: FileEdit[] = [];
  try {
    for (const edit of edits) {
      if (edit.newFile !== edit.file) await requireFree(join(folder, edit.newFile), edit.newFile);
      await replaceFile(join(folder, edit.file), edit.after);
      done.push(edit);
      if (edit.newFile !== edit.file) await Deno.rename(join(folder, edit.file), join(folder, edit.newFile));
    }
  } catch (error) {
    await takeBack(done, folder);
    if (error instanceof RenameError) throw error;
    throw new RenameError(`Cannot write the files: ${reasonOf(error)}`, "They are as they were before.");
  }
}

async function requireFree(path: string, file: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new RenameError(`${file} is there already`, "Choose another id, or move that file away.");
}

/** Puts another content into a file, at once or not at all; who may read and run it stays. */
async function replaceFile(path: string, text: string): Promise<void> {
  const target = await Deno.realPath(path);
  // what begins with a dot is no migration
  const fresh = join(dirname(target), `.${basename(target)}.new`);
  try {
    const { mode } = await Deno.stat(target);
    await Deno.writeTextFile(fresh, text);
    if (mode !== null) await Deno.chmod(fresh, mode & 0o7777);
    await Deno.rename(fresh, target);
  } catch (error) {
    await Deno.remove(fresh).catch(() => undefined);
    throw error;
  }
}

/** Makes the files what they were before {@link writeEdits}. */
export async function takeBack(edits: readonly FileEdit[], folder: string): Promise<void> {
  for (const { file, newFile, before } of [...edits].reverse()) {
    if (newFile !== file) {
      await Deno.rename(join(folder, newFile), join(folder, file)).catch((error) => {
        // it did not come so far
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    await replaceFile(join(folder, file), before);
  }
}
