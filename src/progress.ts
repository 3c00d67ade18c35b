/**
 * How far a load or a walk is, as data.
 *
 * @module
 */

/** How far a lot of data has come. */
export interface Progress {
  /** A load, or a walk over a table in batches. */
  readonly kind: "load" | "walk";
  /** The table, as people write it. */
  readonly table: string;
  /** Rows that are done, those of earlier attempts included. */
  readonly rows: number;
  /** How many there are in all, roughly. */
  readonly total: number | undefined;
  /** 0 to 1. */
  readonly fraction: number | undefined;
  /** Of this attempt. */
  readonly rowsPerSecond: number;
  /** How long it will take; `undefined` while that is not known. */
  readonly secondsLeft: number | undefined;
  /** Rows of a batch now. */
  readonly batchSize: number | undefined;
  /** How many walk at once in this process. */
  readonly workers: number | undefined;
  /** Why it does not go on right now: `replica lag 12 s, more than 10 s`. */
  readonly waiting: string | undefined;
}
