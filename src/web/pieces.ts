/**
 * What several pages show: states, moments, lengths of time, tables of attempts, how far a walk is.
 *
 * @module
 */

import type { WalkStory } from "../batch_ledger.ts";
import type { UtcText } from "../clock.ts";
import { type DelembicError, type Fault, formatPlace } from "../errors.ts";
import { STATE_SIGNS } from "../graph_svg.ts";
import type { NodeState } from "../graph_view.ts";
import type { RunRecord } from "../ledger.ts";
import { batchesText, countText, lengthText, percentText, rateText, rowsText } from "../numbers_text.ts";
import { fitted } from "../text_width.ts";
import { walkNumbers, walkRows, walkState } from "../walk_numbers.ts";
import { type Html, type HtmlTag, type HtmlValue, trusted } from "./html.ts";

/** Longer texts are cut off in tables, in columns. */
const CELL_COLUMNS = 240;

/** A state by sign, colour and word. */
export function stateChip(markup: HtmlTag, state: NodeState): Html {
  return markup`<span class="chip ${state}">${stateSign(state)}${state}</span>`;
}

/** The sign alone, for those who see it. */
export function stateSign(state: NodeState): Html {
  return trusted(
    `<svg class="sign dg-node ${state}" viewBox="-10 -10 20 20" width="16" height="16" aria-hidden="true">${
      STATE_SIGNS[state]
    }</svg>`,
  );
}

/** `2026-01-15 10:30:00`, with all digits for those who point at it; browsers know which moment it is. */
export function moment(markup: HtmlTag, time: UtcText | null | undefined): HtmlValue {
  if (time === null || time === undefined) return "";
  return markup`<time datetime="${time}">${time.slice(0, 19).replace("T", " ")}</time>`;
}

/** `0.02 s`, `3 min 20 s` */
export function spell(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "";
  return seconds < 60 ? `${seconds.toFixed(2)} s` : lengthText(seconds);
}

/** A text for a cell, which nobody reads to its end there. */
export function shortened(text: string): string {
  return fitted(text.slice(0, 4 * CELL_COLUMNS), CELL_COLUMNS);
}

/** A text that anybody may have written, in any direction. */
export function foreign(markup: HtmlTag, text: string): HtmlValue {
  return text === "" ? "" : markup`<bdi>${shortened(text)}</bdi>`;
}

/** Where a page about something is. */
export function addressOf(path: string, values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]));
  return pairs.length === 0 ? path : `${path}?${query}`;
}

export function revisionLink(markup: HtmlTag, id: string): Html {
  return markup`<a class="id" href="${addressOf("/revision", { id })}">${id}</a>`;
}

/** What of an attempt's status has a sign of a state. */
const RUN_SIGNS: Readonly<Record<string, NodeState>> = {
  success: "applied",
  failed: "failed",
  partial: "failed",
  interrupted: "blocked",
  running: "running",
  downgrading: "running",
};

export function runChip(markup: HtmlTag, { status, endedAt }: RunRecord): Html {
  const word = status ?? "unknown";
  const isOpen = endedAt === null && status !== null;
  const sign = isOpen ? "running" : RUN_SIGNS[word] ?? "unknown";
  return markup`<span class="chip ${sign}">${stateSign(sign)}${word}${
    isOpen && status !== "running" ? " (open)" : ""
  }</span>`;
}

/** `alice@build-7` */
export function actorOf({ username, hostname }: RunRecord): string {
  return [username, hostname].filter((part) => part !== null && part !== "").join("@");
}

/** Attempts, the latest first. @param withRevision whether each tells which migration it was */
export function runTable(
  markup: HtmlTag,
  runs: readonly RunRecord[],
  { withRevision }: { readonly withRevision: boolean },
): Html {
  return markup`<div class="wide">
      <table class="rows">
        <thead>
          <tr><th scope="col">Run</th>${
    withRevision ? markup`<th scope="col">Revision</th>` : ""
  }<th scope="col">Result</th>
    <th scope="col">Started</th><th scope="col" class="number">Took</th><th scope="col">By</th></tr>
        </thead>
        <tbody>${
    runs.map((run) =>
      markup`<tr><td data-label="Run"><a data-row class="id" href="${
        addressOf("/run", { id: run.id })
      }">${run.id}</a></td>${
        withRevision
          ? markup`<td data-label="Revision">${run.revision === null ? "" : revisionLink(markup, run.revision)}</td>`
          : ""
      }<td data-label="Result">${runChip(markup, run)}${firstError(markup, run)}</td>
<td data-label="Started" class="quiet">${
        moment(markup, run.startedAt)
      }</td><td data-label="Took" class="number quiet">${spell(run.seconds)}</td><td data-label="By" class="quiet">${
        foreign(markup, actorOf(run))
      }</td></tr>`
    )
  }</tbody>
      </table>
    </div>`;
}

