/**
 * What a person decides, against or beside what the program would do: `stamp`, `repair`, `unlock`. Each is written into
 * the run history.
 *
 * @module
 */

import { AuditConnection } from "./audit.ts";
import { forgettingWalk } from "./batch_writes.ts";
import { now } from "./clock.ts";
import { DelembicError, EXIT } from "./errors.ts";
import type { EventSink } from "./events.ts";
import { deletingVersion, recordDecision, type RunStatus, writingChecksum, writingVersion } from "./ledger.ts";
import { describeHolder, endSessions, readLease } from "./lock.ts";
import { fullChecksum } from "./migration.ts";
import { OpenRun, type RunContext } from "./open_run.ts";
import { isApplied, planUpgrade } from "./plan.ts";
import { requireSound } from "./project.ts";
import { type Survey, survey } from "./survey.ts";
import { graphOf, resolveRevision, type Target, TargetError } from "./target.ts";

/** Records a revision, and all that it needs, as applied without running them. @returns the revisions recorded */
export async function stamp(
  context: RunContext,
  options: { readonly target: Target; readonly lockTimeoutMs?: number | undefined },
): Promise<readonly string[]> {
  const { project } = context;
  requireSound(project);
  await using run = await OpenRun.begin(context, options.lockTimeoutMs);
  const { steps } = planUpgrade(await survey(project, run.audit), options.target);
  for (const { migration } of steps) {
    const { revision, file, batch } = migration;
    const checksum = await fullChecksum(migration);
    await run.audit.transaction(async (db) => {
      const at = now();
      await run.lock.check(db);
      await db.batch([
        ...writingVersion(db.dialect, { revision, status: "success", at, seconds: 0 }),
        ...writingChecksum(db.dialect, { revision, checksum, file, at }),
        // a walk that stopped midway is over: nobody goes on with it, or helps
        ...(batch === undefined ? [] : [forgettingWalk(db.dialect, revision)]),
      ]);
      await recordDecision(db, { revision, at, status: "stamped" }, context.actor);
    });
  }
  return steps.map(({ migration }) => migration.revision);
}

/** What `repair` did, or found that it may not do by itself. */
export interface RepairReport {
  /** Revisions of attempts that a dead run left open, and that are closed now. */
  readonly closed: readonly string[];
  /** Applied revisions whose changed file is now taken for what was applied. */
  readonly accepted: readonly string[];
  /** Revisions that were interrupted midway, and are settled now. */
  readonly settled: readonly { readonly revision: string; readonly as: "applied" | "reverted" }[];
  /** Revisions that were interrupted midway and wait for a decision. */
  readonly undecided: readonly string[];
}

export interface RepairOptions {
  /** Only this one. @default all */
  readonly revision?: string | undefined;
  /** What is the truth about a migration of which a part was committed: all is there, or nothing is any more. */
  readonly as?: "applied" | "reverted" | undefined;
  readonly lockTimeoutMs?: number | undefined;
}

/**
 * Accepts changed files of applied migrations, and settles those that were interrupted where it could not be undone.
 * What a dead run merely left open is settled by taking the lock.
 */
export async function repair(context: RunContext, options: RepairOptions): Promise<RepairReport> {
  const { project } = context;
  const closed: string[] = [];
  const emit: EventSink = (event) => {
    if (event.type === "settled") closed.push(event.revision);
    context.emit(event);
  };
  await using run = await OpenRun.begin({ ...context, emit }, options.lockTimeoutMs);
  const seen = await survey(project, run.audit);
  const known = [...new Set([...project.migrations.keys(), ...seen.records.keys(), ...seen.partial])];
  const graph = graphOf(project.migrations, project.parents);
  const only = options.revision === undefined ? undefined : resolveRevision(options.revision, known, graph);
  const concerned = (revision: string) => only === undefined || revision === only;
  if (options.as !== undefined && only === undefined) {
    throw new TargetError(`Say which revision is ${options.as}`, `For example: delembic repair D003 --${options.as}`);
  }
  const accepted = options.as === undefined ? [...seen.changed].filter(concerned) : [];
  for (const revision of accepted) await accept(run, revision);
  const partial = [...seen.partial].filter(concerned);
  if (options.as === undefined) return { closed, accepted, settled: [], undecided: partial };
  const { as } = options;
  if (only !== undefined && partial.length === 0) {
    throw new TargetError(
      `Revision ${only} was not interrupted midway, so there is nothing to decide`,
      as === "applied" ? `To record it as applied: delembic stamp ${only}` : undefined,
    );
  }
  for (const revision of partial) await decide(run, seen, revision, as);
  return { closed, accepted, settled: partial.map((revision) => ({ revision, as })), undecided: [] };
}

async function accept(run: OpenRun, revision: string): Promise<void> {
  const migration = run.project.migrations.get(revision);
  if (migration === undefined) return;
  const { file } = migration;
  const checksum = await fullChecksum(migration);
  await run.audit.transaction(async (db) => {
    const at = now();
    await run.lock.check(db);
    await db.batch(writingChecksum(db.dialect, { revision, checksum, file, at }));
    await recordDecision(
      db,
      { revision, at, status: "repaired", note: `Accepted ${file} as ${checksum}.\n` },
      run.actor,
    );
  });
}

async function decide(run: OpenRun, seen: Survey, revision: string, as: "applied" | "reverted"): Promise<void> {
  const migration = run.project.migrations.get(revision);
  await run.audit.transaction(async (db) => {
    const at = now();
    await run.lock.check(db);
    if (as === "applied") {
      await db.batch(writingVersion(db.dialect, { revision, status: "success", at, seconds: 0 }));
      if (migration !== undefined) {
        const { file } = migration;
        const checksum = await fullChecksum(migration);
        await db.batch(writingChecksum(db.dialect, { revision, checksum, file, at }));
      }
    } else if (!isApplied(seen.records.get(revision))) {
      await db.batch([deletingVersion(db.dialect, revision)]);
    }
    const status: RunStatus = "repaired";
    await recordDecision(db, { revision, at, status, note: `Interrupted midway; declared ${as}.\n` }, run.actor);
  });
}

/** What `unlock` found. `holder` is `undefined` when the lock was free. */
export interface UnlockReport {
  readonly holder: string | undefined;
}

/**
 * Takes the lock away from whoever holds it, and ends that run's sessions on the server.
 *
 * @throws {DelembicError} on SQLite, whose lock belongs to the process and cannot be taken away
 */
export async function unlock(context: RunContext): Promise<UnlockReport> {
  const { database, actor } = context;
  if (!database.dialect.leaseLock) {
    throw new DelembicError("The lock of a SQLite database belongs to the process that holds it", {
      code: "unlock-file",
      exitCode: EXIT.usage,
      hint: "It is free as soon as that process has ended. End the process.",
    });
  }
  await using audit = await AuditConnection.open(database);
  const lease = await readLease(audit);
  if (lease === undefined || lease.holder === null) return { holder: undefined };
  const { ledger } = audit.dialect;
  await audit.query(ledger.releaseLease, [lease.holder, lease.fence]);
  await endSessions(audit, lease.details?.backends ?? [], lease.acquired ?? now());
  const holder = describeHolder(lease.details);
  await recordDecision(audit, { revision: null, at: now(), status: "unlocked", note: `Held by ${holder}.\n` }, actor);
  return { holder };
}
