/**
 * The project's `env.ts` or `env.js`: code that belongs to no migration.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The file in the folder `script_location`, absolute; `undefined` when there is none. */
export function findEnvFile(scriptLocation: string): string | undefined {
  return ["env.ts", "env.js"].map((name) => join(scriptLocation, name)).find(isFile);
}

/** What it exports. @throws what loading it threw */
export async function importEnvFile(file: string): Promise<unknown> {
  return await import(pathToFileURL(file).href);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
