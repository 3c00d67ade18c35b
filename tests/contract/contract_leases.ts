/** The contract of the lease row, for databases that have one. */

import assert from "node:assert/strict";
import type { Session } from "../../src/db/database.ts";
import { until } from "../project.ts";
import { type ContractTests, failureOf, sleep, soon } from "./contract_ground.ts";
import { openWithLedger } from "./contract_ledger.ts";

const ISO_REGEXP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Rows changed. */
async function acquire(session: Session, holder: string, seconds = 60, details = "{}"): Promise<number> {
  return (await session.query(session.dialect.ledger.acquireLease, [holder, seconds, details])).count;
}

async function renew(session: Session, holder: string, fence: number, seconds = 60): Promise<number> {
  return (await session.query(session.dialect.ledger.renewLease, [seconds, holder, fence])).count;
}

async function release(session: Session, holder: string, fence: number): Promise<void> {
  await session.query(session.dialect.ledger.releaseLease, [holder, fence]);
}

async function fenced(session: Session, holder: string, fence: number): Promise<boolean> {
  return (await session.query(session.dialect.ledger.checkFence, [holder, fence])).rows.length === 1;
}

async function read(session: Session) {
  const { rows } = await session.query(session.dialect.ledger.readLease);
  assert.equal(rows.length, 1);
  const [row = {}] = rows;
  return {
    holder: row["holder"],
    fence: Number(row["fence"]),
    details: row["details"],
    acquired: row["acquired"],
    expired: Number(row["expired"]),
    free: Number(row["free"]),
  };
}

