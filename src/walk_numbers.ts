/**
 * How far a walk in batches is, how fast it goes, and who is at it, from what `delembic_batch` holds. Pure.
 *
 * @module
 */

import type { Key } from "./batch_key.ts";
import type { RangeRow, WalkRow, WalkStory } from "./batch_ledger.ts";
import { secondsBetween } from "./clock.ts";
import type { RunRecord } from "./ledger.ts";
import { countText, percentText, rowsText } from "./numbers_text.ts";

/** How far a walk is, as numbers. */
export interface WalkNumbers {
  readonly rows: number;
  readonly batches: number;
  /** Of the table or the file, roughly. */
  readonly total: number | undefined;
  /** 0 to 1. */
  readonly fraction: number | undefined;
  /** The present one; where nobody is at work, that of all attempts. */
  readonly rowsPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
  /** As it was last. */
  readonly batchSize: number | undefined;
  /** Ranges that somebody works on. */
  readonly held: readonly RangeRow[];
}

/** @param runs the attempts, of which those that worked at this walk count */
export function walkNumbers(story: WalkStory, runs: readonly RunRecord[] = []): WalkNumbers {
  const { walk, ranges } = story;
  const rows = ranges.reduce((sum, { rowsDone }) => sum + rowsDone, 0);
  const isDone = walk.status === "done";
  const ofFile = fractionOfFile(story);
  const total = ofFile === undefined || rows === 0 ? walk.rowsTotal : Math.round(rows / ofFile);
  const held = isDone ? [] : ranges.filter(({ status, free }) => status === "running" && !free);
  const rowsPerSecond = held.length > 0 ? presentRate(ranges) : rateOf(rows, secondsSpent(walk, runs));
  const isGoing = held.length > 0 && walk.waiting === undefined && !walk.pauseWanted;
  return {
    rows,
    batches: ranges.reduce((sum, { batches }) => sum + batches, 0),
    total,
    fraction: isDone ? 1 : ofFile ?? (total === undefined || total === 0 ? undefined : Math.min(1, rows / total)),
    rowsPerSecond,
    batchSize: lastSize(story),
    secondsLeft: isGoing && rowsPerSecond && total !== undefined
      ? Math.max(0, total - rows) / rowsPerSecond
      : undefined,
    held,
  };
}

/** How much of its file a load in batches has loaded; `undefined` for the walk of a table. */
function fractionOfFile({ walk: { detail }, ranges }: WalkStory): number | undefined {
  const file = detail?.file;
  if (file === undefined) return undefined;
  const byteOf = (key: Key | undefined) => key === undefined ? file.start : Number(key[0]);
  const done = ranges.reduce((sum, { lower, cursor }) => sum + byteOf(cursor ?? lower) - byteOf(lower), 0);
  return done / Math.max(1, file.bytes - file.start);
}

/** The present rate is that of the ranges that were begun within so many seconds. */
const PRESENT_SECONDS = 60;

/** With all rests and all workers: rows by the time that passed. */
function presentRate(ranges: readonly RangeRow[]): number | undefined {
  const timed = ranges.flatMap(({ rowsDone, startedAt, updatedAt }) =>
    startedAt === undefined || updatedAt === undefined ? [] : [{ rowsDone, startedAt, updatedAt }]
  );
  const last = timed.reduce((last, { updatedAt }) => updatedAt > last ? updatedAt : last, "");
  const recent = timed.filter(({ startedAt }) => secondsBetween(startedAt, last) <= PRESENT_SECONDS);
  const counted = recent.length > 0 ? recent : timed.slice(-1);
  const first = counted.reduce((first, { startedAt }) => startedAt < first ? startedAt : first, last);
  return rateOf(counted.reduce((sum, { rowsDone }) => sum + rowsDone, 0), secondsBetween(first, last));
}

/** How long the attempts were at it that ended after the walk began. */
function secondsSpent({ startedAt = "" }: WalkRow, runs: readonly RunRecord[]): number {
  return runs.filter(({ endedAt }) => endedAt !== null && endedAt > startedAt)
    .reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
}

function lastSize({ walk, ranges }: WalkStory): number | undefined {
  const worked = ranges.filter(({ batches }) => batches > 0);
  const last = worked.reduce<RangeRow | undefined>(
    (last, range) => (range.updatedAt ?? "") >= (last?.updatedAt ?? "") ? range : last,
    undefined,
  );
  return last?.batchSize ?? walk.batchSize;
}

function rateOf(rows: number, seconds: number): number | undefined {
  return rows > 0 && seconds > 0 ? rows / seconds : undefined;
}

/** `1,200,000 of about 5,000,000 rows (24 %)` */
export function walkRows(story: WalkStory): string {
  const { rows, fraction, total } = walkNumbers(story);
  const { status } = story.walk;
  if (status === "done" || total === undefined || fraction === undefined) return rowsText(rows);
  return `${countText(rows)} of about ${rowsText(Math.max(total, rows))} (${percentText(fraction)})`;
}

/** `running`, `paused`, … and for one that somebody wants to pause, what it is doing about it. */
export function walkState({ walk }: WalkStory, { held }: WalkNumbers): string {
  if (!walk.pauseWanted || walk.status === "done") {
    // whoever was at it died, and nobody has come since
    return walk.status === "running" && held.length === 0 ? "stopped" : walk.status;
  }
  return held.length > 0 ? "pausing" : "paused";
}

const HOLDER_REGEXP = /^(run|join)-(.+)-(\d+)-[0-9a-f]+$/;

/** `run-build-7-4711-0b1c2d3e` → `build-7, process 4711` */
export function holderText(holder: string): string {
  const [, kind, host, pid] = HOLDER_REGEXP.exec(holder) ?? [];
  return kind === undefined ? holder : `${host}, process ${pid}${kind === "join" ? " (joined)" : ""}`;
}

/** `free`: begun, and nobody has it. */
export function rangeState({ status, free }: RangeRow): "done" | "running" | "free" | "failed" {
  return status === "running" && free ? "free" : status;
}
