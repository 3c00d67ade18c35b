/**
 * The command line, read: which command, which options, which arguments. Pure, and driven by the commands' own tables.
 *
 * Options may stand before or after the command; `--name value`, `--name=value`, `-n value`, `-nvalue` and `-qv` are
 * understood, `--` ends them. A negative number is an argument, so that `downgrade -1` needs no `--`.
 *
 * @module
 */

import { DelembicError, EXIT } from "../errors.ts";
import { closest } from "../suggest.ts";

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
  /** For the help. An option without it is not listed there. */
  readonly text?: string | undefined;
  /** The value from all that was given for it, none to several; `name` is as people write it. @throws {UsageError} */
  read(given: readonly string[], name: string): T;
}

/** An argument of a command; its name in the help is its key in capitals. */
export interface Argument<T> {
  readonly required: boolean;
  readonly text: string;
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

/** `dryRun` → `--dry-run` */
export function longName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const NEGATIVE_REGEXP = /^-\d+$/;

/** What was given on a command line, by the keys of the tables. */
export interface Given<O extends Options, A extends Arguments> {
  readonly options: Values<O>;
  readonly arguments: Values<A>;
}

function isOption(token: string): boolean {
  return token.startsWith("-") && token !== "-" && !NEGATIVE_REGEXP.test(token);
}

/** One thing on the command line, taken apart by the tables. */
type Token =
  | { readonly kind: "argument"; readonly text: string; readonly at: number }
  | { readonly kind: "option"; readonly key: string; readonly text: string };

/** @throws {UsageError} for an option that is not in the table, or lacks its value */
function* tokensOf(args: readonly string[], options: Options, help: string): Generator<Token> {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      for (const [offset, text] of args.slice(at + 1).entries()) yield { kind: "argument", text, at: at + 1 + offset };
      return;
    }
    if (!isOption(arg)) {
      yield { kind: "argument", text: arg, at };
      continue;
    }
    for (const { key, name, attached, takesValue } of optionsIn(arg, options, help)) {
      if (!takesValue) {
        if (attached !== undefined) throw new UsageError("unexpected-value", `Option '${name}' takes no value`, help);
        yield { kind: "option", key, text: "" };
        continue;
      }
      const text = attached ?? args[++at];
      if (text === undefined) {
        throw new UsageError(
          "missing-value",
          `Option '${name}' needs a value`,
          `Write ${name} ${options[key]?.placeholder}.`,
        );
      }
      yield { kind: "option", key, text };
    }
  }
}

interface Found {
  readonly key: string;
  readonly name: string;
  readonly attached: string | undefined;
  readonly takesValue: boolean;
}

/** The options of one word: one, or several as in `-qv`. */
function optionsIn(arg: string, options: Options, help: string): Found[] {
  if (arg.startsWith("--")) {
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const key = Object.keys(options).find((key) => longName(key) === name);
    if (key === undefined) throw unknownOption(name, options, help);
    const attached = equals < 0 ? undefined : arg.slice(equals + 1);
    return [{ key, name, attached, takesValue: options[key]?.placeholder !== undefined }];
  }
  const found: Found[] = [];
  for (let at = 1; at < arg.length; at++) {
    const letter = arg[at] ?? "";
    const key = Object.keys(options).find((key) => options[key]?.short === letter);
    if (key === undefined) throw unknownOption(arg.length === 2 ? arg : `-${letter}`, options, help, `-${arg}`);
    const takesValue = options[key]?.placeholder !== undefined;
    const rest = arg.slice(at + 1).replace(/^=/, "");
    found.push({ key, name: `-${letter}`, attached: takesValue && rest !== "" ? rest : undefined, takesValue });
    if (takesValue) break;
  }
  return found;
}

/** @param meant what the user may have meant to write: `--dry-run` for `-dry-run` */
function unknownOption(name: string, options: Options, help: string, meant = name): UsageError {
  const listed = Object.keys(options).filter((key) => options[key]?.text !== undefined).map(longName);
  const suggestion = closest(meant, listed);
  return new UsageError(
    "unknown-option",
    `Unknown option '${name}'`,
    suggestion === undefined ? help : `Did you mean '${suggestion}'? ${help}`,
  );
}

/** Where a command line says which command is meant. */
export interface CommandChoice {
  /** One word, or two: `alembic heads`. Empty when there is none. */
  readonly words: readonly string[];
  /** The line without these words. */
  readonly rest: readonly string[];
}

/**
 * Finds the words of the command, which only the options of all commands may stand before.
 *
 * @param isGroup whether a first word, such as `alembic`, has a second
 * @throws {UsageError} for an unknown option before the command
 */
export function chooseCommand(
  args: readonly string[],
  globals: Options,
  isGroup: (word: string) => boolean,
): CommandChoice {
  const words: string[] = [];
  const taken = new Set<number>();
  for (const token of tokensOf(args, globals, "Run 'delembic help' to see what there is.")) {
    if (token.kind === "option") continue;
    words.push(token.text);
    taken.add(token.at);
    if (words.length === 2 || !isGroup(token.text)) break;
  }
  return { words, rest: args.filter((_, at) => !taken.has(at)) };
}

/** A command line taken apart; what it means is still to be read. */
export interface ParsedLine {
  /** What was given for each option, by its key. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly texts: readonly string[];
}

/** @param help what to tell those who need help @throws {UsageError} for an unknown option, or one without its value */
export function parseLine(args: readonly string[], options: Options, help: string): ParsedLine {
  const given = new Map<string, string[]>();
  const texts: string[] = [];
  for (const token of tokensOf(args, options, help)) {
    if (token.kind === "argument") texts.push(token.text);
    else given.set(token.key, [...given.get(token.key) ?? [], token.text]);
  }
  return { given, texts };
}

/** @throws {UsageError} when a value is none of its kind, or one that is required is missing */
export function readOptions<O extends Options>(parsed: ParsedLine, table: O): Values<O> {
  const entries = Object.entries(table).map(([key, option]) =>
    [key, option.read(parsed.given.get(key) ?? [], longName(key))] as const
  );
  // each value was read by the table's own entry, so it is of that entry's type
  return Object.fromEntries(entries) as Values<O>;
}

/** @throws {UsageError} when there are too many arguments, or too few */
export function readArguments<A extends Arguments>(parsed: ParsedLine, table: A, help: string): Values<A> {
  const keys = Object.keys(table);
  const surplus = parsed.texts[keys.length];
  if (surplus !== undefined) throw new UsageError("unexpected-argument", `Unexpected argument '${surplus}'`, help);
  const missing = keys.find((key, at) => table[key]?.required && parsed.texts[at] === undefined);
  if (missing !== undefined) {
    throw new UsageError("missing-argument", `Missing argument ${missing.toUpperCase()}`, help);
  }
  return Object.fromEntries(keys.map((key, at) => [key, parsed.texts[at]])) as Values<A>;
}
