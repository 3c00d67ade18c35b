/**
 * What happens during a run, for programs: with `--json` each event is one line on stderr, one JSON object.
 *
 * Each has `event`, which is one of the types of `RunEvent`, and `at`, the moment in UTC. The others, by event:
 *
 * | event                       | members                                                                        |
 * |-----------------------------|--------------------------------------------------------------------------------|
 * | `waiting` (for the lock)    | `holder`, `since`                                                              |
 * | `warning`                   | `message`, `hint`                                                              |
 * | `settled`                   | `revision`, `status`                                                           |
 * | `running`                   | `revision`, `description`, `direction`                                         |
 * | `log`                       | `revision`, `message`                                                          |
 * | `progress`                  | `revision`, `kind`, `table`, `rows`, `total`, `fraction`, `rowsPerSecond`,     |
 * |                             | `secondsLeft`, `batchSize`, `workers`, `waiting`; `null` is what is not known  |
 * | `loaded`                    | `revision`, `table`, `rows`, `seconds`                                         |
 * | `retrying`                  | `revision`, `attempt`, `error`                                                 |
 * | `ok`                        | `revision`, `durationSeconds`                                                  |
 * | `blocked`                   | `revision`, `message`, `hint`                                                  |
 * | `interrupted`               | `revision`, `reason`, `code`: `interrupted`, `time-up`, `paused`, `lock-lost`  |
 * | `failed`                    | `revision`, `partial`, `error`, and where: as in the document                  |
 *
 * `pipeline run` adds `step` (with `step`, which counts from 1, `name`, `type`, `target`), `step-ended` (`step`,
 * `status`, `seconds`), and `alembic` (`line`: one that Alembic printed).
 *
 * @module
 */

import type { UtcText } from "../clock.ts";
import type { RunEvent } from "../events.ts";

/** @param failure what is told of what a migration threw */
export function eventDocument(
  event: RunEvent,
  at: UtcText,
  failure: (revision: string, error: unknown) => Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { type, ...members } = event;
  const head = { event: type, at };
  switch (event.type) {
    case "warning":
      return { ...head, message: event.message, hint: event.hint ?? null };
    case "failed":
      return { ...head, revision: event.revision, partial: event.partial, ...failure(event.revision, event.error) };
    case "progress": {
      const known = Object.entries(event.progress).map(([name, value]) => [name, value ?? null]);
      return { ...head, revision: event.revision, ...Object.fromEntries(known) };
    }
    default:
      return { ...head, ...members };
  }
}
