/**
 * Closes the rows of the run history that a dead run left open. Only for whoever holds the lock.
 *
 * @module
 */

import type { AuditConnection } from "./audit.ts";
import { now, secondsBetween } from "./clock.ts";
import type { EventSink } from "./events.ts";
import { closeRun, type Outcome, readOpenRuns, readVersion, type RunRecord } from "./ledger.ts";
import { isApplied, type VersionRecord } from "./plan.ts";

/** What became of an attempt that was never closed, from what its transaction left behind. Pure but for the clock. */
export function outcomeOf(run: RunRecord, version: VersionRecord | undefined): Outcome {
  const endedAt = now();
  const seconds = secondsBetween(run.startedAt ?? endedAt, endedAt);
  if (run.status === "downgrading") {
    return version === undefined
      ? { status: "downgraded", endedAt, seconds }
      : { status: "interrupted", endedAt, seconds, exception: DIED };
  }
  const committed = isApplied(version) && (version?.appliedAt ?? "") >= (run.startedAt ?? "");
  if (committed) {
    return { status: "success", endedAt: version?.appliedAt ?? endedAt, seconds: version?.seconds ?? seconds };
  }
  return run.status === "partial"
    ? { status: "partial", endedAt, seconds, exception: DIED_PARTIAL }
    : { status: "interrupted", endedAt, seconds, exception: DIED };
}

const DIED = "The process ended before the migration did; what it had not committed was rolled back.";
const DIED_PARTIAL = "The process ended in the middle of work that could not be rolled back.";

export async function settleDeadRuns(audit: AuditConnection, emit: EventSink): Promise<void> {
  for (const run of await readOpenRuns(audit)) {
    const version = run.revision === null ? undefined : await readVersion(audit, run.revision);
    const outcome = outcomeOf(run, version);
    await closeRun(audit, run.id, outcome);
    if (run.revision !== null) {
      emit({ type: "settled", revision: run.revision, status: outcome.status });
    }
  }
}
