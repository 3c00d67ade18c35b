/** What loads into PostgreSQL bring, and what they tell of rows that are refused. */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import { type BulkLoad, DatabaseError, LoadRowError, type Session } from "../../src/db/database.ts";
import { jsonText, parseJson } from "../../src/db/json_value.ts";
import { administer, outside, run, temporaryFolder, testWith } from "../support.ts";
import { failureOf, Ground, sleep, soon, targetOf, valueOf } from "./contract_ground.ts";
import { chunked, loadOf } from "./contract_loads.ts";
import { LITERALS, USER_TYPES } from "./postgres_literals.ts";

function loadTest(name: string, fn: (session: Session, ground: Ground) => Promise<void>): void {
  testWith(["postgres"], `postgresql: ${name}`, async () => {
    await using ground = await Ground.make("postgresql");
    await fn(await ground.open(), ground);
  });
}

function csvOf(text: string | Uint8Array, { size = 7, ...options }: {
  readonly size?: number;
  readonly table?: readonly string[];
  readonly columns?: readonly string[];
  readonly delimiter?: string;
  readonly null?: string;
  readonly lineOf?: (row: number) => number;
} = {}): BulkLoad {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  }
  const { table = ["t"], columns = ["id", "v"], delimiter = ",", null: nullText = "", lineOf } = options;
  return { table, columns, data: { kind: "csv", delimiter, null: nullText, chunks: chunks(), lineOf } };
}

/** The rows of a table as the server writes them. */
async function textsOf(session: Session, table: string): Promise<unknown[]> {
  return (await session.query(`select t::text as row from ${table} t order by id`)).rows.map(({ row }) => row);
}

/** The rows of a table as a load takes them, where a text is for the server to read. */
async function* streamed(session: Session, table: string, isJson: boolean) {
  for await (const { id, v } of session.stream(`select id, v from ${table}`, [], { size: 2 })) {
    yield [[id, isJson && typeof v === "string" ? jsonText(v) : v]];
  }
}

loadTest("every type goes by stream() and load() from one table into another", async (session, ground) => {
  const reader = await ground.open("read");
  for (const statement of USER_TYPES) await session.query(statement);
  const failures: string[] = [];
  for (const [index, [type, literals]] of Object.entries(LITERALS).entries()) {
    const [from, to] = [`from_${index}`, `to_${index}`];
    for (const table of [from, to]) await session.query(`create table ${table} (id integer, v ${type})`);
    const values = [...literals.map((literal) => `'${literal.replaceAll("'", "''")}'`), "null"];
    await session.query(`insert into ${from} values ${values.map((value, id) => `(${id}, ${value})`).join(", ")}`);
    const chunks = streamed(reader, from, ["json", "jsonb", "document"].includes(type));
    const load: BulkLoad = { table: [to], columns: ["id", "v"], data: { kind: "rows", chunks } };
    await session.load(load).catch((error) => failures.push(`${type}: ${error.message}`));
    const [was, is] = [await textsOf(session, from), await textsOf(session, to)];
    if (type !== "json") {
      if (JSON.stringify(was) !== JSON.stringify(is)) failures.push(`${type}: ${was} became ${is}`);
      continue;
    }
    // the spaces in the text of json go
    const { rows } = await session.query(
      `select f.v::text as was, t.v::text as is from ${from} f join ${to} t using (id)`,
    );
    for (const { was, is } of rows) {
      if (was === null || is === null) assert.equal(was, is);
      else assert.equal(jsonText(parseJson(String(is))), jsonText(parseJson(String(was))));
    }
    assert.equal(rows.length, values.length);
  }
  assert.deepEqual(failures, []);
});

