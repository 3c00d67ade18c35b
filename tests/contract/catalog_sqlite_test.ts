/** What SQLite tells of its tables, and that a walk by any key that it tells meets each row once. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Session } from "../../src/db/database.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import { sqliteCatalog, sqliteKind } from "../../src/db/sqlite_catalog.ts";
import { temporaryFolder } from "../support.ts";

/** A session on a new database, with these statements run. */
async function fresh(...statements: readonly string[]) {
  const folder = await temporaryFolder();
  const file = `${folder.path}/app.db`;
  const session = await openSqlite({ dialect: "sqlite", file, options: {}, label: file }).connect("work");
  for (const statement of statements) await session.query(statement);
  return {
    session,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await session.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("sqlite: the catalog tells columns as they were declared", async () => {
  await using db = await fresh(
    `create table person (
      id integer primary key, name varchar(20) not null, "odd ""name" text default 'x', nil text default null,
      price decimal(10,2), ok boolean not null default 0, at datetime, plain,
      twice integer generated always as (id * 2) virtual, thrice integer as (id * 3) stored
    )`,
  );
  const shape = await sqliteCatalog.describe(db.session, ["PERSON"]);
  assert.deepEqual(shape?.path, ["PERSON"]);
  const told = shape?.columns.map(({ name, type, kind, nullable, hasDefault, generated }) =>
    [name, type, kind, ...[nullable && "null", hasDefault && "default", generated && "generated"].filter(Boolean)].join(
      " ",
    )
  );
  assert.deepEqual(told, [
    "id INTEGER integer default",
    "name varchar(20) text",
    'odd "name TEXT text null default',
    "nil TEXT text null",
    "price decimal(10,2) decimal null",
    "ok boolean boolean default",
    "at datetime timestamp null",
    "plain  other null",
    "twice INTEGER integer null generated",
    "thrice INTEGER integer null generated",
  ]);
  assert.equal(await sqliteCatalog.describe(db.session, ["nobody"]), undefined);
  assert.equal(await sqliteCatalog.describe(db.session, ["nowhere", "person"]), undefined);
});

Deno.test("sqlite: declared types are read by their common names, then by SQLite's own rules", () => {
  const kinds: Readonly<Record<string, string>> = {
    INT: "integer",
    "UNSIGNED BIG INT": "integer",
    "NATIVE CHARACTER(70)": "text",
    CLOB: "text",
    "": "other",
    "DOUBLE PRECISION": "float",
    NUMERIC: "decimal",
    BOOLEAN: "boolean",
    DATE: "date",
    TIME: "time",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    INTERVAL: "interval",
    BLOB: "bytes",
    "VARBINARY(16)": "bytes",
    JSON: "json",
    UUID: "uuid",
    ANY: "other",
  };
  for (const [type, kind] of Object.entries(kinds)) assert.equal(sqliteKind(type), kind, type);
});

Deno.test("sqlite: the catalog tells the keys that a row is known by", async () => {
  await using db = await fresh(
    "create table alias (id integer primary key, a text unique, b, c, d, unique (c, b))",
    "create unique index partial on alias (d) where d > 5",
    "create unique index expression on alias (lower(d))",
    "create index plain on alias (d)",
    "create table text_key (code text primary key) without rowid",
    "create table loose_key (code text primary key)",
    "create table composite (a integer, b text, primary key (b, a))",
    "create table none (a)",
    "create table own_rowid (rowid text)",
    "create table folded (a text collate nocase, b text)",
    "create unique index finer on folded (a collate binary)",
    "create unique index coarser on folded (b collate nocase)",
    "create view seen as select * from alias",
  );
  const keys = async (table: string) =>
    (await sqliteCatalog.describe(db.session, [table]))?.keys.map(({ name, columns, primary }) =>
      `${name}: ${columns.join(", ")}${primary ? " (primary)" : ""}`
    );
  assert.deepEqual(await keys("alias"), [
    "primary key: id (primary)",
    "sqlite_autoindex_alias_1: a",
    "sqlite_autoindex_alias_2: c, b",
  ]);
  assert.deepEqual(await keys("text_key"), ["primary key: code (primary)"]);
  assert.deepEqual(await keys("loose_key"), ["primary key: code (primary)"]);
  assert.deepEqual(await keys("composite"), ["primary key: b, a (primary)"]);
  assert.deepEqual(await keys("none"), ["rowid: rowid"]);
  assert.deepEqual(await keys("own_rowid"), []);
  // 'a' and 'A' are two rows of the index, and one place in the order of the column
  assert.deepEqual(await keys("folded"), ["coarser: b", "rowid: rowid"]);
  assert.deepEqual(await keys("seen"), []);
  const nullable = async (table: string) =>
    (await sqliteCatalog.describe(db.session, [table]))?.columns.map((column) => column.nullable);
  assert.deepEqual(await nullable("text_key"), [false]);
  assert.deepEqual(await nullable("loose_key"), [true], "SQLite lets NULL into it");
});

Deno.test("sqlite: tables are found where SQLite finds them: temporary, main, attached", async () => {
  await using db = await fresh("create table t (main)", "create table u (main)");
  await db.session.query("attach ? as side", [`${db.folder}/side.db`]);
  for (const name of ["t", "u", "v"]) await db.session.query(`create table side.${name} (side)`);
  await db.session.query("create temporary table t (temporary)");
  const column = async (...path: string[]) =>
    (await sqliteCatalog.describe(db.session, path))?.columns.map(({ name }) => name).join();
  assert.equal(await column("t"), "temporary");
  assert.equal(await column("main", "t"), "main");
  assert.equal(await column("u"), "main");
  assert.equal(await column("v"), "side");
  assert.equal(await column("Side", "T"), "side");
});

Deno.test("sqlite: the catalog tells who refers to a table", async () => {
  await using db = await fresh(
    "create table parent (a integer, b text, name text unique, primary key (b, a))",
    "create table child (x text, y integer, z text references Parent (name), foreign key (x, y) references parent)",
    "create table stranger (x references child)",
  );
  assert.deepEqual(await sqliteCatalog.referencesTo(db.session, ["parent"]), [
    { name: "child (z)", table: ["child"], columns: ["z"], to: ["name"] },
    { name: "child (x, y)", table: ["child"], columns: ["x", "y"], to: ["b", "a"] },
  ]);
  assert.deepEqual(await sqliteCatalog.referencesTo(db.session, ["stranger"]), []);
  await db.session.query("attach ':memory:' as side");
  await db.session.query("create table side.p (id integer primary key)");
  await db.session.query("create table side.c (p references p)");
  assert.deepEqual(await sqliteCatalog.referencesTo(db.session, ["side", "p"]), [
    { name: "c (p)", table: ["side", "c"], columns: ["p"], to: ["id"] },
  ]);
});

/** Rows 1 to `count` with the rowids that an expression of `n` makes. */
const numbered = (count: number, rowid: string) =>
  `insert into t (rowid, a) with recursive n(n) as (select 1 union all select n + 1 from n where n < ${count})
    select ${rowid}, 0 from n`;

Deno.test("sqlite: the number of rows is counted where they are few, else estimated", async () => {
  await using db = await fresh("create table t (a)", "create view v as select * from t", "create index t_a on t (a)");
  const estimate = () => sqliteCatalog.estimateRows(db.session, ["t"]);
  assert.equal(await estimate(), 0);
  await db.session.query(numbered(10_000, "n * 1000"));
  assert.equal(await estimate(), 10_000);
  await db.session.query("delete from t");
  await db.session.query(numbered(50_000, "n * 1000000"));
  const gaps = await estimate() ?? 0;
  assert.ok(Math.abs(gaps - 50_000) < 100, `${gaps} for 50,000 with gaps`);
  await db.session.query("analyze");
  assert.equal(await estimate(), 50_000);
  assert.equal(await sqliteCatalog.estimateRows(db.session, ["v"]), undefined);
  assert.equal(await sqliteCatalog.estimateRows(db.session, ["nobody"]), undefined);
});

/** Walks as batches do, and gives how often each row was met, by its `n`. */
async function walk(session: Session, table: string, key: readonly string[]): Promise<Map<unknown, number>> {
  const shape = await sqliteCatalog.describe(session, [table]);
  const places = key.map((name) => {
    const column = shape?.columns.find((column) => column.name === name);
    return column === undefined ? "?" : sqliteCatalog.comparable("?", column);
  });
  const list = key.map((name) => `"${name}"`).join(", ");
  const met = new Map<unknown, number>();
  let after: unknown[] | undefined;
  while (true) {
    const condition = after === undefined ? "" : `where (${list}) > (${places.join(", ")})`;
    const { rows: [row] } = await session.query(
      `select n, ${list} from "${table}" ${condition} order by ${list} limit 1`,
      after ?? [],
    );
    if (row === undefined) return met;
    met.set(row["n"], (met.get(row["n"]) ?? 0) + 1);
    assert.ok(met.get(row["n"]) === 1, `the row ${row["n"]} was met again`);
    after = key.map((name) => row[name]);
  }
}

const TEXTS = fc.string({ unit: "binary", maxLength: 6 }).map((text) => text.replaceAll("\0", ""));
const ANY = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.constantFrom(-0, 0.5, Infinity, -Infinity, 2 ** 53, 2 ** 63, -(2 ** 63)),
  TEXTS,
  fc.constantFrom("12", " 12 ", "12.0", "1e3", "abc", "ABC", "abc  ", "", "9223372036854775808", "0x10"),
  fc.uint8Array({ maxLength: 4 }),
);

Deno.test("sqlite: a walk by a key meets each row once, whatever is stored in it", async () => {
  const columns = [
    "k integer",
    "k numeric",
    "k real",
    "k text",
    "k blob",
    "k",
    "k text collate nocase",
    "k collate rtrim",
    "k decimal(10,2)",
    "k varchar(10) collate nocase",
  ];
  for (const column of columns) {
    await using db = await fresh(`create table t (n integer, ${column}, unique (k))`, "begin");
    await fc.assert(
      fc.asyncProperty(fc.array(ANY, { minLength: 1, maxLength: 25 }), async (values) => {
        await db.session.query("delete from t");
        for (const [n, value] of values.entries()) {
          await db.session.query("insert or ignore into t values (?, ?)", [n, value]);
        }
        const { rows } = await db.session.query("select n from t");
        const met = await walk(db.session, "t", ["k"]);
        assert.deepEqual([...met.keys()].sort(), rows.map((row) => row["n"]).sort(), column);
      }),
      { numRuns: 40 },
    );
  }
});

Deno.test("sqlite: a walk by several columns, by the rowid and without one meets each row once", async () => {
  const tables = [
    ["create table t (n integer, a text collate nocase, b, primary key (a, b)) without rowid", ["a", "b"]],
    ["create table t (n integer, a, b text, unique (b, a))", ["b", "a"]],
    ["create table t (n integer, a, b)", ["rowid"]],
  ] as const;
  for (const [table, key] of tables) {
    await using db = await fresh(table, "begin");
    const pair = fc.tuple(fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constantFrom("a", "A", "1", 0.5)), ANY);
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 25 }), async (pairs) => {
        await db.session.query("delete from t");
        for (const [n, [a, b]] of pairs.entries()) {
          await db.session.query("insert or ignore into t values (?, ?, ?)", [n, a, b]);
        }
        const { rows } = await db.session.query("select n from t");
        const met = await walk(db.session, "t", key);
        assert.deepEqual([...met.keys()].sort(), rows.map((row) => row["n"]).sort());
      }),
      { numRuns: 40 },
    );
  }
});
