/** Loads into MySQL and MariaDB: no value is changed and no row left out without an error, whichever way rows take. */

import type { ResultSetHeader } from "mysql2";
import assert from "node:assert/strict";
import { type BulkLoad, LoadRowError, type Role, type Session } from "../../src/db/database.ts";
import { openMysql } from "../../src/db/mysql.ts";
import { connectTo } from "../../src/db/mysql_connect.ts";
import { loadRows } from "../../src/db/mysql_load.ts";
import { type LoadConnection, LoadSource } from "../../src/db/mysql_load_source.ts";
import type { Answer } from "../../src/db/mysql_result.ts";
import type { Bindable } from "../../src/db/mysql_types.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { freshDatabase, testWith } from "../support.ts";
import { failureOf, sleep, soon, targetOf, valueOf } from "./contract_ground.ts";
import { loadOf } from "./contract_loads.ts";

/**
 * The ways in: the connection of a migration's work may offer a file. The others may not: so it is with a server that
 * forbids it, and rows are inserted.
 */
const WAYS: Readonly<Record<string, Role>> = { "as a file": "work", "by inserts": "audit" };

async function fresh(role: Role = "work") {
  const database = await freshDatabase("mysql");
  const target = targetOf("mysql", database.url) as ServerTarget;
  const sessions: Session[] = [];
  const open = async (role: Role) => {
    const session = await openMysql(target).connect(role);
    sessions.push(session);
    return session;
  };
  return {
    session: await open(role),
    target,
    open,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

function onEachWay(name: string, test: (role: Role) => Promise<void>): void {
  for (const [way, role] of Object.entries(WAYS)) testWith(["mysql"], `mysql: ${name}, ${way}`, () => test(role));
}

const bytes = (...values: number[]) => Uint8Array.from(values);

/** A type, and values of it as they are read. */
const TYPES: readonly (readonly [type: string, ...values: unknown[]])[] = [
  ["tinyint", -128, 127],
  ["bigint", -(2n ** 63n), 2n ** 63n - 1n, 0],
  ["bigint unsigned", 2n ** 64n - 1n, 2n ** 53n + 1n],
  ["int(8) zerofill", 42],
  ["float", 0.1, 1e-38, 3.4028234663852886e38],
  ["double", 0.1, 1.7976931348623157e308, 5e-324, 0.30000000000000004],
  ["decimal(65,30)", "-12345678901234567890123456789012345.123456789012345678901234567890"],
  ["date", "1000-01-01", "9999-12-31", "0000-00-00"],
  ["time(6)", "-838:59:58.999900", "-00:00:00.000001"],
  ["datetime(6)", "2026-01-15 10:30:00.123456", "0000-00-00 00:00:00.000000"],
  ["timestamp(3) null", "2026-01-15 10:30:00.120"],
  ["year", "1901", "0000", "2155"],
  ["bit(10)", bytes(2, 1), bytes(0, 48)],
  ["bit(64)", new Uint8Array(8).fill(255)],
  ["binary(4)", bytes(0, 255, 0, 0), bytes(92, 78, 10, 9)],
  ["varbinary(300)", Uint8Array.from({ length: 256 }, (_, index) => index), bytes()],
  ["longblob", bytes(0, 255, 10), bytes(195, 40)],
  ["char(5)", "é", "\\N"],
  ["varchar(50)", "a\0b🐘", "", "NULL", "\\", "a\tb\\tc\nd\r\ne", "\u001a", "\u{feff}x"],
  ["longtext", "é".repeat(70_000), "\\\n".repeat(40_000)],
  ["varchar(20) character set latin1", "é"],
  ["varchar(20) character set utf16", "é🐘"],
  ["enum('a', 'é')", "é"],
  ["set('a', 'b', 'c')", "a,c", ""],
  ["json", { n: 12345678901234567890n, d: 0.1, s: 'é🐘"\\\n\t', l: [1, null] }, []],
  ["point", bytes(0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 0, 64)],
];

onEachWay("what was streamed from a table of every type is loaded, and is the same", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  const columns = TYPES.map((_, index) => `c${index}`);
  const types = TYPES.map(([type], index) => `c${index} ${type}`).join(", ");
  await session.query("set sql_mode = 'NO_ENGINE_SUBSTITUTION'");
  for (const table of ["origin", "copy"]) {
    await session.query(`create table ${table} (id integer primary key, ${types})`);
  }
  const most = Math.max(...TYPES.map(({ length }) => length - 1));
  const places = columns.map(() => "?").join(", ");
  for (let row = 0; row < most; row++) {
    const values = TYPES.map(([, ...values]) => values[row] ?? null);
    await session.query(`insert into origin values (${row}, ${places})`, values);
  }
  const streamed: unknown[][] = [];
  for await (const row of session.stream("select * from origin order by id")) streamed.push(Object.values(row));
  assert.equal(await session.load(loadOf(streamed, { table: ["copy"], columns: ["id", ...columns] })), most);
  for (const [index, [type, ...values]] of TYPES.entries()) {
    const { rows } = await session.query(`select c${index} as v from copy order by id`);
    assert.deepEqual(rows.map(({ v }) => v), Array.from({ length: most }, (_, row) => values[row] ?? null), type);
    if (type === "json") continue;
    const same = `select count(*) from origin o join copy c on c.id = o.id where o.c${index} <=> c.c${index}`;
    assert.equal(await valueOf(session, same), most, type);
  }
  assert.equal(await valueOf(session, "select @@sql_mode"), "NO_ENGINE_SUBSTITUTION");
  assert.equal(await valueOf(session, "select @@sql_notes"), 1);
});

onEachWay("texts are read as the columns' types, other values as in a query", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  await session.query("create table v (id integer primary key, n bigint, flag bit(4), b blob, at datetime(6), j json)");
  const at = new Date("2026-01-15T10:30:00.123Z");
  const rows = [
    [1, "9007199254740993", "5", "é", "2026-01-15", '{"a": 1}'],
    [2, true, true, "", at, { a: 1n }],
    [3, false, 9, null, at, [null]],
  ];
  assert.equal(await session.load(loadOf(rows, { table: ["v"], columns: ["id", "n", "flag", "b", "at", "j"] })), 3);
  assert.deepEqual((await session.query("select * from v order by id")).rows, [
    { id: 1, n: 9007199254740993n, flag: bytes(5), b: bytes(195, 169), at: "2026-01-15 00:00:00.000000", j: { a: 1 } },
    { id: 2, n: 1, flag: bytes(1), b: bytes(), at: "2026-01-15 10:30:00.123000", j: { a: 1 } },
    { id: 3, n: 0, flag: bytes(9), b: null, at: "2026-01-15 10:30:00.123000", j: [null] },
  ]);
});

