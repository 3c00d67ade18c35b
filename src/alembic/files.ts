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

/** The text of a file; `undefined` when it cannot be read, for whatever reason. */
export function readableText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
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
