/**
 * Makes the executable: `./delembic`, or what `-o` says. Further arguments are given to `deno compile`:
 *
 *     deno task compile --target x86_64-pc-windows-msvc -o dist/delembic.exe
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** What is loaded by an address that is computed at run time, so that `deno compile` cannot find it by itself. */
const INCLUDED = ["mod.ts", "src/heartbeat_worker.ts", "versions_template"];

/** Packages that only the tests import. */
const DEVELOPMENT = ["fast-check"];

/** Packages that are there because others name them, and that hold nothing but types. */
const TYPES = ["@types", "undici-types"];

interface DenoConfig {
  readonly imports: Readonly<Record<string, string>>;
}

/**
 * Writes a configuration without the packages of the tests into `dist/compile/`, with a lock file beside it: all that a
 * lock file names would be embedded.
 *
 * @returns the path of the configuration
 */
async function writeConfig(): Promise<string> {
  const config: DenoConfig = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const imports = Object.fromEntries(
    Object.entries(config.imports).filter(([name]) => !DEVELOPMENT.includes(name))
      .map(([name, to]) => [name, to.startsWith("./") ? `../../${to.slice(2)}` : to]),
  );
  const folder = new URL("dist/compile/", ROOT);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.copyFile(new URL("deno.lock", ROOT), new URL("deno.lock", folder));
  const file = new URL("deno.json", folder);
  await Deno.writeTextFile(file, JSON.stringify({ imports }, undefined, 2));
  return fileURLToPath(file);
}

/** The folders of packages that hold nothing but types, in Deno's cache. */
async function typesInCache(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache }: { npmCache: string } = JSON.parse(new TextDecoder().decode(stdout));
  const folders: string[] = [];
  for await (const registry of Deno.readDir(npmCache)) {
    folders.push(...TYPES.map((name) => `${npmCache}/${registry.name}/${name}`));
  }
  return folders;
}

async function compile(args: readonly string[]): Promise<number> {
  const named = args.some((arg) => /^(-o|--output)(=|$)/.test(arg));
  const config = await writeConfig();
  // first, so that the packages are in the cache when it is looked at
  await new Deno.Command(Deno.execPath(), { args: ["install", "--quiet", "--config", config] }).output();
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--allow-all",
      "--no-check",
      `--config=${config}`,
      ...INCLUDED.map((path) => `--include=${path}`),
      ...(await typesInCache()).map((path) => `--exclude=${path}`),
      ...(named ? [] : ["--output=delembic"]),
      ...args,
      "main.ts",
    ],
    cwd: fileURLToPath(ROOT),
    stdin: "null",
  }).spawn().status;
  return code;
}

if (import.meta.main) Deno.exit(await compile(Deno.args));