loadTest("Session.load() writes values as query() does", async (session) => {
  await session.query(`create table v (id integer, doc jsonb, docs jsonb[], names text[], data bytea, at timestamptz,
    big numeric, yes boolean, number float8, plain text)`);
  const columns = ["id", "doc", "docs", "names", "data", "at", "big", "yes", "number", "plain"];
  const rows = [
    [1, { a: [1n, "x\ty\\"] }, [{ b: 1 }, null], ["a\nb", null, 'q"', ""], Uint8Array.of(0, 92, 10, 255)],
    [2, [1, [2]], [], [["a"], ["b"]], new Uint8Array(0)],
    [3, true, null, "{x,y}", "\\x0102"],
  ].map((row, index) => [
    ...row,
    new Date(Date.UTC(2026, 0, 15, 10, 30, 0, index)),
    2n ** 70n,
    index === 1,
    [-0, NaN, 5e-324][index],
    ["é 🐘", "\\N", "\\."][index],
  ]);
  assert.equal(await session.load(loadOf(rows, { table: ["v"], columns })), 3);
  await session.query("create table w (like v)");
  for (const row of rows) {
    await session.query(`insert into w values (${row.map((_, index) => `$${index + 1}`).join(", ")})`, row);
  }
  assert.deepEqual(await textsOf(session, "v"), await textsOf(session, "w"));
});

loadTest("Session.load() refuses values that are none, with their place", async (session) => {
  await session.query("create table v (id integer, doc jsonb, plain text)");
  const cases: readonly (readonly [unknown, unknown, string, RegExp])[] = [
    [undefined, "x", "doc", /undefined/],
    [new Map(), "x", "doc", /Map/],
    [null, "half \ud800", "plain", /surrogate/],
    [null, Uint8Array.of(1), "plain", /bytes as text/],
    [null, () => 1, "plain", /function/],
  ];
  for (const [doc, plain, column, message] of cases) {
    const rows = [...Array.from({ length: 1_500 }, (_, id) => [id, null, "x"]), [0, doc, plain], [1, null, "y"]];
    const error = await failureOf(session.load(loadOf(rows, { table: ["v"], columns: ["id", "doc", "plain"] })));
    assert.ok(error instanceof LoadRowError);
    assert.match(error.message, message);
    assert.deepEqual({ row: error.row, column: error.column }, { row: 1_501, column });
  }
  const short = await failureOf(
    session.load(loadOf([[1, null, "x"], [2]], { table: ["v"], columns: ["id", "doc", "plain"] })),
  );
  assert.equal(short.message, "Row 2 has 1 values for 3 columns");
  assert.equal(Number(await valueOf(session, "select count(*) from v")), 0);
});

loadTest("Session.load() takes CSV as psql's \\copy does", async (session, ground) => {
  const csv = [
    "1,plain,2026-01-15,1.50",
    '2,"quoted ""text"", with comma",2026-01-16,',
    '3,"two\nlines",,0',
    "4,,infinity,-1e10",
    '5,"",2026-01-18,7',
    "6,é 🐘 \\N \\. \\t,2026-01-19,NaN\r",
  ].join("\n").replaceAll("\r\n", "\n") + "\n";
  const columns = ["id", "v", "born", "size"];
  for (const table of ["ours", "theirs"]) {
    await session.query(`create table ${table} (id integer, v text, born date, size numeric)`);
  }
  await using folder = await temporaryFolder({ "data.csv": csv.replace("NaN\r", "NaN") });
  const text = await Deno.readTextFile(`${folder.path}/data.csv`);
  for (const size of [1, 5, 100_000]) {
    await session.query("truncate ours");
    assert.equal(await session.load(csvOf(text, { table: ["ours"], columns, size })), 6);
    if (size !== 1) continue;
    const url = new URL(outside.postgres ?? "");
    url.pathname = ground.target.dialect === "postgresql" ? `/${ground.target.database}` : "";
    const { code, err } = await run("psql", [url.href, "-qc", `\\copy theirs from '${folder.path}/data.csv' csv`]);
    assert.deepEqual({ code, err }, { code: 0, err: "" });
  }
  assert.deepEqual(await textsOf(session, "ours"), await textsOf(session, "theirs"));
  assert.equal(Number(await valueOf(session, "select count(*) from ours where v is null or v = ''")), 2);
});

