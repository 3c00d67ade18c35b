/**
 * The `[tool.alembic]` of a `pyproject.toml`.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { AlembicConfigError } from "./config_error.ts";

/** Its values, with `%(here)s` and `%%` resolved. @throws {AlembicConfigError} where one is of another type */
export interface TomlTable {
  readonly file: string;
  has(name: string): boolean;
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  flag(name: string): boolean;
}

/**
 * @returns `undefined` when the file has no `[tool.alembic]`
 * @throws {AlembicConfigError}
 */
export async function readToml(content: string, file: string): Promise<TomlTable | undefined> {
  const values = tableAt(tableAt(await parseToml(content, file), "tool"), "alembic");
  return values && new Table(file, values);
}

async function parseToml(content: string, file: string): Promise<unknown> {
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

class Table implements TomlTable {
  constructor(readonly file: string, readonly values: Readonly<Record<string, unknown>>) {}

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return value === undefined ? undefined : this.#substitute(value, name);
  }

  list(name: string): readonly string[] {
    const value = this.values[name];
    if (value === undefined || value === "") return [];
    // of a text, Alembic takes each letter for a path: "." is one
    if (typeof value === "string" && value.length > 1) {
      throw this.#error(`'${name}' in [tool.alembic] is no list`, `Write it as one: ${name} = ["${value}"].`);
    }
    return (Array.isArray(value) ? value : [value]).map((item) => this.#substitute(item, name));
  }

  flag(name: string): boolean {
    const value = this.values[name] ?? false;
    if (typeof value === "boolean") return value;
    throw this.#error(`'${name}' in [tool.alembic] is neither true nor false`, "Write true or false, without quotes.");
  }

  /** What Python's `text % {"here": folder}` gives. */
  #substitute(value: unknown, name: string): string {
    if (typeof value !== "string") throw this.#error(`'${name}' in [tool.alembic] is no text`, "Write it in quotes.");
    return value.replace(/%(?:%|\(([^)]*)\)s|)/g, (all, key: string | undefined) => {
      if (all === "%%") return "%";
      if (key === "here") return dirname(this.file).replaceAll("\\", "/");
      throw this.#error(
        `'${name}' in [tool.alembic] has a '%' that means nothing`,
        "Write %% for a percent sign; only %(here)s is known.",
      );
    });
  }

  #error(message: string, hint: string): AlembicConfigError {
    return new AlembicConfigError(message, "alembic-value", hint, { file: this.file });
  }
}
