/**
 * The story of a walk in batches, for `show` and `log`. Pure.
 *
 * @module
 */

import { formatKey, type Key, type KeyValue } from "../batch_key.ts";
import type { RangeRow, WalkRow, WalkStory } from "../batch_ledger.ts";
import { forPeople, secondsBetween } from "../clock.ts";
import type { RunRecord } from "../ledger.ts";
import { batchesText, bytesText, countText, lengthText, percentText, rateText, rowsText } from "./numbers_text.ts";
import { columns, type Line, linesOf } from "./text.ts";

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
function stateOf({ walk }: WalkStory, { held }: WalkNumbers): string {
  if (!walk.pauseWanted || walk.status === "done") {
    // whoever was at it died, and nobody has come since
    return walk.status === "running" && held.length === 0 ? "stopped" : walk.status;
  }
  return held.length > 0 ? "pausing" : "paused";
}

export interface WalkLinesOptions {
  /** Also the ranges that are done. */
  readonly all: boolean;
  /** All attempts at it, and decisions about it, the latest first. */
  readonly runs: readonly RunRecord[];
}

/** What is told of a walk as a whole, aligned; then its ranges that are not done, or with `all` every one. */
export function walkLines(story: WalkStory, { all, runs }: WalkLinesOptions): Line[] {
  const { walk, ranges } = story;
  const numbers = walkNumbers(story, runs);
  const { batches, batchSize, rowsPerSecond, secondsLeft, held } = numbers;
  const rows: [string, string | undefined][] = [
    ["State:", stateOf(story, numbers)],
    ["Table:", `${walk.table}${groundText(walk)}`],
    ["Done:", `${walkRows(story)} in ${batchesText(batches)}`],
    ["Rate:", rateLine(rowsPerSecond, secondsLeft)],
    ["Size:", batchSize === undefined ? undefined : `${sizeText(walk, batchSize)} a batch`],
    [
      "Workers:",
      held.length === 0 ? undefined : [...Map.groupBy(held, ({ holder }) => holder)].map(workers).join("; "),
    ],
    ["Waiting:", walk.waiting],
    ["Paused by:", walk.pauseWanted ? pausedBy(runs) : undefined],
    ["Began:", walk.startedAt === undefined ? undefined : forPeople(walk.startedAt)],
    ["Ended:", walk.endedAt === undefined ? undefined : forPeople(walk.endedAt)],
    ["Ranges:", rangeCounts(ranges)],
  ];
  const shown = ranges.filter(({ status }) => all || status !== "done");
  return [
    ...columns(rows.flatMap(([name, text]) => text === undefined || text === "" ? [] : [[name, text]])),
    ...(shown.length === 0 ? [] : ["", ...rangeTable(shown, walk.detail?.file !== undefined)]),
    ...ranges.flatMap(({ part, message, status }) => {
      if (status !== "failed" || message === undefined) return [];
      return ["", `Range ${part} failed:`, ...linesOf(message).map((line) => `  ${line}`)];
    }),
  ];
}

/** What is walked, or loaded: `, by id`, or `, from data/person.csv`. */
function groundText({ detail }: WalkRow): string {
  if (detail === undefined) return "";
  return detail.file === undefined ? `, by ${detail.key.join(", ")}` : `, from ${detail.file.name}`;
}

function sizeText({ detail }: WalkRow, size: number): string {
  return detail?.file === undefined ? rowsText(size) : bytesText(size);
}

/** Who paused it last, and when. */
function pausedBy(runs: readonly RunRecord[]): string | undefined {
  const pause = runs.find(({ status }) => status === "paused");
  if (pause === undefined) return undefined;
  return `${actorText(pause)}, ${forPeople(pause.startedAt ?? "")}`;
}

/** `alice@build-7` */
export function actorText({ username, hostname }: RunRecord): string {
  return [username, hostname].filter((part) => part !== null && part !== "").join("@");
}

function rateLine(rate: number | undefined, secondsLeft: number | undefined): string | undefined {
  if (rate === undefined || rate <= 0) return undefined;
  return `${rateText(rate)} rows/s${secondsLeft === undefined ? "" : `, about ${lengthText(secondsLeft)} left`}`;
}

