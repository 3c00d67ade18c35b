/**
 * The options of Alembic, as they stand in `alembic.ini` and `pyproject.toml`.
 *
 * Alembic reads both, whichever of them `alembic -c` names; what the ini file sets counts.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { type Place, reasonOf } from "../errors.ts";
import { type Ini, interpolate, parseIni } from "../ini.ts";
import { AlembicConfigError } from "./config_error.ts";
import { isFile } from "./files.ts";
import { readToml, type TomlTable } from "./toml.ts";

/** The options of Alembic, from wherever they are. */
export interface Options {
  text(name: string): string | undefined;
  /** A list as it stands: items in TOML, one text with separators in an ini file. */
  list(name: string, separators: readonly string[], legacy: RegExp): readonly string[];
  flag(name: string): boolean;
  /** Where an option stands, or should. */
  place(name: string): Place;
  /** The sections of the ini file, with `%(…)s` resolved: what `config.get_section_option()` gives. */
  readonly ini: IniSections;
}

/** The ini file, as an `env.py` asks for it. */
export interface IniSections {
  /** The section of Alembic itself. */
  readonly main: string;
  has(section: string): boolean;
  get(section: string, key: string): string | undefined;
  keys(section: string): string[];
}

const INI = "alembic.ini", TOML = "pyproject.toml";

/**
 * Reads the file, and the other one beside it; `section` counts only in an ini file.
 *
 * @throws {AlembicConfigError} @throws {IniError}
 */
export async function readOptions(file: string, section: string): Promise<Options> {
  const folder = dirname(file).replaceAll("\\", "/");
  if (basename(file) === TOML) {
    const toml = await readToml(readText(file), file);
    const beside = `${folder}/${INI}`;
    const ini = parseIni(isFile(beside) ? readText(beside) : "", beside);
    if (toml === undefined && !ini.has(section)) throw missingTable(file);
    return new BothOptions(file, folder, section, ini, toml);
  }
  const ini = parseIni(readText(file), file);
  const beside = `${folder}/${TOML}`;
  const text = isFile(beside) ? readText(beside) : "";
  const toml = text.includes("alembic") ? await readToml(text, beside) : undefined;
  if (toml === undefined && !ini.has(section)) throw missingSection(ini, section);
  return new BothOptions(file, folder, section, ini, toml);
}

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file);
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

function missingTable(file: string): AlembicConfigError {
  return new AlembicConfigError(
    `There is no [tool.alembic] in ${file}`,
    "alembic-section-missing",
    "Set 'alembic_config' in delembic.ini to the file that configures Alembic.",
    { file },
  );
}

function missingSection(ini: Ini, section: string): AlembicConfigError {
  const others = ini.sections().map((name) => `[${name}]`).join(", ");
  return new AlembicConfigError(
    `There is no section [${section}] in ${basename(ini.file)}`,
    "alembic-section-missing",
    `It has ${others || "no sections"}. The section of Alembic has the name that -n gives.`,
    { file: ini.file },
  );
}

class BothOptions implements Options {
  readonly ini: IniSections;
  readonly #own: (name: string) => string | undefined;

  constructor(
    readonly file: string,
    readonly folder: string,
    readonly section: string,
    readonly source: Ini,
    readonly toml: TomlTable | undefined,
  ) {
    const here = { here: folder };
    this.ini = {
      main: section,
      has: (name) => source.has(name),
      get: (name, key) => source.has(name) ? interpolate(source, name, key, here) : undefined,
      keys: (name) => source.keys(name),
    };
    this.#own = (name) => this.ini.get(section, name);
  }

  text(name: string): string | undefined {
    return this.#own(name) ?? this.toml?.text(name);
  }

  flag(name: string): boolean {
    const value = this.#own(name);
    return value === undefined ? this.toml?.flag(name) ?? false : value === "true";
  }

  list(name: string, separators: readonly string[], legacy: RegExp): readonly string[] {
    const value = this.#own(name);
    if (value === undefined || value === "") return this.toml?.list(name) ?? [];
    const separator = this.#separator(separators);
    // Alembic takes what stands between two separators for a path, even if that is nothing
    if (separator === undefined) return value.split(legacy);
    return value.split(separator).filter((part) => part !== "").map((part) => part.trim());
  }

  place(name: string): Place {
    const line = this.source.has(this.section) ? this.source.line(this.section, name) : undefined;
    if (line !== undefined) return { file: this.source.file, line };
    return { file: this.toml?.has(name) ? this.toml.file : this.file };
  }

  #separator(names: readonly string[]): string | undefined {
    const name = names.find((name) => this.#own(name) !== undefined);
    if (name === undefined) return undefined;
    const value = this.#own(name) ?? "";
    const separator = SEPARATORS.get(value);
    if (separator !== undefined) return separator;
    throw new AlembicConfigError(
      `'${value}' is no value of Alembic's ${name}`,
      "alembic-separator",
      "Write 'os', 'space', 'newline', ':' or ';'.",
      this.place(name),
    );
  }
}

const SEPARATORS: ReadonlyMap<string, string> = new Map([
  ["space", " "],
  ["newline", "\n"],
  ["os", Deno.build.os === "windows" ? ";" : ":"],
  [":", ":"],
  [";", ";"],
]);
