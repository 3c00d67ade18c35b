/**
 * The steps of a run, by name. A test build stops the process at each of them, to show that every next run ends in the
 * same data; the program itself only says which step it is at.
 *
 * @module
 */

/** In the order in which a run passes them; those from `run-opened` to `run-closed` once a migration. */
export const STEPS = [
  "connected",
  "tables-ready",
  "locked",
  "settled",
  "planned",
  "run-opened",
  "work-begun",
  "upgraded",
  "validated",
  "version-written",
  "committed",
  "run-closed",
  "unlocked",
] as const;

/** Within a walk in batches, between `run-opened` and `work-begun`. */
export const BATCH_STEPS = [
  "walk-begun",
  "range-claimed",
  "batch-begun",
  "batch-applied",
  "batch-checkpointed",
  "batch-committed",
  "walk-done",
] as const;

export type StepName = typeof STEPS[number] | typeof BATCH_STEPS[number];

/** Told at each step; may take its time, or end the process. */
export type StepHook = (step: StepName, revision?: string) => void | Promise<void>;
