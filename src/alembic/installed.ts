/**
 * Where a project's packages are installed: the virtual environments near it, and what is linked into them.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { decodeString } from "../python_string.ts";
import { isFile, isFolder, readableText } from "./files.ts";

/** What is installed somewhere. All paths are absolute, with `/`. */
export interface Installed {
  /** Folders in which packages lie, in the order in which Python would look. */
  readonly folders: readonly string[];
  /** Packages that an editable install links one by one: their dotted names, and their folders. */
  readonly packages: ReadonlyMap<string, string>;
}

/** Where Python is in images of containers, and in systems. */
const SYSTEM = ["/usr/local", "/usr"];

/**
 * What is in the active virtual environment, then in `.venv` and `venv` of the nearest folder of the
 * repository that has one, then in the system.
 *
 * @param virtualEnv the folder of an active virtual environment: `$VIRTUAL_ENV`
 */
export function installedNear(folder: string, virtualEnv: string | undefined, system = SYSTEM): Installed {
  const environments = [...virtualEnv === undefined ? [] : [virtualEnv], ...environmentsAbove(folder), ...system];
  const sites = environments.flatMap(sitePackages);
  const links = sites.map(linksOf);
  const packages = new Map(links.flatMap(({ packages }) => packages).reverse());
  // a package that lies in a folder of its own name is found there by imports, too
  const beside = [...packages].filter(([name, path]) => path.endsWith(`/${name.replaceAll(".", "/")}`))
    .map(([name, path]) => path.slice(0, -name.length - 1));
  return { folders: [...new Set([...sites, ...links.flatMap(({ folders }) => folders), ...beside])], packages };
}

/** The environments of the nearest folder that has one, up to the root of the repository. */
function environmentsAbove(folder: string): string[] {
  const folders = [folder];
  while (!isRepository(folders.at(-1) ?? folder)) {
    const at = folders.at(-1) ?? folder, above = dirname(at);
    // outside of a repository what lies above is somebody else's
    if (above === at) return environmentsIn(folder);
    folders.push(above);
  }
  return folders.map(environmentsIn).find((found) => found.length > 0) ?? [];
}

/** Of a worktree, `.git` is a file. */
function isRepository(folder: string): boolean {
  return isFolder(`${folder}/.git`) || isFile(`${folder}/.git`);
}

function environmentsIn(folder: string): string[] {
  return [`${folder}/.venv`, `${folder}/venv`].filter((path) => sitePackages(path).length > 0);
}

function sitePackages(environment: string): string[] {
  const lib = `${environment}/lib`;
  const versions = isFolder(lib) ? [...Deno.readDirSync(lib)].map(({ name }) => name).sort().reverse() : [];
  const unix = versions.filter((name) => name.startsWith("python"))
    // Debian has a name of its own
    .flatMap((name) => [`${lib}/${name}/site-packages`, `${lib}/${name}/dist-packages`]);
  return [...unix, `${environment}/Lib/site-packages`].filter(isFolder);
}

interface Links {
  readonly folders: readonly string[];
  readonly packages: readonly (readonly [name: string, folder: string])[];
}

/** What the `*.pth` files of a folder add, as `pip install --editable` leaves them. Python passes over what it cannot read. */
function linksOf(site: string): Links {
  const names = [...Deno.readDirSync(site)].map(({ name }) => name);
  const files = names.filter((name) => name.endsWith(".pth") && !name.startsWith(".")).sort();
  const lines = files.flatMap((name) => (readableText(`${site}/${name}`) ?? "").split(/\r?\n/))
    .map((line) => line.trimEnd()).filter((line) => line !== "" && !line.startsWith("#"));
  const [code, paths] = [
    lines.filter((line) => CODE_REGEXP.test(line)),
    lines.filter((line) => !CODE_REGEXP.test(line)),
  ];
  return {
    folders: paths.map((path) => resolve(site, path).replaceAll("\\", "/")).filter(isFolder),
    packages: code.flatMap((line) => {
      const [, module] = FINDER_REGEXP.exec(line) ?? [];
      return module === undefined ? [] : packagesOf(readableText(`${site}/${module}.py`) ?? "");
    }),
  };
}

const CODE_REGEXP = /^import[ \t]/;
const FINDER_REGEXP = /^import\s+(\w+)/;
const TEXT = String.raw`("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`;
const TABLE_REGEXP = /^(?:MAPPING|NAMESPACES)\b[^=\n]*=\s*(\{[^\n]*\})/gm;
const PAIR_REGEXP = new RegExp(`${TEXT}\\s*:\\s*\\[?\\s*${TEXT}`, "g");
const MAP_MODULE_REGEXP = new RegExp(`\\bmap_module\\(\\s*${TEXT}\\s*,\\s*${TEXT}`, "g");

/** The packages that a finder serves: those of setuptools have a table, those of `editables` a call for each. */
function packagesOf(finder: string): [name: string, folder: string][] {
  const tables = [...finder.matchAll(TABLE_REGEXP)].map(([, table = ""]) => table);
  const pairs = [...tables.flatMap((table) => [...table.matchAll(PAIR_REGEXP)]), ...finder.matchAll(MAP_MODULE_REGEXP)];
  return pairs.map(([, name = "", path = ""]) => {
    const folder = (decodeString(path) ?? "").replaceAll("\\", "/").replace(/\/__init__\.py$/, "");
    return [decodeString(name) ?? "", folder];
  });
}
