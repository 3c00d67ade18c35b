/**
 * What the documentation shows and does not run, read by what would read it: TypeScript by the type checker, SQL, ini
 * files and command lines by the program's own readers.
 *
 * @module
 */

import { parseAllDocuments } from "yaml";
import { GLOBAL_OPTIONS } from "../../src/cli/command.ts";
import { readArguments, readOptions } from "../../src/cli/command_line.ts";
import { allCommands } from "../../src/cli/commands.ts";
import { LineReader } from "../../src/cli/line_reader.ts";
import type { Dialect } from "../../src/db/database.ts";
import { mysqlDialect } from "../../src/db/mysql_dialect.ts";
import { postgresDialect } from "../../src/db/postgres_dialect.ts";
import { sqliteDialect } from "../../src/db/sqlite_dialect.ts";
import { parseIni } from "../../src/ini.ts";
import { openRowFile } from "../../src/rows_file.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { outside, run, temporaryFolder } from "../support.ts";
import { type Block, type Page, proseOf, ROOT } from "./page.ts";

const DIALECTS: readonly Dialect[] = [postgresDialect, mysqlDialect, sqliteDialect];
/** A command of ours in a line of a shell: at its beginning, or behind what may stand before a command. */
const CALL_REGEXP =
  /(?:^(?:[A-Z_]+=\S* )*|[;&|(]|\b(?:do|then|exec|npx|run --rm(?: -\S+ \S+)* \S+)) *delembic((?: (?:"[^"]*"|'[^']*'|[^\s"'|;&<>()]+))+)/g;
const WORD_REGEXP = /"([^"]*)"|'([^']*)'|(\S+)/g;

/** What reads a block of each language; gives what is wrong with it. A language that is not here is not checked. */
const READERS: Readonly<Record<string, (block: Block) => string | undefined | Promise<string | undefined>>> = {
  // a piece may be without its section
  ini: ({ text }) => thrownBy(() => parseIni(text.startsWith("[") ? text : `[delembic]\n${text}`, "block")),
  json: ({ text }) => thrownBy(() => JSON.parse(text)),
  yaml: ({ text }) => parseAllDocuments(text).flatMap(({ errors }) => errors)[0]?.message,
  sql: ({ text }) => sqlFault(text),
  csv: ({ text }) => csvFault(text),
  sh: async ({ text }) => await shellFault(text) ?? await callFault(callsOf(text)),
  console: async ({ text }) => await callFault(callsOf(commandsOf(text))),
  py: ({ text }) => pythonFault(text),
  python: ({ text }) => pythonFault(text),
  // looked at by hadolint and by the type checker, all at once
  dockerfile: () => undefined,
  ts: () => undefined,
};

/** Languages whose blocks nobody reads: what is shown is no file and no command. */
const UNREAD = new Set(["text"]);

/** What is wrong with a block; `undefined` when nothing is. */
export async function blockFault(block: Block): Promise<string | undefined> {
  if (UNREAD.has(block.language)) return undefined;
  const reader = READERS[block.language];
  return reader === undefined ? `nobody reads '${block.language}'` : await reader(block);
}

function thrownBy(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function csvFault(text: string): Promise<string | undefined> {
  await using folder = await temporaryFolder({ "block.csv": text });
  try {
    await using reader = await openRowFile(`${folder.path}/block.csv`, { shownName: "block.csv" });
    for await (const { rows } of reader.chunks()) if (rows.length === 0) return "it has no rows";
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** A piece of a migration is taken for what it would be in one; what some database does not know is another one's. */
function sqlFault(text: string): string | undefined {
  const isWhole = /^-- delembic revision:/m.test(text);
  const hasWork = /^-- delembic (?:upgrade|batch: load)/m.test(text);
  const whole = `${isWhole ? "" : "-- delembic revision: D001\n"}${hasWork ? "" : "-- delembic upgrade\n"}${text}`;
  const faults = DIALECTS.map((dialect) =>
    readSqlMigration(whole, { file: "block.sql", checksum: "", dialect }).faults
  );
  return faults.some(({ length }) => length === 0) ? undefined : faults[0]?.[0]?.message;
}

async function pythonFault(text: string): Promise<string | undefined> {
  const program = "import ast, sys; ast.parse(sys.stdin.read())";
  const { code, err } = await run(outside.python ?? "", ["-c", program], { stdin: text });
  return code === 0 ? undefined : err;
}

async function shellFault(text: string): Promise<string | undefined> {
  const { code, err } = await run("bash", ["-n"], { stdin: text });
  return code === 0 ? undefined : err;
}

function commandsOf(text: string): string {
  return text.split("\n").filter((line) => line.startsWith("$ ")).map((line) => line.slice(2)).join("\n");
}

/** The calls of Delembic in some lines of a shell, each as its words. */
function callsOf(shell: string): string[][] {
  const lines = shell.replaceAll(/\\\n\s*/g, " ").split("\n").map((line) => line.replace(/ #.*/, ""));
  return lines.flatMap((line) => [...line.matchAll(CALL_REGEXP)].map(([, words = ""]) => wordsOf(words)));
}

function wordsOf(words: string): string[] {
  return [...words.matchAll(WORD_REGEXP)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}

/** The calls in the prose of a page: `` `delembic show D003` ``. */
export function inlineCalls(markdown: string): string[][] {
  return [...proseOf(markdown).matchAll(/`delembic ([^`]+)`/g)].map(([, words = ""]) =>
    wordsOf(words.replaceAll("\n", " ").replace(/[|>;&].*/, ""))
  );
}

/** What is wrong with the first of the calls that no command takes. */
export async function callFault(calls: readonly (readonly string[])[]): Promise<string | undefined> {
  for (const words of calls) {
    try {
      await readCall(words);
    } catch (error) {
      return `delembic ${words.join(" ")}: ${error}`;
    }
  }
  return undefined;
}

async function readCall(words: readonly string[]): Promise<void> {
  const line = new LineReader(words);
  const commands = allCommands();
  const name = line.chooseCommand(["help", ...commands.map(({ name }) => name)], GLOBAL_OPTIONS).join(" ");
  const entry = commands.find((entry) => entry.name === name);
  if (entry === undefined) {
    if (name === "help" || name === "") return;
    throw new Error("no such command");
  }
  const { options, arguments: table } = await entry.load();
  const texts = line.readRest({ ...GLOBAL_OPTIONS, ...options }, "");
  if (["help", "version"].some((asked) => line.given.has(asked))) return;
  // prose names commands, and need not say all of a call
  if (words.length > name.split(" ").length) readArguments(texts, table, "");
  const given = Object.fromEntries(Object.entries(options).filter(([key]) => line.given.has(key)));
  readOptions(line.given, given);
}

/** What the type checker says of all blocks of TypeScript. */
export async function typeFaults(pages: readonly Page[]): Promise<string> {
  const blocks = pages.flatMap((page) =>
    page.blocks.filter(({ language }) => language === "ts").map((block) => ({ page, block }))
  );
  const { imports, compilerOptions } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const declarations = await Deno.readTextFile(`${ROOT}versions_template/delembic.d.ts`);
  await using folder = await temporaryFolder({
    "deno.json": JSON.stringify({ imports: { ...imports, delembic: `${ROOT}mod.ts` }, compilerOptions }),
    // where migrations import it from, and where `env.ts` does
    "delembic.d.ts": declarations,
    "versions/delembic.d.ts": declarations,
    ...Object.fromEntries(blocks.map(({ page, block }) => [`versions/${fileName(page, block)}`, moduleOf(block.text)])),
  });
  const files = blocks.map(({ page, block }) => `versions/${fileName(page, block)}`);
  const { code, err } = await run(Deno.execPath(), ["check", "--quiet", ...files], {
    cwd: folder.path,
    env: { NO_COLOR: "1" },
  });
  return code === 0 ? "" : err;
}

function fileName(page: Page, { line }: Block): string {
  return `${page.path.replaceAll(/[/.]/g, "_")}_line_${line}.ts`;
}

/** A piece of a migration as the module that it would be a part of: its members, or lines within `upgrade`. */
function moduleOf(text: string): string {
  if (/^(?:import|export) /m.test(text)) return text;
  const head = 'import * as recipes from "delembic";\nimport type { Migration } from "delembic";\n' +
    `const { ${RECIPES.filter((name) => text.includes(`${name}(`)).join(", ")} } = recipes;\n`;
  const isMember = /^(?:async )?(?:upgrade|apply|validate|downgrade)\(|^\w+: /m.test(text);
  const members = isMember ? text : `async upgrade(conn, run) {\n${text}\n},`;
  const own = /^(?:async )?(?:upgrade|apply)\(/m.test(members) || /\bfile: "/.test(members) ? "" : "upgrade() {},\n";
  return `${head}export default {\nrevision: "D001",\n${own}${
    members.trimEnd().replace(/([^,])$/, "$1,")
  }\n} satisfies Migration;\n`;
}

const RECIPES = [
  "backfill",
  "copyTable",
  "archiveRows",
  "upsertRows",
  "mergeDuplicates",
  "assertNoRows",
  "assertCount",
];
