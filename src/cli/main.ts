/**
 * The command line: finds the command, reads its options, runs it, and tells what went wrong.
 *
 * @module
 */

import { EXIT } from "../errors.ts";
import { Redactor } from "../redact.ts";
import { closest, meant } from "../suggest.ts";
import { VERSION } from "../version.ts";
import { type Command, type Context, GLOBAL_OPTIONS, type TestHooks } from "./command.ts";
import { readArguments, readOptions, UsageError } from "./command_line.ts";
import { allCommands, type CommandEntry } from "./commands.ts";
import type { Io } from "./io.ts";
import type { LineReader } from "./line_reader.ts";
import { Output, type OutputMode } from "./output.ts";
import type { Line } from "./text.ts";

/** What is known of the call so far, for telling an error. */
class Call {
  readonly redactor = new Redactor();
  /** What was given for each option, as far as the line is read. */
  given: LineReader["given"] = new Map();
  /** The project's, or empty. */
  folder = "";
  /** What the command was given. */
  context: Context | undefined;
  readonly io: Io;
  readonly hooks: TestHooks;
  #output: Output | undefined;

  constructor(io: Io, hooks: TestHooks) {
    this.io = io;
    this.hooks = hooks;
  }

  /** From its first use on, the way to print is the one that was given by then. */
  get output(): Output {
    return this.#output ??= new Output(this.io, this.#mode(), this.redactor);
  }

  #mode(): OutputMode {
    try {
      return readOptions(this.given, GLOBAL_OPTIONS);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // a wrong value is refused by whoever reads them next; until then this is how it is told
      return readOptions(new Map([...this.given].filter(([key]) => key !== "logFormat")), GLOBAL_OPTIONS);
    }
  }
}

/** Runs one command line to its end. @returns the exit code */
export async function main(args: readonly string[], io: Io, hooks: TestHooks = {}): Promise<number> {
  const call = new Call(io, hooks);
  const code = await answer(call, args);
  // asked for by `action.yml`
  if (io.env("DELEMBIC_GITHUB_REPORT") === "1" && call.context !== undefined) {
    const { reportToGitHub } = await import("./github_report.ts");
    await reportToGitHub(call.context, code);
  }
  return code;
}

async function answer(call: Call, args: readonly string[]): Promise<number> {
  try {
    return await answerAtOnce(call, args) ?? await run(call, args);
  } catch (error) {
    return await tell(call, error);
  }
}

/** Answers what everybody asks first, without loading what reads command lines. */
async function answerAtOnce(call: Call, args: readonly string[]): Promise<number | undefined> {
  const [word, ...more] = args;
  if (word === "__complete") {
    await (await import("./complete.ts")).complete(more, call.io);
    return EXIT.done;
  }
  if (args.length > 1) return undefined;
  if (word === undefined) return await help(call, [], false);
  if (word === "--version") return printVersion(call);
  if (word === "help" || word === "--help" || word === "-h") return await help(call, [], true);
  return undefined;
}

async function run(call: Call, args: readonly string[]): Promise<number> {
  const { LineReader } = await import("./line_reader.ts");
  const line = new LineReader(args);
  call.given = line.given;
  const commands = allCommands();
  const words = line.chooseCommand(["help", ...commands.map(({ name }) => name)], GLOBAL_OPTIONS);
  const name = words.join(" ");
  const entry = commands.find((entry) => entry.name === name);
  if (entry !== undefined) return await runCommand(call, line, entry);
  const isHelp = name === "help";
  if (!isHelp && words.length > 0 && !isGroup(commands, name)) throw unknownCommand(name, commands);
  const rest = line.readRest(GLOBAL_OPTIONS, "Run 'delembic help' to see what there is.");
  if (line.given.has("version")) return printVersion(call);
  return await help(call, isHelp ? rest : words, isHelp || line.given.has("help"));
}

function isGroup(commands: readonly CommandEntry[], word: string): boolean {
  return commands.some(({ name }) => name.startsWith(`${word} `));
}

/** How other tools call what we have. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ...["apply", "migrate", "run", "up"].map((name) => [name, "upgrade"] as const),
  ...["down", "revert", "rollback", "undo"].map((name) => [name, "downgrade"] as const),
  ...["create", "new"].map((name) => [name, "revision"] as const),
  ...["info", "list", "ls", "status"].map((name) => [name, "history"] as const),
  ["validate", "verify"],
  ["version", "--version"],
]);

function unknownCommand(name: string, commands: readonly CommandEntry[]): UsageError {
  const suggestion = OTHER_NAMES.get(name) ?? meant(name, commands.map(({ name }) => name));
  const all = "Run 'delembic help' to see all commands.";
  return new UsageError(
    "unknown-command",
    `Unknown command '${name}'`,
    suggestion === undefined ? all : `Did you mean '${suggestion}'? ${all}`,
  );
}

async function runCommand(call: Call, line: LineReader, entry: CommandEntry): Promise<number> {
  const command = await entry.load();
  const hint = `Run 'delembic help ${entry.name}' to see its options.`;
  const texts = line.readRest({ ...GLOBAL_OPTIONS, ...command.options }, hint);
  if (line.given.has("help")) return await help(call, entry.name.split(" "), true);
  if (line.given.has("version")) return printVersion(call);
  const given = {
    options: readOptions(line.given, command.options),
    arguments: readArguments(texts, command.arguments, hint),
  };
  if (call.output.json) await call.io.reserveOut();
  call.context = {
    io: call.io,
    output: call.output,
    globals: readOptions(line.given, GLOBAL_OPTIONS),
    hooks: call.hooks,
    commandLine: [entry.name, ...texts].join(" "),
    hide: (secret) => call.redactor.add(secret),
    inFolder: (folder) => call.folder = folder,
  };
  return await command.run(call.context, given);
}

function printVersion({ output }: Call): number {
  output.result([`delembic ${VERSION}`]);
  output.document({ version: VERSION });
  return EXIT.done;
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
  const { commandHelp, errorHelp, groupHelp, overview } = await import("./help.ts");
  if (words.length === 0) return overview();
  const commands = allCommands();
  const name = words.join(" ");
  const entry = commands.find((entry) => entry.name === name);
  if (entry !== undefined) return commandHelp(entry, await entry.load() as Command);
  const group = commands.filter((entry) => entry.name.startsWith(`${name} `));
  if (group.length > 0) return groupHelp(name, group);
  const { readErrorReference } = await import("../error_reference.ts");
  const reference = await readErrorReference();
  const explained = reference.get(name);
  if (explained !== undefined) return errorHelp(explained);
  const suggestion = closest(name, [...commands.map((entry) => entry.name), ...reference.keys()]);
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
  const { errorAnnotations } = await import("./github_annotations.ts");
  const { shownPath } = await import("./paths.ts");
  const cwd = call.io.cwd();
  const folder = call.folder === "" ? cwd : call.folder;
  const { verbose, width } = call.output;
  const view = viewOf({ folder, verbose, width, shown: (file) => shownPath(cwd, file) });
  const document = errorDocument(error);
  call.output.problem(errorLines(error, view), document);
  call.output.annotate(errorAnnotations(error, folder));
  call.output.document({ error: document });
  return exitCodeOf(error);
}
