/** What SQLite's loads store, what they refuse, and how they say which row it was. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type BulkLoad, type DatabaseError, LoadRowError, type Session } from "../../src/db/database.ts";
import { openSqlite } from "../../src/db/sqlite.ts";
import { temporaryFolder } from "../support.ts";
import { failureOf } from "./contract_ground.ts";
import { chunked, loadOf } from "./contract_loads.ts";

/** A session on a new database, with these statements run. */
async function fresh(...statements: readonly string[]) {
  const folder = await temporaryFolder();
  const file = `${folder.path}/app.db`;
  const database = openSqlite({ dialect: "sqlite", file, options: {}, label: file });
  const session = await database.connect("work");
  for (const statement of statements) await session.query(statement);
  return {
    session,
    database,
    async [Symbol.asyncDispose]() {
      await session.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** CSV as the reader of files hands it on, in the parts that are given. */
function csvOf(
  parts: string | readonly string[],
  { columns, delimiter = ",", null: nullText = "" }: {
    readonly columns: readonly string[];
    readonly delimiter?: string;
    readonly null?: string;
  },
): BulkLoad {
  async function* chunks() {
    for (const part of typeof parts === "string" ? [parts] : parts) yield new TextEncoder().encode(part);
  }
  return { table: ["t"], columns, data: { kind: "csv", delimiter, null: nullText, chunks: chunks() } };
}

async function stored(session: Session, columns = "*"): Promise<unknown[][]> {
  return (await session.query(`select ${columns} from t order by rowid`)).rows.map((row) => Object.values(row));
}

async function refusalOf(work: Promise<unknown>): Promise<[number, string | undefined, string | undefined, string]> {
  const error: DatabaseError = await failureOf(work);
  assert.ok(error instanceof LoadRowError, error.message);
  return [error.row, error.column, error.value, error.message];
}

const TEXTS = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom("", '"', '""', ",", "\n", "\r\n", "\r", "NULL", "é", "🐘", "x".repeat(11), "x".repeat(12)),
  fc.constantFrom("x".repeat(255), "x".repeat(256), "é".repeat(70_000)),
);

function csvField(text: string | null): string {
  return text === null ? "" : `"${text.replaceAll('"', '""')}"`;
}

Deno.test("sqlite: CSV is stored as it stands, whatever the texts and wherever the parts end", async () => {
  for (const encoding of ["UTF-8", "UTF-16le"]) {
    await using db = await fresh(`pragma encoding = '${encoding}'`, "create table t (a text, b, c blob)", "begin");
    const row = fc.tuple(...Array.from({ length: 3 }, () => fc.option(TEXTS, { freq: 5 })));
    const parts = fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom("\n", "\r\n", "\r"), async (parts, eol) => {
        await db.session.query("delete from t");
        const texts = parts.map((rows) => rows.map((row) => row.map(csvField).join(";") + eol).join(""));
        const load = csvOf(texts, { columns: ["a", "b", "c"], delimiter: ";" });
        assert.equal(await db.session.load(load), parts.flat().length);
        assert.deepEqual(await stored(db.session), parts.flat());
      }),
      { numRuns: 60 },
    );
  }
});

Deno.test("sqlite: numbers of CSV are stored as texts of them are by SQLite", async () => {
  for (const type of ["integer", "decimal(10,2)", "float", "bigint"]) {
    await using db = await fresh(`create table t (a text, v ${type})`, `create table u (v ${type})`, "begin");
    const isWhole = type.includes("int");
    const texts = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      fc.constantFrom("0", "-0", "00", "007", "-007", "+5", "999999999999999999", "-1"),
      ...(isWhole ? [] : [
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.constantFrom(
          "0.0",
          "-0.0",
          "-0.5",
          "00.5",
          "12.0",
          "1e5",
          "1.",
          ".5",
          "123456789012345678901234.5",
          "0.1000",
        ),
      ]),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 30 }), async (numbers) => {
        for (const table of ["t", "u"]) await db.session.query(`delete from ${table}`);
        await db.session.load(csvOf(numbers.map((text) => `,${text}\n`).join(""), { columns: ["a", "v"] }));
        for (const text of numbers) await db.session.query("insert into u values (?)", [text]);
        const { rows } = await db.session.query(
          "select u.v, t.v as is_not from u join t on t.rowid = u.rowid where quote(t.v) <> quote(u.v) or typeof(t.v) <> typeof(u.v)",
        );
        assert.deepEqual(rows.map((row) => ({ ...row })), []);
      }),
      { numRuns: 100 },
    );
  }
});

