/**
 * How a migration's own code fails: a statement that the database refused, a check that was not met.
 *
 * @module
 */

import { DatabaseError } from "./db/database.ts";
import { DelembicError, type Place } from "./errors.ts";

/** How much of a migration stays although it failed: its statements 1 to `committed`. */
export interface Committed {
  readonly committed: number;
  readonly total: number;
}

/**
 * An error of a statement in a file: the server's own message and kind, and where the statement stands. The column is
 * where the server says that the mistake is, else where the statement begins.
 */
export class StatementError extends DatabaseError {
  override readonly place: Place;
  override readonly hint: string | undefined;
  override readonly data: Readonly<Record<string, unknown>>;
  /** Set only where a part of the migration can no longer be rolled back. */
  readonly committed: Committed | undefined;

  constructor(cause: DatabaseError, place: Place, committed: Committed | undefined) {
    super(cause.kind, cause.message, { statement: cause.statement, details: cause.details, cause });
    this.place = place;
    this.committed = committed;
    this.hint = committed === undefined ? cause.hint : hintOf(committed);
    this.data = { ...cause.data, ...place, ...committed };
  }
}

function hintOf({ committed, total }: Committed): string {
  return committed === 1
    ? `Statement 1 of ${total} is committed, and stays.`
    : `Statements 1 to ${committed} of ${total} are committed, and stay.`;
}

/** A check of the migration's own was not met: `validate` gave false. */
export class ValidationError extends DelembicError {
  constructor(message: string, place: Place) {
    super(message, { code: "validation-failed", place, data: { ...place } });
  }
}
