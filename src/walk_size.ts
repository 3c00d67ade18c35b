/**
 * How many rows the next batch of a walk has, so that a batch takes about as long as is wanted: pure.
 *
 * @module
 */

import type { BatchPlan } from "./migration.ts";

/** What the size of a batch depends on. */
export type SizePlan = Pick<BatchPlan, "size" | "minSize" | "maxSize" | "targetMs">;

/** A batch that was done. */
export interface DoneBatch {
  readonly rows: number;
  readonly milliseconds: number;
}

/** The size of the next batch, and what was learned on the way to it. */
export interface SizeState {
  readonly size: number;
  /** A batch's time as part of the target, averaged, for a batch of {@link size} rows; `undefined`: not known. */
  readonly load: number | undefined;
  /** No batch came near the target yet, so the size may grow by a lot. */
  readonly starting: boolean;
  /** The first of the batches in a row that were too slow. */
  readonly slow: DoneBatch | undefined;
  /** Fewer rows were found to take as long: below this size there is nothing to gain. */
  readonly floor: number;
}

/** How much a new batch counts in the average. */
const WEIGHT = 0.4;
/** Within these parts of the target the size stays. */
const QUICK = 0.8, SLOW = 1.1;
/** What a change of size aims at, as part of the target. */
const AIM = 0.95;
/** Beyond this part of the target the size falls at once, by what this batch took and not by the average. */
const FAR_TOO_SLOW = 2;
/** The most by which one batch makes the size grow: at the start, and later. */
const START_GROWTH = 4, GROWTH = 1.5;
/** The most by which it falls. */
const FALL = 1 / 16;

/** Before the first batch. */
export function firstSize(plan: SizePlan): SizeState {
  return { size: clamped(plan, plan.size), load: undefined, starting: true, slow: undefined, floor: plan.minSize };
}

/**
 * After a batch. A batch of fewer rows than were asked for (the end of the table, a part of a split one) tells nothing
 * about larger ones, and never makes the size grow.
 */
export function nextSize(plan: SizePlan, state: SizeState, done: DoneBatch): SizeState {
  if (plan.targetMs === 0 || done.rows === 0) return state;
  const now = done.milliseconds / plan.targetMs;
  if (now > SLOW) return afterSlow(plan, state, done, now);
  if (done.rows < state.size) return state;
  // a batch in time shows that the cost is in the rows again
  const calm = { ...state, slow: undefined, floor: plan.minSize };
  const load = averaged(state.load, now);
  if (state.starting && now < QUICK / 2) {
    return grown(plan, { ...calm, load: now }, Math.min(START_GROWTH, AIM / Math.max(now, 1e-9)));
  }
  const settled = { ...calm, load, starting: false };
  if (load < QUICK && now < QUICK) return grown(plan, settled, Math.min(GROWTH, AIM / load));
  return settled;
}

/** After a batch that was stopped by its time-out, to be tried again; `undefined`: it cannot be smaller. */
export function halved(plan: SizePlan, state: SizeState): SizeState | undefined {
  if (state.size <= plan.minSize) return undefined;
  const size = clamped(plan, Math.floor(state.size / 2));
  return { size, load: undefined, starting: false, slow: undefined, floor: plan.minSize };
}

function afterSlow(plan: SizePlan, state: SizeState, done: DoneBatch, now: number): SizeState {
  const slow = state.slow ?? done;
  // the cost is not in the rows (a commit that waits for a replica, a lock): a smaller size only does less in that time
  const inVain = done.rows <= slow.rows / 2 && done.milliseconds >= slow.milliseconds * 0.75;
  const floor = inVain ? Math.max(state.floor, done.rows) : state.floor;
  const known = { ...state, slow, floor, starting: false };
  const load = averaged(state.load, now);
  if (now > FAR_TOO_SLOW) return fallen(plan, { ...known, load: now }, done.rows, AIM / now);
  if (load > SLOW) return fallen(plan, { ...known, load }, state.size, AIM / load);
  return { ...known, load };
}

function averaged(load: number | undefined, now: number): number {
  return load === undefined ? now : load + WEIGHT * (now - load);
}

function grown(plan: SizePlan, state: SizeState, factor: number): SizeState {
  const { size, load = 0 } = state;
  // one row more may be too much already, where rows are few and costly
  if ((load * (size + 1)) / size > SLOW) return state;
  return resized(state, clamped(plan, Math.max(size + 1, Math.floor(size * factor))));
}

function fallen(plan: SizePlan, state: SizeState, rows: number, factor: number): SizeState {
  const size = clamped(plan, Math.floor(Math.min(rows, state.size) * Math.max(factor, FALL)));
  return resized(state, Math.min(state.size, Math.max(size, state.floor)));
}

/** The average is what a batch of the new size would take, so that the next one is compared with its like. */
function resized(state: SizeState, size: number): SizeState {
  return { ...state, size, load: state.load === undefined ? undefined : state.load * size / state.size };
}

function clamped({ minSize, maxSize }: SizePlan, size: number): number {
  return Math.min(Math.max(size, minSize, 1), maxSize);
}
