/**
 * Reads a folder of migration files. Every file is read, and what is wrong in any of them is collected, before anything
 * is run.
 *
 * @module
 */

import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checksumOf, checksumWithData } from "./checksum.ts";
import { checkDeclaration, type FileReading, type FoundMigration } from "./declaration.ts";
import { DelembicError, EXIT, type Fault, reasonOf } from "./errors.ts";
import { compareIds } from "./graph.ts";
import type { LoadedMigration, MigrationKind } from "./migration.ts";
import { revisionsIn } from "./revision_glance.ts";
import type { SqlRules } from "./sql_steps.ts";

export interface LoadOptions {
  /** The folder that the migrations' file names are relative to: the ini file's. */
  readonly relativeTo: string;
  /** By whose rules SQL files are read. */
  readonly dialect: SqlRules;
  /** For a process that reads the files time and again: a script is then what its file holds now. @default false */
  readonly again?: boolean | undefined;
}

/** The migrations of a folder, in the order of their files' names, and all that is wrong in it. */
export interface LoadedFolder {
  readonly migrations: readonly LoadedMigration[];
  readonly faults: readonly Fault[];
  /** Ids that the files with faults seem to have: taken, and no mistake where another migration depends on them. */
  readonly broken: readonly string[];
}

/** One file, before it is read. */
interface MigrationFile {
  readonly path: string;
  /** As it is shown. */
  readonly file: string;
  readonly kind: MigrationKind;
}

/** How many files are open at a time. */
const PARALLEL = 64;

// what begins with `_` or `.` is a helper or an editor's, and `.d.ts` has types only
const MIGRATION_FILE_REGEXP = /^[^_.](?:.*[^.])?(?<!\.d)\.(ts|js|sql|py)$/;

/**
 * Reads all migrations below a folder (not of folders in it). A file with faults gives no migration.
 *
 * @throws {DelembicError} when there is no such folder, or it cannot be read
 */
export async function loadMigrations(folder: string, options: LoadOptions): Promise<LoadedFolder> {
  const files = await listFiles(folder, options.relativeTo);
  const readings: Reading[] = [];
  for (let at = 0; at < files.length; at += PARALLEL) {
    readings.push(...await Promise.all(files.slice(at, at + PARALLEL).map((file) => readMigrationFile(file, options))));
  }
  const found = readings.flatMap((reading) => reading.found);
  return {
    migrations: found.map(({ migration }) => migration),
    faults: [...readings.flatMap((reading) => reading.faults), ...duplicates(found), ...labelClashes(found)],
    broken: readings.flatMap((reading) => reading.broken),
  };
}

interface Reading extends FileReading {
  readonly broken: readonly string[];
}

async function listFiles(folder: string, relativeTo: string): Promise<MigrationFile[]> {
  const files: MigrationFile[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const kind = MIGRATION_FILE_REGEXP.exec(entry.name)?.[1];
      if (kind === undefined || entry.isDirectory) continue;
      const path = join(folder, entry.name);
      files.push({ path, file: relative(relativeTo, path).replaceAll("\\", "/"), kind: kind as MigrationKind });
    }
  } catch (error) {
    throw folderError(folder, error);
  }
  return files.sort((a, b) => compareIds(a.file, b.file));
}

function folderError(folder: string, error: unknown): DelembicError {
  const isMissing = error instanceof Deno.errors.NotFound;
  return new DelembicError(
    isMissing ? `The folder of the migrations is not there: ${folder}` : `Cannot read ${folder}: ${reasonOf(error)}`,
    {
      code: "versions-folder",
      exitCode: EXIT.usage,
      hint: isMissing
        ? "Run 'delembic init', or set 'script_location' in delembic.ini to the folder that has 'versions' in it."
        : "It must be a folder that this user may read.",
      cause: error,
    },
  );
}

async function readMigrationFile(source: MigrationFile, { dialect, again }: LoadOptions): Promise<Reading> {
  const { path, file } = source;
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    const hint = "Is it a file that this user may read?";
    return faulty({ code: "unreadable", message: `Cannot read the file: ${reasonOf(error)}`, place: { file }, hint });
  }
  const text = decode(bytes);
  if (text === undefined) {
    const hint = "Save it as UTF-8.";
    return faulty({ code: "not-utf-8", message: "The file is not in UTF-8", place: { file }, hint });
  }
  const checksum = checksumOf(bytes);
  // what was imported once is not imported anew, unless it has another address
  const url = `${pathToFileURL(path).href}${again === true ? `?${checksum}` : ""}`;
  const reading = await withData(await readText(text, { ...source, url }, checksum, dialect), source, bytes);
  const broken = reading.found.length > 0 ? [] : revisionsIn(text);
  return { ...reading, broken };
}

