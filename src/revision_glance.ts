/**
 * What files of migrations seem to hold, by a glance at their text: nothing of them is run, and nothing is checked. For
 * answers that must come at once, or that are about files in which something is wrong.
 *
 * @module
 */

import { join } from "node:path";
import { compareIds } from "./graph.ts";

/** A migration as its file seems to name it. */
export interface Glance {
  readonly revision: string;
  /** Empty when none is seen. */
  readonly description: string;
}

/** Where a text of any kind seems to name its revision. */
const REVISION_REGEXP = /\brevision["']?[ \t]*(?::[ \t]*\w+[ \t]*=|[:=])[ \t]*["'`]?([A-Za-z0-9_.-]{1,128})/g;
const DESCRIPTION_REGEXP = /\bdescription["']?[ \t]*[:=][ \t]*["'`]?([^"'`\n]*)/;
const FILE_REGEXP = /^[^_.].*(?<!\.d)\.(ts|js|sql|py)$/;

/** The ids that a text seems to give its migrations. */
export function revisionsIn(text: string): string[] {
  return [...text.matchAll(REVISION_REGEXP)].map(([, id = ""]) => id);
}

/** The migrations of a folder, in natural order; none when it cannot be read. */
export async function glanceAt(folder: string): Promise<Glance[]> {
  const found: Glance[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !FILE_REGEXP.test(name)) continue;
      const text = await Deno.readTextFile(join(folder, name)).catch(() => "");
      const [revision] = revisionsIn(text);
      if (revision === undefined) continue;
      found.push({ revision, description: DESCRIPTION_REGEXP.exec(text)?.[1]?.trim() ?? "" });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return found.sort((a, b) => compareIds(a.revision, b.revision));
}
