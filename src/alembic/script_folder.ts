/**
 * The files of an Alembic folder that are scripts.
 *
 * @module
 */

import { basename } from "node:path";
import type { Fault } from "../errors.ts";
import { isFolder } from "./files.ts";

/** What Alembic would load. */
export interface ScriptFiles {
  /** The absolute paths of all scripts, each file once, in the order in which Alembic takes them. */
  readonly paths: readonly string[];
  /** What it would load, and we cannot read. */
  readonly faults: readonly Fault[];
}

interface Listing {
  readonly recursive: boolean;
  /** Whether compiled scripts count where their source is not there. */
  readonly sourceless: boolean;
}

// as Alembic has them; they are asked of the file that a link leads to
const SCRIPT_REGEXP = /^(?!\.#|__init__).*\.py$/;
const COMPILED_REGEXP = /^(?!\.#|__init__)(.*\.py)[co]$/;

/** Lists the folders. One that is not there counts as empty. */
export function listScripts(folders: readonly string[], listing: Listing): ScriptFiles {
  const found = folders.filter(isFolder).flatMap((folder) => filesIn(Deno.realPathSync(folder), listing));
  const files = [...new Map(found.map((file) => [file.path, file])).values()];
  return {
    paths: files.filter(({ fault }) => fault === undefined).map(({ path }) => path),
    faults: files.map(({ fault }) => fault).filter((fault) => fault !== undefined),
  };
}

interface Found {
  readonly path: string;
  readonly fault?: Fault;
}

function filesIn(folder: string, listing: Listing): Found[] {
  const entries = [...Deno.readDirSync(folder)];
  const folders = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  // Alembic does not go into folders that are links
  const files = entries.filter(({ isDirectory, isSymlink, name }) =>
    !isDirectory && !(isSymlink && isFolder(`${folder}/${name}`))
  ).map(({ name, isSymlink }) => ({ name, isSymlink })).sort((a, b) => a.name < b.name ? -1 : 1);
  const found: Found[] = [];
  if (!folder.endsWith("__pycache__")) {
    for (const { name, isSymlink } of files) found.push(...scriptAt(`${folder}/${name}`, isSymlink, listing));
    if (listing.sourceless) found.push(...cachedIn(`${folder}/__pycache__`, files.map(({ name }) => name)));
  }
  if (!listing.recursive) return found;
  return [...found, ...folders.flatMap((name) => filesIn(`${folder}/${name}`, listing))];
}

function scriptAt(path: string, isSymlink: boolean, { sourceless }: Listing): Found[] {
  let real = path;
  if (isSymlink) {
    try {
      real = Deno.realPathSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return SCRIPT_REGEXP.test(basename(path)) ? [{ path, fault: leadsNowhere(path) }] : [];
    }
  }
  if (SCRIPT_REGEXP.test(basename(real))) return [{ path: real }];
  return sourceless && isLoaded(real) ? [{ path: real, fault: compiled(real) }] : [];
}

/** The compiled scripts in `__pycache__` that have no namesake in the folder above. */
function cachedIn(cache: string, names: readonly string[]): Found[] {
  if (!isFolder(cache)) return [];
  const known = new Set(names.map(stemOf));
  const files = [...Deno.readDirSync(cache)].map(({ name }) => name).filter((name) => !known.has(stemOf(name))).sort();
  return files.map((name) => `${cache}/${name}`).filter(isLoaded).map((path) => ({ path, fault: compiled(path) }));
}

function stemOf(name: string): string {
  return name.split(".", 1)[0] ?? "";
}

/** Whether Alembic loads a compiled file: not beside its source, and `.pyc` before `.pyo`. */
function isLoaded(path: string): boolean {
  const [, source] = COMPILED_REGEXP.exec(basename(path)) ?? [];
  if (source === undefined) return false;
  const folder = path.slice(0, -basename(path).length);
  const isThere = (name: string) => {
    try {
      Deno.statSync(folder + name);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
  return !isThere(source) && !(path.endsWith("o") && isThere(`${source}c`));
}

function compiled(file: string): Fault {
  return {
    code: "alembic-compiled",
    message: "This Alembic script is compiled and has no source, so its ids are not known",
    place: { file },
    hint: "'sourceless = true' makes Alembic load it. Put its .py file beside it, or delete it if it is a leftover.",
  };
}

function leadsNowhere(file: string): Fault {
  return {
    code: "alembic-link",
    message: "This Alembic script is a link to a file that is not there",
    place: { file },
    hint: "Put that file there, or delete the link.",
  };
}
