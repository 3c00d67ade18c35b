/** What the catalog of PostgreSQL tells of tables, and that keys of every type can be walked by it. */

import assert from "node:assert/strict";
import type { ColumnShape } from "../../src/db/catalog.ts";
import type { Session } from "../../src/db/database.ts";
import { postgresCatalog } from "../../src/db/postgres_catalog.ts";
import { testWith } from "../support.ts";
import { failureOf, Ground } from "./contract_ground.ts";

function catalogTest(name: string, fn: (session: Session, ground: Ground) => Promise<void>): void {
  testWith(["postgres"], `postgresql: ${name}`, async () => {
    await using ground = await Ground.make("postgresql");
    await fn(await ground.open(), ground);
  });
}

const bytes = (...values: number[]) => Uint8Array.from(values);

interface KeyCase {
  readonly type: string;
  /** In the order of the column, as they are read. */
  readonly keys: readonly unknown[];
}

const KEY_CASES: readonly KeyCase[] = [
  { type: "smallint", keys: [-32768, -1, 0, 32767] },
  { type: "integer", keys: [-2147483648, 0, 2147483647] },
  { type: "bigint", keys: [-(2n ** 63n), -1, 0, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n] },
  { type: "oid", keys: [0, 4294967295] },
  {
    type: "numeric",
    keys: ["-Infinity", "-1000", "-0.1", "0", "0.1", "0.10000000000000000001", `1${"0".repeat(40)}.5`, "NaN"],
  },
  { type: "numeric(6,2)", keys: ["-9999.99", "0.00", "0.01", "9999.99"] },
  { type: "real", keys: [-Infinity, -0.1, 0, 1e-45, 0.1, 0.3, 0.30000004, 16777216, 3.4028235e38, NaN] },
  { type: "double precision", keys: [-1.7976931348623157e308, 0, 5e-324, 0.1, 0.30000000000000004, 2 ** 53, NaN] },
  { type: "boolean", keys: [false, true] },
  { type: 'text collate "und-x-icu"', keys: ["", "🐘", "1", "10", "9", "a", "A b", "ab", "é b", "z"] },
  { type: 'text collate "C"', keys: ["", "A", "Z", "a", "a b", "b", "é", "🐘"] },
  { type: "varchar(3)", keys: ["", "a", "ab", "abc"] },
  { type: "char(4)", keys: ["    ", "a   ", "ab  ", "b   "] },
  { type: '"char"', keys: ["", "a", "b"] },
  { type: "name", keys: ["a", "b"] },
  { type: "citext", keys: ["A", "b", "C", "d"] },
  { type: "bytea", keys: [bytes(), bytes(0), bytes(0, 0), bytes(65), bytes(195, 40), bytes(255)] },
  { type: "uuid", keys: ["00000000-0000-0000-0000-000000000000", "123e4567-e89b-42d3-a456-426614174000"] },
  { type: "date", keys: ["-infinity", "0044-03-15 BC", "2026-02-28", "2026-03-01", "infinity"] },
  { type: "time", keys: ["00:00:00", "23:59:59.999999", "24:00:00"] },
  { type: "timetz", keys: ["00:00:00+15", "00:00:00-15"] },
  { type: "timestamp", keys: ["-infinity", "2026-01-15 10:30:00.123456", "2026-01-15 10:30:00.123457", "infinity"] },
  { type: "timestamp(0)", keys: ["2026-01-15 10:30:00", "2026-01-15 10:30:01"] },
  { type: "timestamptz", keys: ["-infinity", "2026-01-15 10:30:00.000001+00", "2026-01-15 10:30:00.000002+00"] },
  { type: "interval", keys: ["-1 days", "00:00:00.000001", "1 mon", "1 year"] },
  { type: "mood", keys: ["sad", "Ok", 'it\'s, "fine"'] },
  { type: "positive", keys: [1, 2, 10] },
  { type: "pair", keys: ["(1,a)", '(1,"a,b")', "(2,)"] },
  { type: '"Odd (2)"', keys: ["(1)", "(2)"] },
  { type: "inet", keys: ["10.0.0.1", "10.0.0.2", "192.168.0.1/24", "::1"] },
  { type: "cidr", keys: ["10.0.0.0/8", "192.168.0.0/24"] },
  { type: "macaddr", keys: ["00:00:00:00:00:01", "08:00:2b:01:02:03"] },
  { type: "bit(3)", keys: ["000", "010", "101", "111"] },
  { type: "bit varying(5)", keys: ["", "0", "01", "1", "11111"] },
  { type: "money", keys: ["-$1.00", "$0.00", "$10,000.00"] },
  { type: "int4range", keys: ["empty", "[1,2)", "[1,10)", "[2,)"] },
  { type: "pg_lsn", keys: ["0/1", "16/B374D848"] },
  { type: "regclass", keys: ["pg_type", "pg_class"] },
  { type: "tsvector", keys: ["'a'", "'b'"] },
];

