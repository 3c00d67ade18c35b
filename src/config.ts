/**
 * The configuration: finds and reads `delembic.ini`.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { commandWords } from "./command_words.ts";
import { ConfigError, ConfigValues, type Env } from "./config_values.ts";
import { DURATION_FORMS, parseDuration } from "./duration.ts";
import { reasonOf } from "./errors.ts";
import { parseFilenameTemplate, PYTHON_TEMPLATE } from "./filename_template.ts";
import { type Ini, IniError, parseIni } from "./ini.ts";
import { closest } from "./suggest.ts";
import type { ParsedUrl } from "./url.ts";

export { ConfigError };

const REVISION_IDS = ["sequential", "hex", "timestamp"] as const;
/** How the ids of new migrations are made: `D001`, 12 random hex digits, or the time. */
export type RevisionIds = typeof REVISION_IDS[number];

/** The file that Alembic's configuration is read from, and the section of it that belongs to ours. */
export interface AlembicReference {
  /** Absolute path of an `alembic.ini` or a `pyproject.toml`; need not be there. */
  readonly file: string;
  readonly section: string;
}

/** A project's configuration. All paths are absolute. */
export interface Config {
  readonly file: string;
  /** The ini file's folder, which all paths in it are relative to. */
  readonly folder: string;
  readonly section: string;
  readonly scriptLocation: string;
  readonly versionsFolder: string;
  readonly alembic: AlembicReference | undefined;
  /** Where they are not what Alembic's own `env.py` says. */
  readonly alembicVersionTable?: string;
  readonly alembicVersionSchema?: string;
  /** Python's active virtual environment, where Alembic's scripts may be installed. */
  readonly virtualEnv: string | undefined;
  /** `$PYTHONPATH`, as it stands. */
  readonly pythonPath: string | undefined;
  /** The command of the Python that runs migrations of the Python tool, in words; `undefined`: it is not to run any. */
  readonly python: readonly string[] | undefined;
  /** Alembic's own command, in words; steps of a pipeline call it. @default alembic */
  readonly alembicCommand: readonly string[];
  /** The functions of `env.ts` that are called when a run has ended; see `src/hooks.ts`. */
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  /** How long each of them may take, in milliseconds. @default 30,000 */
  readonly hookTimeoutMs: number;
  /** Without extension; see `src/filename_template.ts`. */
  readonly filenameTemplate: string;
  readonly revisionIds: RevisionIds;
  /** What is probably not meant as it is written; each in one line. */
  readonly warnings: readonly string[];
  /** The databases that migrations read from, `[delembic.source.NAME]`, by name; each throws as {@link databaseUrl}. */
  readonly sources: ReadonlyMap<string, () => Promise<ParsedUrl>>;
  /** @throws {ConfigError} when there is no URL, or none that can be used */
  databaseUrl(): Promise<ParsedUrl>;
}

export interface ConfigOptions {
  /** `-c FILE`, relative to `cwd`. @default `delembic.ini` in `cwd` or the nearest folder above that has one */
  readonly config?: string;
  /** `-n SECTION`. @default delembic */
  readonly section?: string;
  /** `--url URL` */
  readonly url?: string;
  readonly cwd: string;
  readonly env: Env;
}

export const INI_NAME = "delembic.ini";
const DEFAULT_HOOK_TIMEOUT_MS = 30_000;
const DEFAULT_SECTION = "delembic";
/** `[delembic.source.NAME]`: a database to read from, not a project. */
const SOURCE_PREFIX = "delembic.source.";

/** @throws {ConfigError | IniError} */
export async function loadConfig(options: ConfigOptions): Promise<Config> {
  const { file, text } = await findIni(options);
  const ini = parseIni(text, file);
  const section = options.section ?? DEFAULT_SECTION;
  requireSection(ini, section);
  const values = new ConfigValues(ini, section, options.env);
  const folder = dirname(file);
  const scriptLocation = resolve(folder, values.get("script_location") ?? "delembic");
  const alembicVersionTable = values.get("alembic_version_table");
  const alembicVersionSchema = values.get("alembic_version_schema");
  return {
    file,
    folder,
    section,
    scriptLocation,
    versionsFolder: join(scriptLocation, "versions"),
    alembic: await findAlembic(values, folder),
    ...(alembicVersionTable === undefined ? {} : { alembicVersionTable }),
    ...(alembicVersionSchema === undefined ? {} : { alembicVersionSchema }),
    virtualEnv: options.env("VIRTUAL_ENV"),
    pythonPath: options.env("PYTHONPATH"),
    python: parseCommand(values, "python"),
    onSuccess: values.get("on_success"),
    onFailure: values.get("on_failure"),
    hookTimeoutMs: parseHookTimeout(values),
    alembicCommand: parseCommand(values, "alembic_command") ?? ["alembic"],
    filenameTemplate: parseFilenameTemplate(
      values.get("filename_template") ?? PYTHON_TEMPLATE,
      values.place("filename_template"),
    ),
    revisionIds: parseRevisionIds(values),
    warnings: [...values.warnings(), ...sourceNames(ini).flatMap((name) => sourceWarnings(ini, name))],
    sources: new Map(sourceNames(ini).map((name) => [name, () => sourceUrl(ini, name, options.env)])),
    databaseUrl: async () => {
      const { resolveDatabaseUrl } = await import("./url_source.ts");
      return await resolveDatabaseUrl({ url: options.url, values, folder, scriptLocation });
    },
  };
}

