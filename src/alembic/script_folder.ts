/**
 * The files of an Alembic folder that are scripts.
 *
 * @module
 */

import type { Fault } from "../errors.ts";
import { isFolder } from "./search_path.ts";

const SCRIPT_REGEXP = /^(?!\.#|__init__).*\.py$/;
const COMPILED_REGEXP = /^(?!\.#|__init__)(.*)\.py[co]$/;

/**
 * The absolute paths of all scripts, each file once, in the order in which Alembic takes them. A folder that is not
 * there counts as empty.
 */
export function listScripts(folders: readonly string[], options: { readonly recursive: boolean }): string[] {
  const paths = folders.filter(isFolder).flatMap((folder) => scriptsIn(Deno.realPathSync(folder), options.recursive));
  return [...new Set(paths)];
}

function scriptsIn(folder: string, recursive: boolean): string[] {
  const files: string[] = [], folders: string[] = [];
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
    if (isDirectory) folders.push(name);
    else if (SCRIPT_REGEXP.test(name)) {
      const path = `${folder}/${name}`;
      // Alembic does not go into folders that are links
      if (!isSymlink) files.push(path);
      else if (!isFolder(path)) files.push(Deno.realPathSync(path));
    }
  }
  files.sort();
  if (!recursive) return files;
  const inner = folders.filter((name) => !name.endsWith("__pycache__")).sort();
  return [...files, ...inner.flatMap((name) => scriptsIn(`${folder}/${name}`, recursive))];
}

/** Compiled scripts without a source beside them, which Alembic would take with `sourceless = true`. */
export function compiledOnly(folders: readonly string[]): Fault[] {
  return folders.filter(isFolder).flatMap((folder) => {
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    return names.filter((name) => {
      const [, stem] = COMPILED_REGEXP.exec(name) ?? [];
      return stem !== undefined && !names.includes(`${stem}.py`);
    }).map((name) => ({
      code: "alembic-compiled",
      message: "This Alembic script is compiled and has no source, so its ids are not known",
      place: { file: `${folder}/${name}` },
      hint: "Put its .py file beside it.",
    }));
  });
}