/** Makes the data files a part of the checksums of the migrations that declare them. */
async function withData(reading: FileReading, { path, file }: MigrationFile, bytes: Uint8Array): Promise<FileReading> {
  if (reading.found.every(({ migration }) => migration.data.length === 0)) return reading;
  const { dataFile } = await import("./data_files.ts");
  const folder = dirname(dirname(path));
  const found: FoundMigration[] = [];
  for (const one of reading.found) {
    const { migration } = one;
    try {
      const files = await Promise.all(migration.data.map((name) => dataFile(resolve(folder, name))));
      const all = () => checksumWithData(bytes, files);
      // a walk is compared with the one that began it, whatever else happens
      if (migration.batch !== undefined) found.push({ ...one, migration: { ...migration, checksum: await all() } });
      else {
        let known: Promise<string> | undefined;
        found.push({ ...one, migration: { ...migration, dataChecksum: () => known ??= all() } });
      }
    } catch (error) {
      const message = `Cannot read the data of ${migration.revision}: ${reasonOf(error)}`;
      const hint = "Each must be a file that this user may read.";
      return { found: [], faults: [...reading.faults, { code: "data-file", message, place: { file }, hint }] };
    }
  }
  return { ...reading, found };
}

async function readText(
  text: string,
  { url, file, kind }: MigrationFile & { readonly url: string },
  checksum: string,
  dialect: SqlRules,
): Promise<FileReading> {
  switch (kind) {
    case "sql": {
      const { readSqlMigration } = await import("./sql_migration.ts");
      return readSqlMigration(text, { file, checksum, dialect });
    }
    case "py":
      return await readPython(text, file, checksum);
    case "ts":
    case "js": {
      const { readScriptMigration } = await import("./script_migration.ts");
      return await readScriptMigration(text, { file, url, kind, checksum });
    }
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function faulty(fault: Fault): Reading {
  return { found: [], faults: [fault], broken: [] };
}

/** The Python tool's files are known, so that the graph is whole, and are never run. */
async function readPython(text: string, file: string, checksum: string): Promise<FileReading> {
  const { readPythonMigrations } = await import("./python_migration.ts");
  const { migrations, faults } = readPythonMigrations(text, file);
  const all: Fault[] = [...faults];
  const found = migrations.map(({ line, labelsLine, ...declared }) => {
    const declaration = checkDeclaration(declared, (name, problem, hint) => {
      all.push({ code: "declaration", message: `'${name}' ${problem}`, place: { file, line }, hint });
    });
    const steps = {
      upgrade: undefined,
      downgrade: undefined,
      validate: undefined,
      batch: undefined,
      statements: undefined,
    };
    return { migration: { ...declaration, kind: "py" as const, file, checksum, ...steps }, line, labelsLine };
  });
  return { found: all.length === 0 ? found : [], faults: all };
}

function duplicates(found: readonly FoundMigration[]): Fault[] {
  const byRevision = Map.groupBy(found, ({ migration }) => migration.revision);
  return [...byRevision].filter(([, same]) => same.length > 1).map(([revision, same]) => {
    const last = same.at(-1);
    const places = same.map(({ migration, line }) => line === undefined ? migration.file : `${migration.file}:${line}`);
    return {
      code: "duplicate-revision",
      message: `Revision ${revision} is in ${same.length} places: ${places.join(", ")}`,
      place: { file: last?.migration.file ?? "", ...(last?.line === undefined ? {} : { line: last.line }) },
      hint: `Give one of them another id: delembic rename ${revision} NEW_ID ${last?.migration.file}`,
    };
  });
}

/** Labels that two migrations have, or that are revisions too. */
function labelClashes(found: readonly FoundMigration[]): Fault[] {
  const taken = new Map(found.map((one) => [one.migration.revision, { ...one, as: "a revision" }]));
  const faults: Fault[] = [];
  for (const one of found) {
    const { migration: { file, labels, revision }, labelsLine } = one;
    for (const label of labels) {
      const other = taken.get(label);
      if (other === undefined) {
        taken.set(label, { ...one, line: labelsLine, as: `a label of ${revision}` });
        continue;
      }
      // two files with one revision, which is told already
      if (other.migration.revision === revision && label !== revision) continue;
      const where = other.line === undefined ? other.migration.file : `${other.migration.file}:${other.line}`;
      faults.push({
        code: "duplicate-label",
        message: `The label '${label}' of ${revision} is ${other.as} (${where})`,
        place: { file, ...(labelsLine === undefined ? {} : { line: labelsLine }) },
        hint: "A name means one revision: choose another label.",
      });
    }
  }
  return faults;
}
