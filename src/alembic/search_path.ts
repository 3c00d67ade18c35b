/**
 * Where Python would look for a project's modules, found without Python.
 *
 * @module
 */

import type { PythonFiles } from "../python_imports.ts";
import { normalizeSource } from "../python_outline.ts";

const CODING_REGEXP = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;

/** The text of a Python file, in the encoding that its first two lines name; UTF-8 where they name none. */
export function readPythonFile(path: string): string {
  const content = Deno.readTextFileSync(path);
  if (!content.slice(0, 400).includes("coding")) return content;
  const [first = "", second = ""] = content.split(/\r\n?|\n/, 2);
  const name = CODING_REGEXP.exec(first)?.[1] ??
    (/^[ \t\f]*(?:#.*)?$/.test(first) ? CODING_REGEXP.exec(second)?.[1] : undefined);
  const label = name?.toLowerCase().replaceAll("_", "-");
  if (label === undefined || /^utf-?8/.test(label)) return content;
  try {
    return new TextDecoder(label === "latin-1" ? "latin1" : label).decode(Deno.readFileSync(path));
  } catch (error) {
    // an encoding that only Python knows: ids are ASCII in practice
    if (error instanceof RangeError) return content;
    throw error;
  }
}

/** The files of the disk; each is read once. */
export function diskFiles(): PythonFiles {
  const sources = new Map<string, string | undefined>();
  return {
    read: (path) => {
      if (!sources.has(path)) {
        sources.set(path, isKind(path, "isFile") ? normalizeSource(readPythonFile(path)) : undefined);
      }
      return sources.get(path);
    },
    isFolder,
  };
}

export function isFolder(path: string): boolean {
  return isKind(path, "isDirectory");
}

function isKind(path: string, kind: "isFile" | "isDirectory"): boolean {
  try {
    return Deno.statSync(path)[kind];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** The folders in which a project's packages may lie, in the order in which Python would look. */
export function searchPath(options: {
  readonly folder: string;
  readonly prepended: readonly string[];
  /** The folder of an active virtual environment: `$VIRTUAL_ENV`. */
  readonly virtualEnv?: string | undefined;
}): string[] {
  const { folder, prepended, virtualEnv } = options;
  const environments = [virtualEnv, `${folder}/.venv`, `${folder}/venv`].filter((path) => path !== undefined);
  const sites = environments.flatMap(sitePackages);
  // the folder `src` comes last: a project of that layout is usually installed
  return [...new Set([...prepended, folder, ...sites, ...sites.flatMap(linkedFolders), `${folder}/src`])];
}

function sitePackages(environment: string): string[] {
  const lib = `${environment}/lib`;
  const versions = isFolder(lib) ? [...Deno.readDirSync(lib)].map(({ name }) => name) : [];
  const unix = versions.filter((name) => name.startsWith("python")).map((name) => `${lib}/${name}/site-packages`);
  return [...unix, `${environment}/Lib/site-packages`].filter(isFolder);
}

/** The folders that `*.pth` files name, as `pip install --editable` leaves them. */
function linkedFolders(site: string): string[] {
  const links = [...Deno.readDirSync(site)].map(({ name }) => name).filter((name) => name.endsWith(".pth")).sort();
  const lines = links.flatMap((name) => Deno.readTextFileSync(`${site}/${name}`).split(/\r?\n/));
  return lines.filter((line) => line.startsWith("/") && isFolder(line));
}
