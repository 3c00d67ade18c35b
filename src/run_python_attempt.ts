/**
 * An attempt at a migration of the Python tool.
 *
 * @module
 */

import { now } from "./clock.ts";
import { withTimeout } from "./interruption.ts";
import { isSameMoment, readingRun } from "./ledger.ts";
import { endSessions } from "./lock.ts";
import type { LoadedMigration } from "./migration.ts";
import type { OpenRun } from "./open_run.ts";
import { PythonWork } from "./run_python.ts";
import type { WorkContext, Workplace } from "./workplace.ts";

export function pythonWorkplace(
  run: OpenRun,
  migration: LoadedMigration,
  { id, startedAt, beforePartial }: WorkContext,
): Workplace {
  const { dialect } = run.context.database;
  const { revision, timeoutMs } = migration;
  const work = new PythonWork({ migration, dialect, emit: run.emit, beforePartial, process: () => run.python() });
  return {
    connection: work,
    get partial() {
      return work.partial;
    },
    async steps() {
      // the row of this very attempt, opened a moment ago, is in no other database
      await work.begin({
        ...readingRun(dialect, id),
        isIn: (row) => row["revision"] === revision && isSameMoment(String(row["started"]), startedAt),
      });
      await run.step("work-begun", revision);
      using limited = withTimeout(run.signal, timeoutMs);
      await work.step("upgrade", limited.signal);
      await run.step("upgraded", revision);
      await work.step("validate", limited.signal);
      await run.step("validated", revision);
      await work.settle();
      return [];
    },
    async undo() {
      // its end rolls back, and whatever the migration changed in the process is gone for the next one
      await run.dropPython();
      // a server may go on with the statement of a client that is gone, and hold its locks
      if (work.backend !== undefined) await endSessions(run.audit, [work.backend], now());
    },
  };
}
