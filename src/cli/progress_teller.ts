/**
 * Tells how far the present migration is, and not too often: on a terminal as a line that is redrawn, else as a line now
 * and then, with `--json` as events.
 *
 * @module
 */

import type { RunEvent } from "../events.ts";
import type { Progress } from "../progress.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output.ts";
import { barLine, doneLine, elapsedLine, progressLine } from "./progress_lines.ts";

type ProgressEvent = Extract<RunEvent, { type: "progress" }>;

/** How often something is told, in milliseconds. */
interface Pace {
  /** After the migration's beginning. */
  readonly first: number;
  readonly each: number;
}

const BAR: Pace = { first: 300, each: 100 };
const LINES: Pace = { first: 10_000, each: 10_000 };
const EVENTS: Pace = { first: 0, each: 1_000 };

/** What took longer than this is told once more when it is done, in milliseconds. */
const LONG = 10_000;

/** How often the time is told of what does not say how far it is, in milliseconds. */
const TICK = 1_000;

const DEFAULT_COLUMNS = 80;
const DIGITS_REGEXP = /[\d.,]+/g;

export interface TellerOptions {
  readonly io: Pick<Io, "columns" | "onResize" | "onConsole">;
  readonly output: Output;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
  /** Prints one event with `--json`. */
  readonly tellEvent: (event: ProgressEvent) => void;
}

export class ProgressTeller implements Disposable {
  readonly #options: TellerOptions;
  readonly #clock: () => number;
  readonly #pace: Pace;
  readonly #ending = new DisposableStack();
  #begun: number;
  #toldAt: number | undefined;
  /** The reason for waiting that was told last, without its numbers. */
  #toldReason: string | undefined;
  #latest: ProgressEvent | undefined;
  #isTold = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(options: TellerOptions) {
    const { io, output, clock = () => performance.now() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#begun = clock();
    this.#pace = output.tellsEvents ? EVENTS : output.hasBottom ? BAR : LINES;
    if (!output.hasBottom) return;
    this.#ending.use(io.onResize(() => this.#redraw()));
    this.#ending.use(io.onConsole(() => output.bottom(undefined)));
  }

  /** To be called with each event before it is told itself. */
  hear(event: RunEvent): void {
    switch (event.type) {
      case "progress":
        return this.#progress(event);
      case "waiting":
      case "running":
        return this.#begin();
      case "ok":
        return this.#end(true);
      case "failed":
      case "interrupted":
      case "retrying":
      case "blocked":
        return this.#end(false);
    }
  }

  [Symbol.dispose](): void {
    this.#end(false);
    this.#ending.dispose();
  }

  #begin(): void {
    this.#begun = this.#clock();
    this.#toldAt = undefined;
    this.#toldReason = undefined;
    clearInterval(this.#ticking);
    if (this.#pace === BAR) this.#ticking = setInterval(() => this.#tick(), TICK);
  }

  /** A statement of minutes says nothing of itself; that it is still at work can be seen. */
  #tick(): void {
    if (this.#latest !== undefined) return;
    this.#options.output.bottom(elapsedLine((this.#clock() - this.#begun) / 1000));
  }

  #progress(event: ProgressEvent): void {
    this.#latest = event;
    this.#isTold = false;
    const wait = this.#waitFor(event.progress);
    if (wait <= 0) this.#tell(event);
    else if (this.#pace === BAR) this.#timer ??= setTimeout(() => this.#tellLatest(), wait);
  }

  /** How long not to tell this yet, in milliseconds. A new reason for waiting is told at once. */
  #waitFor({ waiting }: Progress): number {
    const reason = reasonOf(waiting);
    if (this.#pace !== BAR && reason !== undefined && reason !== this.#toldReason) return 0;
    const { first, each } = this.#pace;
    return (this.#toldAt === undefined ? this.#begun + first : this.#toldAt + each) - this.#clock();
  }

  #tellLatest(): void {
    this.#stopTimer();
    if (!this.#isTold && this.#latest !== undefined) this.#tell(this.#latest);
  }

  #tell(event: ProgressEvent): void {
    const { output, tellEvent } = this.#options;
    this.#stopTimer();
    this.#toldAt = this.#clock();
    this.#toldReason = reasonOf(event.progress.waiting);
    this.#isTold = true;
    if (this.#pace === EVENTS) return tellEvent(event);
    if (this.#pace === LINES) return output.note([progressLine(event.progress, { details: output.verbose })]);
    output.bottom(barLine(event.progress, this.#options.io.columns() ?? DEFAULT_COLUMNS));
  }

  #redraw(): void {
    if (this.#latest !== undefined && this.#toldAt !== undefined) this.#tell(this.#latest);
  }

  #end(isDone: boolean): void {
    const { output } = this.#options;
    const latest = this.#latest;
    this.#stopTimer();
    clearInterval(this.#ticking);
    output.bottom(undefined);
    this.#latest = undefined;
    if (latest === undefined) return;
    if (this.#pace === EVENTS && !this.#isTold) this.#tell(latest);
    if (this.#pace !== EVENTS && isDone && this.#clock() - this.#begun >= LONG) {
      output.note([doneLine(latest.progress)]);
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function reasonOf(waiting: string | undefined): string | undefined {
  return waiting?.replace(DIGITS_REGEXP, "#");
}
