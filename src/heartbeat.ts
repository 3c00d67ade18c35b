/**
 * What goes on while a migration keeps the event loop busy, and all the time of a run: the lease is renewed, on the audit
 * connection or from a worker thread with a connection of its own, which it opens only then; and a second signal ends
 * the process, which the worker hears when nobody else can.
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

/** How the worker renews. `renewedAt` is shared memory: the time of the last renewal, whoever did it, in ms. */
export interface RenewalOrder {
  readonly target: Target;
  readonly lease: Lease;
  readonly times: LeaseTimes;
  readonly renewedAt: SharedArrayBuffer;
}

/** What the worker is told. */
export interface HeartbeatOrder {
  /** Nothing where the lock is none that runs out. */
  readonly renewal: RenewalOrder | undefined;
}

export interface HeartbeatOptions {
  readonly database: Database;
  readonly audit: AuditConnection;
  /** Nothing where the lock is none that runs out. */
  readonly lease: Lease | undefined;
  readonly times: LeaseTimes;
  /** Whether something runs that may keep the event loop busy. */
  readonly withWorker: boolean;
}

/** Starts renewing and listening; stop it before the lock is released. */
export function startHeartbeat(options: HeartbeatOptions): Disposable {
  const renewal = options.lease === undefined ? undefined : startRenewing(options, options.lease);
  const worker = options.withWorker ? startWorker({ renewal: renewal?.order }) : undefined;
  return {
    [Symbol.dispose]() {
      renewal?.[Symbol.dispose]();
      worker?.terminate();
    },
  };
}

function startRenewing(
  { database, audit, times }: HeartbeatOptions,
  lease: Lease,
): { readonly order: RenewalOrder } & Disposable {
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
  return {
    order: { target: database.target, lease, times, renewedAt },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function startWorker(order: HeartbeatOrder): Worker {
  const worker = new Worker(new URL("./heartbeat_worker.ts", import.meta.url), { type: "module", name: "heartbeat" });
  // without a worker the lease may expire during long computation; the fence still keeps the run safe
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.postMessage(order);
  return worker;
}
