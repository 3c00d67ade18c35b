/**
 * Writes `docs/reference/commands.md` from the tables of the commands themselves, so that it says what `--help` says:
 *
 *     deno task docs
 *
 * @module
 */

import { type Command, GLOBAL_OPTIONS } from "../src/cli/command.ts";
import { longName, type Options } from "../src/cli/command_line.ts";
import { COMMAND_GROUPS } from "../src/cli/commands.ts";
import { usageOf } from "../src/cli/help.ts";

const FILE = new URL("../docs/reference/commands.md", import.meta.url);

/** The whole page. */
export async function commandsPage(): Promise<string> {
  const parts = [
    "# Commands",
    "",
    "`delembic help COMMAND` prints the same. Results go to stdout, everything else to stderr; with `--json` stdout is one",
    "document, on failure too. What the exit codes mean is in [Exit codes](exit-codes.md).",
    "",
    "## Options of every command",
    "",
    ...optionRows(GLOBAL_OPTIONS),
  ];
  for (const { title, commands } of COMMAND_GROUPS) {
    parts.push("", `## ${title}`);
    for (const { name, summary, load } of commands) parts.push("", ...section(name, summary, await load()));
  }
  return `${parts.join("\n")}\n`;
}

function section(name: string, summary: string, command: Command): string[] {
  const names = Object.entries(command.arguments);
  const own = optionRows(command.options);
  return [
    `### \`${name}\``,
    "",
    `${summary}.`,
    "",
    "```text",
    `delembic ${usageOf(name, command)}`,
    "```",
    ...command.description.flatMap((paragraph) => ["", escaped(paragraph)]),
    ...(names.length === 0
      ? []
      : ["", ...table("Argument", names.map(([key, { text }]) => [key.toUpperCase(), text]))]),
    ...(own.length === 0 ? [] : ["", ...own]),
    "",
    ...command.examples.flatMap(({ line, text }) => [`- \`delembic ${line}\`<br>${escaped(text)}`]),
  ];
}

function optionRows(options: Options): string[] {
  const rows = Object.entries(options).flatMap(([key, { short, placeholder, text }]): [string, string][] => {
    if (text === undefined) return [];
    const value = placeholder === undefined ? "" : ` ${placeholder}`;
    return [[`${short === undefined ? "" : `-${short}, `}${longName(key)}${value}`, text]];
  });
  return rows.length === 0 ? [] : table("Option", rows);
}

function table(title: string, rows: readonly (readonly [string, string])[]): string[] {
  return [`| ${title} | |`, "|---|---|", ...rows.map(([name, text]) => `| \`${name}\` | ${cell(text)} |`)];
}

/** A cell ends at a bar. */
function cell(text: string): string {
  return escaped(text).replaceAll("|", "\\|");
}

/** Text as Markdown that shows it as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[<*_[\]]/g, (sign) => `\\${sign}`);
}

if (import.meta.main) {
  await Deno.mkdir(new URL(".", FILE), { recursive: true });
  await Deno.writeTextFile(FILE, await commandsPage());
}
