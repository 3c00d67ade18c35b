/** What MySQL and MariaDB give for what was written, by text and in binary, and what of it can be written back. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Session } from "../../src/db/database.ts";
import { openMysql } from "../../src/db/mysql.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { freshDatabase, outside, testWith } from "../support.ts";
import { failureOf, targetOf, valueOf } from "./contract_ground.ts";

/** A session on a database of its own. */
async function fresh(change: Partial<ServerTarget> = {}) {
  const database = await freshDatabase("mysql");
  const target = { ...targetOf("mysql", database.url) as ServerTarget, ...change };
  const session = await openMysql(target).connect("work");
  return {
    session,
    target,
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

interface Case {
  readonly type: string;
  /** SQL, and what is read of it. */
  readonly values: readonly (readonly [sql: string, read: unknown])[];
}

/** Each type with its extremes. Points and lines are compared by their bytes: SRID, byte order, kind, coordinates. */
const CASES: readonly Case[] = [
  { type: "tinyint", values: [["-128", -128], ["127", 127]] },
  { type: "tinyint unsigned", values: [["255", 255]] },
  { type: "boolean", values: [["true", 1], ["false", 0]] },
  { type: "smallint", values: [["-32768", -32768]] },
  { type: "smallint unsigned", values: [["65535", 65535]] },
  { type: "mediumint", values: [["-8388608", -8388608]] },
  { type: "mediumint unsigned", values: [["16777215", 16777215]] },
  { type: "int", values: [["-2147483648", -2147483648]] },
  { type: "int unsigned", values: [["4294967295", 4294967295]] },
  { type: "int(8) zerofill", values: [["42", 42]] },
  {
    type: "bigint",
    values: [
      ["-9223372036854775808", -(2n ** 63n)],
      ["9223372036854775807", 2n ** 63n - 1n],
      ["9007199254740991", 2 ** 53 - 1],
      ["9007199254740992", 2n ** 53n],
      ["0", 0],
    ],
  },
  { type: "bigint unsigned", values: [["18446744073709551615", 2n ** 64n - 1n], ["7", 7]] },
  { type: "float", values: [["0.1", 0.1], ["1e-38", 1e-38], ["-123456", -123456]] },
  {
    type: "double",
    values: [["0.1", 0.1], ["1.7976931348623157e308", 1.7976931348623157e308], ["2.5e-308", 2.5e-308]],
  },
  {
    type: "decimal(65,30)",
    values: [[
      "12345678901234567890123456789012345.123456789012345678901234567890",
      "12345678901234567890123456789012345.123456789012345678901234567890",
    ], ["0", `0.${"0".repeat(30)}`]],
  },
  { type: "decimal(20,0)", values: [["-99999999999999999999", "-99999999999999999999"]] },
  { type: "date", values: [["'1000-01-01'", "1000-01-01"], ["'9999-12-31'", "9999-12-31"], ["0", "0000-00-00"]] },
  { type: "time", values: [["'-838:59:59'", "-838:59:59"], ["'838:59:59'", "838:59:59"], ["0", "00:00:00"]] },
  {
    type: "time(6)",
    values: [["'-838:59:58.999900'", "-838:59:58.999900"], ["'01:00:00'", "01:00:00.000000"], [
      "'-00:00:00.000001'",
      "-00:00:00.000001",
    ], ["0", "00:00:00.000000"]],
  },
  { type: "time(3)", values: [["'23:59:59.5'", "23:59:59.500"]] },
  { type: "datetime", values: [["'9999-12-31 23:59:59'", "9999-12-31 23:59:59"], ["0", "0000-00-00 00:00:00"]] },
  {
    type: "datetime(6)",
    values: [
      ["'2026-01-15 10:30:00.123456'", "2026-01-15 10:30:00.123456"],
      [
        "'2026-01-15'",
        "2026-01-15 00:00:00.000000",
      ],
      ["'2026-01-15 00:00:00.5'", "2026-01-15 00:00:00.500000"],
      ["0", "0000-00-00 00:00:00.000000"],
    ],
  },
  { type: "datetime(2)", values: [["'2026-01-15 10:30:00.12'", "2026-01-15 10:30:00.12"]] },
  { type: "timestamp null", values: [["'2026-01-15 10:30:00'", "2026-01-15 10:30:00"]] },
  { type: "timestamp(6) null", values: [["'2026-01-15 10:30:00.100000'", "2026-01-15 10:30:00.100000"]] },
  { type: "year", values: [["1901", "1901"], ["2155", "2155"], ["'0000'", "0000"]] },
  { type: "bit(10)", values: [["b'1000000001'", bytes(2, 1)]] },
  { type: "bit(64)", values: [["~0", bytes(255, 255, 255, 255, 255, 255, 255, 255)]] },
  { type: "binary(4)", values: [["x'00ff'", bytes(0, 255, 0, 0)]] },
  { type: "varbinary(300)", values: [["x'000180'", bytes(0, 1, 128)], ["''", bytes()]] },
  { type: "longblob", values: [["x'00ff0a'", bytes(0, 255, 10)]] },
  { type: "char(5)", values: [["'é'", "é"]] },
  { type: "varchar(50)", values: [["'a\\0b🐘'", "a\0b🐘"], ["''", ""]] },
  { type: "longtext", values: [["repeat('é', 70000)", "é".repeat(70_000)]] },
  { type: "varchar(20) character set latin1", values: [["'é'", "é"]] },
  { type: "varchar(20) character set utf16", values: [["'é🐘'", "é🐘"]] },
  { type: "enum('a', 'é')", values: [["'é'", "é"]] },
  { type: "set('a', 'b', 'c')", values: [["'a,c'", "a,c"], ["''", ""]] },
  {
    type: "json",
    values: [
      [`'{"n": 12345678901234567890, "d": 0.1, "s": "é🐘", "l": [1, null]}'`, {
        n: 12345678901234567890n,
        d: 0.1,
        s: "é🐘",
        l: [1, null],
      }],
      ["'[]'", []],
    ],
  },
  {
    type: "point",
    values: [["point(1, 2)", bytes(0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 0, 64)]],
  },
];

/** A table with a column for each case, and the SQL of the cases as rows. */
async function fill(session: Session): Promise<number> {
  await session.query("set sql_mode = 'NO_ENGINE_SUBSTITUTION'");
  const columns = CASES.map(({ type }, index) => `c${index} ${type}`);
  await session.query(`create table k (id integer not null primary key, ${columns.join(", ")})`);
  const rows = Math.max(...CASES.map(({ values }) => values.length));
  for (let row = 0; row < rows; row++) {
    const values = CASES.map(({ values }) => values[row]?.[0] ?? "null");
    await session.query(`insert into k values (${row}, ${values.join(", ")})`);
  }
  return rows;
}

function expectedRows(rows: number) {
  return Array.from({ length: rows }, (_, row) => ({
    id: row,
    ...Object.fromEntries(CASES.map(({ values }, index) => [`c${index}`, values[row]?.[1] ?? null])),
  }));
}

testWith(["mysql"], "mysql: every type is read without loss, by text and in binary", async () => {
  await using db = await fresh();
  const expected = expectedRows(await fill(db.session));
  // prepared on the server, so in binary
  assert.deepEqual((await db.session.query("select * from k order by id")).rows, expected);
  assert.deepEqual((await db.session.query("select * from k where id >= ? order by id", [0])).rows, expected);
  const streamed = [];
  for await (const row of db.session.stream("select * from k order by id")) streamed.push(row);
  assert.deepEqual(streamed, expected);
  // the server's own PREPARE and EXECUTE are plain statements, and give text
  await db.session.query("prepare everything from 'select * from k order by id'");
  assert.deepEqual((await db.session.query("execute everything")).rows, expected);
});

testWith(["mysql"], "mysql: what was read can be written back, and is the same", async () => {
  await using db = await fresh();
  const { session } = db;
  const rows = await fill(session);
  const read = (await session.query("select * from k order by id")).rows;
  const places = CASES.map(() => "?").join(", ");
  for (const { id, ...values } of read) {
    await session.query(`insert into k values (?, ${places})`, [Number(id) + 100, ...Object.values(values)]);
  }
  const again = (await session.query("select * from k where id >= 100 order by id")).rows;
  assert.deepEqual(again.map((row) => ({ ...row, id: Number(row["id"]) - 100 })), expectedRows(rows));
  for (const [index, { type }] of CASES.entries()) {
    // JSON that we wrote has other white space
    if (type === "json") continue;
    const same = `select count(*) from k a join k b on b.id = a.id + 100 where a.c${index} <=> b.c${index}`;
    assert.equal(await valueOf(session, same), rows, type);
  }
});

testWith(["mysql"], "mysql: any number and text comes back as it was written", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query(
    "create table v (id int primary key, b bigint, u bigint unsigned, f float, d double, t longtext)",
  );
  const big = (min: bigint, max: bigint) =>
    fc.bigInt({ min, max }).map((n) => Number.isSafeInteger(Number(n)) ? Number(n) : n);
  const values = fc.tuple(
    big(-(2n ** 63n), 2n ** 63n - 1n),
    big(0n, 2n ** 64n - 1n),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "binary" }),
  );
  await fc.assert(
    fc.asyncProperty(values, async ([b, u, f, d, t]) => {
      await session.query("delete from v");
      await session.query("insert into v values (1, ?, ?, ?, ?, ?)", [b, u, f, d, t]);
      const { rows: [row] } = await session.query("select * from v");
      assert.deepEqual([row?.["b"], row?.["u"], row?.["d"], row?.["t"]], [b, u, d + 0, t]);
      assert.equal(Math.fround(Number(row?.["f"])), f + 0);
      await session.query("insert into v select 2, ?, ?, ?, ?, ?", [b, u, row?.["f"], row?.["d"], row?.["t"]]);
      assert.equal((await session.query("select distinct b, u, f, d, t from v")).count, 1);
    }),
    {
      numRuns: 200,
      examples: [[[0, 0, 3.4028234663852886e38, -0, "\0"]], [[1, 1, 1.401298464324817e-45, 5e-324, ""]]],
    },
  );
});