/** A table with one of each rule. */
const RULED = `create table ruled (
  id integer not null primary key auto_increment,
  n tinyint not null,
  price decimal(5,2),
  born date,
  name varchar(3) character set latin1,
  kind enum('a', 'b'),
  parent integer,
  code varchar(10) unique,
  doc longtext check (json_valid(doc)),
  check (n < 100),
  foreign key (parent) references ruled (id)
)`;

/** One bad value, and what is told of it. */
const BAD: readonly (readonly [column: string, value: unknown, told: { column?: string; message: RegExp }])[] = [
  ["n", "abc", { column: "n", message: /Incorrect integer value: 'abc'/ }],
  ["n", "128", { column: "n", message: /Out of range/ }],
  ["n", 1000, { column: "n", message: /Out of range/ }],
  ["n", null, { column: "n", message: /null/i }],
  ["n", "", { column: "n", message: /Incorrect integer value/ }],
  ["n", "100", { message: /CONSTRAINT/i }],
  ["price", "1000.00", { column: "price", message: /Out of range/ }],
  ["price", "1,5", { column: "price", message: /truncated|Incorrect/ }],
  ["born", "2026-02-30", { column: "born", message: /truncated|Incorrect/ }],
  ["born", "15.01.2026", { column: "born", message: /truncated|Incorrect/ }],
  ["name", "abcd", { column: "name", message: /truncated|too long/ }],
  ["name", "🐘", { column: "name", message: /Incorrect string value/ }],
  ["kind", "c", { column: "kind", message: /truncated/ }],
  ["kind", "", { column: "kind", message: /truncated/ }],
  ["parent", 99_999, { message: /foreign key/ }],
  ["code", "same", { message: /Duplicate entry 'same'/ }],
  ["id", 1, { message: /Duplicate entry '1'/ }],
  ["doc", "{", { message: /CONSTRAINT/i }],
];

