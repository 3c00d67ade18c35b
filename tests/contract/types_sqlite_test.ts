/** What SQLite gives for what was written, and what it says where it cannot. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { DatabaseError, Role, Session } from "../../src/db/database.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import type { SqliteTarget } from "../../src/db/target.ts";
import { temporaryFolder } from "../support.ts";
import { failureOf } from "./contract_ground.ts";

function target(file: string, options: Record<string, string> = {}): SqliteTarget {
  return { dialect: "sqlite", file, options, label: `sqlite:///${file}` };
}

/** A session on a new database, and its file. */
async function fresh(options: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  const file = `${folder.path}/app.db`;
  const sessions: Session[] = [];
  const open = async (role: Role = "work") => {
    const session = await openSqlite(target(file, options)).connect(role);
    sessions.push(session);
    return session;
  };
  return {
    file,
    folder: folder.path,
    session: await open(),
    open,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Any value that SQLite has a place for, as it is read. */
const VALUES = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => Number.isSafeInteger(Number(n)) ? Number(n) : n),
  fc.double({ noNaN: true }),
  fc.constantFrom(-0, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 0.1 + 0.2),
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  fc.uint8Array(),
);

Deno.test("sqlite: a value comes back as it was written, and can be written again", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (id integer primary key, v)");
  await fc.assert(
    fc.asyncProperty(VALUES, async (value) => {
      await session.query("delete from t");
      await session.query("insert into t values (1, ?)", [value]);
      const { rows: [read] } = await session.query("select v from t");
      await session.query("insert into t values (2, ?)", [read?.["v"]]);
      const { rows } = await session.query("select v, typeof(v) as kind from t order by id");
      const [first, second] = rows;
      assert.deepEqual(first, second);
      // a number that is whole is an INTEGER, whichever way it came
      if (value instanceof Uint8Array) assert.deepEqual([...(first?.["v"] as Uint8Array)], [...value]);
      else assert.ok(Object.is(first?.["v"], value), `${Deno.inspect(value)} came as ${Deno.inspect(first?.["v"])}`);
    }),
    { numRuns: 500 },
  );
});

Deno.test("sqlite: values are stored as the types that they are", async () => {
  await using db = await fresh();
  const kinds = async (value: unknown) => {
    const { rows: [row] } = await db.session.query("select typeof(?) as kind", [value]);
    return row?.["kind"];
  };
  assert.equal(await kinds(5), "integer");
  assert.equal(await kinds(-(2 ** 53 - 1)), "integer");
  assert.equal(await kinds(2n ** 60n), "integer");
  assert.equal(await kinds(true), "integer");
  assert.equal(await kinds(0.5), "real");
  assert.equal(await kinds(-0), "real");
  assert.equal(await kinds(1e300), "real");
  assert.equal(await kinds("5"), "text");
  assert.equal(await kinds(new Date(0)), "text");
  assert.equal(await kinds({ a: 1 }), "text");
  assert.equal(await kinds(new Uint8Array(1)), "blob");
  assert.equal(await kinds(null), "null");
});

Deno.test("sqlite: booleans are 1 and 0, a Date is SQLAlchemy's text, objects and arrays are JSON", async () => {
  await using db = await fresh();
  const { rows: [row] } = await db.session.query("select ? as t, ? as f, ? as at, ? as o, ? as a", [
    true,
    false,
    new Date("2026-01-15T10:30:00.123Z"),
    { n: 9007199254740993n, s: "é" },
    [1, null],
  ]);
  assert.deepEqual({ ...row }, {
    t: 1,
    f: 0,
    at: "2026-01-15 10:30:00.123000",
    o: '{"n":9007199254740993,"s":"é"}',
    a: "[1,null]",
  });
});

Deno.test("sqlite: what would be stored as something else is refused", async () => {
  await using db = await fresh();
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, "Cannot use undefined as a value in SQL: pass null for NULL"],
    [NaN, "Cannot use NaN as a value in SQL: pass null for NULL"],
    [new Date(NaN), "Cannot use an invalid Date as a value in SQL"],
    [new Map(), "Cannot use a Map as a value in SQL"],
    [Symbol(), "Cannot use a symbol as a value in SQL"],
    ["\ud800", "Cannot write text with half a surrogate pair: it is no Unicode"],
  ];
  for (const [value, message] of cases) {
    await assert.rejects(db.session.query("select ?", [value]), { name: "TypeError", message });
  }
  await assert.rejects(db.session.query("select ?", [2n ** 63n]), TypeError);
});

Deno.test("sqlite: a number of values other than that of the placeholders is refused", async () => {
  await using db = await fresh();
  const error = await failureOf(db.session.query("select ?, ?", [1]));
  assert.equal(error.message, "Expected 2 values for the placeholders, got 1");
  assert.equal((await failureOf(db.session.query("select 1", [1]))).kind, "other");
});

Deno.test("sqlite: a second statement in a text is refused, not left out", async () => {
  await using db = await fresh();
  const error = await failureOf(db.session.query("create table a (x); create table b (x)"));
  assert.equal(error.message, "Several statements were given where one can run");
  assert.equal((await db.session.query("select * from sqlite_master")).count, 0);
});

Deno.test("sqlite: texts without a statement, and around one, do no harm", async () => {
  await using db = await fresh();
  for (const text of ["", ";", "-- nothing", "/* nothing */"]) {
    assert.deepEqual(await db.session.query(text), { rows: [], count: 0 });
  }
  assert.equal((await db.session.query("; -- a\nselect 1 as one; -- b")).rows[0]?.["one"], 1);
  for await (const _ of db.session.stream(";")) assert.fail("there is no row");
  assert.equal((await failureOf(db.session.query("select 1 \0 + 1"))).message, "The statement holds a NUL character");
});