Deno.test("sqlite: many rows of CSV keep their order, with and without the last end of a line", async () => {
  await using db = await fresh("create table t (id integer primary key, name text, price decimal(10,2), born date)");
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i + 1},Person ${i},${i}.25,2001-02-${10 + i % 19}`);
  const load = csvOf(lines.join("\n"), { columns: ["id", "name", "price", "born"] });
  assert.equal(await db.session.load(load), 20_000);
  const types = "typeof(id) || typeof(name) || typeof(price) || typeof(born)";
  const { rows: [sums] } = await db.session.query(
    `select count(*) as n, sum(id) as ids, sum(price) as prices, min(${types}) as a, max(${types}) as b from t
      where name = 'Person ' || (id - 1)`,
  );
  const types1 = "integertextrealtext";
  assert.deepEqual({ ...sums }, { n: 20_000, ids: 200_010_000, prices: 199_995_000, a: types1, b: types1 });
});

Deno.test("sqlite: CSV of one more column than is packed, and of hundreds, comes in too", async () => {
  for (const width of [2, 32, 33, 900]) {
    const columns = Array.from({ length: width }, (_, i) => `c${i}`);
    await using db = await fresh(`create table t (${columns.map((name) => `${name} integer`).join(", ")})`);
    const rows = [0, 1, 2].map((row) => columns.map((_, i) => i % 5 === 4 ? null : row * 1000 + i));
    const csv = rows.map((row) => row.map((value) => value ?? "").join(",")).join("\r\n");
    assert.equal(await db.session.load(csvOf(csv, { columns })), 3);
    assert.deepEqual(await stored(db.session), rows);
  }
});

Deno.test("sqlite: of several faults in CSV the first one is told, though parts are read ahead", async () => {
  const parts = 12, rows = 200;
  async function* chunks(bad: readonly number[], failsAt?: number) {
    for (let part = 0; part < parts; part++) {
      if (part === failsAt) throw new Error("the source ends here");
      const ids = Array.from({ length: rows }, (_, i) => part * rows + i + 1);
      yield new TextEncoder().encode(ids.map((id) => `${id},${bad.includes(id) ? "x" : id}\n`).join(""));
    }
  }
  await using db = await fresh("create table t (id integer primary key, n integer)");
  const load = (bad: readonly number[], failsAt?: number) =>
    db.session.load({
      table: ["t"],
      columns: ["id", "n"],
      data: { kind: "csv", delimiter: ",", null: "", chunks: chunks(bad, failsAt) },
    });
  for (const row of [1, rows, rows + 1, 999, parts * rows]) {
    const [found, column, value] = await refusalOf(load([row, row + 1, row + 450]));
    assert.deepEqual([found, column, value], [row, "n", "x"]);
  }
  // the source fails while the part before it is packed
  assert.equal((await refusalOf(load([8 * rows], 8)))[0], 8 * rows);
  await assert.rejects(load([9 * rows], 8), { message: "the source ends here" });
  await assert.rejects(load([], 0), { message: "the source ends here" });
  assert.deepEqual(await stored(db.session), []);
  assert.equal(await load([]), parts * rows);
});

Deno.test("sqlite: a refused row is told while a pipe behind it gives nothing", async () => {
  await using db = await fresh("create table t (id integer primary key)");
  async function* chunks() {
    yield new TextEncoder().encode("1\nx\n");
    await new Promise(() => {});
  }
  const load = { table: ["t"], columns: ["id"] };
  const data = { kind: "csv", delimiter: ",", null: "", chunks: chunks() } as const;
  assert.deepEqual((await refusalOf(db.session.load({ ...load, data }))).slice(0, 3), [2, "id", "x"]);
});

Deno.test("sqlite: the text that stands for NULL does so where it is not quoted", async () => {
  await using db = await fresh("create table t (a text, b text)");
  await db.session.load(csvOf('NULL,"NULL"\n,""\nNUL,NULLL\n', { columns: ["a", "b"], null: "NULL" }));
  assert.deepEqual(await stored(db.session), [[null, "NULL"], ["", ""], ["NUL", "NULLL"]]);
});

/** Fields of CSV, the type of their column, and what is stored; or what is said. */
const FIELDS:
  readonly (readonly [type: string, field: string, is: unknown, kind: string] | readonly [string, string])[] = [
    ["integer", "12", 12, "integer"],
    ["integer", "-9223372036854775808", -(2n ** 63n), "integer"],
    ["integer", "9223372036854775807", 2n ** 63n - 1n, "integer"],
    ["integer", " +7 ", 7, "integer"],
    ["integer", "9223372036854775808"],
    ["integer", "12.5"],
    ["integer", "abc"],
    ["integer", '""'],
    ["bigint", "1e3"],
    ["integer", "-"],
    ["decimal(10,2)", "12.50", 12.5, "real"],
    ["numeric", "12", 12, "integer"],
    ["real", "-.5e-3", -0.0005, "real"],
    ["float", "1e400"],
    ["float", "9".repeat(310)],
    ["numeric", "1.2.3"],
    ["numeric", "1,5"],
    ["double precision", "twelve"],
    ["boolean", "true", 1, "integer"],
    ["boolean", "F", 0, "integer"],
    ["boolean", "0", 0, "integer"],
    ["boolean", "maybe"],
    ["date", "2024-02-29", "2024-02-29", "text"],
    ["date", "2023-02-29"],
    ["date", "2024-02-30"],
    ["date", "2024-04-31"],
    ["date", "2024-12-31", "2024-12-31", "text"],
    ["date", "2024-13-01"],
    ["date", "29.02.2024"],
    ["datetime", "2024-02-29 23:59:59.123456", "2024-02-29 23:59:59.123456", "text"],
    ["timestamp", "2024-02-29T23:59:59+02:00", "2024-02-29T23:59:59+02:00", "text"],
    ["timestamp", "2024-01-01 24:00:00"],
    ["timestamp", "2024-01-01 10:00:00."],
    ["time", "10:30", "10:30", "text"],
    ["time", "25:00"],
    ["json", '"{""a"": 1}"', '{"a": 1}', "text"],
    ["json", "{"],
    ["varchar(5)", "12", "12", "text"],
    ["", "12", "12", "text"],
    ["blob", "abc", "abc", "text"],
  ];

Deno.test("sqlite: texts of a file become values of their column, or are refused", async () => {
  for (const [type, field, is, kind] of FIELDS) {
    await using db = await fresh(`create table t (a text, v ${type})`);
    const quoted = field.includes(",") ? `"${field}"` : field;
    const loading = db.session.load(csvOf(`x,\n,${quoted}\n`, { columns: ["a", "v"] }));
    if (kind === undefined) {
      const [row, column, value] = await refusalOf(loading);
      assert.deepEqual([row, column, value], [2, "v", field === '""' ? "" : field], `${type}: ${field}`);
      assert.deepEqual(await stored(db.session), [], "nothing stays");
    } else {
      assert.equal(await loading, 2, `${type}: ${field}`);
      assert.deepEqual(await stored(db.session, "v, typeof(v)"), [[null, "null"], [is, kind]], `${type}: ${field}`);
    }
  }
});

/** Tables that refuse the row 2,345 of 3,000: what they are, that row, and what is said of it. */
const REFUSED: readonly {
  readonly table: string;
  readonly bad: readonly [string, string | null];
  readonly says: readonly [column: string | undefined, value: string | undefined, message: string];
}[] = [
  { table: "(id, v integer not null)", bad: ["x", null], says: ["v", undefined, "NOT NULL constraint failed: t.v"] },
  { table: "(id, v unique)", bad: ["x", "7"], says: ["v", "7", "UNIQUE constraint failed: t.v"] },
  {
    table: "(id, v, unique (id, v))",
    bad: ["7", "7"],
    says: [undefined, undefined, "UNIQUE constraint failed: t.id, t.v"],
  },
  {
    table: "(id, v check (v <> 'x'))",
    bad: ["1", "x"],
    says: [undefined, undefined, "CHECK constraint failed: v <> 'x'"],
  },
  {
    table: "(id, v references parent)",
    bad: ["1", "0"],
    says: [undefined, undefined, "FOREIGN KEY constraint failed"],
  },
  { table: "(id integer primary key, v)", bad: ["7", ""], says: ["id", "7", "UNIQUE constraint failed: t.id"] },
  {
    table: "(id text, v int) strict",
    bad: ["1", "x"],
    says: ["v", "x", "cannot store TEXT value in INT column t.v"],
  },
];

Deno.test("sqlite: a row that the table refuses is named, by its values and by CSV", async () => {
  for (const { table, bad, says } of REFUSED) {
    const rows = Array.from({ length: 3_000 }, (_, i): readonly (string | null)[] => [`${i + 1}`, `${i + 1}`]).with(
      2_344,
      bad,
    );
    const csv = rows.map(([id, v]) => `${id},${v ?? ""}`).join("\n");
    for (const load of [loadOf(rows), csvOf(csv, { columns: ["id", "v"] })]) {
      await using db = await fresh(
        "create table parent (id integer primary key)",
        "insert into parent with recursive n(n) as (select 1 union all select n + 1 from n limit 3000) select n from n",
        `create table t ${table}`,
      );
      const [row, column, value, message] = await refusalOf(db.session.load(load));
      assert.deepEqual([row, column, value, message], [2_345, ...says]);
      assert.equal(db.session.inTransaction, false);
      assert.deepEqual(await stored(db.session), [], "a load that fails leaves nothing");
    }
  }
});

Deno.test("sqlite: a value that SQLite has no place for is told with its row and column", async () => {
  await using db = await fresh("create table t (id, v)");
  assert.deepEqual(await refusalOf(db.session.load(loadOf([[1, 2], [3, undefined]]))), [
    2,
    "v",
    undefined,
    "Cannot use undefined as a value in SQL: pass null for NULL",
  ]);
});

Deno.test("sqlite: a load that fails within a transaction leaves the transaction to who opened it", async () => {
  await using db = await fresh("create table t (id integer primary key, v)");
  await db.session.begin();
  await db.session.query("insert into t values (1, 'before')");
  await failureOf(db.session.load(csvOf("2,x\n1,y\n", { columns: ["id", "v"] })));
  assert.equal(db.session.inTransaction, true);
  await db.session.query("insert into t values (3, 'after')");
  await db.session.commit();
  assert.deepEqual(await stored(db.session), [[1, "before"], [3, "after"]]);
});

Deno.test("sqlite: a trigger sees each row, may leave one out, and may end the transaction", async () => {
  await using db = await fresh(
    "create table t (id integer primary key, v)",
    "create table seen (n integer)",
    "insert into seen values (0)",
    "create trigger one after insert on t begin update seen set n = n + 1; end",
    "create trigger two before insert on t when new.v = 'skip' begin select raise(ignore); end",
    "create trigger three before insert on t when new.v = 'end' begin select raise(rollback, 'no more'); end",
  );
  assert.equal(await db.session.load(csvOf("1,a\n2,skip\n3,b\n", { columns: ["id", "v"] })), 2);
  assert.deepEqual(await stored(db.session), [[1, "a"], [3, "b"]]);
  assert.equal((await db.session.query("select n from seen")).rows[0]?.["n"], 2);
  const error = await failureOf(db.session.load(csvOf("4,a\n5,end\n", { columns: ["id", "v"] })));
  assert.equal(error.message, "no more");
  assert.equal(db.session.inTransaction, false);
  assert.equal((await stored(db.session)).length, 2);
});

Deno.test("sqlite: generated columns are filled by SQLite, and take no value", async () => {
  await using db = await fresh("create table t (a integer, b integer as (a * 2) stored)");
  await db.session.load(loadOf([["1"], ["2"]], { columns: ["a"] }));
  assert.deepEqual(await stored(db.session), [[1, 2], [2, 4]]);
  const error = await failureOf(db.session.load(loadOf([["1", "2"]], { columns: ["a", "b"] })));
  assert.equal(error.message, 'cannot INSERT into generated column "b"');
});

/** Any value that SQLite has a place for, as it is read. */
const VALUES = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => Number.isSafeInteger(Number(n)) ? Number(n) : n),
  fc.double({ noNaN: true }),
  fc.constantFrom(-0, Infinity, -Infinity, 2 ** 53, 5e-324, 2n ** 63n - 1n, -(2n ** 63n)),
  TEXTS,
  fc.uint8Array(),
);

Deno.test("sqlite: what is streamed from one table is loaded into another unchanged", async () => {
  await using db = await fresh("create table t (id integer primary key, v)", "create table u (id integer, v)", "begin");
  await fc.assert(
    fc.asyncProperty(fc.array(VALUES, { maxLength: 120 }), async (values) => {
      for (const table of ["t", "u"]) await db.session.query(`delete from ${table}`);
      assert.equal(await db.session.load(loadOf(values.map((value, i) => [i, value]))), values.length);
      const rows: unknown[][] = [];
      for await (const { id, v } of db.session.stream("select id, v from t order by id")) rows.push([id, v]);
      await db.session.load({ table: ["u"], columns: ["id", "v"], data: { kind: "rows", chunks: chunked(rows, 50) } });
      const { rows: [differences] } = await db.session.query(
        `select (select count(*) from u) as n, count(*) as d from t left join u using (id)
          where t.v is not u.v or typeof(t.v) <> typeof(u.v) or quote(t.v) <> quote(u.v)`,
      );
      assert.deepEqual({ ...differences }, { n: values.length, d: 0 });
      for (const [i, [, v]] of rows.entries()) {
        if (values[i] instanceof Uint8Array) assert.deepEqual([...v as Uint8Array], [...values[i]]);
        else assert.ok(Object.is(v, values[i]), `${Deno.inspect(values[i])} came as ${Deno.inspect(v)}`);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("sqlite: while a load runs timers have their turn, and its source may use the connection", async () => {
  await using db = await fresh("create table t (id integer primary key, v text)", "create table log (n integer)");
  const { session } = db;
  async function* chunks() {
    for (let part = 0; part < 40; part++) {
      await session.query("insert into log values (?)", [part]);
      yield Array.from({ length: 5_000 }, (_, i) => [part * 5_000 + i, "some text that is stored"]);
    }
  }
  let ticks = 0;
  const timer = setInterval(() => ticks++, 20);
  const start = performance.now();
  assert.equal(
    await session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } }),
    200_000,
  );
  const most = (performance.now() - start) / 20;
  clearInterval(timer);
  assert.ok(ticks > most / 4, `${ticks} ticks of at most ${most}`);
  assert.equal((await session.query("select count(*) as n from log")).rows[0]?.["n"], 40);
});

Deno.test("sqlite: a session for reading cannot write", async () => {
  await using db = await fresh("create table t (id integer primary key, v)", "insert into t values (1, 2)");
  const reader = await db.database.connect("read");
  try {
    assert.deepEqual(await stored(reader), [[1, 2]]);
    const error = await failureOf(reader.query("insert into t values (2, 3)"));
    assert.equal(error.kind, "privilege");
    assert.equal(error.message, "attempt to write a readonly database");
  } finally {
    await reader.close();
  }
});
