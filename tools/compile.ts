/**
 * Makes the executable: `./delembic`, or what `-o` says. Further arguments are given to `deno compile`:
 *
 *     deno task compile --target x86_64-pc-windows-msvc -o dist/delembic.exe
 *
 * The modules and packages that the program uses are bundled first, into few files that are loaded when they are needed:
 * `delembic current` then starts in four fifths of the time, and what only the tests import is left out.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** A folder at the depth of `src/`, so that `../versions_template` is where the program looks for it. */
const BUNDLE = "bundle";
const WORKER = "heartbeat_worker";

/**
 * Garbage is collected before it is much: V8 would let it become as much again as what is in use, and a copy of 1 GB
 * between databases have 178 MB resident instead of 130, in the same time. How much may be in use is not limited.
 */
const V8_FLAGS = "--max-semi-space-size=8,--heap-growing-percent=20";

/** What is loaded by an address that is computed at run time, so that `deno compile` cannot find it by itself. */
const INCLUDED = [BUNDLE, "versions_template", "python_driver", "docs/reference/errors.md"];
/** What a migration finds by the name `delembic`. */
const IMPORTS = { imports: { delembic: "./mod.js" } };

async function deno(...args: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: fileURLToPath(ROOT), stdin: "null" });
  return (await command.spawn().status).code;
}

async function bundle(): Promise<number> {
  const folder = new URL(`${BUNDLE}/`, ROOT);
  await Deno.remove(folder, { recursive: true }).catch(() => undefined);
  const code = await deno(
    "bundle",
    "--quiet",
    "--platform=deno",
    "--code-splitting",
    `--outdir=${BUNDLE}`,
    "main.ts",
    "mod.ts",
    `src/${WORKER}.ts`,
  );
  await Deno.writeTextFile(new URL("deno.json", folder), JSON.stringify(IMPORTS));
  // the worker is started by its address beside the code, as in the source
  await Deno.writeTextFile(new URL(`${WORKER}.ts`, folder), `import "./src/${WORKER}.js";\n`);
  return code;
}

async function compile(args: readonly string[]): Promise<number> {
  const named = args.some((arg) => /^(-o|--output)(=|$)/.test(arg));
  const bundled = await bundle();
  if (bundled !== 0) return bundled;
  return await deno(
    "compile",
    "--allow-all",
    "--no-check",
    // it would lie under a guessable name in the folder of temporary files, and saves no time that could be measured
    "--no-code-cache",
    `--v8-flags=${V8_FLAGS}`,
    `--config=${BUNDLE}/deno.json`,
    ...INCLUDED.map((path) => `--include=${path}`),
    ...(named ? [] : ["--output=delembic"]),
    ...args,
    `${BUNDLE}/main.js`,
  );
}

if (import.meta.main) Deno.exit(await compile(Deno.args));
