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

export type StepName = typeof STEPS[number];

/** Told at each step; may take its time, or end the process. */
export type StepHook = (step: StepName, revision?: string) => void | Promise<void>;