loadTest("Session.load() takes CSV with another delimiter and another NULL", async (session) => {
  await session.query("create table t (id integer, v text)");
  assert.equal(await session.load(csvOf('1;a,b\n2;-\n3;"-"\n4;\n', { delimiter: ";", null: "-" })), 4);
  assert.equal(await session.load(csvOf("5\tit's\n6\t\\N\n", { delimiter: "\t", null: "\\N" })), 2);
  const { rows } = await session.query("select v from t order by id");
  assert.deepEqual(rows.map(({ v }) => v), ["a,b", null, "-", "", "it's", null]);
});

loadTest("Session.load() refuses a line of CSV that PostgreSQL would take for the end", async (session) => {
  await session.query("create table one (v text)");
  const options = { table: ["one"], columns: ["v"], size: 1_000 };
  await assert.rejects(session.load(csvOf("a\n\\.\nb\n", options)), /A line of the CSV is \\\. alone/);
  assert.equal(await session.load(csvOf('a\n"\\."\n\\.b\n', options)), 3);
  assert.equal(Number(await valueOf(session, "select count(*) from one")), 3);
});

interface Refusal {
  readonly name: string;
  readonly csv: string | Uint8Array;
  readonly lineOf?: (row: number) => number;
  readonly expected: {
    readonly row?: number;
    readonly column?: string | undefined;
    readonly value?: string | undefined;
    readonly sqlState: string;
    readonly kind?: string;
  };
}

const REFUSALS: readonly Refusal[] = [
  {
    name: "no integer",
    csv: "1,1,a\n2,x,b\n",
    expected: { row: 2, column: "size", value: "x", sqlState: "22P02" },
  },
  {
    name: "out of range",
    csv: "1,1,a\n2,99999999999,b\n",
    expected: { row: 2, column: "size", value: "99999999999", sqlState: "22003" },
  },
  {
    name: "NULL",
    csv: "1,1,a\n2,2,b\n,3,c\n",
    expected: { row: 3, column: "id", value: undefined, sqlState: "23502" },
  },
  {
    name: "too long",
    csv: `1,1,a\n2,2,"a\nlong ""value"", with 7"\n`,
    lineOf: (row) => row < 3 ? row : row + 1,
    expected: { row: 2, column: "na me", value: 'a\nlong "value", with 7', sqlState: "22001" },
  },
  {
    name: "a check",
    csv: "1,1,a\n2,-5,b\n",
    expected: { row: 2, column: undefined, value: undefined, sqlState: "23514" },
  },
  {
    name: "a key twice",
    csv: "1,1,a\n2,2,b\n1,3,c\n",
    expected: { row: 3, column: "id", value: "1", sqlState: "23505", kind: "unique" },
  },
  { name: "a missing parent", csv: "1,1,a\n2,2,b\n9,3,c\n", expected: { sqlState: "23503" } },
  {
    name: "NUL",
    csv: "1,1,a\n2,2,b\0c\n",
    expected: { row: 2, column: undefined, value: undefined, sqlState: "22021" },
  },
  {
    name: "no UTF-8",
    csv: Uint8Array.from([..."1,1,a\n2,2,b", "\xff", ..."\n"].map((character) => character.charCodeAt(0))),
    expected: { row: 2, column: undefined, value: undefined, sqlState: "22021" },
  },
  {
    name: "too few fields",
    csv: "1,1,a\n2,2\n",
    expected: { row: 2, column: undefined, value: undefined, sqlState: "22P04" },
  },
  {
    name: "too many fields",
    csv: "1,1,a\n2,2,b,c\n",
    expected: { row: 2, column: undefined, value: undefined, sqlState: "22P04" },
  },
];

