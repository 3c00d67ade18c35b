/**
 * What went wrong as annotations of GitHub: the third fold of errors and events, beside lines and documents.
 * Pure.
 *
 * @module
 */

import { DelembicError, FaultsError, type Place } from "../errors.ts";
import type { RunEvent } from "../events.ts";
import { type MigrationFiles, placeOf, thrownText } from "./error_lines.ts";
import type { Annotation } from "./github_text.ts";
import { absolutePath } from "./paths.ts";

/** @param folder the project's, absolute: files in errors are named relative to it */
export function errorAnnotations(error: unknown, folder: string): Annotation[] {
  if (error instanceof FaultsError) {
    return error.faults.map(({ code, message, place, hint }) => ({
      level: "error",
      title: titleOf(code),
      message: withHint(message, hint),
      place: inFolder(place, folder),
    }));
  }
  if (!(error instanceof DelembicError)) {
    return [{ level: "error", title: titleOf("internal"), message: thrownText(error) }];
  }
  const { code, message, hint, place } = error;
  return [{
    level: "error",
    title: titleOf(code),
    message: withHint(message, hint),
    place: place && inFolder(place, folder),
  }];
}

/** What happened to a migration, where it is more than that all went well. */
export function eventAnnotations(event: RunEvent, files: (revision: string) => MigrationFiles): Annotation[] {
  switch (event.type) {
    case "failed":
      return [{
        level: "error",
        title: `${event.revision} failed`,
        message: thrownText(event.error),
        place: placeIn(files(event.revision), event.error),
      }];
    case "blocked":
      return [{
        level: "error",
        title: `${event.revision} is blocked`,
        message: withHint(event.message, event.hint),
        place: placeIn(files(event.revision)),
      }];
    case "interrupted":
      return [{
        level: event.code === "paused" ? "notice" : "warning",
        title: `${event.revision} was ${event.code === "paused" ? "paused" : "interrupted"}`,
        message: event.reason,
        place: placeIn(files(event.revision)),
      }];
    default:
      // a warning is told where all warnings are: see `src/cli/output.ts`
      return [];
  }
}

function titleOf(code: string): string {
  return `Delembic: ${code}`;
}

/** A message, and below it what to do. */
export function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

/** Where the error is from, else the migration's file as a whole. */
function placeIn(files: MigrationFiles, error?: unknown): Place | undefined {
  const place = placeOf(error, files) ?? (files.file === undefined ? undefined : { file: files.file });
  return place && inFolder(place, files.folder);
}

/** The place with the absolute name of its file. */
export function inFolder(place: Place, folder: string): Place {
  return { ...place, file: absolutePath(folder, place.file) };
}
