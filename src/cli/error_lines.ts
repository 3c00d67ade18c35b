/**
 * What was thrown, told to people: what happened, where, and what to do. And the same as a document for scripts.
 *
 * @module
 */

import { makerOf } from "../connection.ts";
import { DatabaseError } from "../db/database.ts";
import { DelembicError, EXIT, type ExitCode, type Fault, FaultsError, formatPlace, type Place } from "../errors.ts";
import { codeFrame } from "./code_frame.ts";
import { UsageError } from "./command_line.ts";
import { absolutePath } from "./paths.ts";
import { indented, type Line, linesOf, styled } from "./text.ts";

/** What telling an error needs to know of the world. */
export interface View {
  /** The file as somebody who stands in the working directory names it. */
  shown(file: string): string;
  /** The text of a user's file, or `undefined` when there is none to show. */
  source(file: string): string | undefined;
  readonly verbose: boolean;
  /** Of the terminal; without one, lines of source are as long as they are shown at most. */
  readonly width?: number | undefined;
}

const DEFECT_HINT = "This is a defect of Delembic. Please report it with the lines above.";

/** The exit code that an error ends the program with. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof DelembicError ? error.exitCode : EXIT.failed;
}

/** An error that ended a command. */
export function errorLines(error: unknown, view: View): Line[] {
  if (!(error instanceof DelembicError)) {
    const stack = error instanceof Error ? error.stack ?? thrownText(error) : thrownText(error);
    return [...labelled("Internal error:", linesOf(stack)), hintLine(DEFECT_HINT), ...codeLines("internal", view)];
  }
  if (error instanceof FaultsError && error.faults.length > 1) {
    return [
      ...labelled("Error:", linesOf(error.message)),
      ...error.faults.flatMap((fault) => ["", ...indented(faultLines(fault, view))]),
    ];
  }
  return [
    ...labelled("Error:", linesOf(error.message)),
    ...indented(placeLines(error.place, view)),
    ...indented(serverLines(error)),
    ...(error.hint === undefined ? [] : [hintLine(error.hint)]),
    // where in this program a wrong line was refused helps nobody
    ...(view.verbose && !(error instanceof UsageError) ? indented(stackLines(error)) : []),
    ...codeLines(error.code, view),
  ];
}

/** One thing that is wrong in a file. */
export function faultLines(fault: Fault, view: View): Line[] {
  const [first = "", ...more] = linesOf(fault.message);
  return [
    first,
    ...indented(more),
    ...indented(placeLines(fault.place, view)),
    ...(fault.hint === undefined ? [] : indented([hintLine(fault.hint)])),
    ...indented(codeLines(fault.code, view)),
  ];
}

/** Why a migration failed: what its code, or the database, threw. */
export function failureLines(error: unknown, view: View, files: MigrationFiles): Line[] {
  const [first = "", ...more] = linesOf(thrownText(error));
  const hint = error instanceof DelembicError ? error.hint : undefined;
  return [
    ["  ", styled("red", "FAILED:"), ` ${first}`],
    ...indented([
      ...more,
      ...placeLines(placeOf(error, files), view),
      ...serverLines(error),
      ...(hint === undefined ? [] : [hintLine(hint)]),
      ...(view.verbose ? stackLines(error) : []),
      ...(error instanceof DelembicError ? codeLines(error.code, view) : []),
    ], 4),
  ];
}

/** Where a migration's code may have failed; absolute names. */
export interface MigrationFiles {
  readonly file: string | undefined;
  readonly folder: string;
}

/** The same for scripts: `{"code","message","hint"?,"file"?,"line"?,"column"?,…}`. */
export function errorDocument(error: unknown): Record<string, unknown> {
  if (!(error instanceof DelembicError)) {
    return {
      code: "internal",
      message: thrownText(error),
      hint: "This is a defect of Delembic. Please report it with this document.",
      ...(error instanceof Error ? { stack: error.stack } : {}),
    };
  }
  const { code, message, hint, place, data } = error;
  return { ...data, code, message, ...(hint === undefined ? {} : { hint }), ...place };
}

/** The same for a migration that failed. */
export function failureDocument(error: unknown, files: MigrationFiles): Record<string, unknown> {
  const place = placeOf(error, files);
  const details = databaseErrorIn(error)?.details;
  const hint = error instanceof DelembicError ? error.hint : undefined;
  return { error: thrownText(error), ...place, ...details, ...(hint === undefined ? {} : { hint }) };
}

const NATIVE_ERRORS: ReadonlySet<string> = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError"]);

