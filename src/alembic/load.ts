/**
 * Reads a project's Alembic scripts, once.
 *
 * @module
 */

import { relative } from "node:path";
import { DelembicError, EXIT, type Fault, reasonOf } from "../errors.ts";
import type { PythonImports } from "../python_imports.ts";
import { normalizeSource } from "../python_outline.ts";
import { type AlembicConfig, readAlembicConfig } from "./config.ts";
import { type AlembicScript, isFault, readAnyScript, readUsualScript } from "./script.ts";
import { moduleFile } from "./package_folder.ts";
import { listScripts } from "./script_folder.ts";
import { diskFiles, readPythonFile } from "./search_path.ts";
import { AlembicTree, type VersionTable } from "./tree.ts";

/** The part of a project's configuration that concerns Alembic. */
export interface AlembicSettings {
  readonly alembic: { readonly file: string; readonly section: string } | undefined;
  /** Files are shown relative to it. */
  readonly folder: string;
  readonly alembicVersionTable?: string | undefined;
  readonly alembicVersionSchema?: string | undefined;
  /** The folder of an active virtual environment: `$VIRTUAL_ENV`. */
  readonly virtualEnv?: string | undefined;
  /** `$PYTHONPATH` */
  readonly pythonPath?: string | undefined;
}

const DEFAULT_TABLE = "alembic_version";

/**
 * Reads the scripts that a project's configuration names. What is wrong in single scripts is kept in the tree.
 *
 * @throws {AlembicConfigError} @throws {IniError} @throws {DelembicError} when a script cannot be read from the disk
 */
export async function loadAlembic(settings: AlembicSettings): Promise<AlembicTree> {
  if (settings.alembic === undefined) {
    throw new DelembicError("alembic_config is not set in delembic.ini", {
      code: "no-alembic",
      exitCode: EXIT.usage,
      hint: "Set 'alembic_config = alembic.ini' (or pyproject.toml) there.",
    });
  }
  const config = await readAlembicConfig({
    ...settings.alembic,
    workingFolder: settings.folder,
    virtualEnv: settings.virtualEnv,
    pythonPath: settings.pythonPath,
  });
  const imports = lazyImports(config);
  const { paths, faults } = listScripts(config.versionLocations, config);
  const scripts = await readScripts(paths, settings.folder, imports);
  const versionTable = await versionTableOf(config, settings, imports);
  const unread = faults.map((fault) =>
    unreadable({ ...fault, place: { file: shownPath(fault.place.file, settings.folder) } })
  );
  return new AlembicTree([...scripts, ...unread], versionTable, config.warnings);
}

/** The parser is large: it is loaded when the first script needs it. */
function lazyImports(config: AlembicConfig): () => Promise<PythonImports> {
  let imports: Promise<PythonImports> | undefined;
  return () =>
    imports ??= import("../python_imports.ts").then(({ PythonImports }) =>
      new PythonImports(diskFiles(), config.searchPath().folders)
    );
}

async function readScripts(
  paths: readonly string[],
  folder: string,
  imports: () => Promise<PythonImports>,
): Promise<AlembicScript[]> {
  const scripts: AlembicScript[] = [];
  for (const path of paths) {
    const file = shownPath(path, folder);
    const content = readScript(path, file);
    const usual = readUsualScript(content, file);
    if (usual !== undefined) {
      scripts.push(usual);
      continue;
    }
    const reader = await imports();
    scripts.push(readAnyScript(content, file, path, (source, at) => reader.read(source, at)));
  }
  return scripts;
}

function shownPath(path: string, folder: string): string {
  if (path.startsWith(`${folder}/`)) return path.slice(folder.length + 1);
  const from = relative(folder, path).replaceAll("\\", "/");
  return from.startsWith("../..") ? path : from;
}

function readScript(path: string, file: string): string {
  try {
    return readPythonFile(path);
  } catch (error) {
    throw new DelembicError(`Cannot read the Alembic script ${file}: ${reasonOf(error)}`, {
      code: "alembic-unreadable-file",
      exitCode: EXIT.usage,
      hint: "Check its permissions.",
      place: { file },
      cause: error,
    });
  }
}

async function versionTableOf(
  config: AlembicConfig,
  { alembicVersionTable, alembicVersionSchema, folder }: AlembicSettings,
  imports: () => Promise<PythonImports>,
): Promise<VersionTable | Fault> {
  const path = `${config.scriptLocation}/env.py`;
  const source = readEnv(path);
  const option = async (name: string) => {
    if (source === "" || !maySet(source, name)) return undefined;
    const { readEnvOption } = await import("./env_py.ts");
    const { options } = config;
    const found = readEnvOption(source, path, name, { imports: await imports(), options, module: moduleOf(config) });
    if (!isFault(found)) return found;
    return { ...found, place: { ...found.place, file: shownPath(found.place.file, folder) } };
  };
  const table = alembicVersionTable ?? await option("version_table") ?? DEFAULT_TABLE;
  const schema = alembicVersionSchema ?? await option("version_table_schema");
  return isFault(table) ? table : isFault(schema) ? schema : { table, schema };
}

/** Finds the modules to which `env.py` leaves its work. */
function moduleOf({ searchPath }: AlembicConfig) {
  return (dotted: string) => {
    const file = moduleFile(dotted, searchPath());
    return file === undefined ? undefined : { file, source: normalizeSource(readPythonFile(file)) };
  };
}

/** Whether an `env.py` can set the option at all: most set none, and need no parser. */
function maySet(source: string, name: string): boolean {
  return source.includes(name) || !/\bconfigure\b/.test(source) || /\*\*\s*[A-Za-z_]/.test(source);
}

/** The text of `env.py`; a project without one has set nothing. */
function readEnv(path: string): string {
  try {
    return normalizeSource(readPythonFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function unreadable(fault: Fault): AlembicScript {
  const { file } = fault.place;
  const lines = { revision: 1, down: 1, dependsOn: 1 };
  return { file, revision: fault, down: fault, dependsOn: fault, labels: [], message: "", lines, warnings: [] };
}