loadTest("Session.load() tells which row was refused, with column and value", async (session) => {
  await session.query("create table parent (id integer primary key)");
  await session.query("insert into parent values (1), (2), (3)");
  await session.query(`create table "Re fusing" (id integer not null unique references parent,
    size integer check (size > 0), "na me" varchar(5))`);
  await session.query("create table other (id integer)");
  const columns = ["id", "size", "na me"];
  for (const { name, csv, expected, lineOf = (row: number) => row } of REFUSALS) {
    await session.begin();
    const error = await failureOf(session.load(csvOf(csv, { table: ["Re fusing"], columns, lineOf })));
    const { row, column, value } = error instanceof LoadRowError ? error : {};
    const found = { row, column, value, sqlState: error.details.sqlState, kind: error.kind };
    const all = { row: undefined, column: undefined, value: undefined, kind: "other", ...expected };
    assert.deepEqual(found, all, `${name}: ${error.message} ${error.details.where}`);
    assert.match(String(error.statement), /^copy "Re fusing" /, name);
    assert.equal((await failureOf(session.query("select 1"))).details.sqlState, "25P02");
    await session.rollback();
  }
  assert.equal(Number(await valueOf(session, 'select count(*) from "Re fusing"')), 0);
});

loadTest("Session.load() numbers rows, not lines, where rows take several lines", async (session) => {
  await session.query("create table t (id integer, v text)");
  const csv = '1,"a\nb\nc"\n2,b\n3,"x\ny"\nz,d\n';
  // as a file tells them that has a header
  const lines = [2, 5, 6, 8, 9];
  const lineOf = (row: number) => lines[row - 1] ?? row + 4;
  const error = await failureOf(session.load(csvOf(csv, { lineOf })));
  assert.ok(error instanceof LoadRowError);
  assert.deepEqual([error.row, error.column, error.value], [4, "id", "z"]);
  const inside = await failureOf(session.load(csvOf(csv.replace("3,", "q,"), { lineOf })));
  assert.equal(inside instanceof LoadRowError && inside.row, 3);
  // with these ends the server counts some lines and others not, so that no row is better than a wrong one
  const windows = await failureOf(session.load(csvOf('1,"a\nb\nc"\r\n2,b\r\n3,"x\ny"\r\nz,d\r\n', { lineOf })));
  assert.equal(windows instanceof LoadRowError, false);
  assert.match(String(windows.details.where), /^COPY t, line \d+, column id: "z"/);
});

loadTest("Session.load() stops reading a source soon after the server refused a row", async (session) => {
  await session.query("create table t (id integer, v integer)");
  let given = 0;
  async function* chunks() {
    for (; given < 100_000; given++) {
      yield Array.from({ length: 100 }, (_, index) => [index === 99 && given === 3 ? "x" : index, "y".repeat(100)]);
      await sleep(0);
    }
  }
  const error = await soon(
    failureOf(session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } })),
  );
  assert.equal(error.details.sqlState, "22P02");
  assert.ok(given < 5_000, `${given} parts were read`);
  assert.equal(await valueOf(session, "select 1"), 1);
});

loadTest("Session.cancel() ends a load whose source says nothing, and the session goes on", async (session) => {
  await session.query("create table t (id integer, v integer)");
  await session.begin();
  const silence = Promise.withResolvers<void>();
  async function* chunks() {
    yield [[1, 1]];
    await silence.promise;
  }
  const loading = failureOf(
    session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } }),
  );
  await sleep(100);
  await session.cancel();
  assert.equal((await soon(loading)).kind, "cancelled");
  silence.resolve();
  await session.rollback();
  assert.equal(Number(await valueOf(session, "select count(*) from t")), 0);
});

loadTest("Session.cancel() ends a load that waits for a lock", async (session, ground) => {
  await session.query("create table t (id integer primary key, v integer)");
  const other = await ground.open();
  await other.begin();
  await other.query("insert into t values (5, 5)");
  const loading = failureOf(session.load(loadOf([[4, 4], [5, 5], [6, 6]])));
  await sleep(200);
  await session.cancel();
  assert.equal((await soon(loading)).kind, "cancelled");
  await other.rollback();
  assert.equal(await session.load(loadOf([[5, 5]])), 1);
});

