/**
 * A look at files and folders that need not be there.
 *
 * @module
 */

export function isFolder(path: string): boolean {
  return isKind(path, "isDirectory");
}

export function isFile(path: string): boolean {
  return isKind(path, "isFile");
}

/** The text of a file; `undefined` when there is none. @throws when it cannot be read */
export function readTextIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isKind(path: string, kind: "isFile" | "isDirectory"): boolean {
  try {
    return Deno.statSync(path)[kind];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