const USER_TYPES = [
  "create extension citext",
  `create type mood as enum ('sad', 'Ok', 'it''s, "fine"')`,
  "create domain moody as mood",
  "create domain positive as integer check (value > 0)",
  "create type pair as (a integer, b text)",
  'create type "Odd (2)" as (a integer)',
];

/** Walks as a batched migration does: the next key behind the last one, with each kind of value that may stand for it. */
async function walk(session: Session, column: ColumnShape, bound: (key: unknown) => unknown): Promise<unknown[]> {
  const next = `select k from w where k > ${postgresCatalog.comparable("$1", column)} order by k limit 1`;
  const seen: unknown[] = [];
  let { rows } = await session.query("select k from w order by k limit 1");
  while (rows[0] !== undefined && seen.length < 20) {
    seen.push(rows[0]["k"]);
    ({ rows } = await session.query(next, [bound(rows[0]["k"])]));
  }
  return seen;
}

const asText = (key: unknown) => key instanceof Uint8Array ? key : String(key);

catalogTest("keys of every type are walked in their order, each once, by the index", async (session) => {
  for (const statement of USER_TYPES) await session.query(statement);
  for (const { type, keys } of KEY_CASES) {
    await session.query(`create table w (k ${type} not null primary key, pad integer)`);
    for (const key of keys) await session.query("insert into w (k) values ($1)", [key]);
    const column = (await postgresCatalog.describe(session, ["w"]))?.columns[0];
    assert.ok(column !== undefined);
    const ordered = (await session.query("select k from w order by k")).rows.map(({ k }) => k);
    assert.deepEqual(ordered, keys, type);
    assert.deepEqual(await walk(session, column, (key) => key), keys, type);
    assert.deepEqual(await walk(session, column, asText), keys, `${type} as text`);
    // as the walk of a composite key compares
    const upTo = `select count(*) as n from w where (k, 1) <= (${postgresCatalog.comparable("$1", column)}, 1)`;
    for (const [index, key] of ordered.entries()) {
      assert.equal((await session.query(upTo, [key])).rows[0]?.["n"], index + 1, `${type} up to ${key}`);
    }
    await session.query("set enable_seqscan = off");
    const plan = `explain select k from w where k > ${postgresCatalog.comparable("$1", column)} order by k limit 1`;
    const explained = JSON.stringify((await session.query(plan, [asText(ordered[0])])).rows);
    assert.match(explained, /Index Cond: \(k > /, type);
    await session.query("drop table w");
    await session.query("reset enable_seqscan");
  }
});

const plainColumn = { nullable: true, hasDefault: false, generated: false };

catalogTest("Catalog.describe() tells columns of every kind", async (session) => {
  for (const statement of USER_TYPES) await session.query(statement);
  await session.query("create domain given as text not null default 'x'");
  await session.query(`create table "Od""d t" (
    id bigint generated always as identity,
    other integer generated by default as identity,
    number serial,
    "Mixed Case" varchar(20) not null,
    price numeric(10,2) default 0,
    doubled numeric generated always as (price * 2) stored,
    at timestamp(3) with time zone,
    tags text[], name citext, feeling moody, size positive, given given, point pair, gone integer
  )`);
  await session.query('alter table "Od""d t" drop column gone');
  const shape = await postgresCatalog.describe(session, ['Od"d t']);
  const filled = { nullable: false, hasDefault: true, generated: false };
  assert.deepEqual(shape, {
    path: ['Od"d t'],
    columns: [
      { name: "id", type: "bigint", kind: "integer", ...filled },
      { name: "other", type: "integer", kind: "integer", ...filled },
      { name: "number", type: "integer", kind: "integer", ...filled },
      { name: "Mixed Case", type: "character varying(20)", kind: "text", ...plainColumn, nullable: false },
      { name: "price", type: "numeric(10,2)", kind: "decimal", ...plainColumn, hasDefault: true },
      { name: "doubled", type: "numeric", kind: "decimal", ...plainColumn, generated: true },
      { name: "at", type: "timestamp(3) with time zone", kind: "timestamp", ...plainColumn },
      { name: "tags", type: "text[]", kind: "array", ...plainColumn },
      { name: "name", type: "citext", kind: "text", ...plainColumn },
      { name: "feeling", type: "moody", kind: "enum", ...plainColumn },
      { name: "size", type: "positive", kind: "integer", ...plainColumn },
      { name: "given", type: "given", kind: "text", ...filled },
      { name: "point", type: "pair", kind: "other", ...plainColumn },
    ],
    keys: [],
  });
});

catalogTest("Catalog.describe() tells the keys that hold at any time for every row", async (session) => {
  await session.query(`create table k (a integer, b integer, c integer, d integer,
    constraint late unique (c) deferrable, unique (b, a) include (c), primary key (d, a))`);
  await session.query("create unique index partial on k (a) where b > 0");
  await session.query("create unique index expressed on k ((a + 1))");
  await session.query("create index plain on k (c)");
  assert.deepEqual((await postgresCatalog.describe(session, ["k"]))?.keys, [
    { name: "k_pkey", columns: ["d", "a"], primary: true },
    { name: "k_b_a_c_key", columns: ["b", "a"], primary: false },
  ]);
});

catalogTest("Catalog.describe() finds a table as a statement does", async (session) => {
  for (const statement of ["create schema one", 'create schema "Two.x"', "create schema three"]) {
    await session.query(statement);
  }
  await session.query("create table one.t (in_one integer)");
  await session.query('create table "Two.x".t (in_two integer)');
  await session.query("create table three.t (in_three integer)");
  const names = async (...path: string[]) =>
    (await postgresCatalog.describe(session, path))?.columns.map(({ name }) => name);
  assert.equal(await names("t"), undefined);
  assert.deepEqual(await names("one", "t"), ["in_one"]);
  assert.deepEqual(await names("Two.x", "t"), ["in_two"]);
  await session.query('set search_path = "Two.x", one');
  assert.deepEqual(await names("t"), ["in_two"]);
  await session.query("create temporary table t (passing integer)");
  assert.deepEqual(await names("t"), ["passing"]);
  assert.equal(await names("T"), undefined);
  assert.equal(await names("one.t"), undefined);
  assert.equal(await names("no_such_schema", "t"), undefined);
  assert.equal(await names("a", "one", "t"), undefined);
  await session.query("create table one.bare ()");
  assert.deepEqual(await names("one", "bare"), []);
  await session.query("create sequence one.s");
  assert.equal(await names("one", "s"), undefined);
});

catalogTest("the catalog knows partitioned tables as one", async (session) => {
  await session.query("create table p (id integer, at integer, primary key (id, at)) partition by range (at)");
  await session.query("create table p1 partition of p for values from (0) to (10)");
  await session.query("create table p2 partition of p for values from (10) to (20)");
  await session.query("create table c (id integer, at integer, constraint to_p foreign key (id, at) references p)");
  assert.deepEqual((await postgresCatalog.describe(session, ["p"]))?.keys.map(({ columns }) => columns), [[
    "id",
    "at",
  ]]);
  assert.equal(await postgresCatalog.estimateRows(session, ["p"]), 0);
  await session.query("insert into p select i, i % 20 from generate_series(1, 40000) i");
  await session.query("analyze p");
  const rows = await postgresCatalog.estimateRows(session, ["p"]);
  assert.ok(rows !== undefined && rows > 39_000 && rows < 41_000, String(rows));
  assert.deepEqual(await postgresCatalog.referencesTo(session, ["p"]), [
    { name: "to_p", table: ["c"], columns: ["id", "at"], to: ["id", "at"] },
  ]);
});

catalogTest(
  "Catalog.estimateRows() counts small tables, and tells of large ones without statistics",
  async (session) => {
    await session.query("create table t (id integer, pad text)");
    const estimate = () => postgresCatalog.estimateRows(session, ["t"]);
    assert.equal(await estimate(), 0);
    await session.query("insert into t select i, 'x' from generate_series(1, 4000) i");
    assert.equal(await estimate(), 4_000);
    await session.query("insert into t select i, 'some text' from generate_series(1, 96000) i");
    const rough = await estimate();
    assert.ok(rough !== undefined && rough > 30_000 && rough < 300_000, String(rough));
    await session.query("analyze t");
    assert.equal(await estimate(), 100_000);
    await session.query("create view v as select * from t");
    assert.equal(await postgresCatalog.estimateRows(session, ["v"]), undefined);
    assert.equal(await postgresCatalog.estimateRows(session, ["missing"]), undefined);
  },
);

catalogTest("Catalog.estimateRows() harms no transaction of a role that may not read the table", async (session) => {
  const role = `r${Deno.pid}_${Date.now().toString(36)}`;
  await session.query("create table t (id integer)");
  await session.begin();
  await session.query(`create role ${role}`);
  await session.query(`set local role ${role}`);
  assert.equal(await postgresCatalog.estimateRows(session, ["t"]), undefined);
  assert.equal((await failureOf(session.query("select * from t"))).kind, "privilege");
  await session.rollback();
});

catalogTest(
  "Catalog.referencesTo() finds foreign keys of all schemas, with their columns in order",
  async (session) => {
    await session.query("create schema far");
    await session.query("create table p (a integer, b integer, primary key (a, b), parent integer unique)");
    await session.query(
      "create table c (x integer, y integer, constraint to_p foreign key (y, x) references p (a, b))",
    );
    await session.query("create table far.d (z integer, constraint to_p foreign key (z) references p (parent))");
    const expected = [
      { name: "to_p", table: ["far", "d"], columns: ["z"], to: ["parent"] },
      { name: "to_p", table: ["c"], columns: ["y", "x"], to: ["a", "b"] },
    ];
    assert.deepEqual(await postgresCatalog.referencesTo(session, ["p"]), expected);
    assert.deepEqual(await postgresCatalog.referencesTo(session, ["public", "p"]), expected);
    assert.deepEqual(await postgresCatalog.referencesTo(session, ["c"]), []);
  },
);