/** How an attempt ends whose text is an error; that of others is a remark. */
export const FAILED: ReadonlySet<string> = new Set(["failed", "partial", "interrupted"]);

function firstError(markup: HtmlTag, { status, exception }: RunRecord): HtmlValue {
  if (exception === null || exception === "" || !FAILED.has(status ?? "")) return "";
  return markup`<span class="error-line">${foreign(markup, errorLine(exception))}</span>`;
}

const STACK_REGEXP = /^\s+(?:at |File )|^Traceback /;

/** The line of an error that says what it is: the last one of a Python traceback, else the first. */
export function errorLine(exception: string): string {
  const lines = exception.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  const isPython = lines[0]?.startsWith("Traceback ") ?? false;
  return (isPython ? lines.findLast((line) => !/^\s/.test(line)) : lines.find((line) => !STACK_REGEXP.test(line))) ??
    "";
}

/** How far a walk is; the script keeps it up to date. */
export function walkBox(markup: HtmlTag, story: WalkStory, runs: readonly RunRecord[] = []): Html {
  const { walk } = story;
  const told = walkTold(story, runs);
  const { fraction } = walkNumbers(story, runs);
  return markup`<div class="walk" data-walk="${walk.revision}">
      <div class="walk-head">${revisionLink(markup, walk.revision)} <span data-live="state">${told.state}</span>
    <span class="grow"></span><strong class="number" data-live="percent">${told.percent}</strong></div>
      <progress aria-label="Rows of ${walk.revision} that are done" max="1" ${
    fraction === undefined ? "" : markup` value="${fraction}"`
  }></progress>
      <dl class="facts">${
    WALK_FACTS.map(([name, label]) =>
      markup`<div${told[name] === "" ? markup` hidden` : ""}>
            <dt>${label}</dt>
            <dd data-live="${name}">${told[name]}</dd>
            </div>`
    )
  }</dl>
    </div>`;
}

const WALK_FACTS = [
  ["rows", "Done"],
  ["batches", "Batches"],
  ["rate", "Rate"],
  ["left", "Time left"],
  ["workers", "Workers"],
  ["waiting", "Waiting"],
] as const;

/** What is told of a walk, each as a text; empty where there is nothing to tell. */
export interface WalkTold {
  readonly state: string;
  readonly percent: string;
  readonly rows: string;
  readonly batches: string;
  readonly rate: string;
  readonly left: string;
  readonly workers: string;
  readonly waiting: string;
}

export function walkTold(story: WalkStory, runs: readonly RunRecord[] = []): WalkTold {
  const numbers = walkNumbers(story, runs);
  const { batches, batchSize, fraction, held, rowsPerSecond, secondsLeft } = numbers;
  const { walk } = story;
  const size = batchSize === undefined || walk.detail?.file !== undefined ? "" : `, ${rowsText(batchSize)} each`;
  return {
    state: walkState(story, numbers),
    percent: fraction === undefined ? "" : percentText(fraction),
    rows: walkRows(story),
    batches: batches === 0 ? "" : `${batchesText(batches)}${size}`,
    rate: rowsPerSecond === undefined ? "" : `${rateText(rowsPerSecond)} rows/s`,
    left: secondsLeft === undefined ? "" : `about ${lengthText(secondsLeft)}`,
    workers: held.length === 0 ? "" : countText(held.length),
    waiting: walk.waiting ?? "",
  };
}

/** What is wrong in a file. */
export function faultBox(markup: HtmlTag, { message, place, hint }: Fault): Html {
  return markup`<div class="note failed"><p>${foreign(markup, message)}</p><p class="quiet"><code>${
    formatPlace(place)
  }</code></p>${hint === undefined ? "" : markup`<p class="quiet">${hint}</p>`}</div>`;
}

/** What could not be found out. */
export function troubleBox(markup: HtmlTag, { message, hint, place }: DelembicError): Html {
  return markup`<div class="note blocked"><p>${foreign(markup, message)}</p>${
    place === undefined ? "" : markup`<p class="quiet"><code>${formatPlace(place)}</code></p>`
  }${hint === undefined ? "" : markup`<p class="quiet">${hint}</p>`}</div>`;
}

/** Pages of a list, by number. */
export function pager(
  markup: HtmlTag,
  { page, pages, addressAt }: { page: number; pages: number; addressAt: (page: number) => string },
): HtmlValue {
  if (pages <= 1) return "";
  return markup`<nav class="pager"
      aria-label="Pages of the list">${
    page > 1 ? markup`<a rel="prev" href="${addressAt(page - 1)}">← Earlier</a>` : markup`<span></span>`
  }<span class="quiet">Page ${page} of ${pages}</span>${
    page < pages ? markup`<a rel="next" href="${addressAt(page + 1)}">Later →</a>` : markup`<span></span>`
  }</nav>`;
}
