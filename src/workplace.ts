/**
 * Where an attempt does its work: on our own connection, or on one of the Python tool's.
 *
 * @module
 */

import type { LoadRecord } from "./bulk_options.ts";
import type { UtcText } from "./clock.ts";
import type { Queryable, Session } from "./db/database.ts";

/** What the end of an attempt needs of the connection on which its work was done. */
export type WorkConnection = Queryable & Pick<Session, "inTransaction" | "commit" | "rollback">;

export interface Workplace {
  /** The one on which the work was done, so that the record can be written there too. */
  readonly connection: WorkConnection;
  /** Whether something may have been committed already. */
  readonly partial: boolean;
  /** Begins, and runs the user's code; what it does not throw is ready to be recorded. Gives what it loaded. */
  steps(): Promise<readonly LoadRecord[]>;
  /** Rolls back. Never throws. */
  undo(): Promise<void>;
}

/** The attempt that the work is for. */
export interface WorkContext {
  /** Its row in the run history. */
  readonly id: number;
  readonly direction: "upgrade" | "downgrade";
  /** From 1; higher when it is made again. */
  readonly number: number;
  readonly startedAt: UtcText;
  /** To be awaited before the first statement that commits what was done so far. */
  readonly beforePartial: () => Promise<void>;
}
