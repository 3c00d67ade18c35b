/**
 * What may stand on a command line, as tables of values, and what it means. How a line is taken apart by them is the
 * business of `line_reader.ts`. Pure.
 *
 * @module
 */

import { DelembicError, EXIT } from "../errors.ts";

/** Wrong usage. Exit code 2. */
export class UsageError extends DelembicError {
  constructor(code: string, message: string, hint?: string) {
    super(message, { code, exitCode: EXIT.usage, hint });
  }
}

/** An option of a command; its name is its key in the table, in kebab case: `dryRun` is `--dry-run`. */
export interface Option<T> {
  /** One letter. */
  readonly short?: string | undefined;
  /** What stands for the value in the help; a flag has none. */
  readonly placeholder?: string | undefined;
  /** All values that there are. */
  readonly choices?: readonly string[] | undefined;
  /** For the help. An option without it is not listed there. */
  readonly text?: string | undefined;
  /** The value from all that was given for it, none to several; `name` is as people write it. @throws {UsageError} */
  read(given: readonly string[], name: string): T;
}

/** An argument of a command; its name in the help is its key in capitals. */
export interface Argument<T> {
  readonly required: boolean;
  /** Takes all words that are left. */
  readonly many?: boolean;
  readonly text: string;
  /** All values that there are. */
  readonly choices?: readonly string[];
  /** Never set: carries the type of the value. */
  readonly type?: T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type Arguments = Readonly<Record<string, Argument<unknown>>>;

/** What a table of options or arguments gives when it is read. */
export type Values<T extends Options | Arguments> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> | Argument<infer V> ? V : never;
};

/** `--dry-run`: given or not. */
export function flag(text?: string, short?: string): Option<boolean> {
  return { short, text, read: (given) => given.length > 0 };
}

/** `--rev-id ID`: given several times, the last one counts. */
export function value(placeholder: string, text: string, short?: string): Option<string | undefined> {
  return { short, placeholder, text, read: (given) => given.at(-1) };
}

/** `--format FORMAT`, which is one of a few. */
export function choice<T extends string>(
  placeholder: string,
  choices: readonly T[],
  text: string,
): Option<T | undefined> {
  return {
    placeholder,
    choices,
    text,
    read(given, name) {
      const last = given.at(-1);
      const found = choices.find((choice) => choice === last);
      if (last === undefined || found !== undefined) return found;
      throw new UsageError("invalid-value", `Option '${name}' knows no '${last}'`, `There are ${choices.join(", ")}.`);
    },
  };
}

/** `--message TEXT`, without which the command cannot do anything. */
export function requiredValue(placeholder: string, text: string, short?: string): Option<string> {
  return {
    short,
    placeholder,
    text,
    read(given, name) {
      const last = given.at(-1);
      if (last === undefined) {
        const shortly = short === undefined ? "" : ` (-${short})`;
        throw new UsageError("missing-option", `Missing option '${name}'${shortly}`, `Write ${name} ${placeholder}.`);
      }
      return last;
    },
  };
}

/** `--depends-on ID`, as often as wanted. */
export function list(placeholder: string, text: string): Option<readonly string[]> {
  return { placeholder, text, read: (given) => given };
}

const SECONDS_REGEXP = /^\d+(\.\d+)?$/;
const MAX_SECONDS = 31_536_000;

/** `--wait 30`: read as milliseconds. */
export function seconds(text: string): Option<number | undefined> {
  return {
    placeholder: "SECONDS",
    text,
    read(given, name) {
      const last = given.at(-1);
      if (last === undefined) return undefined;
      if (!SECONDS_REGEXP.test(last) || Number(last) > MAX_SECONDS) {
        throw new UsageError(
          "invalid-value",
          `Option '${name}' needs a number of seconds, got '${last}'`,
          `For example: ${name} 30`,
        );
      }
      return Math.round(Number(last) * 1000);
    },
  };
}

export function required(text: string): Argument<string> {
  return { required: true, text };
}

export function optional(text: string): Argument<string | undefined> {
  return { required: false, text };
}

/** `SHELL`, which is one of a few. */
export function oneOf<T extends string>(choices: readonly T[], text: string): Argument<T> {
  return { required: true, choices, text };
}

/** `[ID …]`, the last of a command's arguments. */
export function several(text: string): Argument<readonly string[]> {
  return { required: false, many: true, text };
}

/** `dryRun` → `--dry-run` */
export function longName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What was given on a command line, by the keys of the tables. */
export interface Given<O extends Options, A extends Arguments> {
  readonly options: Values<O>;
  readonly arguments: Values<A>;
}

/** @param given all that was given for each option, by its key @throws {UsageError} when a value is none of its kind */
export function readOptions<O extends Options>(given: ReadonlyMap<string, readonly string[]>, table: O): Values<O> {
  const entries = Object.entries(table).map(([key, option]) =>
    [key, option.read(given.get(key) ?? [], longName(key))] as const
  );
  // each value was read by the table's own entry, so it is of that entry's type
  return Object.fromEntries(entries) as Values<O>;
}

/** @param help what to tell those who need help @throws {UsageError} when there are too many arguments, or too few */
export function readArguments<A extends Arguments>(texts: readonly string[], table: A, help: string): Values<A> {
  const keys = Object.keys(table);
  const last = keys.at(-1);
  const many = last !== undefined && table[last]?.many === true ? keys.length - 1 : undefined;
  const surplus = many === undefined ? texts[keys.length] : undefined;
  if (surplus !== undefined) throw new UsageError("unexpected-argument", `Unexpected argument '${surplus}'`, help);
  const missing = keys.find((key, at) => table[key]?.required && texts[at] === undefined);
  if (missing !== undefined) {
    throw new UsageError("missing-argument", `Missing argument ${missing.toUpperCase()}`, help);
  }
  for (const [at, key] of keys.entries()) {
    const { choices } = table[key] ?? {};
    const text = texts[at];
    if (choices === undefined || text === undefined || choices.includes(text)) continue;
    const message = `Argument ${key.toUpperCase()} knows no '${text}'`;
    throw new UsageError("invalid-value", message, `There are ${choices.join(", ")}.`);
  }
  return Object.fromEntries(keys.map((key, at) => [key, at === many ? texts.slice(at) : texts[at]])) as Values<A>;
}
