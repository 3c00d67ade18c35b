/**
 * How far a load is, told now and then.
 *
 * @module
 */

import type { Progress } from "./progress.ts";

/** At most five times a second, in milliseconds. */
const EVERY_MS = 200;

/** Tells how far a load is. */
export class LoadProgress {
  readonly #table: string;
  readonly #tell: (progress: Progress) => void;
  readonly #start = performance.now();
  #told = performance.now();

  constructor(table: string, tell: (progress: Progress) => void) {
    this.#table = table;
    this.#tell = tell;
  }

  /** @param fraction of the source that was read, 0 to 1 */
  at(rows: number, fraction: number | undefined): void {
    const now = performance.now();
    if (now - this.#told < EVERY_MS) return;
    this.#told = now;
    this.#tell(loadProgress(this.#table, rows, fraction, (now - this.#start) / 1000));
  }
}

/** Pure. */
export function loadProgress(table: string, rows: number, fraction: number | undefined, seconds: number): Progress {
  const known = fraction !== undefined && fraction > 0 && seconds > 0;
  return {
    kind: "load",
    table,
    rows,
    total: known ? Math.max(rows, Math.round(rows / fraction)) : undefined,
    fraction,
    rowsPerSecond: seconds > 0 ? rows / seconds : 0,
    secondsLeft: known ? seconds * (1 - fraction) / fraction : undefined,
    batchSize: undefined,
    workers: undefined,
    waiting: undefined,
  };
}
