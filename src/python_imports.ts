/**
 * Follows the imports of Python modules to the files where the names are bound, without running any of them.
 *
 * @module
 */

import type { OutlineError } from "./python_outline.ts";
import type { Imports } from "./python_scope.ts";
import { type PyModule, readModule } from "./python_source.ts";
import { type Names, type PyModuleValue, type PyValue, type Reference, unknown } from "./python_value.ts";

/** The files that may be imported. Paths have `/`. */
export interface PythonFiles {
  /** A file's source, normalized; `undefined` when there is none. */
  read(path: string): string | undefined;
  isFolder(path: string): boolean;
}

/** A package or module that was found: its file, where it has one, and the folder of what is below it. */
interface Found {
  readonly file: string | undefined;
  readonly folder: string | undefined;
}

/** Reads each module once. */
export class PythonImports implements Imports {
  readonly #files: PythonFiles;
  readonly #roots: readonly string[];
  readonly #modules = new Map<string, PyModule | OutlineError | undefined>();
  readonly #reading = new Set<string>();

  /** @param roots the folders in which absolute imports are looked up, as in `sys.path` */
  constructor(files: PythonFiles, roots: readonly string[]) {
    this.#files = files;
    this.#roots = roots;
  }

  /** Reads a module that nobody imports. */
  read(source: string, file: string): PyModule | OutlineError {
    return readModule(source, file, this);
  }

  value(reference: Reference): PyValue {
    const found = this.#find(reference);
    const module = ".".repeat(reference.level) + reference.module.join(".");
    if (found === undefined) return unknown(`it comes from the module ${module}, which was not found`);
    const key = `${found.file ?? found.folder}:${reference.name ?? ""}`;
    if (this.#reading.has(key)) return unknown(`it is imported in a circle`);
    this.#reading.add(key);
    try {
      const whole = this.#moduleValue(found);
      if (reference.name === undefined) return whole;
      return whole.get(reference.name) ?? unknown(`the module ${module} does not bind '${reference.name}'`);
    } finally {
      this.#reading.delete(key);
    }
  }

  star(reference: Reference): Names | undefined {
    const found = this.#find(reference);
    const module = found === undefined ? undefined : this.#module(found);
    return module !== undefined && "names" in module ? module.names : undefined;
  }

  #moduleValue(found: Found): PyModuleValue {
    return {
      kind: "module",
      get: (name) => {
        const module = this.#module(found);
        if (module !== undefined && !("get" in module)) return unknown(`${found.file} is no Python: ${module.message}`);
        const bound = module?.get(name)?.value;
        if (bound !== undefined) return bound;
        const inner = found.folder === undefined ? undefined : this.#at(`${found.folder}/${name}`);
        return inner === undefined ? undefined : this.#moduleValue(inner);
      },
    };
  }

  #module({ file }: Found): PyModule | OutlineError | undefined {
    if (file === undefined) return undefined;
    if (!this.#modules.has(file)) {
      // a module that imports itself in a circle sees nothing of itself, as a half-run one in Python
      this.#modules.set(file, undefined);
      const source = this.#files.read(file);
      if (source !== undefined) this.#modules.set(file, readModule(source, file, this));
    }
    return this.#modules.get(file);
  }

  #find({ module, level, from }: Reference): Found | undefined {
    const roots = level === 0 ? this.#roots : [parentOf(from, level)];
    for (const root of roots) {
      const found = module.length === 0 ? this.#at(root) : this.#at(`${root}/${module.join("/")}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #at(path: string): Found | undefined {
    const isFolder = this.#files.isFolder(path);
    for (const file of isFolder ? [`${path}/__init__.py`, `${path}.py`] : [`${path}.py`]) {
      if (this.#files.read(file) !== undefined) return { file, folder: isFolder ? path : undefined };
    }
    return isFolder ? { file: undefined, folder: path } : undefined;
  }
}

/** The folder `level` steps above a file. */
function parentOf(file: string, level: number): string {
  return file.split("/").slice(0, -level).join("/");
}
