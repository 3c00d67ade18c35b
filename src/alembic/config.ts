/**
 * Alembic's own configuration, from `alembic.ini` or `pyproject.toml`: where its scripts are, and its version table.
 *
 * @module
 */

import { basename, delimiter, dirname, isAbsolute, resolve } from "node:path";
import type { Fault } from "../errors.ts";
import { AlembicConfigError } from "./config_error.ts";
import { isFolder } from "./files.ts";
import { type Options, readOptions } from "./options.ts";
import { packagePath } from "./package_folder.ts";
import { type SearchPath, searchPath } from "./search_path.ts";

/** What is asked for: which file and section, and where things are. */
export interface AlembicConfigRequest {
  /** The absolute path of `alembic.ini` or `pyproject.toml`. */
  readonly file: string;
  /** The section of an ini file; in TOML it is always `[tool.alembic]`. */
  readonly section: string;
  /** Where Alembic is probably run: what is not found from the configuration's folder is looked for from there. */
  readonly workingFolder?: string | undefined;
  /** The folder of an active virtual environment: `$VIRTUAL_ENV`. */
  readonly virtualEnv?: string | undefined;
  /** `$PYTHONPATH` */
  readonly pythonPath?: string | undefined;
}

/** All paths are absolute. */
export interface AlembicConfig {
  /** The folder of the configuration's file. */
  readonly folder: string;
  readonly scriptLocation: string;
  readonly versionLocations: readonly string[];
  readonly recursive: boolean;
  /** Whether Alembic also takes compiled scripts, which have no source that could be read. */
  readonly sourceless: boolean;
  /** Where imports of the scripts are looked up. */
  readonly searchPath: () => SearchPath;
  /** What `env.py` may ask for. */
  readonly options: Options;
  readonly warnings: readonly Fault[];
}

const LEGACY_LOCATIONS_REGEXP = /, *|(?: +)/;
const LEGACY_PATHS_REGEXP = /, *|(?: +)|:/;

/**
 * Reads it.
 *
 * @throws {AlembicConfigError} when a file, section or folder is missing, or a value cannot be understood
 * @throws {IniError}
 */
export async function readAlembicConfig(request: AlembicConfigRequest): Promise<AlembicConfig> {
  const { file, section, virtualEnv, pythonPath = "" } = request;
  const folder = dirname(file).replaceAll("\\", "/");
  const bases = [...new Set([folder, request.workingFolder ?? folder])];
  const options = await readOptions(file, section);
  let search: SearchPath | undefined;
  const path = () => {
    const named = [...listOfPaths(options), ...pythonPath.split(delimiter).filter((part) => part !== "")];
    const everywhere = bases.flatMap((base) => named.map((part) => absolute(part, [base])));
    return search ??= searchPath({ folder, prepended: everywhere, virtualEnv });
  };
  const locate = (name: string, location: string) => locationOf(options, name, location, bases, path);
  const script = options.text("script_location");
  if (script === undefined) throw missingScriptLocation(file, section);
  const scriptLocation = locate("script_location", script);
  if (!isFolder(scriptLocation)) {
    throw new AlembicConfigError(
      `The script_location of Alembic, ${scriptLocation}, is not there`,
      "alembic-folder-missing",
      "Mend 'script_location' in it, or 'alembic_config' in delembic.ini. %(here)s is the folder of the file itself.",
      options.place("script_location"),
    );
  }
  const named = listOfLocations(options).map((location) => locate("version_locations", location));
  const versionLocations = named.length > 0 ? [...new Set(named)] : [`${scriptLocation}/versions`];
  const origin = named.length > 0 ? "version_locations" : "script_location";
  return {
    folder,
    scriptLocation,
    versionLocations,
    recursive: options.flag("recursive_version_locations"),
    sourceless: options.flag("sourceless"),
    searchPath: path,
    options,
    warnings: versionLocations.filter((location) => !isFolder(location)).map((location) => ({
      code: "alembic-folder-missing",
      message: `The folder ${location} of Alembic's ${origin} is not there`,
      place: options.place(origin),
      hint: "Alembic takes it for an empty one.",
    })),
  };
}

/** `version_locations`, as it stands. @throws {AlembicConfigError | IniError} */
export function listOfLocations(options: Options): readonly string[] {
  return options.list("version_locations", ["path_separator", "version_path_separator"], LEGACY_LOCATIONS_REGEXP);
}

/** `prepend_sys_path`, as it stands. @throws {AlembicConfigError | IniError} */
export function listOfPaths(options: Options): readonly string[] {
  return options.list("prepend_sys_path", ["path_separator"], LEGACY_PATHS_REGEXP);
}

function missingScriptLocation(file: string, section: string): AlembicConfigError {
  const where = basename(file) === "pyproject.toml" ? "tool.alembic" : section;
  return new AlembicConfigError(
    `There is no 'script_location' in [${where}] of ${basename(file)}`,
    "alembic-script-location",
    "Set it to the folder that holds Alembic's env.py.",
    { file },
  );
}

/** The path from the first folder from which there is one. */
function absolute(path: string, bases: readonly string[]): string {
  const candidates = bases.map((base) => resolve(base, path).replaceAll("\\", "/"));
  return candidates.find(isFolder) ?? candidates[0] ?? path;
}

/** A path, or `package:folder` below a package that is looked for where Python would. */
function locationOf(
  options: Options,
  name: string,
  location: string,
  bases: readonly string[],
  path: () => SearchPath,
): string {
  if (isAbsolute(location) || !location.includes(":")) return absolute(location, bases);
  const [dotted = "", ...below] = location.split(":");
  const found = packagePath(dotted, below, path());
  if (found !== undefined) return found;
  throw new AlembicConfigError(
    `The package '${dotted}' of Alembic's ${name} was not found`,
    "alembic-package-missing",
    `Looked in ${path().folders.join(", ")}. Set 'prepend_sys_path' to the folder that holds it, or ${name} to a path.`,
    options.place(name),
  );
}
