/**
 * How a walk in batches ends before its end.
 *
 * @module
 */

import { formatKey, type Key } from "./batch_key.ts";
import { DatabaseError } from "./db/database.ts";
import { DelembicError, EXIT, messageOf } from "./errors.ts";

/** Somebody paused the walk. Exit code 124: it is to be resumed. */
export class PausedError extends DelembicError {
  constructor(revision: string, done: string) {
    super(`${revision} is paused${done}`, {
      code: "paused",
      exitCode: EXIT.timeUp,
      hint: `What is done stays. Run 'delembic resume ${revision}', then 'delembic upgrade' to go on.`,
      data: { revision },
    });
  }
}

/** A batch took longer than `batch.timeout`. */
export class BatchTimeoutError extends DelembicError {
  constructor(milliseconds: number) {
    super(`The batch took longer than its timeout of ${milliseconds / 1000} s`, {
      code: "batch-timeout",
      hint: "Does somebody hold its rows locked? Else give 'batch' a longer 'timeout', or make 'apply' do less.",
    });
  }
}

/** Which keys a batch of a table had. */
export interface BatchPlace {
  readonly table: string;
  /** The key's columns. */
  readonly columns: readonly string[];
  readonly after: Key | undefined;
  readonly upTo: Key;
}

/** `person, id after 1000 up to 2000` */
export function formatBatch({ table, columns, after, upTo }: BatchPlace): string {
  const key = columns.length === 1 ? columns[0] : `(${columns.join(", ")})`;
  return `${table}, ${key}${after === undefined ? "" : ` after ${formatKey(after)}`} up to ${formatKey(upTo)}`;
}

/** A batch failed, and trying again would not help. What was done before it stays. */
export class BatchError extends DelembicError {
  /** @param options `batch`: which one, in words; `hint`: what to do, where it is not to mend the cause and to go on */
  constructor(
    cause: unknown,
    { revision, batch, hint }: {
      readonly revision: string;
      readonly batch: string;
      readonly hint?: string | undefined;
    },
  ) {
    const known = cause instanceof DelembicError ? cause : undefined;
    super(`${messageOf(cause)} (in the batch of ${batch})`, {
      code: "batch-failed",
      place: known?.place,
      hint: hint ?? [
        known?.hint,
        "The batches before it are done, and stay. Mend the cause, then 'delembic upgrade' goes on with this one.",
      ].filter((part) => part !== undefined).join(" "),
      cause,
      data: { ...known?.data, revision, batch },
    });
  }
}

/** DDL within a batch, or a COMMIT, would commit it without its checkpoint. */
export class BatchCommitError extends DelembicError {
  constructor() {
    super("A statement in the batch ends its transaction, so the batch could be done twice", {
      code: "batch-commits",
      hint: "Take COMMIT and ROLLBACK out of it; put DDL that commits by itself into a migration before this one.",
    });
  }
}

/** Statements that end the transaction which a batch shares with its checkpoint, or begin another one. */
const CONTROL_REGEXP =
  /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:commit|end|abort|begin|start\s+transaction|prepare\s+transaction|xa|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/** @throws {BatchCommitError} when the statement would end its batch's transaction; what hides it better shows later */
export function refuseControl(text: string): void {
  if (CONTROL_REGEXP.test(text)) throw new BatchCommitError();
}

/** What to do about a batch that failed. */
export type Remedy = "split" | "retry" | "look-again" | "give-up";

/** By the class of the error, and by how often this batch was tried. Pure. */
export function remedyFor(
  error: unknown,
  { tries, retries }: { readonly tries: number; readonly retries: number },
): Remedy {
  if (error instanceof BatchTimeoutError) return "split";
  if (!(error instanceof DatabaseError)) return "give-up";
  if (error.kind === "cancelled") return "split";
  if (tries > retries) return "give-up";
  if (error.kind === "lost" || error.kind === "unreachable") return "look-again";
  if (error.kind === "lock-timeout") return "split";
  return error.retryable ? "retry" : "give-up";
}
