/**
 * Handing out ranges of a walk: whoever is at work, in this process or on another host, takes one at a time from the
 * database, which sees to it that nobody else has it.
 *
 * @module
 */

import { encodeKey, type Key } from "./batch_key.ts";
import { readFreeRanges, readRange, readWalk } from "./batch_ledger.ts";
import { type Claimant, handingOut, type HeldRange, movingWalk, takingOver } from "./batch_writes.ts";
import type { Queryable, Session } from "./db/database.ts";
import { inTransaction } from "./ledger.ts";
import { endSessions } from "./lock.ts";
import type { KeySpan, Walkable } from "./walkable.ts";

/** A range that is ours. */
export interface ClaimedRange extends HeldRange {
  readonly upper: Key;
  /** Up to here it is done; `undefined`: nothing is, and it begins at the beginning. */
  readonly at: Key | undefined;
}

export interface ClaimOrder extends Claimant {
  readonly revision: string;
  readonly ground: Walkable;
  /** How large a batch is. */
  readonly size: number;
}

/** What came of asking for a range: nothing is left to hand out, or the walk does not run. */
export type Claim = ClaimedRange | "none-left" | "not-running";

/** Takes a range that nobody has, else the next one. */
export async function claimRange(session: Session, audit: Queryable, order: ClaimOrder): Promise<Claim> {
  const { revision } = order;
  // sessions of the dead may hold the row of their range locked for ever; ended outside of our transaction
  const free = await readFreeRanges(audit, revision);
  for (const { backend, updatedAt, holder } of free) {
    if (holder !== undefined && backend !== undefined) await endSessions(audit, [backend], updatedAt ?? "");
  }
  return await inTransaction(session, async () => {
    const walk = await readWalk(session, revision, true);
    if (walk === undefined || walk.status !== "running" || walk.pauseWanted) return "not-running";
    for (const { part } of free) {
      const taken = await takeOver(session, order, part);
      if (taken !== undefined) return taken;
    }
    const { upper, cursor: lower } = walk;
    if (upper === undefined || isSame(lower, upper)) return "none-left";
    return await handOut(session, order, { after: lower, upTo: upper });
  });
}

async function takeOver(session: Session, order: ClaimOrder, part: number): Promise<ClaimedRange | undefined> {
  const seen = await readRange(session, order.revision, part, true);
  if (seen === undefined || seen.status !== "running" || !seen.free) return undefined;
  const { text, params } = takingOver(session.dialect, order.revision, seen, order);
  if ((await session.query(text, params)).count !== 1) return undefined;
  return { part, holder: order.holder, fence: seen.fence + 1, upper: seen.upper, at: seen.cursor ?? seen.lower };
}

async function handOut(
  session: Session,
  { revision, ground, size, ...claimant }: ClaimOrder,
  span: KeySpan,
): Promise<ClaimedRange> {
  const { upTo: upper } = await ground.next(session, span, size * ground.rangeBatches);
  const lower = span.after;
  const part = await nextPart(session, revision);
  await session.batch([
    handingOut(session.dialect, revision, { part, lower, upper }, claimant),
    movingWalk(session.dialect, revision, upper),
  ]);
  return { part, holder: claimant.holder, fence: 1, upper, at: lower };
}

async function nextPart(session: Session, revision: string): Promise<number> {
  const p = session.dialect.placeholder(1);
  const { rows: [row] } = await session.query(
    `select coalesce(max(part), 0) + 1 as part from delembic_batch where revision = ${p}`,
    [revision],
  );
  return Number(row?.["part"]);
}

/** NaN is a key like any other. */
function isSame(a: Key | undefined, b: Key): boolean {
  return a !== undefined && encodeKey(a) === encodeKey(b);
}
