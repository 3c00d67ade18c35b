/**
 * The story of a walk in batches, for `show` and `log`. Pure.
 *
 * @module
 */

import { formatKey, type Key, type KeyValue } from "../batch_key.ts";
import type { RangeRow, WalkRow, WalkStory } from "../batch_ledger.ts";
import { forPeople } from "../clock.ts";
import type { RunRecord } from "../ledger.ts";
import { batchesText, bytesText, countText, lengthText, rateText, rowsText } from "../numbers_text.ts";
import { holderText, rangeState, walkNumbers, walkRows, walkState } from "../walk_numbers.ts";
import { columns, type Line, linesOf } from "./text.ts";

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
    ["State:", walkState(story, numbers)],
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
    ...columns(
      rows.flatMap(([name, text]) => text === undefined || text === "" ? [] : [[name, text]]),
      { 1: "wrap" },
    ),
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

/** Long keys give way, behind who has the range and how many batches it took. */
const NARROW = { 2: 8, 3: 8, 4: 8, 6: 0, 7: 0 };

function rangeTable(ranges: readonly RangeRow[], ofFile: boolean): Line[] {
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
  ], NARROW);
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
