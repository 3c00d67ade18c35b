/**
 * How far a walk is, how fast it goes and how long it will take.
 *
 * @module
 */

import type { Progress } from "./progress.ts";

/** What is told together with the numbers. */
export interface WalkSituation {
  readonly table: string;
  readonly total: number | undefined;
  readonly batchSize: number | undefined;
  readonly workers: number;
  readonly waiting: string | undefined;
}

interface Sample {
  readonly at: number;
  readonly rows: number;
}

/** The rate is that of the last so many milliseconds. */
const WINDOW_MS = 30_000;

/** Counts the rows that are done, by this process and, as the ledger says, by all. Times are in milliseconds. */
export class WalkMeter {
  #rows: number;
  #own = 0;
  #samples: Sample[];

  /** @param rows those that are done already */
  constructor(rows: number, at: number) {
    this.#rows = rows;
    this.#samples = [{ at, rows }];
  }

  get rows(): number {
    return this.#rows;
  }

  /** Rows that this process did. */
  get own(): number {
    return this.#own;
  }

  add(rows: number, at: number): void {
    this.#own += rows;
    this.#see(this.#rows + rows, at);
  }

  /** What the ledger said of all ranges, whoever did them, when {@link own} was `ownThen`. */
  correct(rows: number, ownThen: number, at: number): void {
    this.#see(rows + this.#own - ownThen, at);
  }

  #see(rows: number, at: number): void {
    this.#rows = rows;
    const last = this.#samples.at(-1);
    if (last !== undefined && at - last.at < 250 && this.#samples.length > 1) this.#samples.pop();
    this.#samples.push({ at, rows });
    while ((this.#samples[1]?.at ?? at) < at - WINDOW_MS) this.#samples.shift();
  }

  progress(at: number, { table, total, batchSize, workers, waiting }: WalkSituation): Progress {
    const [first = { at, rows: this.#rows }] = this.#samples;
    const seconds = (at - first.at) / 1000;
    const rowsPerSecond = seconds <= 0 ? 0 : (this.#rows - first.rows) / seconds;
    // an estimate that was too low is no reason to show 130 %
    const all = total === undefined ? undefined : Math.max(total, this.#rows);
    const known = all !== undefined && all > 0;
    return {
      kind: "walk",
      table,
      rows: this.#rows,
      total: all,
      fraction: known ? this.#rows / all : undefined,
      rowsPerSecond,
      secondsLeft: known && rowsPerSecond > 0 ? (all - this.#rows) / rowsPerSecond : undefined,
      batchSize,
      workers,
      waiting,
    };
  }
}
