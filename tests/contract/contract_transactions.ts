/** The contract of transactions and of a session's life. */

import assert from "node:assert/strict";
import { ask, type ContractTests, ENDLESS, failureOf, sleep, soon, valueOf } from "./contract_ground.ts";

export const transactionTests: ContractTests = {
  "Session.commit() makes the work visible to others, and nothing before it does": async (ground) => {
    const session = await ground.openWithTable();
    const other = await ground.open("read");
    await session.begin();
    await session.query("update t set v = 11 where id = 1");
    assert.equal(await valueOf(other, "select v from t where id = 1"), 10);
    await session.commit();
    assert.equal(await valueOf(other, "select v from t where id = 1"), 11);
  },

  "Session.rollback() undoes the work": async (ground) => {
    const session = await ground.openWithTable();
    await session.begin();
    await session.query("delete from t");
    await session.rollback();
    assert.equal(Number(await valueOf(session, "select count(*) from t")), 2);
  },

  "Session.rollback() undoes DDL where the dialect says so, and only there": async (ground) => {
    const session = await ground.open();
    await session.begin();
    await session.query("create table made (id integer)");
    await session.rollback();
    if (session.dialect.transactionalDdl) {
      assert.equal((await failureOf(session.query("select * from made"))).kind, "missing-table");
    } else {
      assert.equal((await session.query("select * from made")).count, 0);
    }
  },

  "Session.inTransaction tells what the server knows": async (ground) => {
    const session = await ground.openWithTable();
    assert.equal(session.inTransaction, false);
    await session.begin();
    assert.equal(session.inTransaction, true);
    await session.query("update t set v = 1");
    assert.equal(session.inTransaction, true);
    await session.commit();
    assert.equal(session.inTransaction, false);
    await session.begin();
    await failureOf(session.query("insert into t (id, v) values (1, 1)"));
    assert.equal(session.inTransaction, true);
    await session.rollback();
    assert.equal(session.inTransaction, false);
    await session.begin();
    await session.query("commit");
    assert.equal(session.inTransaction, false);
  },

  "Dialect.commitsImplicitly() is true of what ends the transaction by itself": async (ground) => {
    const session = await ground.openWithTable();
    for (const statement of ["create table made (id integer)", "update t set v = 3", "drop table made"]) {
      await session.begin();
      await session.query(statement);
      assert.equal(session.dialect.commitsImplicitly(statement), !session.inTransaction, statement);
      await session.commit();
    }
  },

  "Session.close() leaves nothing of an open transaction, and may be called twice": async (ground) => {
    const session = await ground.openWithTable();
    await session.begin();
    await session.query("delete from t");
    await session.close();
    await session.close();
    const other = await ground.open();
    assert.equal(Number(await valueOf(other, "select count(*) from t")), 2);
    assert.equal((await failureOf(session.query("select 1"))).kind, "lost");
  },

  "Session.close() does not wait for a statement that runs": async (ground) => {
    const session = await ground.open();
    await ground.digits(session);
    const running = failureOf(session.query(ENDLESS));
    await sleep(200);
    await soon(session.close(), 3_000);
    assert.equal((await soon(running, 3_000)).kind, "lost");
  },

  "Session.cancel() stops the statement that runs, soon, and the session goes on": async (ground) => {
    const session = await ground.openWithTable();
    await ground.digits(session);
    await session.begin();
    await session.query("update t set v = 99 where id = 1");
    const running = failureOf(session.query(ENDLESS));
    await sleep(300);
    const start = performance.now();
    await session.cancel();
    const error = await soon(running, 4_000);
    assert.equal(error.kind, "cancelled");
    assert.ok(performance.now() - start < 2_000, `took ${performance.now() - start} ms`);
    await session.rollback();
    assert.equal(await valueOf(session, "select v from t where id = 1"), 10);
  },

  "Session.cancel() does no harm when nothing runs": async (ground) => {
    const session = await ground.openWithTable();
    await session.cancel();
    // the server may take its time over the request, and must not stop what comes next
    await sleep(200);
    assert.equal(await valueOf(session, "select v from t where id = 1"), 10);
  },

  "Session.lost becomes true when the server ends the session, and everything then fails so": async (ground) => {
    const session = await ground.openWithTable();
    await session.begin();
    await ground.kill(session);
    await sleep(200);
    const first = await soon(failureOf(session.query("select v from t")));
    assert.equal(first.kind, "lost");
    assert.equal(first.retryable, true);
    assert.equal(session.lost, true);
    assert.equal(session.inTransaction, false);
    for (const next of [session.query("select 1"), session.begin(), session.commit(), session.rollback()]) {
      assert.equal((await soon(failureOf(next))).kind, "lost");
    }
    await soon(session.close());
  },

  "Session.query() fails as lost when the server ends the session under a statement": async (ground) => {
    const session = await ground.open();
    await ground.digits(session);
    const running = failureOf(session.query(ENDLESS));
    const queued = failureOf(session.query("select 1"));
    await sleep(300);
    await ground.kill(session);
    assert.equal((await soon(running)).kind, "lost");
    assert.equal((await soon(queued)).kind, "lost");
    assert.equal(session.lost, true);
    await soon(session.cancel());
  },

  "Session.backend is the server's id of the session": async (ground) => {
    const session = await ground.open();
    const asked = { postgresql: "select pg_backend_pid() as id", mysql: "select connection_id() as id", sqlite: "" };
    assert.equal(session.backend, Number(await valueOf(session, asked[ground.kind])));
  },

  "Session.begin() and commit() cost little: 200 transactions in 2 seconds": async (ground) => {
    const session = await ground.openWithTable();
    const start = performance.now();
    for (let index = 0; index < 200; index++) {
      await session.begin();
      await ask(session, "select v from t where id = ?", [1]);
      await session.commit();
    }
    assert.ok(performance.now() - start < 2_000, `took ${performance.now() - start} ms`);
  },
};