Deno.test("sqlite: a statement that ran before sees the columns that came since", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (a)");
  await session.query("insert into t values (1)");
  await session.query("select * from t");
  await session.query("alter table t add column b default 2");
  assert.deepEqual({ ...(await session.query("select * from t")).rows[0] }, { a: 1, b: 2 });
  assert.deepEqual({ ...(await session.query("insert into t values (3, 4) returning *")).rows[0] }, { a: 3, b: 4 });
});

Deno.test("sqlite: only changes count, whatever changed before", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (a)");
  assert.equal((await session.query("insert into t values (1), (2)")).count, 2);
  assert.equal((await session.query("create table u (a)")).count, 0);
  assert.equal((await session.query("-- all\nwith x as (select 1) update t set a = 5")).count, 2);
  assert.equal((await session.query("insert into t values (3) returning a")).count, 1);
});

Deno.test("sqlite: foreign keys are checked, unless the URL says foreign_keys=off", async () => {
  const setUp = async (session: Session) => {
    await session.query("create table parent (id integer primary key)");
    await session.query("create table child (parent integer references parent)");
    return session.query("insert into child values (9)");
  };
  await using strict = await fresh();
  assert.equal((await failureOf(setUp(strict.session))).message, "FOREIGN KEY constraint failed");
  await using lax = await fresh({ foreign_keys: "off" });
  assert.equal((await setUp(lax.session)).count, 1);
});

Deno.test("sqlite: the journal mode of a database stays what it is", async () => {
  await using folder = await temporaryFolder();
  for (const mode of ["wal", "delete"]) {
    const file = `${folder.path}/${mode}.db`;
    const native = new DatabaseSync(file);
    native.exec(`pragma journal_mode = ${mode}; create table t (a)`);
    native.close();
    const session = await openSqlite(target(file)).connect("work");
    await session.query("insert into t values (1)");
    assert.equal((await session.query("pragma journal_mode")).rows[0]?.["journal_mode"], mode);
    await session.close();
  }
});

Deno.test("sqlite: who waits for a busy file leaves the process going", async () => {
  await using db = await fresh();
  await db.session.query("create table t (a)");
  const waiter = await db.open("audit");
  await db.session.begin();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  const writing = waiter.query("insert into t values (1)");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await db.session.commit();
  await writing;
  clearInterval(timer);
  assert.ok(ticks > 10, `${ticks} ticks in 300 ms`);
});

Deno.test("sqlite: a loop of statements leaves signals and timers their turn", async () => {
  await using db = await fresh();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 20);
  const start = performance.now();
  while (performance.now() - start < 400) await db.session.query("select 1");
  clearInterval(timer);
  assert.ok(ticks >= 4, `${ticks} ticks in 400 ms`);
});

Deno.test("sqlite: only who writes creates the file", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/new.db`;
  const error = await failureOf(openSqlite(target(file)).connect("read"));
  assert.equal(error.kind, "missing-database");
  assert.equal(error.message, `The SQLite database does not exist: ${file}`);
  assert.equal(error.hint, "'delembic upgrade' creates it; if it should be there, correct the path in the URL.");
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  const session = await openSqlite(target(file)).connect("audit");
  await session.close();
  await (await openSqlite(target(file)).connect("read")).close();
});

Deno.test("sqlite: each wrong path has its own words", async () => {
  await using folder = await temporaryFolder({ "text.db": "This is a text, and not a database. ".repeat(10) });
  const open = (file: string) => failureOf(openSqlite(target(file)).connect("work"));
  const { path } = folder;
  const cases: readonly (readonly [string, DatabaseError["kind"], string])[] = [
    [`${path}/none/app.db`, "missing-database", `The folder of the SQLite database does not exist: ${path}/none`],
    [`${path}/text.db/app.db`, "missing-database", `The folder of the SQLite database does not exist: ${path}/text.db`],
    [path, "missing-database", `The path of the SQLite database is a folder: ${path}`],
    [`${path}/text.db`, "storage", "file is not a database"],
  ];
  for (const [file, kind, message] of cases) {
    const error = await open(file);
    assert.deepEqual([error.kind, error.message], [kind, message]);
    assert.ok(error.hint);
    assert.equal(error.exitCode, 3);
  }
});

Deno.test("sqlite: a full database is an error of storage, and the transaction can be rolled back", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (a)");
  await session.query("pragma max_page_count = 10");
  await session.begin();
  const error = await failureOf(session.query("insert into t values (zeroblob(1000000))"));
  assert.equal(error.kind, "storage");
  assert.equal(error.message, "database or disk is full");
  assert.deepEqual(error.details, { sqlState: "13", errno: 13 });
  if (session.inTransaction) await session.rollback();
  assert.equal((await session.query("select * from t")).count, 0);
});

Deno.test("sqlite: writing where one may only read is an error of privilege", async () => {
  await using db = await fresh();
  await db.session.query("pragma query_only = on");
  const error = await failureOf(db.session.query("create table t (a)"));
  assert.equal(error.kind, "privilege");
  assert.equal(error.message, "attempt to write a readonly database");
});

Deno.test("sqlite: rows that were read at different times in one transaction are an error of serialization", async () => {
  await using db = await fresh();
  await db.session.query("pragma journal_mode = wal");
  await db.session.query("create table t (a)");
  const other = await db.open();
  // a user's own BEGIN: Session.begin() takes the right to write at once
  await db.session.query("begin");
  await db.session.query("select * from t");
  await other.query("insert into t values (1)");
  const start = performance.now();
  const error = await failureOf(db.session.query("insert into t values (2)"));
  assert.equal(error.kind, "serialization");
  assert.ok(performance.now() - start < 1_000, "waiting does not mend it");
  await db.session.rollback();
});
