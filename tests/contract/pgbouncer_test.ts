/** PostgreSQL behind a pooler in transaction mode, where the session of one transaction is not that of the next. */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import type { Database, Session } from "../../src/db/database.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { freshDatabase, outside, testWith } from "../support.ts";
import { failureOf, sleep, soon, targetOf, valueOf } from "./contract_ground.ts";
import { createLedger } from "./contract_ledger.ts";

interface Pooled extends AsyncDisposable {
  readonly target: ServerTarget;
  readonly database: Database;
  open(): Promise<Session>;
}

/** A database of its own, reached through the pooler. */
async function pooled(): Promise<Pooled> {
  const db = await freshDatabase("postgresql");
  const base = targetOf("postgresql", outside.pgbouncer ?? "");
  if (base.dialect !== "postgresql") throw new TypeError("No pooler");
  const target = { ...base, database: db.name };
  const database = await openDatabase(target);
  const sessions: Session[] = [];
  return {
    target,
    database,
    open: async () => {
      const session = await database.connect("work");
      sessions.push(session);
      return session;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await db[Symbol.asyncDispose]();
    },
  };
}

testWith(["postgres", "pgbouncer"], "Session works through a pooler: values, transactions, streams", async () => {
  await using pool = await pooled();
  const session = await pool.open();
  await session.query("create table t (id integer primary key, v jsonb)");
  for (let id = 0; id < 20; id++) await session.query("insert into t values ($1, $2)", [id, { id, list: [1] }]);
  await session.begin();
  assert.equal(session.inTransaction, true);
  assert.equal(await valueOf(session, "select current_setting('client_connection_check_interval')"), "5s");
  await session.query("delete from t where id = any($1)", [[1, 2]]);
  await session.rollback();
  assert.equal(session.inTransaction, false);
  let seen = 0;
  for await (const row of session.stream("select id, v from t order by id", [], { size: 3 })) {
    assert.deepEqual(row["v"], { id: seen++, list: [1] });
  }
  assert.equal(seen, 20);
  assert.equal((await failureOf(session.query("insert into t values ($1, null)", [3]))).kind, "unique");
  assert.equal(await valueOf(session, "select count(*) from t"), 20);
});

testWith(
  ["postgres", "pgbouncer"],
  "Session.begin() leaves no setting behind for the pooler's other clients",
  async () => {
    await using pool = await pooled();
    const sessions = await Promise.all([pool.open(), pool.open(), pool.open()]);
    for (const session of sessions) {
      await session.begin();
      for (const statement of session.dialect.lockTimeout(123)) await session.query(statement);
      await session.commit();
    }
    for (const session of sessions) {
      assert.equal(await valueOf(session, "select current_setting('lock_timeout')"), "0");
      assert.equal(await valueOf(session, "select current_setting('client_connection_check_interval')"), "0");
    }
  },
);

testWith(["postgres", "pgbouncer"], "Session.cancel() is passed on by the pooler", async () => {
  await using pool = await pooled();
  const session = await pool.open();
  const running = failureOf(session.query("select pg_sleep(30)"));
  await sleep(300);
  await session.cancel();
  assert.equal((await soon(running)).kind, "cancelled");
  assert.equal(await valueOf(session, "select 1"), 1);
});

testWith(
  ["postgres", "pgbouncer"],
  "Session.backend is unknown behind a pooler: its key names no server process",
  async () => {
    await using pool = await pooled();
    assert.equal((await pool.open()).backend, undefined);
  },
);

testWith(
  ["postgres", "pgbouncer"],
  "LedgerSql's lease holds through a pooler: one winner, renewals from any backend",
  async () => {
    await using pool = await pooled();
    const first = await pool.open();
    await createLedger(first);
    const { acquireLease, renewLease, checkFence } = first.dialect.ledger;
    const sessions = await Promise.all(Array.from({ length: 8 }, () => pool.open()));
    const counts = await Promise.all(
      sessions.map(async (session, index) => (await session.query(acquireLease, [`h${index}`, 60, "{}"])).count),
    );
    assert.deepEqual(counts.toSorted(), [0, 0, 0, 0, 0, 0, 0, 1]);
    const holder = `h${counts.indexOf(1)}`;
    for (const session of sessions) assert.equal((await session.query(renewLease, [60, holder, 1])).count, 1);
    await first.begin();
    assert.equal((await first.query(checkFence, [holder, 1])).rows.length, 1);
    await first.commit();
  },
);

testWith(["postgres", "pgbouncer"], "Database.connect() understands the pooler's refusals", async () => {
  await using pool = await pooled();
  const { target } = pool;
  const database = await openDatabase({ ...target, database: "no_such_database" });
  const error = await soon(failureOf(database.connect("work")), 10_000);
  assert.equal(error.kind, "missing-database", error.message);
});
