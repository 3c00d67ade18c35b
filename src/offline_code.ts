/**
 * A migration's own code, called to be taken down: what it throws is told with the line that threw it.
 *
 * @module
 */

import { makerOf } from "./connection.ts";
import { DelembicError, messageOf } from "./errors.ts";
import type { LoadedMigration } from "./migration.ts";
import { type RecordedItem, type RecordedStatement, Recorder, type Recording } from "./offline_recorder.ts";
import { OfflineError } from "./offline_text.ts";

/** What code is called for. */
export interface CodePrinting extends Pick<Recording, "dialect" | "offline" | "log" | "load"> {
  readonly environment: { readonly shownFrom: string };
}

/**
 * Runs code of a migration with a connection that takes down.
 *
 * @throws {OfflineError} with its place
 */
export async function recordCode(
  { revision, transaction, file }: LoadedMigration,
  { dialect, offline, log, load, environment }: CodePrinting,
  take: (recorder: Recorder) => Promise<void>,
): Promise<readonly RecordedItem[]> {
  const recorder = new Recorder({ revision, dialect, offline, transaction, log, load });
  try {
    await take(recorder);
    return recorder.items;
  } catch (error) {
    const hint = error instanceof DelembicError
      ? error.hint
      : "It ran to see what it does, without a database. Run it with 'delembic upgrade' if it cannot do without.";
    throw new OfflineError(
      `Migration ${revision} cannot be printed: ${messageOf(error)}`,
      hint ?? "",
      { file, ...placeOf(error, `${environment.shownFrom}/${file}`) },
      error,
    );
  }
}

/** What the script looks at before a statement: whether a text of its values would go into JSON. */
export function looksAtJson(
  { raw, ambiguous }: RecordedStatement,
  { revision }: LoadedMigration,
  { offline }: Pick<CodePrinting, "offline">,
): string[] {
  if (offline.refuseJson === undefined || ambiguous.length === 0) return [];
  const message =
    `A text or list of ${revision} goes into JSON, as which a script could write something else: say what ` +
    "it is with a cast, ${…}::jsonb";
  return [offline.refuseJson(raw, ambiguous, message)];
}

const FRAME_REGEXP = /(file:\/\/\/[^\s()]+?):(\d+):\d+\)?$/;

/** Where in the migration's file something was called, by the stacks of what came of it. */
function placeOf(error: unknown, path: string): { readonly line: number } | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    for (const frame of [cause.stack ?? "", makerOf(cause)?.stack ?? ""].join("\n").split("\n")) {
      const [, url, line] = FRAME_REGEXP.exec(frame.trimEnd()) ?? [];
      if (url !== undefined && URL.canParse(url) && decodeURIComponent(new URL(url).pathname) === path) {
        return { line: Number(line) };
      }
    }
  }
  return undefined;
}