onEachWay("a bad value fails the load as it fails an insert, with row, column and value", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  // the server's own mode would take all of these
  await session.query("set sql_mode = ''");
  await session.query(RULED);
  await session.query("insert into ruled (id, n, code) values (1, 1, 'same')");
  const columns = ["id", "n", "price", "born", "name", "kind", "parent", "code", "doc"];
  const good = (id: number) => [id, 1, "1.50", "2026-01-15", "abc", "b", 1, null, "{}"];
  for (const [column, value, told] of BAD) {
    const rows = Array.from({ length: 300 }, (_, index) => good(index + 2));
    const bad = rows[233];
    assert.ok(bad !== undefined);
    bad[columns.indexOf(column)] = value as string;
    const error = await failureOf(session.load(loadOf(rows, { table: ["ruled"], columns, size: 100 })));
    const what = `${column} ${value}: ${error.message}`;
    assert.ok(error instanceof LoadRowError, what);
    assert.match(error.message, told.message);
    assert.equal(error.row, 234, what);
    assert.equal(error.column, told.column, what);
    if (told.column !== undefined && value !== null) assert.equal(error.value, String(value), what);
    assert.equal(await valueOf(session, "select count(*) from ruled"), 1, what);
    assert.equal(session.inTransaction, false);
  }
  assert.equal(await valueOf(session, "select @@sql_mode"), "");
});

onEachWay("too many digits of a fraction are rounded, as an insert does", async (role) => {
  await using db = await fresh(role);
  await db.session.query("create table d (a decimal(5,2), b date)");
  await db.session.load(loadOf([["1.239", "2026-01-15 10:30:00"]], { table: ["d"], columns: ["a", "b"] }));
  assert.deepEqual((await db.session.query("select * from d")).rows, [{ a: "1.24", b: "2026-01-15" }]);
});

onEachWay("zero is a key like others, NULL takes the next one", async (role) => {
  await using db = await fresh(role);
  await db.session.query("create table a (id integer primary key auto_increment, v integer)");
  await db.session.load(loadOf([[0, 1], [7, 2], [null, 3]], { table: ["a"], columns: ["id", "v"] }));
  assert.deepEqual((await db.session.query("select id from a order by v")).rows.map(({ id }) => id), [0, 7, 8]);
});

onEachWay("a column that is missed, and one that is computed, fail the load", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  await session.query("create table g (a integer, b integer as (a + 1), c integer not null)");
  const missed = await failureOf(session.load(loadOf([[1]], { table: ["g"], columns: ["a"] })));
  assert.match(missed.message, /Field 'c' doesn't have a default value/);
  const computed = await failureOf(session.load(loadOf([[1, 5, 1]], { table: ["g"], columns: ["a", "b", "c"] })));
  assert.equal(computed.message, "The column `b` is computed, and takes no value");
  assert.equal(await valueOf(session, "select count(*) from g"), 0);
});

onEachWay("triggers run, and what they refuse is told", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  await session.query("create table g (a integer, b integer)");
  await session.query(`create trigger g_in before insert on g for each row
    if new.a > 9 then signal sqlstate '45000' set message_text = 'too much'; else set new.b = new.a + 1; end if`);
  await session.load(loadOf([[1], [2]], { table: ["g"], columns: ["a"] }));
  assert.equal(Number(await valueOf(session, "select sum(b) from g")), 5);
  assert.equal(
    (await failureOf(session.load(loadOf([[3], [10]], { table: ["g"], columns: ["a"] })))).message,
    "too much",
  );
  assert.equal(await valueOf(session, "select count(*) from g"), 2);
});

onEachWay("a load that fails within a transaction takes back what it has brought, and nothing else", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  await session.query("create table t (id integer primary key, v integer)");
  await session.begin();
  await session.query("insert into t values (1, 1)");
  await failureOf(session.load(loadOf([[2, 2], [1, 3]])));
  assert.equal(session.inTransaction, true);
  await session.load(loadOf([[5, 5]]));
  await session.commit();
  assert.deepEqual((await session.query("select id from t order by id")).rows, [{ id: 1 }, { id: 5 }]);
});

/** Rows without end, a thousand at a time. */
async function* endless() {
  for (let first = 0;; first += 1_000) {
    yield Array.from({ length: 1_000 }, (_, index) => [first + index, "x".repeat(50)]);
    await sleep(1);
  }
}

onEachWay("Session.cancel() stops a load, also one whose source says nothing", async (role) => {
  await using db = await fresh(role);
  const { session } = db;
  await session.query("create table t (id integer primary key, v varchar(50))");
  async function* stuck() {
    yield [[1, "a"]];
    await new Promise(() => {});
  }
  for (const chunks of [endless(), stuck()]) {
    const loading = failureOf(session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks } }));
    await sleep(150);
    await session.cancel();
    assert.equal((await soon(loading)).kind, "cancelled");
    assert.equal(await soon(valueOf(session, "select count(*) from t")), 0);
    assert.equal(session.inTransaction, false);
  }
});

