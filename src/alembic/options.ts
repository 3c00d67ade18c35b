/**
 * The options of Alembic, as they stand in `alembic.ini` or `pyproject.toml`.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { DelembicError, EXIT, type Place, reasonOf } from "../errors.ts";
import { type Ini, interpolate, parseIni } from "../ini.ts";

/** A configuration of Alembic that cannot be used. Exit code 2. */
export class AlembicConfigError extends DelembicError {
  constructor(message: string, code: string, hint: string, place: Place, cause?: unknown) {
    super(message, { code, exitCode: EXIT.usage, hint, place, cause });
  }
}

/** The options of Alembic, from wherever they are. */
export interface Options {
  readonly file: string;
  text(name: string): string | undefined;
  /** A list as it stands: items in TOML, one text with separators in an ini file. */
  list(name: string, separators: readonly string[], legacy: RegExp): readonly string[];
  flag(name: string): boolean;
  line(name: string): number | undefined;
}

/**
 * Reads the file; `section` counts only in an ini file.
 *
 * @throws {AlembicConfigError} @throws {IniError}
 */
export async function readOptions(file: string, section: string): Promise<Options> {
  const folder = dirname(file).replaceAll("\\", "/");
  if (basename(file) !== "pyproject.toml") return await iniOptions(file, section, folder);
  const options = await tomlOptions(file, folder);
  if (options !== undefined) return options;
  throw new AlembicConfigError(
    `There is no [tool.alembic] in ${file}`,
    "alembic-section-missing",
    "Set 'alembic_config' in delembic.ini to the file that configures Alembic.",
    { file },
  );
}

/** Where an option stands. */
export function placeOf({ file, line }: Options, name: string): Place {
  const known = line(name);
  return known === undefined ? { file } : { file, line: known };
}

async function readText(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new AlembicConfigError(
      isMissing ? `Alembic's configuration ${file} is not there` : `Cannot read ${file}: ${reasonOf(error)}`,
      isMissing ? "alembic-config-missing" : "alembic-config-unreadable",
      isMissing
        ? "Set 'alembic_config' in delembic.ini to your alembic.ini or pyproject.toml."
        : "Check its permissions.",
      { file },
      error,
    );
  }
}

async function iniOptions(file: string, section: string, folder: string): Promise<Options> {
  const ini = parseIni(await readText(file), file);
  const toml = await besides(folder);
  if (!ini.has(section) && toml === undefined) {
    const others = ini.sections().map((name) => `[${name}]`).join(", ");
    throw new AlembicConfigError(
      `There is no section [${section}] in ${basename(file)}`,
      "alembic-section-missing",
      `It has ${others || "no sections"}. The section of Alembic has the name that -n gives.`,
      { file },
    );
  }
  const text = (name: string) => interpolate(ini, section, name, { here: folder }) ?? toml?.text(name);
  return {
    file,
    text,
    flag: (name) => interpolate(ini, section, name, { here: folder }) === "true" || toml?.flag(name) === true,
    line: (name) => ini.line(section, name),
    list: (name, separators, legacy) => {
      const value = interpolate(ini, section, name, { here: folder });
      if (value === undefined || value === "") return toml?.list(name, separators, legacy) ?? [];
      const separator = separatorOf(ini, section, separators, file);
      const parts = separator === undefined ? value.split(legacy) : value.split(separator).map((part) => part.trim());
      return parts.filter((part) => part !== "");
    },
  };
}

/** The `[tool.alembic]` of a pyproject.toml beside an ini file, which Alembic reads for what the ini does not say. */
async function besides(folder: string): Promise<Options | undefined> {
  const file = `${folder}/pyproject.toml`;
  try {
    if (!(await Deno.readTextFile(file)).includes("alembic")) return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return await tomlOptions(file, folder);
}

function separatorOf(ini: Ini, section: string, names: readonly string[], file: string): string | undefined {
  const name = names.find((name) => ini.get(section, name) !== undefined);
  const value = name === undefined ? undefined : interpolate(ini, section, name);
  if (name === undefined || value === undefined) return undefined;
  const separators: Readonly<Record<string, string>> = {
    space: " ",
    newline: "\n",
    os: Deno.build.os === "windows" ? ";" : ":",
    ":": ":",
    ";": ";",
  };
  const separator = separators[value];
  if (separator !== undefined) return separator;
  const line = ini.line(section, name);
  throw new AlembicConfigError(
    `'${value}' is no value of Alembic's ${name}`,
    "alembic-separator",
    "Write 'os', 'space', 'newline', ':' or ';'.",
    line === undefined ? { file } : { file, line },
  );
}

/** @returns `undefined` when the file has no `[tool.alembic]` */
async function tomlOptions(file: string, folder: string): Promise<Options | undefined> {
  const values = tableAt(tableAt(await parseToml(file), "tool"), "alembic");
  if (values === undefined) return undefined;
  const texts = (name: string): string[] => {
    const value = values[name];
    const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return list.map((item) => substitute(item, name, { file, folder }));
  };
  return {
    file,
    text: (name) => texts(name)[0],
    list: texts,
    flag: (name) => values[name] === true,
    line: () => undefined,
  };
}

async function parseToml(file: string): Promise<unknown> {
  const content = await readText(file);
  const { parse, TomlError } = await import("smol-toml");
  try {
    return parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = ""] = error.message.split("\n");
    const place = { file, line: error.line, column: error.column };
    throw new AlembicConfigError(`${basename(file)} is no TOML: ${message}`, "toml-syntax", "Mend it.", place, error);
  }
}

function tableAt(table: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
  if (typeof table !== "object" || table === null || !(key in table)) return undefined;
  const value = (table as Record<string, unknown>)[key];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

/** What Python's `text % {"here": folder}` gives. */
function substitute(value: unknown, name: string, { file, folder }: { file: string; folder: string }): string {
  const fail = (message: string, hint: string) => new AlembicConfigError(message, "alembic-value", hint, { file });
  if (typeof value !== "string") throw fail(`'${name}' in [tool.alembic] is no text`, "Write it in quotes.");
  return value.replace(/%(?:%|\(([^)]*)\)s|)/g, (all, key: string | undefined) => {
    if (all === "%%") return "%";
    if (key === "here") return folder;
    throw fail(
      `'${name}' in [tool.alembic] has a '%' that means nothing`,
      "Write %% for a percent sign; only %(here)s is known.",
    );
  });
}
