/**
 * Waiting for a database that is still coming up.
 *
 * @module
 */

import { type Database, DatabaseError } from "./db/database.ts";
import { pause } from "./lock.ts";

/** How long to wait between two attempts to connect, in milliseconds. */
const WAIT_MS = 500;

/** How long to wait for the database, and what to do meanwhile. */
export interface Waiting {
  /** Milliseconds. */
  readonly waitMs: number;
  /** Ends the waiting, by its reason. */
  readonly signal: AbortSignal;
  /** Called once, when there is something to wait for, with why nobody answers. */
  readonly tell: (error: string) => void;
}

/**
 * Tries to connect until it works, or fails for another reason than that nobody answers: then that is for whoever
 * connects next.
 *
 * @throws {DatabaseError} when the time is up
 */
export async function waitForDatabase(database: Database, { waitMs, signal, tell }: Waiting): Promise<void> {
  const start = performance.now();
  for (let told = false;; told = true) {
    try {
      const session = await database.connect("read");
      return await session.close();
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind !== "unreachable") return;
      const left = waitMs - (performance.now() - start);
      if (left <= 0) throw error;
      if (!told) tell(error.message);
      await pause(Math.min(WAIT_MS, left), signal);
      signal.throwIfAborted();
    }
  }
}
