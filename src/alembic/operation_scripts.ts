/**
 * Reads what each of a project's Alembic scripts does to the schema.
 *
 * @module
 */

import { resolve } from "node:path";
import { PythonImports } from "../python_imports.ts";
import { normalizeSource } from "../python_outline.ts";
import { readAlembicConfig } from "./config.ts";
import type { AlembicSettings } from "./load.ts";
import type { ScriptOperations } from "./operation.ts";
import { readOperations, type ScriptSource } from "./operation_reader.ts";
import { fromPython, type OpValue } from "./operation_value.ts";
import { diskFiles, readPythonFile } from "./search_path.ts";
import type { AlembicRevision } from "./tree.ts";

/** Modules that are not the project's own, and are not looked for. */
const FOREIGN_REGEXP = /^(?:alembic|sqlalchemy|sqlmodel|sqlalchemy_utils|geoalchemy2|typing|enum|logging)\b/;

/**
 * Reads the scripts of revisions, by revision.
 *
 * @param dialect by SQLAlchemy's names
 * @throws {AlembicConfigError} @throws {IniError}
 */
export async function readScriptOperations(
  revisions: Iterable<AlembicRevision>,
  settings: AlembicSettings,
  dialect: ScriptSource["dialect"],
): Promise<ReadonlyMap<string, ScriptOperations>> {
  const read = new Map<string, ScriptOperations>();
  if (settings.alembic === undefined) return read;
  const { searchPath } = await readAlembicConfig({ ...settings.alembic, virtualEnv: settings.virtualEnv });
  let imports: PythonImports | undefined;
  const imported = (name: string, from: string) => {
    if (FOREIGN_REGEXP.test(name)) return undefined;
    return importedValue(imports ??= new PythonImports(diskFiles(), searchPath().folders), name, from);
  };
  for (const { revision, file } of revisions) {
    const path = resolve(settings.folder, file);
    const source = normalizeSource(readPythonFile(path));
    read.set(revision, readOperations({ source, file, dialect, imported: (name) => imported(name, path) }));
  }
  return read;
}

/** A literal of another module of the project, by its dotted name. */
function importedValue(imports: PythonImports, path: string, from: string): OpValue | undefined {
  const [dots = ""] = /^\.*/.exec(path) ?? [];
  const module = path.slice(dots.length).split(".");
  const name = module.pop();
  if (name === undefined || (module.length === 0 && dots === "")) return undefined;
  const value = fromPython(imports.value({ module, level: dots.length, name, from }), path);
  return value.kind === "unknown" ? undefined : value;
}
