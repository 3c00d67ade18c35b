/**
 * Why a TypeScript or JavaScript file could not be imported, in words and with the place that the engine's error has.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Fault, messageOf, type Place } from "./errors.ts";

/** The file that was to be imported. */
export interface Imported {
  /** As it is shown to the user. */
  readonly file: string;
  readonly url: string;
}

/** `file:///…/D001.ts:4:24`, at a stack's frame or in a message. */
const PLACE_REGEXP = /(file:\/\/\/[^\s"'()]+?):(\d+):(\d+)/;
const SYNTAX_REGEXP = /^(?:SyntaxError: |The module's source code could not be parsed: )/;
const MISSING_REGEXP = /^(?:Module not found "([^"]+)"|Import "([^"]+)" not a dependency)/;
const NO_EXPORT_REGEXP = /does not provide an export named '?([^' ]+)'?/;

/** What an `import()` threw, as a fault of the file. */
export function importFault(error: unknown, text: string, imported: Imported): Fault {
  const message = messageOf(error);
  const firstLine = message.split("\n", 1)[0] ?? "";
  if (SYNTAX_REGEXP.test(message) || (error instanceof SyntaxError && !NO_EXPORT_REGEXP.test(message))) {
    const what = firstLine.replace(SYNTAX_REGEXP, "").replace(/ at file:\/\/.*$/, "");
    const hint = readsNoTypes(imported) ? NO_TYPES : undefined;
    return { code: "syntax", message: `Syntax error: ${what}`, place: placeIn(error, imported), hint };
  }
  const [, missing, bare] = MISSING_REGEXP.exec(message) ?? [];
  if (missing !== undefined || bare !== undefined) return missingFault(missing ?? bare ?? "", error, text, imported);
  if (NO_EXPORT_REGEXP.test(message)) return noExportFault(firstLine, error, imported);
  if (isFromLoader(error)) {
    return {
      code: "import",
      message: firstLine,
      place: placeIn(error, imported),
      hint: "The module that it imports cannot be loaded.",
    };
  }
  return {
    code: "load",
    message: `The file throws when it is loaded: ${nameOf(error)}${firstLine}`,
    place: placeIn(error, imported),
    hint: "Nothing may fail outside of the migration's functions; do the work in 'upgrade'.",
  };
}

/** Whether this is an executable for which a `.ts` file is JavaScript: one that was made with a Deno before 2.8.2. */
function readsNoTypes({ url }: Imported): boolean {
  const [major = 0, minor = 0, patch = 0] = Deno.version.deno.split(".").map(Number);
  const isOld = major * 1e6 + minor * 1e3 + patch < 2_008_002;
  return Deno.build.standalone && isOld && url.endsWith(".ts");
}

const NO_TYPES =
  `This executable was made with Deno ${Deno.version.deno}, which reads '.js' and '.sql', but no types in '.ts'. ` +
  "Take one that was made with 2.8.2 or later, or write the migration in JavaScript or SQL.";

function missingFault(specifier: string, error: unknown, text: string, imported: Imported): Fault {
  // two files that import the same missing module get one error, with the place in whichever came first
  const name = specifier.slice(specifier.lastIndexOf("/") + 1);
  const at = text.search(new RegExp(`(?:from|import)[^"'\\n]*["'][^"'\\n]*${name.replace(/[^\w]/g, "\\$&")}["']`));
  const place = at < 0 ? placeIn(error, imported) : { file: imported.file, line: text.slice(0, at).split("\n").length };
  const isFile = specifier.startsWith("file:");
  return {
    code: "import",
    message: `Cannot find the imported module '${readable(specifier)}'`,
    place,
    hint: isFile
      ? "Is the path right? It is relative to the importing file, and has its extension."
      : `Write where it comes from: 'npm:${specifier}', 'jsr:…' or 'https://…'.`,
  };
}

function noExportFault(firstLine: string, error: unknown, imported: Imported): Fault {
  const isTypes = firstLine.includes(".d.ts");
  return {
    code: "import",
    message: firstLine.replace(/ at file:\/\/.*$/, ""),
    place: placeIn(error, imported),
    hint: isTypes
      ? "A '.d.ts' file has types only: write 'import type' for these, and take 'DataMigration' from \"delembic\"."
      : "Is the name right?",
  };
}

/** Deno marks what its loader threw; what the user's own module threw has no such mark. */
function isFromLoader(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

function nameOf(error: unknown): string {
  return error instanceof Error && error.name !== "Error" ? `${error.name}: ` : "";
}

/** The first place that the error names in a file of the user's: in the file itself, or in one that it imports. */
function placeIn(error: unknown, { file, url }: Imported): Place {
  if (!(error instanceof Error)) return { file };
  const said = `${error.message}\n${error.stack ?? ""}`;
  // a URL may hold parentheses, which also surround a frame's place: the file's own is looked for as a whole
  const own = /^:(\d+):(\d+)/.exec(said.split(url).slice(1).find((rest) => /^:\d+:\d+/.test(rest)) ?? "");
  if (own !== null) return { file, line: Number(own[1]), column: Number(own[2]) };
  const [, other, line, column] = PLACE_REGEXP.exec(said) ?? [];
  // a frame of our own means that the error has no place in the user's files
  if (other === undefined || other.startsWith(new URL(".", import.meta.url).href)) return { file };
  return { file: readable(other), line: Number(line), column: Number(column) };
}

function readable(url: string): string {
  return url.startsWith("file:") ? fileURLToPath(url) : url;
}