loadTest("Session.load() fails as lost when the server ends the session under it", async (session) => {
  await session.query("create table t (id integer, v integer)");
  let left = false;
  async function* chunks() {
    try {
      for (let id = 0;; id++) {
        if (id === 50) await administer("postgresql", `select pg_terminate_backend(${session.backend})`);
        yield Array.from({ length: 500 }, () => [id, id]);
        await sleep(1);
      }
    } finally {
      left = true;
    }
  }
  const error = await soon(
    failureOf(session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } })),
  );
  assert.equal(error.kind, "lost", error.message);
  assert.equal(left, true);
  assert.equal(session.lost, true);
  assert.equal((await failureOf(session.load(loadOf([[1, 1]])))).kind, "lost");
});

loadTest("Session.close() ends a load", async (session, ground) => {
  await session.query("create table t (id integer, v integer)");
  async function* chunks() {
    yield [[1, 1]];
    await new Promise(() => {});
  }
  const loading = failureOf(
    session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } }),
  );
  await sleep(100);
  await soon(session.close());
  assert.equal((await soon(loading)).kind, "lost");
  assert.equal(Number(await valueOf(await ground.open(), "select count(*) from t")), 0);
});

loadTest("statements that are issued during a load run after it", async (session) => {
  await session.query("create table t (id integer, v integer)");
  const loading = session.load(loadOf(Array.from({ length: 5_000 }, (_, id) => [id, id])));
  const counting = valueOf(session, "select count(*) from t");
  assert.equal(await loading, 5_000);
  assert.equal(Number(await counting), 5_000);
});

loadTest("a deferred fault after the last row is told, and the session goes on", async (session) => {
  await session.query("create table parent (id integer primary key)");
  await session.query("create table t (id integer references parent, v integer)");
  for (let attempt = 0; attempt < 3; attempt++) {
    const error = await soon(failureOf(session.load(loadOf([[1, 1]]))));
    assert.equal(error.details.sqlState, "23503");
    assert.equal(error instanceof LoadRowError, false);
    assert.equal(await valueOf(session, "select count(*) from t"), 0);
  }
  await session.query("insert into parent values (1)");
  assert.equal(await session.load(loadOf([[1, 1]])), 1);
});

loadTest("a session for reading refuses to write", async (session, ground) => {
  await session.query("create table t (id integer, v integer)");
  await session.query("insert into t values (1, 10)");
  const reader = await ground.open("read");
  const refused = async (work: Promise<unknown>) => {
    const error = await failureOf(work);
    assert.deepEqual([error.kind, error.details.sqlState], ["privilege", "25006"]);
  };
  await refused(reader.query("insert into t values (2, 20)"));
  await refused(reader.batch([{ text: "delete from t" }]));
  await refused(reader.load(loadOf([[2, 20]])));
  await reader.begin();
  await refused(reader.query("update t set v = 0"));
  await reader.rollback();
  assert.equal(await valueOf(reader, "select v from t"), 10);
});

loadTest("a stream for reading fetches ahead, and is left at once all the same", async (session, ground) => {
  await session.query("create table t (id integer, v integer)");
  await session.query("insert into t select i, i from generate_series(1, 10) i");
  const reader = await ground.open("read");
  const seen: unknown[] = [];
  for await (const { id } of reader.stream("select id from t order by id", [], { size: 3 })) seen.push(id);
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const slow = "select id, case when id > 3 then pg_sleep(60)::text end from t order by id";
  const leaving = async () => {
    for await (const { id } of reader.stream(slow, [], { size: 3 })) if (id === 2) break;
  };
  await soon(leaving());
  assert.equal(reader.inTransaction, false);
  const failing = (async () => {
    for await (const _ of reader.stream("select 1 / (5 - id) from t order by id", [], { size: 2 }));
  })();
  assert.equal((await failureOf(failing)).details.sqlState, "22012");
  assert.equal(await valueOf(reader, "select count(*) from t"), 10);
});