testWith(["mysql"], "mysql: whole numbers are sent as integers, whatever their size", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table n (v bigint unsigned, w decimal(65, 0))");
  await session.query("insert into n values (?, ?)", [2n ** 64n - 1n, 10n ** 60n]);
  assert.equal((await session.query("select * from n where v = ? and w = ?", [2n ** 64n - 1n, 10n ** 60n])).count, 1);
  assert.equal((await session.query("select * from n where v = ?", [2n ** 64n - 2n])).count, 0);
  assert.equal((await session.query("select * from n limit ?", [1])).count, 1);
  assert.equal(await valueOf(session, "select ? = ?", [2 ** 53 - 1, 9007199254740991n]), 1);
});

testWith(["mysql"], "mysql: booleans are 1 and 0, a Date is UTC text, objects are JSON", async () => {
  await using db = await fresh();
  const { rows: [row] } = await db.session.query("select ? as t, ? as f, ? as at, ? as o", [
    true,
    false,
    new Date("2026-01-15T10:30:00.123Z"),
    { n: 9007199254740993n },
  ]);
  assert.deepEqual(row, { t: 1, f: 0, at: "2026-01-15 10:30:00.123000", o: '{"n":9007199254740993}' });
  await assert.rejects(db.session.query("select ?", [Infinity]), {
    name: "TypeError",
    message: "Cannot use Infinity as a value in SQL: MySQL has no such number",
  });
  await assert.rejects(db.session.query("select ?", [NaN]), TypeError);
});

