/**
 * The command line: finds the command, reads its options, runs it, and tells what went wrong.
 *
 * @module
 */

import { EXIT } from "../errors.ts";
import { Redactor } from "../redact.ts";
import { closest } from "../suggest.ts";
import { VERSION } from "../version.ts";
import { type Command, GLOBAL_OPTIONS, type Globals, type TestHooks } from "./command.ts";
import { chooseCommand, parseLine, readArguments, readOptions, UsageError } from "./command_line.ts";
import { allCommands, type CommandEntry } from "./commands.ts";
import type { Io } from "./io.ts";
import { Output, type OutputMode } from "./output.ts";
import type { Line } from "./text.ts";

/** What is known of the call so far, for telling an error. */
interface Call {
  readonly io: Io;
  readonly redactor: Redactor;
  readonly hooks: TestHooks;
  output: Output;
  folder: string;
}

/** Runs one command line to its end. @returns the exit code */
export async function main(args: readonly string[], io: Io, hooks: TestHooks = {}): Promise<number> {
  const redactor = new Redactor();
  const call: Call = { io, redactor, hooks, output: new Output(io, modeBefore(args), redactor), folder: "" };
  try {
    return await run(call, args);
  } catch (error) {
    return await tell(call, error);
  }
}

/** How to print before the line is understood, or when it cannot be. */
function modeBefore(args: readonly string[]): OutputMode {
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  return {
    json: options.includes("--json"),
    quiet: false,
    verbose: false,
    noColor: options.includes("--no-color"),
  };
}

async function run(call: Call, args: readonly string[]): Promise<number> {
  const commands = allCommands();
  const choice = chooseCommand(args, GLOBAL_OPTIONS, (word) => word === "help" || isGroup(commands, word));
  const [word] = choice.words;
  if (word === undefined || word === "help") {
    const parsed = parseLine(choice.rest, GLOBAL_OPTIONS, "Run 'delembic help' to see what there is.");
    const globals = readOptions(parsed, GLOBAL_OPTIONS);
    call.output = new Output(call.io, globals, call.redactor);
    if (globals.version) return printVersion(call);
    const wanted = [...choice.words.slice(1), ...parsed.texts];
    return await help(call, wanted, word === "help" || globals.help);
  }
  const entry = commands.find(({ name }) => name === choice.words.join(" "));
  if (entry === undefined) return await withoutCommand(call, choice.words, choice.rest);
  return await runCommand(call, entry, choice.rest);
}

function isGroup(commands: readonly CommandEntry[], word: string): boolean {
  return commands.some(({ name }) => name.startsWith(`${word} `));
}

async function runCommand(call: Call, entry: CommandEntry, rest: readonly string[]): Promise<number> {
  const { io, redactor, hooks } = call;
  const command = await entry.load();
  const table = { ...GLOBAL_OPTIONS, ...command.options };
  const hint = `Run 'delembic help ${entry.name}' to see its options.`;
  const parsed = parseLine(rest, table, hint);
  if (parsed.given.has("help")) return await help(call, entry.name.split(" "), true);
  if (parsed.given.has("version")) return printVersion(call);
  const globals: Globals = readOptions(parsed, GLOBAL_OPTIONS);
  call.output = new Output(io, globals, redactor);
  const given = {
    options: readOptions(parsed, command.options),
    arguments: readArguments(parsed, command.arguments, hint),
  };
  return await command.run({
    io,
    output: call.output,
    globals,
    hooks,
    commandLine: [entry.name, ...parsed.texts].join(" "),
    hide: (secret) => redactor.add(secret),
    inFolder: (folder) => call.folder = folder,
  }, given);
}

function printVersion({ output }: Call): number {
  output.result([`delembic ${VERSION}`]);
  output.document({ version: VERSION });
  return EXIT.done;
}

/** A group without its second word, or a word that is no command. */
async function withoutCommand(call: Call, words: readonly string[], rest: readonly string[]): Promise<number> {
  const commands = allCommands();
  const [word = ""] = words;
  if (words.length === 1 && isGroup(commands, word)) {
    return await help(call, words, rest.includes("--help") || rest.includes("-h"));
  }
  const wanted = words.join(" ");
  const suggestion = closest(wanted, commands.map(({ name }) => name));
  const all = "Run 'delembic help' to see all commands.";
  throw new UsageError(
    "unknown-command",
    `Unknown command '${wanted}'`,
    suggestion === undefined ? all : `Did you mean '${suggestion}'? ${all}`,
  );
}

/** Help that was asked for goes to stdout; help because nothing was said, to stderr, with the exit code of wrong usage. */
async function help(call: Call, words: readonly string[], wanted: boolean): Promise<number> {
  const { output } = call;
  if (!wanted && output.json) {
    throw new UsageError("missing-command", "No command was given", "Run 'delembic help' to see all commands.");
  }
  const lines = await helpLines(words);
  if (!wanted) {
    output.problem(lines);
    return EXIT.usage;
  }
  output.result(lines);
  output.document({ help: lines.map(plain).join("\n") });
  return EXIT.done;
}

async function helpLines(words: readonly string[]): Promise<Line[]> {
  const { commandHelp, groupHelp, overview } = await import("./help.ts");
  if (words.length === 0) return overview();
  const commands = allCommands();
  const name = words.join(" ");
  const entry = commands.find((entry) => entry.name === name);
  if (entry !== undefined) return commandHelp(entry, await entry.load() as Command);
  const group = commands.filter((entry) => entry.name.startsWith(`${name} `));
  if (group.length > 0) return groupHelp(name, group);
  const suggestion = closest(name, commands.map((entry) => entry.name));
  throw new UsageError(
    "unknown-command",
    `Unknown command '${name}'`,
    suggestion === undefined ? "Run 'delembic help' to see all commands." : `Did you mean '${suggestion}'?`,
  );
}

function plain(line: Line): string {
  return typeof line === "string" ? line : line.map((piece) => typeof piece === "string" ? piece : piece.text).join("");
}

/** Tells what was thrown. @returns its exit code */
async function tell(call: Call, error: unknown): Promise<number> {
  const { errorDocument, errorLines, exitCodeOf, viewOf } = await import("./error_lines.ts");
  const { shownPath } = await import("./paths.ts");
  const cwd = call.io.cwd();
  const folder = call.folder === "" ? cwd : call.folder;
  const view = viewOf({ folder, verbose: call.output.verbose, shown: (file) => shownPath(cwd, file) });
  call.output.problem(errorLines(error, view));
  call.output.document({ error: errorDocument(error) });
  return exitCodeOf(error);
}