testWith(["postgres", "pgbouncer"], "postgresql: loads and reading sessions work through a pooler", async () => {
  await using ground = await Ground.make("postgresql");
  const pooler = targetOf("postgresql", outside.pgbouncer ?? "");
  assert.ok(pooler.dialect === "postgresql" && ground.target.dialect === "postgresql");
  const database = await openDatabase({ ...pooler, database: String(ground.target.database) });
  const sessions = await Promise.all([database.connect("work"), database.connect("read"), database.connect("work")]);
  const [session, reader, other] = sessions;
  try {
    await session.query("create table t (id integer primary key, v integer)");
    assert.equal(await session.load(loadOf(Array.from({ length: 20_000 }, (_, id) => [id, id]))), 20_000);
    for (let attempt = 0; attempt < 3; attempt++) {
      const rows = Array.from({ length: 20_000 }, (_, id) => [id + 30_000, id === 100 ? "x" : id]);
      assert.equal((await soon(failureOf(session.load(loadOf(rows))))) instanceof LoadRowError, true);
      await session.begin();
      assert.equal((await failureOf(session.load(loadOf([[1, 1]])))).kind, "unique");
      await session.rollback();
      assert.equal(await valueOf(other, "select count(*) from t"), 20_000);
    }
    assert.equal((await failureOf(reader.query("delete from t where id = $1", [1]))).kind, "privilege");
    assert.equal((await failureOf(reader.batch([{ text: "delete from t" }]))).kind, "privilege");
    let count = 0;
    for await (const _ of reader.stream("select id from t")) count++;
    assert.equal(count, 20_000);
    // nothing of it is left behind for others
    for (const one of [session, other]) {
      assert.equal(await valueOf(one, "select current_setting('default_transaction_read_only')"), "off");
    }
  } finally {
    await Promise.all(sessions.map((one) => one.close()));
  }
});

loadTest("Session.load() fails with the source's own error, whatever its code", async (session) => {
  await session.query("create table t (id integer, v integer)");
  const own = Object.assign(new Error("no pipe"), { code: "EPIPE" });
  async function* broken(error: Error) {
    yield* chunked([[1, 1]]);
    throw error;
  }
  const load = (error: Error) =>
    session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: broken(error) } });
  await assert.rejects(load(own), (error) => error === own);
  const elsewhere = new DatabaseError("other", "elsewhere", { details: { where: 'COPY t, line 7, column v: "x"' } });
  await assert.rejects(load(elsewhere), (error) => error === elsewhere);
  assert.equal(Number(await valueOf(session, "select count(*) from t")), 0);
});

loadTest("Session.load() refuses a source that reads over the session that loads", async (session) => {
  await session.query("create table t (id integer, v integer)");
  await session.query("insert into t select i, i from generate_series(1, 10) i");
  async function* queried() {
    await sleep(10);
    for (const { id } of (await session.query("select id from t")).rows) yield [[id, 0]];
  }
  async function* streamedHere() {
    yield [[0, 0]];
    for await (const { id, v } of session.stream("select id, v from t")) yield [[id, v]];
  }
  for (const chunks of [queried(), streamedHere()]) {
    const load: BulkLoad = { table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks } };
    const error = await soon(failureOf(session.load(load)));
    assert.equal(error.message, "The source of a load used the connection that the load runs on");
  }
  assert.equal(await valueOf(session, "select count(*) from t"), 10);
});

loadTest("characters of several bytes arrive whole wherever a message ends", async (session) => {
  await session.query("create table t (id integer primary key, v text)");
  const texts = ["€", "é", "😀", "a😀€é"].map((text) => text.repeat(2_000));
  const rows = Array.from({ length: 400 }, (_, id) => [id, `${"x".repeat(id % 5)}${texts[id % texts.length]}`]);
  assert.equal(await session.load(loadOf(rows, { size: 50 })), rows.length);
  const { rows: found } = await session.query("select id, v from t order by id");
  assert.deepEqual(found.map(({ id, v }) => [id, v]), rows);
});