onEachWay("KILL QUERY and KILL CONNECTION of another end a load", async (role) => {
  await using db = await fresh(role);
  const other = await db.open("audit");
  const { session } = db;
  await session.query("create table t (id integer primary key, v varchar(50))");
  const load = () =>
    failureOf(session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: endless() } }));
  let over = false;
  const killed = load().finally(() => over = true);
  // between two inserts there is nothing to stop
  while (!over) {
    await sleep(50);
    await other.query(`kill query ${session.backend}`);
  }
  assert.equal((await soon(killed)).kind, "cancelled");
  assert.equal(await soon(valueOf(session, "select count(*) from t")), 0);
  const lost = load();
  await sleep(150);
  await other.query(`kill connection ${session.backend}`);
  assert.equal((await soon(lost)).kind, "lost");
  assert.equal(session.lost, true);
  assert.equal(await soon(valueOf(other, "select count(*) from t")), 0);
});

testWith(["mysql"], "mysql: a load takes the rows of a stream of the same session", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (id integer primary key, v integer)");
  await session.query("create table u (id integer primary key, v integer)");
  await session.load(loadOf(Array.from({ length: 5_000 }, (_, id) => [id, id])));
  async function* chunks() {
    for await (const row of session.stream("select id, v from t", [], { size: 10 })) yield [Object.values(row)];
  }
  const loading = session.load({ table: ["u"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } });
  assert.equal(await soon(loading), 5_000);
});

testWith(
  ["mysql"],
  "mysql: a session for reading refuses to write, and sees one moment within a transaction",
  async () => {
    await using db = await fresh();
    const { session } = db;
    await session.query("create table t (id integer primary key, v integer)");
    await session.query("insert into t values (1, 1)");
    const reader = await db.open("read");
    assert.equal((await failureOf(reader.query("insert into t values (2, 2)"))).kind, "privilege");
    assert.equal((await failureOf(reader.query("drop table t"))).kind, "privilege");
    await reader.begin();
    assert.equal((await failureOf(reader.query("update t set v = 2"))).kind, "privilege");
    assert.equal(await valueOf(reader, "select count(*) from t"), 1);
    await session.query("insert into t values (2, 2)");
    assert.equal(await valueOf(reader, "select count(*) from t"), 1);
    await reader.commit();
    assert.equal(await valueOf(reader, "select count(*) from t"), 2);
  },
);

testWith(["mysql"], "mysql: a source that needs the session of its load fails, and does not hang", async () => {
  await using db = await fresh();
  const { session } = db;
  await session.query("create table t (id integer primary key, v integer)");
  async function* chunks() {
    for (let id = 1; id < 10; id++) yield [[id, await valueOf(session, "select 1 + 1")]];
  }
  const loading = session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } });
  assert.equal(
    (await failureOf(soon(loading))).message,
    "The source of a load used the connection that the load runs on",
  );
  // a statement from elsewhere waits for its turn
  async function* slow() {
    for (let id = 1; id < 10; id++) {
      yield [[id, id]];
      await sleep(20);
    }
  }
  const slowly = session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: slow() } });
  await sleep(60);
  assert.deepEqual(await soon(Promise.all([valueOf(session, "select count(*) from t"), slowly])), [9, 9]);
});

