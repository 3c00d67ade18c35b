/**
 * A command as a value: its help, the parsing of its options and what it does all come from this.
 *
 * @module
 */

import type { ExitCode } from "../errors.ts";
import type { LeaseTimes } from "../heartbeat.ts";
import type { StepHook } from "../steps.ts";
import type { Arguments, Given, Options, Values } from "./command_line.ts";
import { choice, flag, value } from "./command_line.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output.ts";

/** The options of every command. */
export const GLOBAL_OPTIONS = {
  config: value("FILE", "the ini file; else delembic.ini here or in a folder above", "c"),
  name: value("SECTION", "the section of the ini file; else [delembic]", "n"),
  url: value("URL", "the database; else DELEMBIC_URL, the ini file, env.ts"),
  json: flag("print one JSON document on stdout, on failure too; events on stderr"),
  quiet: flag("print results and errors alone", "q"),
  verbose: flag("print more: notes, stacks, files", "v"),
  logFormat: choice(
    "FORMAT",
    ["text", "json"],
    "text, or json: how it goes as an object a line on stderr, for what collects logs",
  ),
  noColor: flag("no colours; also by the environment variable NO_COLOR"),
  version: flag("print the version"),
  help: flag("print this help, or that of a command", "h"),
} satisfies Options;

export type Globals = Values<typeof GLOBAL_OPTIONS>;

/** What only a test build sets: see `tests/crashable_main.ts`. */
export interface TestHooks {
  readonly step?: StepHook;
  readonly lease?: LeaseTimes;
}

/** What a command is given besides its own options. */
export interface Context {
  readonly io: Io;
  readonly output: Output;
  readonly globals: Globals;
  readonly hooks: TestHooks;
  /** `upgrade head`: without options, which may hold secrets. */
  readonly commandLine: string;
  /** Whatever is given here will never be printed. */
  hide(secret: string): void;
  /** Says, as soon as it is known, in which folder the project is; errors name files relative to it. */
  inFolder(folder: string): void;
}

export interface Example {
  /** Without the leading `delembic`. */
  readonly line: string;
  readonly text: string;
}

export interface Command<O extends Options = Options, A extends Arguments = Arguments> {
  /** Paragraphs that teach what the command does, and when to take it. */
  readonly description: readonly string[];
  readonly arguments: A;
  readonly options: O;
  readonly examples: readonly Example[];
  run(context: Context, given: Given<O, A>): Promise<ExitCode>;
}

/** Keeps the types of the tables for `run`. */
export function command<O extends Options, A extends Arguments>(definition: Command<O, A>): Command<O, A> {
  return definition;
}
