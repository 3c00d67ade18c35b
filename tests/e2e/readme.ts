/**
 * The README and the pages of `docs/` as scripts: each is run, line by line, in a project of its own, and what it shows is
 * compared with what really comes out. `deno run -A tests/e2e/readme.ts [PAGE …]` writes what comes out into them.
 *
 * - A `console` block holds commands behind `$ `, and below each one what it prints.
 * - A block with a path behind its language (`sql delembic/versions/D002_x.sql`) is that file.
 * - A comment `<!-- ground: tour -->` at the top of a page says what its folder has at the beginning.
 *
 * A page begins in a clean folder, with a home directory that is empty and stays so, and nothing in the environment that
 * configures Delembic but `DATABASE_URL`.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { outside, run, temporaryFolder, writeFiles } from "../support.ts";
import type { Program } from "./cli.ts";
import { allPages, type Block, type Page, ROOT, withBlocks } from "./page.ts";

export { blocksOf } from "./page.ts";

export const README = `${ROOT}README.md`;
const TOUR = fileURLToPath(new URL("../fixtures/tour", import.meta.url));
const FOLDER = "/home/ada/project";

/** Whether there is something to run. */
export function isTour({ blocks }: Page): boolean {
  return blocks.some(({ language }) => language === "console");
}

/**
 * The page with what its commands really print, in place of what it says that they print.
 *
 * @param program with the executable the page's TypeScript is written as JavaScript: the one that the tests make has a base
 *   older than Deno 2.8.2, which loads no other from a disk
 */