/** A server that lets anyone in, and answers UPDATE and LOAD DATA by asking for a file; what it is sent is kept. */
function rogue(path: string) {
  const sent: Uint8Array[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (socket: Deno.Conn) => {
    let sequence = 0;
    const send = async (payload: Uint8Array) => {
      const { length } = payload;
      await socket.write(bytes(length & 255, length >> 8 & 255, length >> 16, sequence++ & 255, ...payload));
    };
    const ok = bytes(0, 0, 0, 2, 0, 0, 0);
    // protocol 10, version, connection, salt, capabilities with LOCAL_FILES and without TLS, charset, status
    await send(
      bytes(
        10,
        ...text("5.7.0"),
        0,
        1,
        0,
        0,
        0,
        ...text("12345678"),
        0,
        0x80,
        0x82,
        45,
        2,
        0,
        0,
        0,
        21,
        ...zeros(10),
        ...text("901234567890"),
        0,
      ),
    );
    let state: "login" | "statement" | "file" = "login";
    for await (const packet of packetsOf(socket)) {
      sequence = (packet[3] ?? 0) + 1;
      const payload = packet.subarray(4);
      if (state === "file") {
        sent.push(payload);
        if (payload.length > 0) continue;
        state = "statement";
        await send(ok);
      } else if (payload[0] === 0x16) {
        // prepared: without columns and placeholders, as far as the client needs to know
        await send(bytes(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
      } else if (state === "statement" && /^.(?:update|load data)/.test(new TextDecoder().decode(payload))) {
        state = "file";
        await send(bytes(0xfb, ...text(path)));
      } else if (state === "login" || payload[0] === 3 || payload[0] === 0x17) {
        state = "statement";
        await send(ok);
      } else return;
    }
  };
  const accepting = (async () => {
    for await (const socket of listener) serve(socket).catch(() => undefined).finally(() => tryClose(socket));
  })();
  return {
    sent,
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting.catch(() => undefined);
    },
  };
}

const text = (value: string) => new TextEncoder().encode(value);
const zeros = (count: number) => new Uint8Array(count);

function tryClose(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // it is closed
  }
}

async function* packetsOf(socket: Deno.Conn): AsyncGenerator<Uint8Array> {
  let buffer: Uint8Array = bytes();
  const part = new Uint8Array(65_536);
  for (let count = await socket.read(part); count !== null; count = await socket.read(part)) {
    buffer = Uint8Array.from([...buffer, ...part.subarray(0, count)]);
    while (buffer.length >= 4) {
      const length = 4 + (buffer[0] ?? 0) + ((buffer[1] ?? 0) << 8) + ((buffer[2] ?? 0) << 16);
      if (buffer.length < length) break;
      yield buffer.subarray(0, length);
      buffer = buffer.subarray(length);
    }
  }
}

Deno.test("mysql: a server that asks for a file gets nothing, whatever it was asked", async () => {
  const secret = await Deno.makeTempFile();
  await Deno.writeTextFile(secret, "a secret of this machine");
  await using server = rogue(secret);
  const target = {
    host: "127.0.0.1",
    port: server.port,
    user: "u",
    password: "p",
    database: "d",
    tls: { mode: "disable" },
  };
  const session = await openMysql(target as unknown as ServerTarget).connect("work");
  const told = await failureOf(soon(session.query("update t set a = 1")));
  assert.equal(told.message, "The server asked for a file of this machine by local infile, and got nothing");
  // nor in a load, for a file that the load has not offered
  const other = await failureOf(soon(session.load(loadOf([["row of the load", 1]]))));
  assert.equal(other.message, `The server asked for the file '${secret}' of this machine, and got nothing`);
  await session.close();
  await Deno.remove(secret);
  assert.deepEqual(server.sent, [bytes(), bytes()]);
});

/** The connection of a load on a server that, as MySQL does, does not tell the number of the row with each error. */
async function withoutRowNumbers(target: ServerTarget) {
  const core = await connectTo(target, "work");
  const call = (text: string, values: readonly Bindable[] = [], options: object = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const how = values.length > 0 ? "execute" : "query";
      const shown = text.replace("version()", "'8.4.3'");
      const statement = { sql: shown, values: [...values], rowsAsArray: true, ...options };
      core[how](
        statement,
        (error: unknown, rows: unknown, fields: unknown[]) =>
          error === null || error === undefined ? resolve({ rows, fields }) : reject(error),
      );
    });
  const connection: LoadConnection = {
    call,
    callWithFile: async (text, _file, stream) =>
      (await call(text, [], { infileStreamFactory: () => stream })).rows as ResultSetHeader,
    settled: () => Promise.resolve(),
    lost: false,
    inTransaction: false,
    outlet: core.stream,
  };
  return { connection, [Symbol.dispose]: () => core.destroy() };
}

testWith(["mysql"], "mysql: the row of a duplicate key is found where the server does not tell it", async () => {
  await using db = await fresh();
  await db.session.query("create table t (id integer primary key, v integer)");
  await db.session.query("insert into t values (3333, 1)");
  using other = await withoutRowNumbers(db.target);
  const rows = loadOf(Array.from({ length: 5_000 }, (_, index) => [index + 1, index]));
  const csv = (async function* () {
    yield new TextEncoder().encode(Array.from({ length: 5_000 }, (_, index) => `${index + 1},"${index}"\r\n`).join(""));
  })();
  const loads: BulkLoad[] = [rows, { ...rows, data: { kind: "csv", delimiter: ",", null: "", chunks: csv } }];
  for (const load of loads) {
    const error = await failureOf(loadRows(other.connection, load, new LoadSource(load.data)));
    assert.ok(error instanceof LoadRowError, error.message);
    assert.deepEqual([error.row, error.value, error.kind], [3_333, "3333", "unique"]);
    assert.equal(await valueOf(db.session, "select count(*) from t"), 1);
  }
});
