/**
 * The values of one section of `delembic.ini`: what they are once the environment is put in, what is wrong with them.
 * Pure, but for the environment that is given.
 *
 * @module
 */

import { DelembicError, EXIT, type Place } from "./errors.ts";
import type { Ini } from "./ini.ts";
import { closest } from "./suggest.ts";

/** What is wrong with the configuration. Exit code 2. */
export class ConfigError extends DelembicError {
  constructor(
    code: string,
    message: string,
    options: { hint?: string; place?: Place | undefined; cause?: unknown; data?: Readonly<Record<string, unknown>> } =
      {},
  ) {
    super(message, { code, exitCode: EXIT.usage, ...options });
  }
}

/** A variable of the environment. */
export type Env = (name: string) => string | undefined;

/** The keys of a section, each with whether its value is a path or the like, in which a comment is to be warned of. */
export const KEYS: Readonly<Record<string, "exact" | "free">> = {
  script_location: "exact",
  // with a comment in it, it is refused where it is read
  "sqlalchemy.url": "free",
  alembic_config: "exact",
  filename_template: "exact",
  revision_ids: "free",
  alembic_version_table: "exact",
  alembic_version_schema: "exact",
  alembic_command: "free",
  python: "exact",
  // read when a run has ended
  on_success: "exact",
  on_failure: "exact",
  hook_timeout: "exact",
};

const VARIABLE_REGEXP = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAME_REGEXP = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** One section, with `[DEFAULT]` below it. */
export class ConfigValues {
  constructor(readonly ini: Ini, readonly section: string, readonly env: Env) {}

  /**
   * The value with the environment put in; `undefined` where there is none or it is empty.
   *
   * @throws {ConfigError} when a variable is not set, or the value goes on over several lines
   */
  get(key: string): string | undefined {
    const value = this.ini.get(this.section, key);
    if (value === undefined || value === "") return undefined;
    if (value.includes("\n")) {
      throw new ConfigError("config-value", `The value of '${key}' in [${this.section}] goes on in the next line`, {
        hint: "An indented line continues the value above it: take the spaces before the next key away.",
        place: this.place(key),
      });
    }
    const expanded = value.replace(VARIABLE_REGEXP, (whole, name: string | undefined, end: string) => {
      // $${ stands for ${ itself
      return name === undefined ? whole.slice(1) : this.#variable(key, end === "" ? "" : name);
    }).trim();
    if (expanded !== "") return expanded;
    throw new ConfigError("empty-variable", `The value of '${key}' in [${this.section}] is empty`, {
      hint: "The environment variable in it is set to nothing.",
      place: this.place(key),
    });
  }

  #variable(key: string, name: string): string {
    // what stands between the braces is not repeated: it may be meant as a default, and be a password
    if (!NAME_REGEXP.test(name)) {
      throw new ConfigError(
        "config-value",
        `The value of '${key}' in [${this.section}] has a '\${' that names no environment variable`,
        { hint: "Write ${NAME}, with letters, digits and _; $${ stands for ${ itself.", place: this.place(key) },
      );
    }
    const value = this.env(name);
    if (value !== undefined) return value;
    throw new ConfigError(
      "unset-variable",
      `The environment variable ${name} is not set; '${key}' in [${this.section}] needs it`,
      { hint: key === "sqlalchemy.url" ? "Set it, or give --url." : "Set it.", place: this.place(key), data: { name } },
    );
  }

  place(key: string): Place {
    const line = this.ini.line(this.section, key);
    return { file: this.ini.file, ...(line === undefined ? {} : { line }) };
  }

  /** The sign with which a comment seems to begin behind a value. The format knows none there: it is part of the value. */
  commentSign(key: string): string | undefined {
    return /\s([;#])/.exec(this.ini.get(this.section, key) ?? "")?.[1];
  }

  /** What is probably not meant as it is written; no value is repeated. */
  warnings(): string[] {
    const unknown = this.ini.ownKeys(this.section).filter((key) => !Object.hasOwn(KEYS, key)).map((key) => {
      const suggestion = closest(key, Object.keys(KEYS));
      const didYouMean = suggestion === undefined ? "" : `; did you mean '${suggestion}'?`;
      return `Unknown key '${key}' in [${this.section}], line ${this.ini.line(this.section, key)}${didYouMean}`;
    });
    const commented = this.ini.keys(this.section).filter((key) => Object.hasOwn(KEYS, key) && KEYS[key] === "exact")
      .flatMap((key) => {
        const sign = this.commentSign(key);
        return sign === undefined ? [] : [
          `The '${sign}' in the value of '${key}' in [${this.section}], line ${this.ini.line(this.section, key)}, ` +
          "begins no comment: it is part of the value. A comment needs a line of its own",
        ];
      });
    return [...unknown, ...commented];
  }
}
