/**
 * Which folder a dotted name of Python stands for.
 *
 * @module
 */

import { isFile, isFolder } from "./files.ts";
import type { SearchPath } from "./search_path.ts";

/**
 * The path that `package:name:name` means: names below a package, or beside a module. As in Python a package with an
 * `__init__.py` comes before folders of its name without one, wherever these are, and of those each may hold a part.
 *
 * @param below names below it
 * @returns `undefined` when the package is not found; the path itself need not be there
 */
export function packagePath(dotted: string, below: readonly string[], search: SearchPath): string | undefined {
  const folders = packageFolders(dotted, search);
  const [first, ...others] = below;
  if (first === undefined) return folders[0];
  const holder = folders.find((folder) => isFolder(`${folder}/${first}`)) ?? folders[0];
  return holder === undefined ? undefined : [holder, first, ...others].filter((part) => part !== "").join("/");
}

/** The file of a module or package; `undefined` when there is none. */
export function moduleFile(dotted: string, search: SearchPath): string | undefined {
  const names = dotted.split(".");
  const last = names.pop() ?? "";
  const folders = names.length === 0 ? search.folders : packageFolders(names.join("."), search);
  const files = folders.flatMap((folder) => [`${folder}/${last}/__init__.py`, `${folder}/${last}.py`]);
  return files.find(isFile);
}

function packageFolders(dotted: string, { folders, packages }: SearchPath): readonly string[] {
  const names = dotted.split(".");
  const found = descend(folders, names);
  if (found.length > 0) return found;
  // editable installs come last, the longest name first
  for (let count = names.length; count > 0; count--) {
    const linked = packages.get(names.slice(0, count).join("."));
    if (linked !== undefined && isFolder(linked)) return descend([linked], names.slice(count));
  }
  return [];
}

function descend(roots: readonly string[], names: readonly string[]): readonly string[] {
  let folders = roots;
  names.forEach((name, i) => folders = namedIn(folders, name, i === names.length - 1));
  return folders;
}

function namedIn(folders: readonly string[], name: string, last: boolean): string[] {
  const parts: string[] = [];
  for (const folder of folders) {
    const inner = `${folder}/${name}`;
    if (isFile(`${inner}/__init__.py`)) return [inner];
    // what belongs to a module lies beside it
    if (isFile(`${inner}.py`)) return last ? [folder] : [];
    if (isFolder(inner)) parts.push(inner);
  }
  return parts;
}