export const leaseTests: ContractTests = {
  "LedgerSql.acquireLease takes a lease that nobody ever had": async (ground) => {
    const session = await openWithLedger(ground);
    const details = JSON.stringify({ host: "höst", pid: 1, since: "now" });
    assert.equal(await acquire(session, "a", 60, details), 1);
    const lease = await read(session);
    assert.match(String(lease.acquired), ISO_REGEXP);
    const apart = Math.abs(Date.parse(String(lease.acquired)) - Date.now());
    assert.ok(apart < 60_000, `acquired ${apart} ms apart from now`);
    assert.deepEqual({ ...lease, acquired: "" }, {
      holder: "a",
      fence: 1,
      details,
      acquired: "",
      expired: 0,
      free: 0,
    });
  },

  "LedgerSql.acquireLease is refused while another holds the lease, and changes nothing": async (ground) => {
    const session = await openWithLedger(ground);
    await acquire(session, "a", 60, "of a");
    const before = await read(session);
    assert.equal(await acquire(await ground.open(), "b", 60, "of b"), 0);
    assert.deepEqual(await read(session), before);
  },

  "LedgerSql.acquireLease takes our own lease again, with a higher fence": async (ground) => {
    const session = await openWithLedger(ground);
    await acquire(session, "a");
    assert.equal(await acquire(session, "a"), 1);
    assert.equal((await read(session)).fence, 2);
  },

  "LedgerSql.renewLease moves the expiry, by the database's clock": async (ground) => {
    const session = await openWithLedger(ground);
    await acquire(session, "a", 1);
    assert.equal(await renew(session, "a", 1, 60), 1);
    await sleep(1_300);
    assert.equal((await read(session)).expired, 0);
    assert.equal(await renew(session, "a", 1, 60), 1);
    assert.equal(await renew(session, "a", 1, 60), 1);
  },

  "LedgerSql.renewLease keeps an expired lease that nobody took": async (ground) => {
    const session = await openWithLedger(ground);
    await acquire(session, "a", 1);
    await sleep(1_300);
    assert.equal((await read(session)).expired, 1);
    assert.equal((await read(session)).free, 0);
    assert.equal(await fenced(session, "a", 1), true);
    assert.equal(await renew(session, "a", 1), 1);
    assert.equal((await read(session)).expired, 0);
  },

  "LedgerSql.acquireLease takes an expired lease, and the old holder finds out": async (ground) => {
    const old = await openWithLedger(ground);
    const next = await ground.open();
    await acquire(old, "a", 1);
    await sleep(1_300);
    assert.equal(await acquire(next, "b"), 1);
    assert.equal((await read(next)).fence, 2);
    assert.equal(await renew(old, "a", 1), 0);
    await old.begin();
    assert.equal(await fenced(old, "a", 1), false);
    await old.rollback();
    await release(old, "a", 1);
    assert.deepEqual([(await read(next)).holder, (await read(next)).free], ["b", 0]);
    await next.begin();
    assert.equal(await fenced(next, "b", 2), true);
    await next.commit();
  },

  "LedgerSql.releaseLease frees the lease, and the fence never falls": async (ground) => {
    const session = await openWithLedger(ground);
    await acquire(session, "a");
    await release(session, "stranger", 1);
    await release(session, "a", 99);
    assert.equal((await read(session)).holder, "a");
    await release(session, "a", 1);
    assert.deepEqual([(await read(session)).holder, (await read(session)).free], [null, 1]);
    assert.equal(await fenced(session, "a", 1), false);
    assert.equal(await acquire(session, "b"), 1);
    assert.equal((await read(session)).fence, 2);
    assert.equal(await renew(session, "a", 1), 0);
  },

  "LedgerSql.checkFence keeps the lease from being taken until the transaction ends": async (ground) => {
    const holder = await openWithLedger(ground);
    const taker = await ground.open();
    await acquire(holder, "a", 1);
    await holder.begin();
    assert.equal(await fenced(holder, "a", 1), true);
    await sleep(1_300);
    await taker.begin();
    for (const text of taker.dialect.lockTimeout(300)) await taker.query(text);
    assert.equal((await soon(failureOf(acquire(taker, "b")), 10_000)).kind, "lock-timeout");
    await taker.rollback();
    for (const text of taker.dialect.lockTimeoutReset) await taker.query(text);
    const taking = acquire(taker, "b");
    await sleep(200);
    await holder.commit();
    assert.equal(await soon(taking), 1);
    assert.equal((await read(holder)).holder, "b");
  },

  "LedgerSql.acquireLease has exactly one winner among 20 at once, on an empty and on an expired row": async (
    ground,
  ) => {
    await openWithLedger(ground);
    const sessions = await Promise.all(Array.from({ length: 20 }, () => ground.open("audit")));
    const [first] = sessions;
    if (first === undefined) return;
    for (const fence of [1, 2]) {
      const counts = await Promise.all(sessions.map((session, index) => acquire(session, `${fence}-${index}`, 1)));
      assert.deepEqual(counts.toSorted(), [...Array.from({ length: 19 }, () => 0), 1]);
      const lease = await read(first);
      assert.equal(lease.holder, `${fence}-${counts.indexOf(1)}`);
      assert.equal(lease.fence, fence);
      await sleep(1_300);
    }
  },

  "LedgerSql.terminate finds a session of ours that was there when the lease was taken, and ends it": async (
    ground,
  ) => {
    const other = await openWithLedger(ground);
    const victim = await ground.open();
    await acquire(victim, "a", 1);
    const { terminate } = other.dialect.ledger;
    assert.ok(terminate);
    const { find, findParams, kill } = terminate;
    const acquired = String((await read(other)).acquired);
    const found = async (backend: number, since: string) =>
      (await other.query(find, findParams(backend, since))).rows.length;
    const backend = victim.backend ?? NaN;
    assert.equal(await found(backend, acquired), 1);
    assert.equal(await found(99_999_999, acquired), 0);
    // on PostgreSQL the number may have been another session's at that time
    if (other.dialect.name === "postgresql") assert.equal(await found(backend, "2026-01-15T10:30:00.000000Z"), 0);
    await other.query(kill, [backend]);
    await sleep(200);
    assert.equal((await soon(failureOf(victim.query("select 1")))).kind, "lost");
    await until("it is gone", async () => await found(backend, acquired) === 0);
  },
};
