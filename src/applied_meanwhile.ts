/**
 * A script of `upgrade --sql` that was quicker than the run.
 *
 * @module
 */

import type { Queryable } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import { readVersion } from "./ledger.ts";
import { isApplied } from "./plan.ts";

class AppliedMeanwhileError extends DelembicError {
  constructor(revision: string) {
    super(`${revision} was applied by a script while this run began`, {
      code: "applied-meanwhile",
      hint: "Nothing was done twice. Run 'delembic upgrade' again.",
    });
  }
}

/**
 * Where the lock is a file beside the database, a script in the database's own client cannot take it. It looks at the
 * open rows of the history instead, and we, now that ours is there, whether it came before that.
 *
 * @param appliedAt when the revision was applied last, as the run saw it when it planned
 */
export async function appliedMeanwhile(
  db: Queryable,
  revision: string,
  appliedAt: string | undefined,
): Promise<DelembicError | undefined> {
  if (db.dialect.leaseLock) return undefined;
  const version = await readVersion(db, revision);
  const isNew = isApplied(version) && version?.appliedAt !== appliedAt;
  return isNew ? new AppliedMeanwhileError(revision) : undefined;
}
