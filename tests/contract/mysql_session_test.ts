/** What a session of MySQL does that the contract leaves open: requests to stop, closing, results that are left early. */

import assert from "node:assert/strict";
import { DatabaseError, type Session } from "../../src/db/database.ts";
import { openMysql } from "../../src/db/mysql.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { freshDatabase, testWith } from "../support.ts";
import { ENDLESS, failureOf, sleep, soon, targetOf, valueOf } from "./contract_ground.ts";

/** Sessions on a database of its own, with the tables `digit` and `t`. */
async function fresh() {
  const database = await freshDatabase("mysql");
  const target = targetOf("mysql", database.url) as ServerTarget;
  const sessions: Session[] = [];
  const open = async () => {
    const session = await openMysql(target).connect("work");
    sessions.push(session);
    return session;
  };
  const session = await open();
  await session.query("create table digit (d integer)");
  await session.query("insert into digit values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)");
  await session.query("create table t (id integer not null primary key, v integer)");
  await session.query("insert into t values (1, 10)");
  return {
    session,
    open,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** 100,000 rows. */
const MANY = "select a.d as n, repeat('x', 500) as pad from digit a, digit b, digit c, digit d, digit e";

testWith(["mysql"], "mysql: Session.cancel() stops the statement that runs or none, whenever it comes", async () => {
  await using db = await fresh();
  const { session } = db;
  let stopped = 0;
  // quick ones end by themselves before they are stopped, slow ones do not
  for (let round = 0; round < 30; round++) {
    await session.begin();
    const more = round % 5 === 4 ? ", digit f, digit g" : "";
    const slow =
      `select count(*) from digit a, digit b, digit c, digit d, digit e${more} where a.d + b.d + c.d + d.d + e.d = 3`;
    const running = session.query(slow).catch((error: unknown) => {
      assert.ok(error instanceof DatabaseError && error.kind === "cancelled", String(error));
      stopped++;
    });
    await sleep(round * 3);
    const cancelling = session.cancel();
    // these come after it, and must not be hit
    const next = valueOf(session, "select v from t");
    await running;
    await session.rollback();
    assert.equal(await next, 10);
    await cancelling;
  }
  assert.equal(session.inTransaction, false);
  assert.ok(stopped > 0, "one of them at least is stopped");
});

testWith(["mysql"], "mysql: Session.close() ends a statement on the server, with its locks", async () => {
  await using db = await fresh();
  const busy = await db.open();
  await busy.begin();
  await busy.query("update t set v = 11 where id = 1");
  const running = failureOf(busy.query(ENDLESS));
  await sleep(200);
  await soon(busy.close(), 3_000);
  assert.equal((await soon(running)).kind, "lost");
  await soon(db.session.query("update t set v = 12 where id = 1"), 3_000);
  assert.equal(await valueOf(db.session, "select v from t"), 12);
});

testWith(["mysql"], "mysql: Session.stream() that is left early does not read the rest", async () => {
  await using db = await fresh();
  const start = performance.now();
  for await (const _ of db.session.stream(`${MANY}, digit f`, [], { size: 10 })) break;
  assert.equal(await soon(valueOf(db.session, "select 1")), 1);
  // to read the 1,000,000 rows to their end takes several times as long
  assert.ok(performance.now() - start < 2_500, `took ${performance.now() - start} ms`);
});

testWith(
  ["mysql"],
  "mysql: statements that were issued before a stream, in it and after it run in their order",
  async () => {
    await using db = await fresh();
    const { session } = db;
    const before = session.query("update t set v = 20");
    const seen: unknown[] = [];
    for await (const { v } of session.stream("select v from t union all select d from digit", [], { size: 1 })) {
      seen.push(v);
      if (seen.length === 1) await session.query("update t set v = 21");
    }
    await before;
    assert.deepEqual(seen, [20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(await valueOf(session, "select v from t"), 21);
  },
);

testWith(["mysql"], "mysql: a statement issued behind a stream does not wait until its rows are taken", async () => {
  await using db = await fresh();
  const rows = db.session.stream(MANY, [], { size: 10 })[Symbol.asyncIterator]();
  const first = rows.next();
  assert.equal(await soon(valueOf(db.session, "select v from t")), 10);
  assert.equal((await first).done, false);
  let count = 1;
  while (!(await rows.next()).done) count++;
  assert.equal(count, 100_000);
});

testWith(
  ["mysql"],
  "mysql: Session.stream() fails as lost when the server ends the session in the middle",
  async () => {
    await using db = await fresh();
    const victim = await db.open();
    const killed = async () => {
      let count = 0;
      for await (const _ of victim.stream(MANY, [], { size: 10 })) {
        if (++count === 5) await db.session.query(`kill ${victim.backend}`);
      }
    };
    const error = await soon(failureOf(killed()), 10_000);
    assert.equal(error.kind, "lost");
    assert.equal((await soon(failureOf(victim.query("select 1")))).kind, "lost");
    assert.equal(victim.lost, true);
  },
);

testWith(["mysql"], "mysql: Session.stream() gives what was read before an error, and then the error", async () => {
  await using db = await fresh();
  const { session } = db;
  const seen: unknown[] = [];
  const rows = async () => {
    const text = "select d, (select d from digit where d <= a.d) as one from digit a order by d";
    for await (const { d } of session.stream(text)) seen.push(d);
  };
  const error = await failureOf(rows());
  assert.equal(error.details.errno, 1242);
  assert.equal(await valueOf(session, "select 1"), 1);
});
