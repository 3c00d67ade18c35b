/**
 * How far a lot of data has come, as a line: one that fits a terminal, and one for a log. Pure.
 *
 * @module
 */

import type { Progress } from "../progress.ts";
import { countText, lengthText, percentText, rateText, rowsText } from "../numbers_text.ts";
import { fitted, textWidth } from "../text_width.ts";
import { visible } from "../visible.ts";
import { type Line, type Styled, styled } from "./text.ts";

/** `  person: 1,200,000 of about 5,000,000 rows (24 %), 41,300 rows/s, about 1 min 32 s left` */
export function progressLine(progress: Progress, { details }: { readonly details: boolean }): Line {
  const { table, rows, total, fraction, batchSize, workers, waiting } = progress;
  const done = total === undefined ? rowsText(rows) : `${countText(rows)} of about ${rowsText(Math.max(total, rows))}`;
  const percent = fraction === undefined ? "" : ` (${percentText(fraction)})`;
  const rate = rateOf(progress);
  const left = leftOf(progress);
  return [
    `  ${table}: ${done}${percent}`,
    rate === undefined ? "" : `, ${rate}`,
    left === undefined ? "" : `, about ${left}`,
    ...(details ? [sizeOf(batchSize), workersOf(workers)] : []).map((text) => text === undefined ? "" : `, ${text}`),
    ...(waiting === undefined ? [] : [", ", styled("yellow", `waiting: ${waiting}`)]),
  ];
}

/** What is told of what does not say how far it is: `  … 12 s`. */
export function elapsedLine(seconds: number): Line {
  return [styled("dim", `  … ${lengthText(Math.floor(seconds))}`)];
}

/** What is told at the end of what took long: `  person: 5,000,000 rows, 41,300 rows/s`. */
export function doneLine(progress: Progress): Line {
  const rate = rateOf({ ...progress, waiting: undefined });
  return `  ${progress.table}: ${rowsText(progress.rows)}${rate === undefined ? "" : `, ${rate}`}`;
}

function rateOf({ rowsPerSecond, waiting }: Progress): string | undefined {
  if (waiting !== undefined || !Number.isFinite(rowsPerSecond) || rowsPerSecond <= 0) return undefined;
  return `${rateText(rowsPerSecond)} rows/s`;
}

/** Nobody knows how long it waits. */
function leftOf({ secondsLeft, waiting }: Progress): string | undefined {
  if (waiting !== undefined || secondsLeft === undefined || !Number.isFinite(secondsLeft)) return undefined;
  return `${lengthText(secondsLeft)} left`;
}

function sizeOf(batchSize: number | undefined): string | undefined {
  return batchSize === undefined ? undefined : `batches of ${countText(batchSize)}`;
}

function workersOf(workers: number | undefined): string | undefined {
  return workers === undefined || workers <= 1 ? undefined : `${workers} workers`;
}

/** The parts of a line in a terminal, from left to right. */
const PARTS = ["table", "bar", "percent", "rows", "rate", "left", "size", "workers", "waiting"] as const;
type Part = typeof PARTS[number];

/** What is shown first when there is little room. `total` is the longer form of `rows`. */
const BY_WORTH: readonly (Part | "total")[] = [
  "percent",
  "waiting",
  "table",
  "left",
  "rows",
  "rate",
  "bar",
  "total",
  "size",
  "workers",
];

const MARGIN = 2;
const GAP = 2;
const MAX_TABLE = 30;
const MIN_BAR = 12;
const MAX_BAR = 42;

/**
 * One line for a terminal of so many columns, the last of which stays free: there, terminals begin the next line.
 *
 *     person  [======>                 ]  24 %  1,200,000/5,000,000 rows  41,300 rows/s  1 min 32 s left
 */
export function barLine(progress: Progress, columns: number): Line {
  const room = Math.max(0, columns - 1 - MARGIN);
  const parts = chosenParts(progress, room);
  const { fraction } = progress;
  if (fraction !== undefined && parts.has("bar")) {
    parts.set("bar", bar(fraction, Math.min(MAX_BAR, MIN_BAR + room - widthOf(parts))));
  }
  return PARTS.flatMap((part): (string | Styled)[] => {
    const text = parts.get(part);
    if (text === undefined) return [];
    return [
      " ".repeat(GAP),
      part === "waiting" ? styled("yellow", text) : part === "bar" ? styled("cyan", text) : text,
    ];
  });
}

/** As many parts as there is room for, those that are worth most before the others. */
function chosenParts(progress: Progress, room: number): Map<Part, string> {
  const texts = textsOf(progress);
  let chosen = new Map<Part, string>();
  for (const name of BY_WORTH) {
    const part = name === "total" ? "rows" : name;
    const left = room - widthOf(chosen) - (chosen.size === 0 ? 0 : GAP);
    const text = part === "waiting" ? fitted(texts[name] ?? "", left) : texts[name] ?? "";
    if (text === "") continue;
    const more = new Map(chosen).set(part, text);
    if (widthOf(more) <= room) chosen = more;
  }
  return chosen;
}

function textsOf(progress: Progress): Readonly<Record<Part | "total", string | undefined>> {
  const { table, rows, total, fraction, waiting, batchSize, workers } = progress;
  return {
    table: fitted(harmless(table), MAX_TABLE),
    bar: fraction === undefined ? undefined : bar(fraction, MIN_BAR),
    percent: fraction === undefined ? undefined : percentText(fraction).padStart(4),
    rows: rowsText(rows),
    total: total === undefined ? undefined : `${countText(rows)}/${rowsText(Math.max(total, rows))}`,
    rate: rateOf(progress),
    left: leftOf(progress),
    size: sizeOf(batchSize),
    workers: workersOf(workers),
    waiting: waiting === undefined ? undefined : harmless(`waiting: ${waiting}`),
  };
}

/** What is as wide as it says: a tab is not. */
function harmless(text: string): string {
  return visible(text.replaceAll("\t", " "));
}

function widthOf(parts: ReadonlyMap<Part, string>): number {
  const widths = [...parts.values()].map(textWidth);
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

/** `[=====>      ]`; plain characters, which every terminal has. */
function bar(fraction: number, width: number): string {
  const inner = width - 2;
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * inner + 1e-9);
  const head = filled < inner ? ">" : "";
  return `[${"=".repeat(filled)}${head}${" ".repeat(Math.max(0, inner - filled - head.length))}]`;
}
