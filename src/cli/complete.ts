/**
 * What may stand where somebody pressed Tab: `delembic __complete WORD…`, which the scripts of `delembic completions`
 * call with all words up to the cursor, the last one as far as it is written. Each line of the answer is a word and, after
 * a tab, what it is; the line `:files` alone stands for the names of files. It reads the ini file and glances at the
 * files of the migrations: it runs nothing, connects to nothing, and says nothing when something is wrong.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { GLOBAL_OPTIONS } from "./command.ts";
import { longName, type Option, type Options } from "./command_line.ts";
import { allCommands, type CommandEntry } from "./commands.ts";
import type { Io } from "./io.ts";

/** A word, and what it is. */
type Candidate = readonly [word: string, text: string];
type Candidates = readonly Candidate[] | "files";

/** Prints the answer. */
export async function complete(words: readonly string[], io: Io): Promise<void> {
  const before = words.slice(0, -1), current = words.at(-1) ?? "";
  const found = await candidates(await readWords(before, current), io).catch((): Candidates => []);
  if (found === "files") return io.out(":files\n");
  const fitting = found.filter(([word]) => word.startsWith(current));
  io.out(fitting.map(([word, text]) => `${word}\t${text.replaceAll(/\s+/g, " ")}\n`).join(""));
}

/** The words of the line before the cursor, sorted into what they are. */
interface Cursor {
  /** The word at the cursor, as far as it is written. */
  readonly current: string;
  /** The words of the command, and its arguments. */
  readonly plain: readonly string[];
  /** Values of options, by how they were written. */
  readonly given: ReadonlyMap<string, string>;
  /** The option whose value is wanted. */
  readonly pending: Option<unknown> | undefined;
  readonly entry: CommandEntry | undefined;
  readonly command: Command | undefined;
  readonly options: Options;
}

async function readWords(words: readonly string[], current: string): Promise<Cursor> {
  const plain: string[] = [], given = new Map<string, string>();
  let pending: string | undefined, entry: CommandEntry | undefined, command: Command | undefined;
  let options: Options = GLOBAL_OPTIONS;
  for (const word of words) {
    if (pending !== undefined) {
      given.set(pending, word);
      pending = undefined;
    } else if (!word.startsWith("-") || word === "-") {
      plain.push(word);
      entry = entryOf(plain);
      command = await entry?.load();
      options = { ...GLOBAL_OPTIONS, ...command?.options };
    } else if (word.includes("=")) {
      given.set(word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1));
    } else if (optionNamed(options, word)?.placeholder !== undefined) pending = word;
  }
  const wanted = pending === undefined ? undefined : optionNamed(options, pending);
  return { current, plain, given, pending: wanted, entry, command, options };
}

async function candidates(cursor: Cursor, io: Io): Promise<Candidates> {
  const { current, pending, entry, command, options } = cursor;
  if (pending !== undefined) return await values(pending, cursor, io);
  if (current.startsWith("--") && current.includes("=")) {
    const name = current.slice(0, current.indexOf("="));
    const found = await values(optionNamed(options, name), cursor, io);
    return found === "files" ? [] : found.map(([word, text]) => [`${name}=${word}`, text]);
  }
  if (current.startsWith("-")) return optionNames(options);
  if (entry === undefined || command === undefined) return [...commandNames(cursor.plain), ...await codes(cursor)];
  return await argumentsOf(entry, command, cursor, io);
}

/** The command that the words begin with, the longest one. */
function entryOf(plain: readonly string[]): CommandEntry | undefined {
  const fits = (name: string) => name.split(" ").every((word, at) => plain[at] === word);
  return allCommands().filter(({ name }) => fits(name)).sort((a, b) => b.name.length - a.name.length)[0];
}

function commandNames(plain: readonly string[]): Candidate[] {
  const [group] = plain;
  if (group === "help") return allCommands().map(({ name, summary }) => [name.split(" ")[0] ?? "", summary]);
  if (group !== undefined) {
    return allCommands().filter(({ name }) => name.startsWith(`${group} `)).map(({ name, summary }) => [
      name.slice(group.length + 1),
      summary,
    ]);
  }
  const words = new Map<string, string>();
  for (const { name, summary } of allCommands()) {
    const [word = "", more] = name.split(" ");
    if (!words.has(word)) words.set(word, more === undefined ? summary : `${word} …`);
  }
  return [...words, ["help", "Explain a command"]];
}

