/**
 * The worker of {@link startHeartbeat}: renews the lease when the main thread has not done so in time.
 *
 * @module
 */

import type { Session } from "./db/database.ts";
import type { HeartbeatOrder } from "./heartbeat.ts";

/** The main thread may be a beat late without being busy. */
const LATE_FACTOR = 1.3;

let session: Session | undefined;
let beating = false;

addEventListener("message", (event) => {
  const order = (event as MessageEvent<HeartbeatOrder>).data;
  const clock = new Float64Array(order.renewedAt);
  setInterval(async () => {
    const late = Date.now() - (clock[0] ?? 0) > order.times.renewSeconds * 1000 * LATE_FACTOR;
    if (!late || beating) return;
    beating = true;
    await renew(order).then(() => clock[0] = Date.now(), forget);
    beating = false;
  }, order.times.renewSeconds * 1000 / 4);
});

async function renew({ target, lease, times }: HeartbeatOrder): Promise<void> {
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
