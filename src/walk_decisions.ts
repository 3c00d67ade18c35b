/**
 * What a person decides about a walk in batches: to pause it, to let it go on, to begin it anew. Each is written into the
 * run history.
 *
 * @module
 */

import { AuditConnection } from "./audit.ts";
import { readWalks, type WalkStory } from "./batch_ledger.ts";
import { forgettingWalk, requestPause, requestResume } from "./batch_writes.ts";
import { now } from "./clock.ts";
import { DatabaseError, type Queryable } from "./db/database.ts";
import { DelembicError, EXIT } from "./errors.ts";
import { ensureTables, readVersion, recordDecision, type RunStatus, withRightsHint } from "./ledger.ts";
import { OpenRun, type RunContext } from "./open_run.ts";
import { isApplied } from "./plan.ts";
import type { Project } from "./project.ts";
import { graphOf, resolveRevision } from "./target.ts";

/** What was found, and whether it was changed. */
export interface WalkDecision {
  readonly revision: string;
  /** `false`: it was so before. */
  readonly changed: boolean;
  /** How far the walk is; `undefined` where it has not begun. */
  readonly story: WalkStory | undefined;
}

/** A decision that has no object. Exit code 2. */
class NoWalkError extends DelembicError {
  constructor(message: string, hint?: string) {
    super(message, { code: "no-walk", exitCode: EXIT.usage, hint });
  }
}

/**
 * Makes a walk stop after the batches that are at work now, and not begin again until {@link resume}. One that has not
 * begun yet will not begin. Needs no lock: the run that walks has it.
 *
 * @throws {TargetError} when the id names nothing; {DelembicError} when there is no walk that could be paused
 */
export function pauseWalk(context: RunContext, id: string): Promise<WalkDecision> {
  return decide(context, id, async (db, revision, story) => {
    if (story?.walk.pauseWanted) return false;
    await requestPause(db, revision);
    await recorded(context, db, revision, "paused", `Paused ${howFar(story)}.\n`);
    return true;
  });
}

/** Takes the wish to pause back; the next upgrade goes on. Throws as {@link pauseWalk} does. */
export function resumeWalk(context: RunContext, id: string): Promise<WalkDecision> {
  return decide(context, id, async (db, revision, story) => {
    if (!story?.walk.pauseWanted) return false;
    await requestResume(db, revision);
    await recorded(context, db, revision, "resumed", `Resumed ${howFar(story)}.\n`);
    return true;
  });
}

/** What begins anew. */
export interface Restarted {
  readonly revision: string;
  /** That were done, and will be done again. */
  readonly rows: number;
  readonly batches: number;
}

/**
 * Forgets how far a walk is: the next upgrade walks the whole table. A wish to pause stays.
 *
 * @throws {DelembicError} when it has not begun, or is done
 */
export async function restartWalk(
  context: RunContext,
  options: { readonly revision: string; readonly lockTimeoutMs?: number | undefined },
): Promise<Restarted> {
  await using run = await OpenRun.begin(context, options.lockTimeoutMs);
  const revision = resolveRevision(
    options.revision,
    await knownWalks(run.project, run.audit),
    graphOf(run.project.migrations, run.project.parents),
  );
  return await run.audit.transaction(async (db) => {
    await run.lock.check(db);
    await requireUndone(run.project, db, revision, "restart");
    const [story] = await readWalks(db, revision);
    if (story === undefined || story.walk.status === "new") {
      throw new NoWalkError(`Migration ${revision} has done no batch yet, so it begins at the beginning anyway`);
    }
    await db.batch([forgettingWalk(db.dialect, revision)]);
    if (story.walk.pauseWanted) await requestPause(db, revision);
    await recorded(context, db, revision, "repaired", `Begins anew; it was ${howFar(story)}.\n`);
    return { revision, ...doneOf(story) };
  });
}

type Change = (db: Queryable, revision: string, story: WalkStory | undefined) => Promise<boolean>;

/** A run that begins the walk at this moment, or is at it, may be in the way. */
const TRIES = 5;

async function decide(context: RunContext, id: string, change: Change): Promise<WalkDecision> {
  const { project, database } = context;
  await using audit = await AuditConnection.open(database);
  try {
    await ensureTables(audit);
    const revision = resolveRevision(
      id,
      await knownWalks(project, audit),
      graphOf(project.migrations, project.parents),
    );
    for (let tries = 1;; tries++) {
      try {
        return await audit.transaction(async (db) => {
          await requireUndone(project, db, revision, "pause");
          const [story] = await readWalks(db, revision);
          return { revision, changed: await change(db, revision, story), story };
        });
      } catch (error) {
        const passing = error instanceof DatabaseError && (error.retryable || error.kind === "unique");
        if (!passing || tries === TRIES) throw error;
      }
    }
  } catch (error) {
    throw withRightsHint(error);
  }
}

/** Also walks of which the file is gone. */
async function knownWalks(project: Project, db: Queryable): Promise<string[]> {
  const walks = await readWalks(db);
  return [...new Set([...project.migrations.keys(), ...walks.map(({ walk }) => walk.revision)])];
}

async function requireUndone(
  { migrations }: Project,
  db: Queryable,
  revision: string,
  verb: "pause" | "restart",
): Promise<void> {
  const migration = migrations.get(revision);
  if (migration !== undefined && migration.batch === undefined) {
    throw new NoWalkError(
      `Migration ${revision} does not work in batches: there is nothing to ${verb}`,
      "It is one transaction: all of it happens, or nothing. 'batch' and 'apply' make it a walk that can be paused.",
    );
  }
  if (isApplied(await readVersion(db, revision)) && migration?.repeatable !== true) {
    throw new NoWalkError(`Migration ${revision} is applied already: there is nothing to ${verb}`);
  }
}

async function recorded(
  { actor }: RunContext,
  db: Queryable,
  revision: string,
  status: RunStatus,
  note: string,
): Promise<void> {
  await recordDecision(db, { revision, at: now(), status, note }, actor);
}

/** How much of a walk is committed. */
export function doneOf({ ranges }: WalkStory): { readonly rows: number; readonly batches: number } {
  return {
    rows: ranges.reduce((sum, { rowsDone }) => sum + rowsDone, 0),
    batches: ranges.reduce((sum, { batches }) => sum + batches, 0),
  };
}

function howFar(story: WalkStory | undefined): string {
  if (story === undefined || story.walk.status === "new") return "before it began";
  const { rows, batches } = doneOf(story);
  return `after ${rows} rows in ${batches} batches`;
}
