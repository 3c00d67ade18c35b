/** The contract of server-side cursors. */

import assert from "node:assert/strict";
import type { Session } from "../../src/db/database.ts";
import { run } from "../support.ts";
import { ask, type ContractTests, failureOf, type Ground, soon, valueOf } from "./contract_ground.ts";

const PROGRAM = new URL("./stream_program.ts", import.meta.url).pathname;

/** 100,000 rows of more than 4,000 bytes, in the order of `n`. */
const BIG = "select a.d + b.d * 10 + c.d * 100 + d.d * 1000 + e.d * 10000 as n, pad.v as pad " +
  "from digit a, digit b, digit c, digit d, digit e, pad";

async function bigSession(ground: Ground): Promise<Session> {
  const session = await ground.open();
  await ground.digits(session);
  await session.query("create table pad (v text)");
  await ask(session, "insert into pad values (?)", ["x".repeat(4_000)]);
  return session;
}

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

export const streamTests: ContractTests = {
  "Session.stream() gives 100,000 rows one after another, with flat memory": async (ground) => {
    const session = await bigSession(ground);
    await session.close();
    // in a process that may keep far less than the 400 MB of the rows
    const { code, out, err } = await run(Deno.execPath(), [
      ...["run", "-A", "--quiet", "--no-check", "--v8-flags=--max-old-space-size=100", PROGRAM],
      ...[JSON.stringify(ground.target), BIG],
    ]);
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    const { count, sum, rss } = JSON.parse(out);
    assert.equal(count, 100_000);
    assert.equal(sum, 4_999_950_000);
    assert.ok(rss < 380_000_000, `took ${rss} bytes`);
  },

  "Session.stream() takes values, and gives the rows that query() gives": async (ground) => {
    const session = await ground.openWithTable();
    const text = `select id, v from t where v >= ${session.dialect.placeholder(1)} order by id`;
    const { rows } = await session.query(text, [10]);
    assert.deepEqual(await collect(session.stream(text, [10], { size: 1 })), rows);
    assert.deepEqual(await collect(session.stream(text, [99])), []);
  },

  "Session.stream() that is left early frees the session at once": async (ground) => {
    const session = await bigSession(ground);
    let seen = 0;
    for await (const _ of session.stream(BIG, [], { size: 10 })) {
      if (++seen === 25) break;
    }
    assert.equal(seen, 25);
    assert.equal(session.inTransaction, false);
    assert.equal(Number(await soon(valueOf(session, "select count(*) from digit"))), 10);
  },

  "Session.stream() that is left by an error frees the session": async (ground) => {
    const session = await bigSession(ground);
    await assert.rejects(async () => {
      for await (const _ of session.stream(BIG)) throw new TypeError("enough");
    }, /enough/);
    assert.equal(Number(await soon(valueOf(session, "select count(*) from digit"))), 10);
  },

  "Session.stream() works within a transaction, and leaves it as it is": async (ground) => {
    const session = await ground.openWithTable();
    await session.begin();
    await session.query("insert into t (id, v) values (3, 30)");
    assert.equal((await collect(session.stream("select id from t"))).length, 3);
    for await (const _ of session.stream("select id from t", [], { size: 1 })) break;
    assert.equal(session.inTransaction, true);
    await session.rollback();
    assert.equal(Number(await valueOf(session, "select count(*) from t")), 2);
  },

  "Session.stream() lets other statements run between its rows": async (ground) => {
    const session = await ground.openWithTable([[1, 10], [2, 20], [3, 30], [4, 40], [5, 50]]);
    await session.begin();
    const loop = async () => {
      for await (const row of session.stream("select id from t order by id", [], { size: 2 })) {
        await ask(session, "update t set v = v + 1 where id = ?", [row["id"]]);
      }
    };
    await soon(loop());
    await session.commit();
    assert.equal(Number(await valueOf(session, "select sum(v) from t")), 155);
  },

  "Session.stream() fails as query() does": async (ground) => {
    const session = await ground.openWithTable();
    const error = await failureOf(collect(session.stream("select * from missing_one")));
    assert.equal(error.kind, "missing-table");
    assert.equal(error.statement, "select * from missing_one");
    assert.equal(session.inTransaction, false);
    assert.equal(await valueOf(session, "select v from t where id = 1"), 10);
  },
};
