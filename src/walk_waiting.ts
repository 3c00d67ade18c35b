/**
 * The throttle of a walk, with a connection of its own where it asks the database.
 *
 * @module
 */

import type { ThrottlePlan } from "./migration.ts";
import type { RunContext } from "./open_run.ts";

/** Says why the walk should wait right now; nothing when it need not. */
export interface Throttle extends AsyncDisposable {
  reason(): Promise<string | undefined>;
}

/** `undefined` where the plan has no throttle. */
export function openThrottle(_plan: ThrottlePlan, _context: RunContext): Promise<Throttle | undefined> {
  return Promise.resolve(undefined);
}
