/** What the catalog of MySQL and MariaDB tells of tables, and that keys of every type can be walked by it. */

import assert from "node:assert/strict";
import type { ColumnShape } from "../../src/db/catalog.ts";
import type { Session } from "../../src/db/database.ts";
import { mysqlCatalog } from "../../src/db/mysql_catalog.ts";
import { openMysql } from "../../src/db/mysql.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { freshDatabase, testWith } from "../support.ts";
import { targetOf } from "./contract_ground.ts";

async function fresh() {
  const database = await freshDatabase("mysql");
  const target = targetOf("mysql", database.url) as ServerTarget;
  const session = await openMysql(target).connect("work");
  return {
    session,
    name: String(target.database),
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

interface KeyCase {
  readonly type: string;
  /** In the order of the column, as they are read. */
  readonly keys: readonly unknown[];
  /** Only MariaDB has the type. */
  readonly mariadb?: boolean;
  /** The server walks the index from its beginning. */
  readonly scans?: boolean;
}

const KEY_CASES: readonly KeyCase[] = [
  { type: "tinyint", keys: [-128, -1, 0, 1, 127] },
  { type: "int unsigned", keys: [0, 1, 2147483648, 4294967295] },
  { type: "int(8) zerofill", keys: [0, 7, 42] },
  {
    type: "bigint",
    keys: [
      -(2n ** 63n),
      -(2n ** 63n) + 1n,
      -1,
      0,
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 53n + 2n,
      2n ** 63n - 2n,
      2n ** 63n - 1n,
    ],
  },
  { type: "bigint unsigned", keys: [0, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n] },
  {
    type: "decimal(65,30)",
    keys: [
      "-12345678901234567890123456789012345.000000000000000000000000000001",
      "-12345678901234567890123456789012345.000000000000000000000000000000",
      "0.000000000000000000000000000000",
      "0.100000000000000000000000000000",
      "0.100000000000000000000000000001",
      "12345678901234567890123456789012345.999999999999999999999999999999",
    ],
  },
  { type: "decimal(20,0) unsigned", keys: ["0", "99999999999999999998", "99999999999999999999"] },
  { type: "float", keys: [-1e30, -0.1, 0, 0.1, 0.3, 0.30000004, 16777215, 16777216, 3.4028235e38] },
  { type: "double", keys: [-1.7976931348623157e308, -0.1, 0, 5e-324, 0.1, 0.30000000000000004, 2 ** 53] },
  {
    type: "bit(64)",
    keys: [bytes(0, 0, 0, 0, 0, 0, 0, 0), bytes(0, 0, 0, 0, 0, 0, 1, 0), new Uint8Array(8).fill(255)],
  },
  { type: "year", keys: ["0000", "1901", "1999", "2000", "2155"] },
  { type: "date", keys: ["1000-01-01", "2026-02-28", "2026-03-01", "9999-12-31"] },
  { type: "time(6)", keys: ["-838:59:59.000000", "-00:00:00.000001", "00:00:00.000000", "100:00:00.000000"] },
  {
    type: "datetime(6)",
    keys: ["1000-01-01 00:00:00.000000", "2026-01-15 10:30:00.123456", "2026-01-15 10:30:00.123457"],
  },
  { type: "datetime", keys: ["2026-01-15 10:30:00", "2026-01-15 10:30:01", "9999-12-31 23:59:59"] },
  { type: "timestamp(3)", keys: ["1999-12-31 23:59:59.999", "2026-01-15 10:30:00.100", "2026-01-15 10:30:00.101"] },
  { type: "varchar(40)", keys: ["", "1", "10", "9", "a", "A b", "ab", "é b", "z", "🐘"] },
  { type: "varchar(40) collate utf8mb4_bin", keys: ["", "A", "Z", "a", "a b", "b", "é", "🐘"] },
  { type: "char(10) character set latin1", keys: ["", "a", "B", "é", "f", "z", "ö"] },
  { type: "varchar(10) character set utf16", keys: ["a", "é", "z", "🐘"] },
  { type: "binary(2)", keys: [bytes(0, 0), bytes(0, 1), bytes(65, 0), bytes(97, 0), bytes(255, 255)] },
  { type: "varbinary(20)", keys: [bytes(), bytes(0), bytes(0, 0), bytes(65), bytes(97, 255), bytes(195, 40)] },
  { type: "enum('z', 'a', 'it''s', 'A b', '\\\\', 'é')", keys: ["z", "a", "it's", "A b", "\\", "é"], scans: true },
  {
    type: "uuid",
    keys: [
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-0000-4000-8000-000000000001",
      "00000000-0000-4000-8000-000000000002",
      "123e4567-e89b-42d3-a456-426614174000",
    ],
    mariadb: true,
  },
  { type: "inet6", keys: ["::", "::1", "2001:db8::1", "ffff::"], mariadb: true },
];

/** Walks as a batched migration does: the next key behind the last one, with each kind of value that may stand for it. */
async function walk(session: Session, column: ColumnShape, bound: (key: unknown) => unknown): Promise<unknown[]> {
  const next = `select k from w where k > ${mysqlCatalog.comparable("?", column)} order by k limit 1`;
  const seen: unknown[] = [];
  let { rows } = await session.query("select k from w order by k limit 1");
  while (rows[0] !== undefined && seen.length < 20) {
    seen.push(rows[0]["k"]);
    ({ rows } = await session.query(next, [bound(rows[0]["k"])]));
  }
  return seen;
}

const asText = (key: unknown) => key instanceof Uint8Array ? key : String(key);

testWith(["mysql"], "mysql: keys of every type are walked in their order, each once, by the index", async () => {
  await using db = await fresh();
  const { session } = db;
  const { rows: [server] } = await session.query("select version() as v");
  const isMariadb = String(server?.["v"]).includes("MariaDB");
  for (const { type, keys, mariadb, scans } of KEY_CASES) {
    if (mariadb === true && !isMariadb) continue;
    await session.query(`create or replace table w (k ${type} not null primary key, pad integer)`);
    await session.query("set sql_mode = 'NO_ENGINE_SUBSTITUTION'");
    for (const key of keys) await session.query("insert into w (k) values (?)", [key]);
    await session.query("set sql_mode = default");
    const column = (await mysqlCatalog.describe(session, ["w"]))?.columns[0];
    assert.ok(column !== undefined);
    const ordered = (await session.query("select k from w order by k")).rows.map(({ k }) => k);
    assert.equal(ordered.length, keys.length, type);
    assert.deepEqual(await walk(session, column, (key) => key), ordered, type);
    assert.deepEqual(await walk(session, column, asText), ordered, `${type} as text`);
    const upTo = `select count(*) as n from w where k <= ${mysqlCatalog.comparable("?", column)}`;
    // and nothing at or before a key is behind it
    for (const [index, key] of ordered.entries()) {
      assert.equal((await session.query(upTo, [key])).rows[0]?.["n"], index + 1, `${type} up to ${key}`);
    }
    const plan = `explain select k from w where k > ${mysqlCatalog.comparable("?", column)} order by k limit 1`;
    const explained = (await session.query(plan, [asText(ordered[0])])).rows[0];
    assert.equal(explained?.["key"], "PRIMARY", type);
    assert.equal(explained?.["type"], scans === true ? "index" : "range", type);
  }
});

testWith(["mysql"], "mysql: Catalog.describe() tells columns and unique keys", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query(`create table \`od\`\`d t\` (
    id bigint unsigned not null auto_increment,
    code varchar(20) not null,
    part varchar(20),
    price decimal(10,2) default 0,
    at datetime(6) not null default current_timestamp(6),
    kind enum('a', 'b'),
    doubled decimal(11,2) as (price * 2) virtual,
    kept decimal(11,2) as (price * 3) stored,
    body longtext,
    unique key by_code (part, code),
    primary key (id),
    unique key by_prefix (body(10)),
    key by_price (price)
  )`);
  const shape = await mysqlCatalog.describe(session, ["od`d t"]);
  assert.deepEqual(shape?.keys, [
    { name: "PRIMARY", columns: ["id"], primary: true },
    { name: "by_code", columns: ["part", "code"], primary: false },
  ]);
  const column = (name: string, kind: string, { nullable = true, hasDefault = false, generated = false } = {}) => ({
    name,
    kind,
    nullable,
    hasDefault,
    generated,
  });
  assert.deepEqual(shape?.columns.map(({ type: _, ...rest }) => rest), [
    column("id", "integer", { nullable: false, hasDefault: true }),
    column("code", "text", { nullable: false }),
    column("part", "text"),
    column("price", "decimal", { hasDefault: true }),
    column("at", "timestamp", { nullable: false, hasDefault: true }),
    column("kind", "enum"),
    column("doubled", "decimal", { generated: true }),
    column("kept", "decimal", { generated: true }),
    column("body", "text"),
  ]);
  assert.equal(shape?.columns[3]?.type, "decimal(10,2)");
  assert.deepEqual((await mysqlCatalog.describe(session, [db.name, "od`d t"]))?.keys, shape?.keys);
});

testWith(
  ["mysql"],
  "mysql: Catalog.describe() knows views and temporary tables, and tells what is not there",
  async () => {
    await using db = await fresh();
    const { session } = db;
    await session.query("create table t (id integer primary key)");
    await session.query("create view v as select id, 'x' as x from t");
    await session.query("create temporary table passing (id integer primary key)");
    assert.deepEqual((await mysqlCatalog.describe(session, ["v"]))?.columns.map(({ name }) => name), ["id", "x"]);
    assert.deepEqual((await mysqlCatalog.describe(session, ["passing"]))?.keys.length, 1);
    assert.equal(await mysqlCatalog.describe(session, ["missing"]), undefined);
    assert.equal(await mysqlCatalog.describe(session, ["no_such_database", "t"]), undefined);
    assert.equal(await mysqlCatalog.describe(session, ["a", "b", "t"]), undefined);
  },
);

testWith(["mysql"], "mysql: Catalog.estimateRows() counts small tables, and tells of large ones roughly", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (id integer primary key auto_increment, pad char(20))");
  assert.equal(await mysqlCatalog.estimateRows(session, ["t"]), 0);
  await session.query("insert into t (pad) values ('x'), ('y'), ('z')");
  assert.equal(await mysqlCatalog.estimateRows(session, ["t"]), 3);
  for (let doubling = 0; doubling < 14; doubling++) await session.query("insert into t (pad) select pad from t");
  await session.query("analyze table t");
  const rows = await mysqlCatalog.estimateRows(session, [db.name, "t"]);
  assert.ok(rows !== undefined && rows > 35_000 && rows < 70_000, String(rows));
  await session.query("create view v as select * from t");
  assert.equal(await mysqlCatalog.estimateRows(session, ["v"]), undefined);
  assert.equal(await mysqlCatalog.estimateRows(session, ["missing"]), undefined);
});

testWith(["mysql"], "mysql: Catalog.referencesTo() finds foreign keys, with their columns in order", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table p (a integer, b integer, primary key (a, b))");
  await session.query(`create table c (x integer, y integer, self integer,
    constraint to_p foreign key (y, x) references p (a, b))`);
  await session.query("create table d (a integer, constraint to_p_too foreign key (a) references p (a))");
  const expected = [
    { name: "to_p", table: ["c"], columns: ["y", "x"], to: ["a", "b"] },
    { name: "to_p_too", table: ["d"], columns: ["a"], to: ["a"] },
  ];
  assert.deepEqual(await mysqlCatalog.referencesTo(session, ["p"]), expected);
  assert.deepEqual(await mysqlCatalog.referencesTo(session, [db.name, "p"]), expected);
  assert.deepEqual(await mysqlCatalog.referencesTo(session, ["c"]), []);
});
