/**
 * What happens during a run, as data. The terminal, `--json` and later the web page each render the same events.
 *
 * @module
 */

import type { RunStatus } from "./ledger.ts";
import type { Progress } from "./progress.ts";

/** One thing that happened. */
export type RunEvent =
  /** Another process holds the lock; said once, and again when the holder changes. */
  | { readonly type: "waiting"; readonly holder: string; readonly since: string }
  | { readonly type: "warning"; readonly message: string; readonly hint?: string | undefined }
  /** A run that died left this revision open; it was closed as told. */
  | { readonly type: "settled"; readonly revision: string; readonly status: RunStatus }
  | {
    readonly type: "running";
    readonly revision: string;
    readonly description: string;
    readonly direction: "upgrade" | "downgrade" | "verify" | "join";
  }
  | { readonly type: "log"; readonly revision: string; readonly message: string }
  /** How far a load or a walk in batches is; often, so whoever shows it leaves most of them out. */
  | { readonly type: "progress"; readonly revision: string; readonly progress: Progress }
  /** A batch of a walk is committed; very often, so it is for measuring and not for telling. */
  | { readonly type: "batch"; readonly revision: string; readonly rows: number; readonly milliseconds: number }
  /** `conn.load` is through, within the migration's transaction. */
  | {
    readonly type: "loaded";
    readonly revision: string;
    readonly table: string;
    readonly rows: number;
    readonly seconds: number;
  }
  | { readonly type: "retrying"; readonly revision: string; readonly attempt: number; readonly error: string }
  | { readonly type: "ok"; readonly revision: string; readonly durationSeconds: number }
  | { readonly type: "blocked"; readonly revision: string; readonly message: string; readonly hint: string }
  /** `reason` says by what; what could be rolled back was. */
  | { readonly type: "interrupted"; readonly revision: string; readonly reason: string; readonly code: string }
  /** `error` is what the user's code or the database threw. `partial`: a part of the work is committed, and stays. */
  | { readonly type: "failed"; readonly revision: string; readonly error: unknown; readonly partial: boolean };

/** Told each event, in order; must not throw. */
export type EventSink = (event: RunEvent) => void;