/** Of errors, for `help`: so many that they are offered only to those who have begun to write one. */
async function codes({ plain, current }: Cursor): Promise<Candidate[]> {
  if (plain.length !== 1 || plain[0] !== "help" || current === "") return [];
  const { readErrorReference } = await import("../error_reference.ts");
  return [...(await readErrorReference()).values()].map(({ code, group }) => [code, `error: ${group}`]);
}

function optionNames(options: Options): Candidate[] {
  return Object.entries(options).filter(([, { text }]) => text !== undefined).map(([key, { text = "" }]) => [
    longName(key),
    text,
  ]);
}

function optionNamed(options: Options, name: string): Option<unknown> | undefined {
  return Object.entries(options).find(([key, { short }]) => longName(key) === name || `-${short}` === name)?.[1];
}

const FILE_PLACEHOLDERS: ReadonlySet<string> = new Set(["FILE", "DIR", "FOLDER"]);
const REVISION_PLACEHOLDERS: ReadonlySet<string> = new Set(["ID", "REV", "REVISION", "RANGE", "TARGET"]);

async function values(option: Option<unknown> | undefined, cursor: Cursor, io: Io): Promise<Candidates> {
  const { placeholder = "", choices } = option ?? {};
  if (choices !== undefined) return choices.map((choice) => [choice, ""]);
  if (FILE_PLACEHOLDERS.has(placeholder)) return "files";
  if (placeholder === "SECTION") return await sections(cursor, io);
  return REVISION_PLACEHOLDERS.has(placeholder) ? await revisions(cursor, io) : [];
}

async function argumentsOf({ name }: CommandEntry, command: Command, cursor: Cursor, io: Io): Promise<Candidates> {
  const { plain } = cursor;
  const keys = Object.keys(command.arguments);
  const at = plain.length - name.split(" ").length;
  const last = keys.at(-1);
  const key = keys[at] ?? (last !== undefined && command.arguments[last]?.many ? last : undefined);
  if (key === undefined) return [];
  const { choices } = command.arguments[key] ?? {};
  if (choices !== undefined) return choices.map((choice) => [choice, ""]);
  if (key === "dir" || key === "file") return "files";
  if (name.startsWith("alembic ")) return [];
  const known = await revisions(cursor, io);
  return key === "target" ? [...TARGETS[name] ?? [], ...known] : known;
}

const TARGETS: Readonly<Record<string, readonly Candidate[]>> = {
  upgrade: [["head", "everything that is pending"], ["+1", "the next one"]],
  downgrade: [["-1", "the last one"], ["base", "everything"]],
};

async function revisions(cursor: Pick<Cursor, "given">, io: Io): Promise<Candidate[]> {
  const { loadConfig } = await import("../config.ts");
  const { glanceAt } = await import("../revision_glance.ts");
  const section = valueOf(cursor, "name", "n");
  const { versionsFolder } = await loadConfig({
    ...fileOf(cursor),
    ...(section === undefined ? {} : { section }),
    cwd: io.cwd(),
    env: io.env,
  });
  return (await glanceAt(versionsFolder)).map(({ revision, description }) => [revision, description]);
}

async function sections(cursor: Pick<Cursor, "given">, io: Io): Promise<Candidate[]> {
  const { sectionsOf } = await import("../config.ts");
  return (await sectionsOf({ ...fileOf(cursor), cwd: io.cwd() })).map((section) => [section, ""]);
}

function fileOf(cursor: Pick<Cursor, "given">): { config?: string } {
  const config = valueOf(cursor, "config", "c");
  return config === undefined ? {} : { config };
}

function valueOf({ given }: Pick<Cursor, "given">, name: string, short: string): string | undefined {
  return given.get(`--${name}`) ?? given.get(`-${short}`);
}