/** The sections that configure projects, in the order of the file. @throws {ConfigError | IniError} */
export async function sectionsOf(options: Pick<ConfigOptions, "config" | "cwd">): Promise<string[]> {
  const { file, text } = await findIni(options);
  return parseIni(text, file).sections().filter((name) => !name.startsWith(SOURCE_PREFIX));
}

async function findIni(
  { config, cwd }: Pick<ConfigOptions, "config" | "cwd">,
): Promise<{ file: string; text: string }> {
  if (config !== undefined) {
    const file = resolve(cwd, config);
    const text = await readText(file);
    if (text !== undefined) return { file, text };
    throw new ConfigError("no-config", `${config} not found`, {
      hint: "Name an ini file with -c, or run 'delembic init'.",
    });
  }
  for (let folder = resolve(cwd), above = ""; folder !== above; [above, folder] = [folder, dirname(folder)]) {
    const file = join(folder, INI_NAME);
    const text = await readText(file);
    if (text !== undefined) return { file, text };
  }
  throw new ConfigError("no-config", `${INI_NAME} not found in ${cwd} or any folder above`, {
    hint: "Run 'delembic init' first.",
  });
}

/** `undefined` when there is no such file. */
async function readText(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(file));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return undefined;
    const hint = cause instanceof TypeError ? "Save it as UTF-8." : "Is it a file that this user may read?";
    const what = cause instanceof TypeError ? "it is not UTF-8" : reasonOf(cause);
    throw new ConfigError("config-unreadable", `Cannot read ${file}: ${what}`, { hint, cause });
  }
}

function requireSection(ini: Ini, section: string): void {
  if (ini.has(section)) return;
  const sections = ini.sections().filter((name) => !name.startsWith(SOURCE_PREFIX));
  const suggestion = closest(section, sections);
  const hint = sections.length === 0
    ? "The file has no section yet; run 'delembic init' in an empty folder to see how it should look."
    : `${suggestion === undefined ? "" : `Did you mean [${suggestion}]? `}The file has ${
      sections.map((name) => `[${name}]`).join(", ")
    }; name one with -n.`;
  throw new ConfigError("no-section", `Section [${section}] not found in ${ini.file}`, {
    hint,
    place: { file: ini.file },
    data: { sections },
  });
}

/** The names of the databases to read from, in the order of the file. */
function sourceNames(ini: Ini): string[] {
  const sections = ini.sections().filter((section) => section.startsWith(SOURCE_PREFIX));
  return sections.map((section) => section.slice(SOURCE_PREFIX.length)).filter((name) => name !== "");
}

async function sourceUrl(ini: Ini, name: string, env: Env): Promise<ParsedUrl> {
  const values = new ConfigValues(ini, SOURCE_PREFIX + name, env);
  const { resolveSourceUrl } = await import("./url_source.ts");
  return resolveSourceUrl(values, dirname(ini.file));
}

const SOURCE_KEY = "url";

function sourceWarnings(ini: Ini, name: string): string[] {
  const section = SOURCE_PREFIX + name;
  return ini.ownKeys(section).filter((key) => key !== SOURCE_KEY).map((key) => {
    const suggestion = ini.get(section, SOURCE_KEY) === undefined ? `; did you mean '${SOURCE_KEY}'?` : "";
    return `Unknown key '${key}' in [${section}], line ${ini.line(section, key)}${suggestion}`;
  });
}

function parseCommand(values: ConfigValues, key: string): readonly string[] | undefined {
  const text = values.get(key);
  if (text === undefined) return undefined;
  const words = commandWords(text);
  if (words !== undefined) return words;
  throw new ConfigError(
    "config-value",
    `The value of '${key}' in [${values.section}] has a quote that is never closed`,
    {
      hint: "Close it, or take it out.",
      place: values.place(key),
    },
  );
}

function parseHookTimeout(values: ConfigValues): number {
  const text = values.get("hook_timeout");
  if (text === undefined) return DEFAULT_HOOK_TIMEOUT_MS;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new ConfigError("config-value", `'${text}' is no value of 'hook_timeout' in [${values.section}]`, {
    hint: `Write ${DURATION_FORMS}.`,
    place: values.place("hook_timeout"),
  });
}

function parseRevisionIds(values: ConfigValues): RevisionIds {
  const text = values.get("revision_ids") ?? "sequential";
  const ids = REVISION_IDS.find((ids) => ids === text);
  if (ids !== undefined) return ids;
  const suggestion = closest(text, REVISION_IDS);
  throw new ConfigError("config-value", `'${text}' is no value of 'revision_ids' in [${values.section}]`, {
    hint: `${suggestion === undefined ? "" : `Did you mean ${suggestion}? `}There are ${REVISION_IDS.join(", ")}.`,
    place: values.place("revision_ids"),
  });
}

/**
 * As the Python tool has it: `[prod]` here goes with `[prod]` there, `[delembic]` with `[alembic]`; and so does a section
 * that Alembic's file does not have.
 */
async function findAlembic(values: ConfigValues, folder: string): Promise<AlembicReference | undefined> {
  const path = values.get("alembic_config");
  if (path === undefined) return undefined;
  const file = resolve(folder, path);
  const standard = { file, section: "alembic" };
  if (values.section === DEFAULT_SECTION || file.endsWith(".toml")) return standard;
  try {
    const text = await Deno.readTextFile(file);
    return parseIni(text, file).has(values.section) ? { file, section: values.section } : standard;
  } catch (error) {
    // what is wrong with that file is said when an answer depends on it
    if (error instanceof IniError || error instanceof Deno.errors.NotFound) return standard;
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.IsADirectory) return standard;
    throw error;
  }
}