testWith(["mysql"], "mysql: a NULL of JSON is not SQL's NULL, and stays so when it is written back", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table j (id integer, v json)");
  await session.query("insert into j values (1, 'null'), (2, null)");
  const { rows } = await session.query("select v from j order by id");
  assert.equal(rows[1]?.["v"], null);
  await session.query("insert into j values (3, ?)", [rows[0]?.["v"]]);
  assert.equal(await valueOf(session, "select cast(v as char) from j where id = 3"), "null");
});

testWith(["mysql"], "mysql: statements without rows, with several results, and with none at all", async () => {
  await using db = await fresh();
  const { session } = db;
  assert.deepEqual(await session.query("-- nothing"), { rows: [], count: 0 });
  assert.deepEqual(await session.query(""), { rows: [], count: 0 });
  await session.query("create procedure two() begin select 1 as a, cast(0.1 as float) as f; select 2 as b; end");
  assert.deepEqual(await session.query("call two()"), { rows: [{ a: 1, f: 0.1 }], count: 1 });
  assert.deepEqual((await session.query("show tables like 'nothing'")).rows, []);
  assert.equal((await failureOf(session.query("select 1; select 2"))).kind, "other");
});

testWith(["mysql"], "mysql: the server's files and ours are kept apart: LOAD DATA LOCAL is refused", async () => {
  await using db = await fresh();
  await using file = await temporaryFile("1\n");
  await db.session.query("create table t (a integer)");
  const error = await failureOf(db.session.query(`load data local infile '${file.path}' into table t`));
  assert.match(error.message, /local infile/);
  assert.equal((await db.session.query("select * from t")).count, 0);
});

