/**
 * The worker of {@link startHeartbeat}: does what the main thread has not done in time, because something keeps it busy.
 *
 * @module
 */

import type { Session } from "./db/database.ts";
import type { HeartbeatOrder, RenewalOrder } from "./heartbeat.ts";

/** The main thread may be a beat late without being busy. */
const LATE_FACTOR = 1.3;
/** How long the main thread is given to end the process by itself at the second signal, in milliseconds. */
const LAST_GRACE_MS = 500;

let session: Session | undefined;
let beating = false;
let signals = 0;

addEventListener("message", (event) => {
  const { renewal } = (event as MessageEvent<HeartbeatOrder>).data;
  listen();
  if (renewal !== undefined) keepRenewing(renewal);
});

/** A loop without an end, or a long statement of a database in this process, hears no signal: here one is heard. */
function listen(): void {
  // Windows knows no SIGTERM
  for (const signal of Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const) {
    // deno-lint-ignore delembic/edge-only
    Deno.addSignalListener(signal, () => {
      if (++signals === 2) setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), LAST_GRACE_MS);
    });
  }
}

function keepRenewing(order: RenewalOrder): void {
  const clock = new Float64Array(order.renewedAt);
  setInterval(async () => {
    const late = Date.now() - (clock[0] ?? 0) > order.times.renewSeconds * 1000 * LATE_FACTOR;
    if (!late || beating) return;
    beating = true;
    await renew(order).then(() => clock[0] = Date.now(), forget);
    beating = false;
  }, order.times.renewSeconds * 1000 / 4);
}

async function renew({ target, lease, times }: RenewalOrder): Promise<void> {
  if (session === undefined || session.lost) {
    const { openDatabase } = await import("./db/connect.ts");
    session = await (await openDatabase(target)).connect("heartbeat");
  }
  await session.query(session.dialect.ledger.renewLease, [times.seconds, lease.holder, lease.fence]);
}

/** The connection may be gone: the next beat opens another. */
async function forget(): Promise<void> {
  const broken = session;
  session = undefined;
  await broken?.close();
}
