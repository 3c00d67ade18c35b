/**
 * The files that a migration declares as its data.
 *
 * @module
 */

import { resolve } from "node:path";
import type { DataFile } from "./checksum.ts";
import { type Fault, type Place, reasonOf } from "./errors.ts";
import type { LoadedMigration } from "./migration.ts";

/** How much of a file is in memory, in bytes. */
const CHUNK_BYTES = 1 << 20;

/** One data file, to be read as often as is wanted; `undefined` when it is not there. @throws what the system says */
export async function dataFile(path: string): Promise<DataFile | undefined> {
  try {
    using file = await Deno.open(path);
    // a folder opens, and fails at the first byte
    await file.read(new Uint8Array(1));
    const { size } = await file.stat();
    return { size, chunks: () => chunksOf(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    const size = await file.read(buffer);
    if (size === null) return;
    yield buffer.subarray(0, size);
  }
}

/** The data files of a migration that are not there. One that is not to run does not need them. */
export async function missingData(
  { data, file, statements }: Pick<LoadedMigration, "data" | "file" | "statements">,
  folder: string,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const path of data) {
    try {
      await Deno.stat(resolve(folder, path));
    } catch (error) {
      faults.push({
        code: "data-file",
        message: `Cannot read the data file ${path}: ${reasonOf(error)}`,
        place: placeOf(path, file, statements),
        hint: "Its path is relative to the folder 'script_location', where 'versions' is.",
      });
    }
  }
  return faults;
}

/** Where the file is named: the line of the load, in a SQL migration. */
function placeOf(path: string, file: string, statements: LoadedMigration["statements"]): Place {
  const all = [...statements?.upgrade ?? [], ...statements?.downgrade ?? []];
  const line = all.find(({ load }) => load?.source === path)?.line;
  return line === undefined ? { file } : { file, line };
}
