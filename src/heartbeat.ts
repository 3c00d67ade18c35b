/**
 * Renews the lease while a run is at work: on the audit connection, and, where a migration keeps the event loop busy,
 * from a worker thread with a connection of its own, which it opens only then.
 *
 * @module
 */

import type { AuditConnection } from "./audit.ts";
import type { Database } from "./db/database.ts";
import type { Target } from "./db/target.ts";
import type { Lease } from "./lock.ts";

export interface LeaseTimes {
  /** How long a lease lasts without renewal. */
  readonly seconds: number;
  readonly renewSeconds: number;
}

export const LEASE: LeaseTimes = { seconds: 60, renewSeconds: 15 };

/** What the worker is told. `renewedAt` is shared memory: the time of the last renewal, whoever did it, in ms. */
export interface HeartbeatOrder {
  readonly target: Target;
  readonly lease: Lease;
  readonly times: LeaseTimes;
  readonly renewedAt: SharedArrayBuffer;
}

export interface HeartbeatOptions {
  readonly database: Database;
  readonly audit: AuditConnection;
  readonly lease: Lease;
  readonly times: LeaseTimes;
  /** Whether code runs that may keep the event loop busy; a migration in SQL cannot. */
  readonly withWorker: boolean;
}

/** Starts renewing; stop it before the lock is released. */
export function startHeartbeat(options: HeartbeatOptions): Disposable {
  const { audit, lease, times } = options;
  const renewedAt = new SharedArrayBuffer(8);
  const clock = new Float64Array(renewedAt);
  clock[0] = Date.now();
  const timer = setInterval(() => {
    audit.query(audit.dialect.ledger.renewLease, [times.seconds, lease.holder, lease.fence]).then(
      () => clock[0] = Date.now(),
      // a renewal that failed is tried again at the next beat; whether the lease is ours the fence decides
      () => undefined,
    );
  }, times.renewSeconds * 1000);
  const worker = options.withWorker
    ? startWorker({ target: options.database.target, lease, times, renewedAt })
    : undefined;
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      worker?.terminate();
    },
  };
}

function startWorker(order: HeartbeatOrder): Worker {
  const worker = new Worker(new URL("./heartbeat_worker.ts", import.meta.url), { type: "module", name: "heartbeat" });
  // without a worker the lease may expire during long computation; the fence still keeps the run safe
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.postMessage(order);
  return worker;
}
