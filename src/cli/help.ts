/**
 * Help, made from the commands' own tables. Pure.
 *
 * @module
 */

import type { ErrorEntry } from "../error_reference.ts";
import { type Command, GLOBAL_OPTIONS } from "./command.ts";
import { longName, type Options } from "./command_line.ts";
import { COMMAND_GROUPS, type CommandEntry } from "./commands.ts";
import { wrap } from "./narrow.ts";
import { type Line, styled } from "./text.ts";

const WIDTH = 80;

/** `delembic help` */
export function overview(): Line[] {
  const width = Math.max(...COMMAND_GROUPS.flatMap(({ commands }) => commands.map(({ name }) => name.length)));
  return [
    ...wrap(
      "Delembic runs versioned data migrations next to Alembic's schema migrations, each exactly once, and never before " +
        "the schema that it needs is there.",
      WIDTH,
    ),
    "",
    usageLine("COMMAND [ARGUMENTS]"),
    "",
    ...COMMAND_GROUPS.flatMap(({ title, commands }): Line[] => [
      heading(title),
      ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
      "",
    ]),
    heading("Options of every command"),
    ...optionLines(GLOBAL_OPTIONS),
    "",
    heading("Examples"),
    ...exampleLines([
      { line: "init", text: "Set up a project in this folder." },
      { line: 'revision -m "load person"', text: "Make a migration." },
      { line: "upgrade", text: "Run what is pending." },
      { line: "help upgrade", text: "All about one command." },
      { line: "help lock-busy", text: "What an error's code means, and what to do." },
    ]),
  ];
}

/** `delembic alembic`: the commands whose first word this is. */
export function groupHelp(word: string, commands: readonly CommandEntry[]): Line[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    usageLine(`${word} COMMAND [ARGUMENTS]`),
    "",
    heading("Commands"),
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    `Run 'delembic help ${word} COMMAND' for all about one of them.`,
  ];
}

/** `delembic help COMMAND` */
export function commandHelp({ name, summary }: CommandEntry, command: Command): Line[] {
  const sections: Line[][] = [
    [[styled("bold", summary)]],
    [usageLine(usageOf(name, command))],
    ...command.description.map((paragraph) => wrap(paragraph, WIDTH)),
  ];
  const names = Object.keys(command.arguments);
  if (names.length > 0) {
    const rows = names.map((key) => [key.toUpperCase(), command.arguments[key]?.text ?? ""] as const);
    sections.push([heading("Arguments"), ...twoColumns(rows)]);
  }
  const options = optionLines(command.options);
  if (options.length > 0) sections.push([heading("Options"), ...options]);
  sections.push([heading("Examples"), ...exampleLines(command.examples)]);
  sections.push(["Run 'delembic help' for the options of every command."]);
  return sections.flatMap((lines, at) => at === 0 ? lines : ["", ...lines]);
}

/** `delembic help CODE`: the entry of an error's code. */
export function errorHelp({ code, group, parts }: ErrorEntry): Line[] {
  return [
    [styled("bold", code), styled("dim", `  (${group})`)],
    ...parts.flatMap((part): Line[] => [
      "",
      ...(part.kind === "example" ? part.lines.map((line) => `  ${line}`) : wrap(part.text, WIDTH)),
    ]),
  ];
}

/** `upgrade [OPTIONS] [TARGET]` */
export function usageOf(name: string, command: Pick<Command, "arguments" | "options">): string {
  const words = Object.entries(command.arguments).map(([key, { required, many }]) =>
    required ? key.toUpperCase() : `[${key.toUpperCase()}${many ? " …" : ""}]`
  );
  return [name, ...listed(command.options).length > 0 ? ["[OPTIONS]"] : [], ...words].join(" ");
}

function usageLine(usage: string): Line {
  return [styled("bold", "Usage:"), ` delembic ${usage}`];
}

function heading(title: string): Line {
  return [styled("bold", `${title}:`)];
}

function listed(options: Options): string[] {
  return Object.keys(options).filter((key) => options[key]?.text !== undefined);
}

function optionLines(options: Options): string[] {
  return twoColumns(
    listed(options).map((key) => {
      const { short, placeholder, text = "" } = options[key] ?? {};
      const name = short === undefined ? `    ${longName(key)}` : `-${short}, ${longName(key)}`;
      return [placeholder === undefined ? name : `${name} ${placeholder}`, text];
    }),
  );
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrap(right, WIDTH - width - 4).map((line, at) => `  ${at === 0 ? left.padEnd(width) : " ".repeat(width)}  ${line}`)
  );
}

function exampleLines(examples: Command["examples"]): Line[] {
  return examples.flatMap(({ line, text }): Line[] => [
    ["  ", styled("cyan", `delembic ${line}`)],
    ...wrap(text, WIDTH - 6).map((words) => `      ${words}`),
  ]);
}