const HOLDER_REGEXP = /^(run|join)-(.+)-(\d+)-[0-9a-f]+$/;

/** `run-build-7-4711-0b1c2d3e` → `build-7, process 4711` */
export function holderText(holder: string): string {
  const [, kind, host, pid] = HOLDER_REGEXP.exec(holder) ?? [];
  return kind === undefined ? holder : `${host}, process ${pid}${kind === "join" ? " (joined)" : ""}`;
}

function workers([holder, ranges]: readonly [string | undefined, readonly RangeRow[]]): string {
  return `${holderText(holder ?? "")}${ranges.length === 1 ? "" : `, ${ranges.length} workers`}`;
}

function rangeCounts(ranges: readonly RangeRow[]): string {
  const counts = Map.groupBy(ranges, rangeState);
  return (["done", "running", "free", "failed"] as const).flatMap((state) => {
    const count = counts.get(state)?.length ?? 0;
    return count === 0 ? [] : [`${countText(count)} ${state}`];
  }).join(", ");
}

/** `free`: begun, and nobody has it. */
function rangeState({ status, free }: RangeRow): "done" | "running" | "free" | "failed" {
  return status === "running" && free ? "free" : status;
}

function rangeTable(ranges: readonly RangeRow[], ofFile: boolean): string[] {
  const keyText = (key: Key | undefined) => key === undefined ? "-" : ofFile ? placeText(key) : formatKey(key);
  return columns([
    ["RANGE", "STATE", "AFTER", "UP TO", "DONE UP TO", "ROWS", "BATCHES", "BY"],
    ...ranges.map((range) => [
      String(range.part),
      rangeState(range),
      keyText(range.lower),
      keyText(range.upper),
      keyText(range.cursor),
      countText(range.rowsDone),
      countText(range.batches),
      range.holder === undefined || range.free ? "" : holderText(range.holder),
    ]),
  ]);
}

/** Where in a file a record begins: `line 200,001`. */
function placeText([, line]: Key): string {
  return line === undefined ? "its end" : `line ${countText(Number(line))}`;
}

/** The same for programs; keys as lists of values, in which bytes and what no number can hold are texts. */
export function walkMember(story: WalkStory, runs: readonly RunRecord[]): Record<string, unknown> {
  const { walk, ranges } = story;
  const numbers = walkNumbers(story, runs);
  return {
    ...progressMember(story),
    table: walk.table,
    key: walk.detail?.key ?? [],
    file: walk.detail?.file?.name ?? null,
    batches: numbers.batches,
    batchSize: numbers.batchSize ?? null,
    rowsPerSecond: numbers.rowsPerSecond ?? null,
    secondsLeft: numbers.secondsLeft ?? null,
    waiting: walk.waiting ?? null,
    message: walk.message ?? null,
    startedAt: walk.startedAt ?? null,
    updatedAt: walk.updatedAt ?? null,
    endedAt: walk.endedAt ?? null,
    ranges: ranges.map(rangeMember),
  };
}

/** How far it is, in short. */
export function progressMember(story: WalkStory): Record<string, unknown> {
  const { status, pauseWanted } = story.walk;
  const { rows, fraction = null, total: rowsTotal = null } = walkNumbers(story);
  return { status, paused: pauseWanted, rowsDone: rows, rowsTotal, fraction };
}

function rangeMember(range: RangeRow): Record<string, unknown> {
  return {
    range: range.part,
    state: rangeState(range),
    after: keyMember(range.lower),
    upTo: keyMember(range.upper),
    doneUpTo: keyMember(range.cursor),
    rowsDone: range.rowsDone,
    batches: range.batches,
    seconds: range.seconds,
    holder: range.free ? null : range.holder ?? null,
    message: range.message ?? null,
  };
}

function keyMember(key: Key | undefined): readonly unknown[] | null {
  return key?.map((value: KeyValue) => value instanceof Uint8Array ? value.toHex() : value) ?? null;
}