/** In words, what was thrown: never empty, whatever people throw. */
export function thrownText(thrown: unknown): string {
  if (!(thrown instanceof Error)) {
    return typeof thrown === "string" && thrown.trim() !== "" ? thrown : `${Deno.inspect(thrown)} was thrown`;
  }
  if (thrown.message.trim() === "") return `${thrown.name} without a message`;
  // "x is not defined" alone does not say that the code is wrong and not the data
  return NATIVE_ERRORS.has(thrown.name) ? `${thrown.name}: ${thrown.message}` : thrown.message;
}

/**
 * The place that the error names, else the first frame of its stack in the migration's file or the project. The file is
 * named relative to the project's folder.
 */
export function placeOf(error: unknown, { file, folder }: MigrationFiles): Place | undefined {
  const places: Place[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DelembicError && cause.place !== undefined) return cause.place;
    places.push(...stackPlaces(cause.stack ?? ""), ...stackPlaces(makerOf(cause)?.stack ?? ""));
  }
  const within = `${folder}/`;
  const found = places.find((place) => place.file === file) ??
    places.find((place) => place.file.startsWith(within) && !place.file.includes("/node_modules/"));
  if (!found?.file.startsWith(within)) return found;
  return { ...found, file: found.file.slice(within.length) };
}

const FRAME_REGEXP = /(file:\/\/\/[^\s()]+?):(\d+):(\d+)\)?$/;

function stackPlaces(stack: string): Place[] {
  return stack.split("\n").flatMap((line) => {
    const [, url, row, column] = FRAME_REGEXP.exec(line.trimEnd()) ?? [];
    if (url === undefined || !URL.canParse(url)) return [];
    const file = decodeURIComponent(new URL(url).pathname).replace(/^\/(?=[A-Za-z]:\/)/, "");
    return [{ file, line: Number(row), column: Number(column) }];
  });
}

/** What may stand before a frame: that of a failure, of one of several faults. */
const FRAME_INDENT = 8;

function placeLines(place: Place | undefined, view: View): Line[] {
  if (place === undefined) return [];
  const text = view.source(place.file);
  const shown = formatPlace({ ...place, file: view.shown(place.file) });
  return [
    `at ${shown}`,
    ...(text === undefined ? [] : indented(codeFrame(text, place, (view.width ?? Infinity) - FRAME_INDENT))),
  ];
}

/** What the server said beyond its message. */
function serverLines(error: unknown): Line[] {
  const details = databaseErrorIn(error)?.details;
  return Object.entries({ DETAIL: details?.detail, HINT: details?.serverHint }).flatMap(([name, text]): Line[] => {
    if (text === undefined) return [];
    const [first = "", ...more] = linesOf(text);
    return [`${name}: ${first}`, ...indented(more)];
  });
}

function databaseErrorIn(error: unknown): DatabaseError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DatabaseError) return cause;
  }
  return undefined;
}

function stackLines(error: unknown): Line[] {
  const lines: Line[] = [];
  for (let cause = error, label = ""; cause instanceof Error; cause = cause.cause, label = "Caused by: ") {
    lines.push(...linesOf(`${label}${cause.stack ?? thrownText(cause)}`));
  }
  return lines;
}

function labelled(label: string, [first = "", ...more]: readonly string[]): Line[] {
  return [[styled("red", label), ` ${first}`], ...indented(more)];
}

/** By which name the error is explained: for those who want to know more. */
function codeLines(code: string, { verbose }: View): Line[] {
  return verbose ? [[styled("dim", "Code:"), ` ${code}; 'delembic help ${code}' explains it.`]] : [];
}

export function hintLine(hint: string): Line {
  return [styled("cyan", "Hint:"), ` ${hint}`];
}

const FRAMED_REGEXP = /\.(?:ts|js|mjs|sql|py|ya?ml)$/;

/** A view of the files of a project. Files that may hold secrets, such as `delembic.ini`, are never quoted. */
export function viewOf(
  options: {
    /** The project's, absolute: names of files in errors are relative to it. */
    readonly folder: string;
    readonly verbose: boolean;
    /** From an absolute name. */
    readonly shown: (file: string) => string;
    readonly width: number | undefined;
  },
): View {
  return {
    width: options.width,
    shown: (file) => options.shown(absolutePath(options.folder, file)),
    source(file) {
      if (!FRAMED_REGEXP.test(file)) return undefined;
      try {
        return Deno.readTextFileSync(absolutePath(options.folder, file));
      } catch {
        // the frame is an extra: that the file cannot be read is told by the error itself
        return undefined;
      }
    },
    verbose: options.verbose,
  };
}