async function temporaryFile(text: string) {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

testWith(["mysql"], "mysql: the session's settings are the server's, but for the character set", async () => {
  await using db = await fresh();
  const { rows: [row] } = await db.session.query(
    `select @@session.sql_mode = @@global.sql_mode as mode, @@session.autocommit as auto,
      @@character_set_client as client, @@character_set_results as results, @@collation_connection as c`,
  );
  const { c, ...rest } = row ?? {};
  assert.deepEqual(rest, { mode: 1, auto: 1, client: "utf8mb4", results: "utf8mb4" });
  assert.match(String(c), /^utf8mb4_/);
});

testWith(["mysql"], "mysql: Dialect.commitsImplicitly() says what the server does", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (id integer primary key)");
  const statements = [
    "create table made (id integer)",
    "/*!40101 create table made2 (id integer) */",
    "create temporary table passing (id integer)",
    "alter table made add c integer",
    "create index i on made (c)",
    "create view v as select 1 as one",
    "create or replace view v as select 2 as one",
    "rename table made to made3",
    "truncate table made3",
    "analyze table t",
    "check table t",
    "optimize table t",
    "drop temporary table passing",
    "drop view v",
    "drop table if exists nothing_of_that_name",
    "create trigger tr before insert on t for each row set @x = 1",
    "drop trigger tr",
    "create procedure p() select 1",
    "drop procedure p",
    "flush tables made3",
    "set @x = 1",
    "set session lock_wait_timeout = 5",
    "select 1",
    "insert into t values (1)",
    "savepoint a",
    "do 1",
    "unlock tables",
    "lock tables t write",
  ];
  for (const statement of statements) {
    await session.query("unlock tables");
    await session.begin();
    await session.query(statement);
    // UNLOCK TABLES commits only where tables were locked, which is not seen in it
    const expected = statement === "unlock tables" ? false : session.dialect.commitsImplicitly(statement);
    assert.equal(!session.inTransaction, expected, statement);
    await session.rollback();
  }
});

testWith(
  ["mysql"],
  "mysql: Session.inTransaction knows what a deadlock, DDL that failed and SET autocommit did",
  async () => {
    await using db = await fresh();
    const { session } = db;
    await session.query("create table t (id integer primary key)");
    await session.begin();
    await session.query("insert into t values (1)");
    await failureOf(session.query("create table t (id integer)"));
    assert.equal(session.inTransaction, false, "DDL commits before it fails");
    await session.query("set autocommit = 0");
    assert.equal(session.inTransaction, false);
    await session.query("select * from t");
    assert.equal(session.inTransaction, true);
    await session.rollback();
    await session.query("set autocommit = 1");
    await session.begin();
    await failureOf(session.query("insert into t values (1)"));
    assert.equal(session.inTransaction, true, "a duplicate key undoes the statement alone");
    await session.rollback();
  },
);

testWith(["mysql", "mysqlSocket"], "mysql: a unix socket works, and where there is none it is said", async () => {
  await using db = await fresh({ socket: outside.mysqlSocket ?? "" });
  assert.equal(await valueOf(db.session, "select 1"), 1);
  const error = await failureOf(openMysql({ ...db.target, socket: "/nowhere/mysql.sock" }).connect("work"));
  assert.equal(error.kind, "unreachable");
  assert.equal(error.message, "Cannot connect to MySQL at /nowhere/mysql.sock: there is no such socket");
});

testWith(["mysql"], "mysql: the ledger works on tables that were made by hand for the Python tool", async () => {
  await using db = await fresh();
  const { session } = db;
  const { ledger } = session.dialect;
  await session.query(`create table delembic_version (revision varchar(255) not null primary key, applied_at datetime,
    status text, execution_time_seconds float)`);
  await session.query(`create table delembic_run_history (id int(11) not null auto_increment primary key, revision text,
    started_at datetime, ended_at datetime, duration_seconds float, status text, exception text, username text,
    hostname text)`);
  const { rows: [run] } = await session.query(ledger.openRun, [
    "D001",
    "2026-01-15T10:30:00.123456Z",
    "running",
    "u",
    "h",
  ]);
  assert.equal(run?.["id"], 1);
  const text = `select ${ledger.utcText("started_at")} from delembic_run_history where id = ?`;
  assert.equal(await valueOf(session, text, [1]), "2026-01-15T10:30:00.000000Z");
});

testWith(["mysql"], "mysql: revisions that differ in case alone are two", async () => {
  await using db = await fresh();
  const { session } = db;
  for (const statement of session.dialect.ledger.create.delembic_version) await session.query(statement);
  for (const revision of ["D001", "d001"]) {
    await session.query("insert into delembic_version (revision) values (?)", [revision]);
  }
  const { rows } = await session.query("select revision from delembic_version where revision = ?", ["d001"]);
  assert.deepEqual(rows, [{ revision: "d001" }]);
});

testWith(["mysql"], "mysql: a lost connection does not come back by itself", async () => {
  await using db = await fresh();
  const killer = await openMysql(db.target).connect("audit");
  const { terminate } = killer.dialect.ledger;
  assert.equal((await killer.query(terminate?.find ?? "", [db.session.backend])).count, 1);
  await killer.query(terminate?.kill ?? "", [db.session.backend]);
  await killer.close();
  const error = await failureOf(db.session.query("select 1"));
  assert.equal(error.kind, "lost");
  assert.equal(error.message, "The connection to the server was lost: the server closed it");
  assert.equal((await failureOf(db.session.query("select 1"))).kind, "lost");
});
