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

/** Packages that others name, and that hold nothing but types. */
const TYPES_REGEXP = /^(@types\/|undici-types$)/;

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
}

/** What `deno info --json FILE` says of a module graph; packages by their name in the lock file. */
interface Graph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

async function info<T>(...args: string[]): Promise<T> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...args],
    cwd: fileURLToPath(ROOT),
    stderr: "inherit",
  });
  return JSON.parse(new TextDecoder().decode((await command.output()).stdout));
}

/**
 * The folders of packages that the program does not need: `deno compile` would embed everything that the lock file
 * names, and so what only the tests import.
 */
async function unusedPackages(): Promise<string[]> {
  const { modules, npmPackages } = await info<Graph>("main.ts");
  const used = new Set<string>();
  const use = (id: string): void => {
    const found = npmPackages[id];
    if (found === undefined || used.has(id) || TYPES_REGEXP.test(found.name)) return;
    used.add(id);
    found.dependencies.forEach(use);
  };
  for (const { npmPackage } of modules) if (npmPackage !== undefined) use(npmPackage);
  const unused = Object.entries(npmPackages).filter(([id]) => !used.has(id)).map(([, { name, version }]) =>
    `${name}/${version}`
  );
  const { npmCache } = await info<{ npmCache: string }>();
  const registries = [...Deno.readDirSync(npmCache)].map(({ name }) => `${npmCache}/${name}`);
  return registries.flatMap((registry) => unused.map((folder) => `${registry}/${folder}`));
}

async function compile(args: readonly string[]): Promise<number> {
  const named = args.some((arg) => /^(-o|--output)(=|$)/.test(arg));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--allow-all",
      "--no-check",
      ...INCLUDED.map((path) => `--include=${path}`),
      ...(await unusedPackages()).map((path) => `--exclude=${path}`),
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
