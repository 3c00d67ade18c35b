/**
 * A command line taken apart, by commander and the commands' own tables. What it means is said by those; what is wrong
 * with it, by us: commander prints nothing and ends nothing here.
 *
 * Options may stand before or after the command; `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value` and
 * `-qv` are understood, `--` ends them. A negative number is an argument, so that `downgrade -1` needs no `--`.
 *
 * @module
 */

import { Command, CommanderError, type ParseOptionsResult } from "commander";
import { meant } from "../suggest.ts";
import { longName, type Option, type Options, UsageError } from "./command_line.ts";

/** Reads one line from its beginning to its end: first which command, then what the table of that command allows. */
export class LineReader {
  /** What was given so far for each option, by its key; also when a method threw. */
  readonly given = new Map<string, string[]>();
  readonly #args: readonly string[];
  #rest: readonly string[];
  /** What stood behind a `--` before the command. */
  readonly #literal: string[] = [];

  constructor(args: readonly string[]) {
    this.#args = args;
    this.#rest = args;
  }

  /**
   * Reads the words of the command, which only the options of all commands may stand before.
   *
   * @param names of one word, or of several: `alembic heads`
   * @returns the words of one of the names, or as many as there are, with the first that leads to no name
   * @throws {UsageError} for an option that is not in the table, or lacks its value
   */
  chooseCommand(names: readonly string[], globals: Options): string[] {
    const words: string[] = [];
    while (true) {
      const before = words.map((word) => `${word} `).join("");
      const longer = names.filter((name) => name.startsWith(before)).map((name) => name.slice(before.length));
      const next = new Set(longer.map((name) => name.replace(/ .*/, "")));
      const { operands: [word, ...literal], unknown } = this.#read(globals, next);
      this.#rest = unknown;
      if (word === undefined) {
        if (unknown[0] === undefined) return words;
        throw unknownOption(unknown[0], globals, "Run 'delembic help' to see what there is.");
      }
      words.push(word);
      this.#literal.push(...literal);
      if (!longer.some((name) => name.startsWith(`${word} `))) return words;
    }
  }

  /**
   * Reads all that is left.
   *
   * @param help what to tell those who need help
   * @returns the arguments
   * @throws {UsageError} for an option that is not in the table, or lacks its value
   */
  readRest(options: Options, help: string): string[] {
    const { operands, unknown: [unknown] } = this.#read(options);
    if (unknown !== undefined) throw unknownOption(unknown, options, help);
    return [...this.#literal, ...operands];
  }

  /** Reads by one table, up to and with the first of the words, or to the end. */
  #read(options: Options, words: Iterable<string> = []): ParseOptionsResult {
    const level = new Command().enablePositionalOptions().helpCommand(false)
      .exitOverride().configureOutput({ outputError() {} });
    for (const word of words) level.command(word);
    for (const [key, option] of Object.entries(options)) {
      const name = longName(key);
      const flags = option.short === undefined ? name : `-${option.short}, ${name}`;
      level.option(option.placeholder === undefined ? flags : `${flags} <${option.placeholder}>`);
      level.on(`option:${name.slice(2)}`, (text = "") => this.#keep(key, option, text));
    }
    try {
      return level.parseOptions([...this.#rest]);
    } catch (error) {
      if (error instanceof CommanderError) throw this.#missingValue(options);
      throw error;
    }
  }

  #keep(key: string, { short }: Option<unknown>, text: string): void {
    // `-m=text` is `-m text`, as in Alembic and Python's tools; to commander the = is a part of the value
    const isAttached = (arg: string) => /^-[^-]/.test(arg) && arg.endsWith(`${short}${text}`);
    const value = text.startsWith("=") && this.#args.some(isAttached) ? text.slice(1) : text;
    this.given.set(key, [...this.given.get(key) ?? [], value]);
  }

  /** Only the last word of a line can lack its value. */
  #missingValue(options: Options): UsageError {
    const last = this.#args.at(-1) ?? "";
    const name = last.startsWith("--") ? last : `-${last.slice(-1)}`;
    const option = Object.entries(options).find(([key, { short }]) => name === longName(key) || name === `-${short}`);
    return new UsageError(
      "missing-value",
      `Option '${name}' needs a value`,
      `Write ${name} ${option?.[1].placeholder}.`,
    );
  }
}

/** @param word as it stands on the line; what it may hold besides its name can be a secret, and is not repeated */
function unknownOption(word: string, options: Options, help: string): UsageError {
  const long = word.startsWith("--");
  const name = long ? word.replace(/=.*/s, "") : [...word].slice(0, 2).join("");
  if (long && Object.keys(options).some((key) => longName(key) === name)) {
    return new UsageError("unexpected-value", `Option '${name}' takes no value`, help);
  }
  const listed = Object.keys(options).filter((key) => options[key]?.text !== undefined).map(longName);
  // `-dry-run` was meant to be `--dry-run`
  const suggestion = meant(long ? name : `-${word}`, listed);
  return new UsageError(
    "unknown-option",
    `Unknown option '${name}'`,
    suggestion === undefined ? help : `Did you mean '${suggestion}'? ${help}`,
  );
}
