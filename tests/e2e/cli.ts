/**
 * The program as its users run it: a process with nothing in its environment but what the test gives it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Outside, outside, type Ran, run, testWith } from "../support.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** From source with Deno, or as the compiled executable. */
export type Program = "source" | "executable";

export interface CallOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

/** What a process needs of the environment to find its own things; nothing that configures Delembic is among it. */
const KEPT = ["PATH", "HOME", "TMPDIR", "DENO_DIR", "SystemRoot"];

/** Runs one command to its end, without colours. */
export function delembic(program: Program, args: readonly string[], options: CallOptions): Promise<Ran> {
  const kept = KEPT.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const env = { ...Object.fromEntries(kept), NO_COLOR: "1", ...options.env };
  const [file, ...before] = program === "executable"
    ? [outside.executable ?? "the-executable-is-missing"]
    : [Deno.execPath(), "run", "-A", "--quiet", "--no-check", MAIN];
  return run(file, [...before, ...args], { cwd: options.cwd, env, clearEnv: true });
}

/** Defines the same test twice, for the program from source and for the executable. */
export function onEachProgram(
  needs: readonly Outside[],
  name: string,
  fn: (program: Program, t: Deno.TestContext) => Promise<void>,
): void {
  testWith(needs, `source: ${name}`, (t) => fn("source", t));
  testWith([...needs, "executable"], `executable: ${name}`, (t) => fn("executable", t));
}
