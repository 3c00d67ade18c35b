/**
 * Where Python would look for a project's modules, found without Python.
 *
 * @module
 */

import type { PythonFiles } from "../python_imports.ts";
import { normalizeSource } from "../python_outline.ts";
import { isFile, isFolder } from "./files.ts";
import { type Installed, installedNear } from "./installed.ts";

/** The folders, and the packages that are linked one by one. */
export type SearchPath = Installed;

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
      if (!sources.has(path)) sources.set(path, isFile(path) ? normalizeSource(readPythonFile(path)) : undefined);
      return sources.get(path);
    },
    isFolder,
  };
}

/** Where a project's packages may lie, in the order in which Python would look. */
export function searchPath(options: {
  readonly folder: string;
  readonly prepended: readonly string[];
  /** The folder of an active virtual environment: `$VIRTUAL_ENV`. */
  readonly virtualEnv?: string | undefined;
}): SearchPath {
  const { folder, prepended, virtualEnv } = options;
  const { folders, packages } = installedNear(folder, virtualEnv);
  // the folder `src` comes last: a project of that layout is usually installed
  return { folders: [...new Set([...prepended, folder, ...folders, `${folder}/src`])], packages };
}
