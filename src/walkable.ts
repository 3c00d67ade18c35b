/**
 * What a walk goes over, piece by piece in the order of its keys: a table, or a file. Who hands ranges out, works at them
 * and checkpoints them knows neither.
 *
 * @module
 */

import type { Key } from "./batch_key.ts";
import type { WalkDetail, WalkRow } from "./batch_ledger.ts";
import type { LoadEnvironment } from "./bulk_options.ts";
import type { Queryable, Session } from "./db/database.ts";
import type { DelembicError } from "./errors.ts";
import type { Run } from "./migration.ts";

/** Which keys: after one (or from the beginning), up to and with another. */
export interface KeySpan {
  readonly after: Key | undefined;
  readonly upTo: Key;
}

/** The part of a span that comes next. */
export interface Piece {
  /** Its last key: that of the span where it is the last piece. */
  readonly upTo: Key;
  /** How many rows it has; 0: there is nothing to do. */
  readonly rows: number;
  /** Nothing of the span is left behind it. */
  readonly last: boolean;
}

/** One batch that is to be done, within the transaction that is open. */
export interface BatchWork extends KeySpan {
  readonly session: Session;
  readonly rows: number;
  /** Counts the batches of this process, from 1. */
  readonly number: number;
  readonly run: Run;
  readonly environment: LoadEnvironment;
}

export interface Walkable {
  /** The table, as people write it: `staging.person`. */
  readonly name: string;
  /** What the ledger keeps of it, besides the migration's checksum. */
  readonly detail: Omit<WalkDetail, "checksum">;
  /** How many batches a range has, roughly. */
  readonly rangeBatches: number;
  /** Rows in all, roughly. @param atFirst as many as were expected when the walk began */
  rowsInAll(atFirst?: number): number | undefined;
  /** Where the walk ends; `undefined` when there is nothing to do. */
  lastKey(db: Queryable): Promise<Key | undefined>;
  /** @param limit of rows of a table, of bytes of a file */
  next(db: Queryable, span: KeySpan, limit: number): Promise<Piece>;
  /** Does a batch. @returns how many rows it had @throws what failed */
  apply(work: BatchWork): Promise<number>;
  /** Why a walk that was begun cannot go on over this. */
  mismatch(before: WalkRow): DelembicError | undefined;
  /** The error of a batch that failed for good. */
  failure(cause: unknown, span: KeySpan): DelembicError;
}
