/**
 * Ends what runs, when a signal comes or time is up.
 *
 * @module
 */

import { DelembicError, EXIT } from "./errors.ts";
import { pause } from "./lock.ts";

export type InterruptionReason = "SIGINT" | "SIGTERM" | "max-time" | "abort";

const EXIT_CODES = {
  SIGINT: EXIT.sigint,
  SIGTERM: EXIT.sigterm,
  "max-time": EXIT.timeUp,
  abort: EXIT.sigterm,
} as const;

/** What the reasons that are no signal's name mean. */
const REASONS: Readonly<Record<string, string>> = {
  "max-time": "The time given with --max-time is used up",
  abort: "Stopped by the program that runs it",
};

/** The reason of the abort signal that ends a run: a signal of the system, `--max-time`, or a program's own. */
export class Interruption extends DelembicError {
  constructor(readonly reason: InterruptionReason) {
    super(REASONS[reason] ?? `Interrupted by ${reason}`, {
      code: reason === "max-time" ? "time-up" : "interrupted",
      exitCode: EXIT_CODES[reason],
      hint: "What was at work is rolled back, what was applied before stays. Run 'delembic upgrade' to go on.",
    });
  }
}

/** A migration took longer than its `timeout`. */
export class MigrationTimeoutError extends DelembicError {
  constructor(milliseconds: number) {
    super(`Took longer than its timeout of ${milliseconds / 1000} s`, {
      code: "migration-timeout",
      hint: "Give the migration a longer 'timeout', or make it do less.",
    });
  }
}

/** How long code that does not heed the end may go on before its connection is closed under it, in milliseconds. */
const GRACE_MS = 3_000;

/**
 * Waits for `work`, but ends it when the signal is aborted: calls `cancel`, gives it some time to fail by itself, and
 * then throws the signal's reason, whether or not the work has ended by then.
 */
export async function interruptible<T>(
  work: Promise<T>,
  signal: AbortSignal,
  cancel: () => Promise<void>,
): Promise<T> {
  const settled = work.then(() => undefined, () => undefined);
  const aborted = whenAborted(signal);
  const first = await Promise.race([settled.then(() => "settled" as const), aborted.promise]);
  aborted.forget();
  if (first === "settled" && !signal.aborted) return await work;
  await cancel().catch(() => undefined);
  const enough = new AbortController();
  await Promise.race([settled, pause(GRACE_MS, enough.signal)]);
  enough.abort();
  throw signal.reason;
}

function whenAborted(signal: AbortSignal): { promise: Promise<"aborted">; forget: () => void } {
  let onAbort = () => {};
  const promise = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  return { promise, forget: () => signal.removeEventListener("abort", onAbort) };
}

/** A signal that is aborted by `signal`, or with an error of time after some milliseconds. */
export function withTimeout(
  signal: AbortSignal,
  milliseconds: number | undefined,
  late: (milliseconds: number) => Error = (time) => new MigrationTimeoutError(time),
): { signal: AbortSignal } & Disposable {
  if (milliseconds === undefined) return { signal, [Symbol.dispose]() {} };
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(late(milliseconds)), milliseconds);
  return {
    signal: AbortSignal.any([signal, timeout.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
