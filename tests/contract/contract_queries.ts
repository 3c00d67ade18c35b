/** The contract of statements and values. */

import assert from "node:assert/strict";
import { ask, type ContractTests, failureOf, valueOf } from "./contract_ground.ts";

export const queryTests: ContractTests = {
  "Session.query() gives rows by column name, in order, and how many there are": async (ground) => {
    const session = await ground.openWithTable();
    const { rows, count } = await session.query("select id, v as amount from t order by id desc");
    assert.deepEqual(rows.map((row) => ({ ...row })), [{ id: 2, amount: 20 }, { id: 1, amount: 10 }]);
    assert.equal(count, 2);
  },

  "Session.query() counts the rows that an insert, update or delete touched": async (ground) => {
    const session = await ground.openWithTable([]);
    assert.deepEqual(await session.query("insert into t (id, v) values (1, 10), (2, 20), (3, 30)"), {
      rows: [],
      count: 3,
    });
    assert.equal((await session.query("update t set v = 5 where id < 3")).count, 2);
    // rows that matched count, whether or not their values are new: a lease that is renewed twice is not lost
    assert.equal((await session.query("update t set v = 5 where id < 3")).count, 2);
    assert.equal((await session.query("update t set v = 5 where id > 9")).count, 0);
    assert.equal((await session.query("delete from t where v = 5")).count, 2);
    assert.equal((await session.query("select * from t where id > 9")).count, 0);
  },

  "Session.query() takes values of each kind and gives them back": async (ground) => {
    const { words } = ground;
    const session = await ground.open();
    await session.query(
      `create table kinds (n integer, big bigint, f double precision, t text, b ${words.boolean}, x ${words.bytes})`,
    );
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const text = `Zoë's "quoted" \\ back\\slash, tab\t, line\n, emoji 🐘, ? $1 :name %s`;
    await ask(session, "insert into kinds (n, big, f, t, b, x) values (?, ?, ?, ?, ?, ?)", [
      -7,
      9007199254740993n,
      0.1,
      text,
      true,
      bytes,
    ]);
    const { rows: [row] } = await session.query("select * from kinds");
    assert.equal(row?.["n"], -7);
    assert.equal(row?.["big"], 9007199254740993n);
    assert.equal(row?.["f"], 0.1);
    assert.equal(row?.["t"], text);
    assert.equal(row?.["b"], ground.kind === "postgresql" ? true : 1);
    assert.ok(row?.["x"] instanceof Uint8Array);
    assert.deepEqual([...row["x"]], [...bytes]);
  },

  "Session.query() keeps NULL, empty text and empty bytes apart": async (ground) => {
    const session = await ground.open();
    await session.query(`create table empty_ones (id integer, t text, x ${ground.words.bytes})`);
    await ask(session, "insert into empty_ones values (1, ?, ?), (2, ?, ?)", ["", new Uint8Array(0), null, null]);
    const { rows } = await session.query("select t, x from empty_ones order by id");
    assert.equal(rows[0]?.["t"], "");
    assert.equal((rows[0]?.["x"] as Uint8Array).length, 0);
    assert.deepEqual({ ...rows[1] }, { t: null, x: null });
  },

  "Session.query() gives integers as numbers while they are safe and as bigint beyond": async (ground) => {
    const session = await ground.open();
    await session.query("create table bigs (id integer, v bigint)");
    const values = [0, -1, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)];
    for (const [index, value] of values.entries()) {
      await ask(session, "insert into bigs values (?, ?)", [index, value]);
    }
    const { rows } = await session.query("select v from bigs order by id");
    assert.deepEqual(rows.map((row) => row["v"]), values);
  },

  "Session.query() takes a bigint that is small, and a Date, where the column wants them": async (ground) => {
    const session = await ground.open();
    await session.query(`create table moments (id integer, at ${ground.words.timestamp})`);
    await ask(session, "insert into moments values (?, ?)", [5n, new Date("2026-01-15T10:30:00.123Z")]);
    const { utcText } = session.dialect.ledger;
    const { rows: [row] } = await session.query(`select id, ${utcText("at")} as at from moments`);
    assert.deepEqual({ ...row }, { id: 5, at: "2026-01-15T10:30:00.123000Z" });
  },

  "Session.query() takes numbers and booleans where the place is one of text": async (ground) => {
    const session = await ground.open();
    await session.query("create table texts (id integer, v text)");
    await ask(session, "insert into texts values (1, ?), (2, ?), (3, ?)", [5, 1234567890123456789n, 0.5]);
    const { rows } = await session.query("select v from texts order by id");
    assert.deepEqual(rows.map((row) => row["v"]), ["5", "1234567890123456789", "0.5"]);
  },

  "Session.query() refuses undefined, which would be a silent NULL": async (ground) => {
    const session = await ground.openWithTable();
    await assert.rejects(ask(session, "update t set v = ?", [undefined]), /undefined/);
    assert.equal(await valueOf(session, "select v from t where id = 1"), 10);
  },

  "Session.query() takes 2,000 values and texts of megabytes": async (ground) => {
    const session = await ground.open();
    const ids = Array.from({ length: 2_000 }, (_, index) => index);
    await session.query("create table wide (id integer, t text)");
    await ask(session, `insert into wide (id) values ${ids.map(() => "(?)").join(", ")}`, ids);
    assert.equal(Number(await valueOf(session, "select sum(id) from wide")), 1_999_000);
    await session.query(`alter table wide add column big ${ground.words.bytes}`);
    const long = new Uint8Array(3_000_000).fill(65);
    await ask(session, "update wide set big = ? where id = 0", [long]);
    assert.equal((await valueOf(session, "select big from wide where id = 0") as Uint8Array).length, 3_000_000);
  },

  "Session.query() runs statements one after another, in the order in which they were issued": async (ground) => {
    const session = await ground.openWithTable([[1, 1]]);
    const steps = Array.from({ length: 50 }, (_, index) => index % 7);
    const running = steps.map((step) => session.query(`update t set v = (v * 31 + ${step}) % 9973`));
    const reading = valueOf(session, "select v from t");
    await Promise.all(running);
    assert.equal(await reading, steps.reduce((value, step) => (value * 31 + step) % 9973, 1));
  },

  "Session.query() goes on after a statement that failed": async (ground) => {
    const session = await ground.openWithTable();
    await failureOf(session.query("select nothing from t"));
    await failureOf(ask(session, "insert into t (id, v) values (?, ?)", [1, 1]));
    assert.equal(Number(await valueOf(session, "select count(*) from t")), 2);
  },

  "Queryable.batch() runs statements in order and gives the result of each": async (ground) => {
    const session = await ground.openWithTable();
    const { placeholder } = session.dialect;
    const results = await session.batch([
      { text: `update t set v = ${placeholder(1)} where id = ${placeholder(2)}`, params: [11, 1] },
      { text: "delete from t where id = 2" },
      { text: `select id, v from t where v = ${placeholder(1)}`, params: [11] },
    ]);
    assert.deepEqual(results.map(({ count }) => count), [1, 1, 1]);
    assert.deepEqual(results[2]?.rows.map((row) => ({ ...row })), [{ id: 1, v: 11 }]);
    assert.deepEqual(await session.batch([]), []);
  },

  "Queryable.batch() takes any text as a value, and NULL, numbers and bigint": async (ground) => {
    const session = await ground.open();
    const { placeholder } = session.dialect;
    await session.query("create table b (id integer, t text, n bigint, f double precision)");
    const texts = ["it's", '"', "\\", "\\'; drop table b; --", "$1 $2 ? :x", "$$", "/*", "--", "é🐘\n\t", "", null];
    const places = [1, 2, 3, 4].map((index) => placeholder(index)).join(", ");
    await session.batch(texts.map((text, index) => ({
      text: `insert into b values (${places})`,
      params: [index, text, 2n ** 62n, -1.5e-7],
    })));
    const { rows } = await session.query("select t, n, f from b order by id");
    assert.deepEqual(rows.map((row) => row["t"]), texts);
    assert.deepEqual({ ...rows[0] }, { t: "it's", n: 2n ** 62n, f: -1.5e-7 });
  },

  "Queryable.batch() ends at the first statement that fails, with its error": async (ground) => {
    const session = await ground.openWithTable();
    await session.begin();
    const error = await failureOf(session.batch([
      { text: "update t set v = 99 where id = 1" },
      { text: "insert into t (id, v) values (1, 1)" },
      { text: "update t set v = 98 where id = 2" },
    ]));
    assert.equal(error.kind, "unique");
    await session.rollback();
    assert.equal(Number(await valueOf(session, "select sum(v) from t")), 30);
  },

  "Dialect.quoteId() quotes any name, and refuses a NUL": async (ground) => {
    const session = await ground.open();
    const { quoteId } = session.dialect;
    const names = [
      `order`,
      `Mixed Case`,
      `with "double"`,
      "with `back`",
      "with 'single'",
      "naïve ✓",
      "a.b",
      "semi;colon",
    ];
    for (const name of names) {
      await session.query(`create table ${quoteId(name)} (${quoteId(name)} integer)`);
      await ask(session, `insert into ${quoteId(name)} values (?)`, [1]);
      const { rows } = await session.query(`select * from ${quoteId(name)}`);
      assert.deepEqual(rows.map((row) => ({ ...row })), [{ [name]: 1 }]);
    }
    assert.throws(() => quoteId("nul\0"), TypeError);
  },
};
