/**
 * The example `examples/countries`, in a folder of its own.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Program } from "./cli.ts";

export const EXAMPLE = fileURLToPath(new URL("../../examples/countries", import.meta.url));

/**
 * Copies the example over what is in the folder. With the executable the TypeScript stays away: the one that the tests
 * make has a base older than Deno 2.8.2, which loads none from a disk.
 */
export async function copyExample(folder: string, program: Program): Promise<void> {
  await copyFolder(EXAMPLE, folder);
  if (program === "executable") await Deno.remove(`${folder}/delembic/versions/D004_flags.ts`);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** The text without durations, as `  OK (0.02s)` has them. */
export function withoutTimes(text: string): string {
  return text.replace(/ \(\d+\.\d\ds\)/g, "");
}
