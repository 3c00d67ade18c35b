/**
 * The README as a script: its tour is run, line by line, in a project of its own, and what it shows is compared with what
 * really comes out. `deno run -A tests/e2e/readme.ts` writes what comes out into it.
 *
 * - A `console` block holds commands behind `$ `, and below each one what it prints.
 * - A block with a path behind its language (`sql delembic/versions/D002_x.sql`) is that file.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { outside, run, temporaryFolder, writeFiles } from "../support.ts";

export const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const TOUR = fileURLToPath(new URL("../fixtures/tour", import.meta.url));

const BLOCK_REGEXP = /^```(\w+)(?: (\S+))?\n(.*?)^```$/gms;

/** One fenced block. */
export interface Block {
  readonly language: string;
  readonly path: string | undefined;
  readonly text: string;
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(BLOCK_REGEXP)].map(([, language = "", path, text = ""]) => ({ language, path, text }));
}

/**
 * The README with what its commands really print, in place of what it says that they print.
 *
 * @param programs further programs of the project, by their paths in it: what each runs
 */
export async function replay(markdown: string, programs: Readonly<Record<string, string>> = {}): Promise<string> {
  await using folder = await temporaryFolder({
    "bin/delembic": `#!/bin/sh\nexec '${Deno.execPath()}' run -A --quiet --no-check '${MAIN}' "$@"\n`,
    "bin/alembic": `#!/bin/sh\nexec '${outside.python}' -m alembic "$@"\n`,
  });
  await run("chmod", ["+x", "bin/delembic", "bin/alembic"], { cwd: folder.path });
  await run("cp", ["-r", TOUR, "project"], { cwd: folder.path });
  for (const [path, command] of Object.entries(programs)) {
    await writeFiles(`${folder.path}/project`, { [path]: `#!/bin/sh\nexec ${command} "$@"\n` });
    await run("chmod", ["+x", path], { cwd: `${folder.path}/project` });
  }
  const env = {
    PATH: `${folder.path}/bin:${Deno.env.get("PATH")}`,
    DATABASE_URL: "sqlite:///app.db",
    NO_COLOR: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  let replayed = "";
  let end = 0;
  for (const match of markdown.matchAll(BLOCK_REGEXP)) {
    const [whole, language, path, text = ""] = match;
    if (path !== undefined) await writeFiles(`${folder.path}/project`, { [path]: text });
    const shown = language === "console" ? await runBlock(text, { cwd: `${folder.path}/project`, env }) : text;
    replayed += markdown.slice(end, match.index) + whole.replace(text, () => shown);
    end = match.index + whole.length;
  }
  return replayed + markdown.slice(end);
}

/** A `console` block with what its commands print now. `$?` of a command is there for the next one. */
async function runBlock(text: string, options: { cwd: string; env: Record<string, string> }): Promise<string> {
  const commands = text.split("\n").filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  const script = commands.map((command) => `${command}\nstatus=$?; printf '\\0'; (exit $status)`).join("\n");
  const { out } = await run("bash", ["-c", `exec 2>&1\n${script}\ntrue`], options);
  const outputs = out.split("\0");
  return commands.map((command, at) => `$ ${command}\n${outputs[at] ?? ""}`).join("");
}

/** The text with all durations and times alike: no two runs have the same. */
export function timeless(text: string): string {
  return text.replace(/\(\d+\.\d\ds\)/g, "(0.00s)").replace(/done in \d+\.\ds/g, "done in 0.0s").replace(
    /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?/g,
    "2026-01-15 10:30:00.123456",
  );
}

if (import.meta.main) {
  const before = await Deno.readTextFile(README);
  const after = await replay(before);
  if (timeless(after) !== timeless(before)) await Deno.writeTextFile(README, after);
}
