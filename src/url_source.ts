/**
 * Where the database's URL comes from: `--url`, then `DELEMBIC_URL`, then `sqlalchemy.url` of the ini file, then
 * `databaseUrl()` of the project's `env.ts` or `env.js`.
 *
 * @module
 */

import { join, relative } from "node:path";
import { ConfigError, type ConfigValues } from "./config_values.ts";
import { findEnvFile, importEnvFile } from "./env_file.ts";
import { messageOf, type Place } from "./errors.ts";
import { parseDatabaseUrl, type ParsedUrl, UrlError } from "./url.ts";

export interface UrlSources {
  /** `--url` */
  readonly url: string | undefined;
  readonly values: ConfigValues;
  /** The ini file's folder. */
  readonly folder: string;
  readonly scriptLocation: string;
}

interface FoundUrl {
  readonly text: string;
  /** In words, for errors. */
  readonly from: string;
  readonly place?: Place;
}

/** @throws {ConfigError} when there is no URL, or none that can be used */
export async function resolveDatabaseUrl(sources: UrlSources): Promise<ParsedUrl> {
  return parseFound(findUrl(sources) ?? await askEnvFile(sources), sources.folder);
}

/** The URL of a database to read from. @throws {ConfigError} when there is no URL, or none that can be used */
export function resolveSourceUrl(values: ConfigValues, folder: string): ParsedUrl {
  const found = urlIn(values, "url");
  if (found !== undefined) return parseFound(found, folder);
  const line = values.ini.sectionLine(values.section);
  throw new ConfigError("no-source-url", `[${values.section}] has no 'url'`, {
    hint: "Write 'url = postgresql://user@host/database' into it; ${NAME} takes an environment variable.",
    place: { file: values.ini.file, ...(line === undefined ? {} : { line }) },
  });
}

function parseFound({ text, from, place }: FoundUrl, folder: string): ParsedUrl {
  try {
    return { ...parseDatabaseUrl(text, { relativeTo: folder, isSocket }), from };
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    throw new ConfigError(error.code, `${error.message} (from ${from})`, { hint: error.hint ?? "", place });
  }
}

function findUrl({ url, values }: UrlSources): FoundUrl | undefined {
  if (url !== undefined) {
    if (url.trim() !== "") return { text: url, from: "--url" };
    throw new ConfigError("database-url", "--url is empty", { hint: "Write --url postgresql://user@host/database." });
  }
  const variable = values.env("DELEMBIC_URL");
  if (variable !== undefined && variable.trim() !== "") return { text: variable, from: "DELEMBIC_URL" };
  return urlIn(values, "sqlalchemy.url");
}

function urlIn(values: ConfigValues, key: string): FoundUrl | undefined {
  const text = values.get(key);
  if (text === undefined) return undefined;
  const sign = values.commentSign(key);
  if (sign !== undefined) {
    // taken as it stands it would make a new database, with the comment in its name
    throw new ConfigError(
      "config-value",
      `The value of '${key}' in [${values.section}] has a '${sign}' in it`,
      {
        hint: "It begins no comment there, but is part of the value. A comment needs a line of its own.",
        place: values.place(key),
      },
    );
  }
  return { text, from: `${key} in [${values.section}]`, place: values.place(key) };
}

const ENV_HINT = 'It should be: export function databaseUrl() { return "postgresql://…"; }';

async function askEnvFile({ values, folder, scriptLocation }: UrlSources): Promise<FoundUrl> {
  const file = findEnvFile(scriptLocation);
  if (file === undefined) throw noUrl(values, folder, join(scriptLocation, "env.py"));
  const shown = relative(folder, file);
  const fail = (what: string, cause?: unknown): never => {
    throw new ConfigError("env-file", `${shown} ${what}`, { hint: ENV_HINT, place: { file }, cause });
  };
  const exported = await importEnvFile(file).catch((cause: unknown) =>
    fail(`does not load: ${messageOf(cause)}`, cause)
  );
  const given = databaseUrlIn(exported);
  if (given === undefined) return fail("does not export databaseUrl()");
  let text: unknown;
  try {
    text = typeof given === "function" ? await given() : given;
  } catch (cause) {
    return fail(`could not give the database URL: ${messageOf(cause)}`, cause);
  }
  if (typeof text === "string" && text.trim() !== "") {
    return { text, from: `databaseUrl() of ${shown}`, place: { file } };
  }
  return fail(`gave ${text === "" ? "an empty text" : typeof text} for the database URL`);
}

type UrlGiver = string | (() => unknown);

/** `databaseUrl` by name, as a member of the default export, or the default export itself. */
function databaseUrlIn(exported: unknown): UrlGiver | undefined {
  const standard = memberOf(exported, "default");
  return [memberOf(exported, "databaseUrl"), memberOf(standard, "databaseUrl"), standard].find(isGiver);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function isGiver(value: unknown): value is UrlGiver {
  return typeof value === "string" || typeof value === "function";
}

function noUrl(values: ConfigValues, folder: string, pythonFile: string): ConfigError {
  const ways = `Set sqlalchemy.url in [${values.section}] of ${relative(folder, values.ini.file)} ` +
    "(${NAME} takes an environment variable), or DELEMBIC_URL, or give --url.";
  const python = isFile(pythonFile);
  return new ConfigError(
    "no-database-url",
    python
      ? `No database URL: ${relative(folder, pythonFile)} is for the Python tool, and is not run`
      : "No database URL is set",
    { hint: ways, place: { file: values.ini.file } },
  );
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile ?? false;
}

function isSocket(path: string): boolean {
  return statOf(path)?.isSocket ?? false;
}

/** `undefined` when there is nothing, or nothing that may be looked at. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