export async function replay({ markdown, ground, path }: Page, program: Program = "source"): Promise<string> {
  await using folder = await temporaryFolder({ ...await programs(program), "home/.keep": "", "project/.keep": "" });
  const project = `${folder.path}/project`;
  await Deno.remove(`${folder.path}/home/.keep`);
  await Deno.remove(`${project}/.keep`);
  await layGround(path === "README.md" ? ["tour", ...ground] : ground, project);
  await run("bash", ["-c", "chmod +x bin/*"], { cwd: folder.path });
  const env = {
    PATH: `${folder.path}/bin:${Deno.env.get("PATH")}`,
    HOME: `${folder.path}/home`,
    LOGNAME: "ada",
    LANG: "C.UTF-8",
    TZ: "UTC",
    DATABASE_URL: "sqlite:///app.db",
    NO_COLOR: "1",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const replayed = await withBlocks(markdown, async (block) => {
    if (block.path !== undefined) await writeBlock(project, block, program);
    return block.language === "console" ? await runBlock(block.text, { cwd: project, env }) : block.text;
  });
  const left = [...Deno.readDirSync(env.HOME)].map(({ name }) => name);
  if (left.length > 0) throw new Error(`What ${path} runs leaves behind at home: ${left.join(", ")}`);
  return replayed.replaceAll(project, FOLDER).replaceAll(`@${Deno.hostname()}`, "@laptop");
}

/** The commands of a page, by their paths in its folder. From source they need Deno's cache, which is not at home. */
async function programs(program: Program): Promise<Record<string, string>> {
  const { out } = await run(Deno.execPath(), ["info", "--json"]);
  const { denoDir }: { denoDir: string } = JSON.parse(out);
  const deno = `export DENO_DIR='${denoDir}' DENO_NO_UPDATE_CHECK=1\nexec '${Deno.execPath()}'`;
  const source = `${deno} run -A --quiet --no-check '${ROOT}main.ts' "$@"`;
  const executable = `exec '${outside.executable}' "$@"`;
  return {
    "bin/delembic": `#!/bin/sh\n${program === "source" ? source : executable}\n`,
    "bin/alembic": `#!/bin/sh\nexec '${outside.python}' -m alembic "$@"\n`,
    // a program that has Delembic among its imports
    "bin/deno":
      `#!/bin/sh\ncommand=$1\nshift\n${deno} "$command" --quiet --no-check --config '${ROOT}deno.json' "$@"\n`,
  };
}

async function layGround(words: readonly string[], project: string): Promise<void> {
  for (const word of words) {
    if (word === "tour") await run("cp", ["-r", `${TOUR}/.`, project]);
    else if (word === "project") await addProject(project);
    else if (word === "venv") await addPythonTool(project);
    else throw new Error(`No page can begin with '${word}'`);
  }
}

/** What `init` makes, as people have it: with Alembic where there is one. */
async function addProject(project: string): Promise<void> {
  const hasAlembic = await Deno.stat(`${project}/alembic.ini`).then(() => true, () => false);
  const alembic = hasAlembic ? "alembic_config = alembic.ini\n" : "";
  await writeFiles(project, {
    "delembic.ini":
      `[delembic]\nscript_location = delembic\nsqlalchemy.url = \${DATABASE_URL}\n${alembic}filename_template = %(revision)s_%(slug)s\n`,
    "delembic/delembic.d.ts": await Deno.readTextFile(`${ROOT}versions_template/delembic.d.ts`),
    "delembic/versions/.gitkeep": "",
  });
}

/** The Python tool, as a virtual environment has it. */
async function addPythonTool(project: string): Promise<void> {
  const python = outside.python ?? "";
  await writeFiles(`${project}/.venv/bin`, {
    python: `#!/bin/sh\nexec '${python}' "$@"\n`,
    delembic: `#!/bin/sh\nexec '${python.replace(/python[\d.]*$/, "delembic")}' "$@"\n`,
  });
  await run("bash", ["-c", "chmod +x .venv/bin/*"], { cwd: project });
}

async function writeBlock(project: string, { path = "", text }: Block, program: Program): Promise<void> {
  if (program === "source" || !path.endsWith(".ts")) return await writeFiles(project, { [path]: text });
  await Deno.remove(`${project}/${path}`).catch(() => undefined);
  await writeFiles(project, { [path.replace(/\.ts$/, ".js")]: stripTypeScriptTypes(text) });
}

/** A `console` block with what its commands print now. `$?` and variables are there for the next. */
async function runBlock(text: string, options: { cwd: string; env: Record<string, string> }): Promise<string> {
  const commands = text.split("\n").filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  const script = commands.map((command) => `${command}\nstatus=$?; printf '\\0'; (exit $status)`).join("\n");
  const kept = "../exported";
  const whole = `exec 2>&1\n. ${kept} 2>/dev/null\n${script}\nexport -p >${kept}`;
  const { out } = await run("bash", ["-c", whole], { ...options, clearEnv: true });
  const outputs = out.split("\0");
  return commands.map((command, at) => `$ ${command}\n${outputs[at] ?? ""}`).join("");
}

/** The text with all durations and times alike: no two runs have the same. */
export function timeless(text: string): string {
  return text
    .replace(/\(\d+\.\d\ds\)/g, "(0.00s)")
    .replace(/done in \d+\.\ds/g, "done in 0.0s")
    .replace(/ +\d+\.\d\ds( +ada@)/g, "  0.00s$1")
    .replace(/\d+\.\d\ds +[\d,.]+$/gm, "0.00s  1")
    .replace(/in \d+\.\d\ds$/gm, "in 0.00s")
    .replace(/in \d+ ms$/gm, "in 1 ms")
    .replace(/\(\d+m?s\)/g, "(1ms)")
    .replace(/[\d,.]+ rows\/s/g, "1 rows/s")
    .replace(/("(?:durationSeconds|seconds|rowsPerSecond|milliseconds)":)[\d.e-]+/g, "$10")
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?/g, "2026-01-15 10:30:00.123456");
}

if (import.meta.main) {
  for (const page of (await allPages()).filter(isTour)) {
    if (Deno.args.length > 0 && !Deno.args.some((part) => page.path.includes(part))) continue;
    const after = await replay(page);
    if (timeless(after) !== timeless(page.markdown)) await Deno.writeTextFile(ROOT + page.path, after);
  }
}
