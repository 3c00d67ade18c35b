/** PostgreSQL's types: what is read, and that it can be written back as it is. */

import assert from "node:assert/strict";
import type { Session } from "../../src/db/database.ts";
import { jsonText, parseJson } from "../../src/db/json_value.ts";
import { testWith } from "../support.ts";
import { ask, failureOf, Ground, valueOf } from "./contract_ground.ts";
import { LITERALS, USER_TYPES } from "./postgres_literals.ts";

function typed(name: string, fn: (session: Session) => Promise<void>): void {
  testWith(["postgres"], name, async () => {
    await using ground = await Ground.make("postgresql");
    const session = await ground.open();
    for (const statement of USER_TYPES) await session.query(statement);
    await fn(session);
  });
}

typed("Session.query() writes back what it read, for each type with its extreme values", async (session) => {
  const failures: string[] = [];
  for (const [type, literals] of Object.entries(LITERALS)) {
    await session.query(`create temporary table v (id serial, original ${type}, copy ${type})`);
    for (const literal of literals) {
      await session.query(`insert into v (original) values ('${literal.replaceAll("'", "''")}')`);
    }
    await session.query("insert into v (original) values (null)");
    for (const row of (await session.query("select id, original from v order by id")).rows) {
      await session.query("update v set copy = $1 where id = $2", [row["original"], row["id"]])
        .catch((error) => failures.push(`${type}: ${Deno.inspect(row["original"])}: ${error.message}`));
    }
    const { rows } = await session.query(
      "select original::text as was, copy::text as is from v where original::text is distinct from copy::text",
    );
    for (const { was, is } of rows) {
      // the spaces in the text of json go, and a number is written in another of its ways
      const same = type === "json" && jsonText(parseJson(String(was))) === jsonText(parseJson(String(is)));
      if (!same) failures.push(`${type}: ${was} became ${is}`);
    }
    await session.query("drop table v");
  }
  assert.deepEqual(failures, []);
});

typed("Session.query() gives the JavaScript value of each kind of type", async (session) => {
  const expected: readonly (readonly [string, unknown])[] = [
    ["true", true],
    ["7::smallint", 7],
    ["9007199254740991::bigint", 9007199254740991],
    ["9007199254740992::bigint", 9007199254740992n],
    ["0.1::float8", 0.1],
    ["1.1::real", 1.1],
    ["1.10::numeric", "1.10"],
    ["'2026-01-15 10:30:00.123456+00'::timestamptz at time zone 'UTC'", "2026-01-15 10:30:00.123456"],
    ["date '2026-01-15'", "2026-01-15"],
    ["interval '1 day 02:03:04.5'", "1 day 02:03:04.5"],
    [`'{"a": [1, {"b": null}]}'::json`, { a: [1, { b: null }] }],
    ["'9007199254740993'::jsonb", 9007199254740993n],
    ["'[9007199254740993, 1.50]'::jsonb", [9007199254740993n, 1.5]],
    [`'"text"'::jsonb`, "text"],
    ["null::jsonb", null],
    ["'{1,NULL}'::int[]", [1, null]],
    ["'{{1,2},{3,4}}'::bigint[]", [[1, 2], [3, 4]]],
    ["array['a', null, 'b c']", ["a", null, "b c"]],
    ["'[0:1]={1,2}'::int[]", "[0:1]={1,2}"],
    ["'{sad,NULL}'::mood[]", "{sad,NULL}"],
    ["array[date '2026-01-15']", ["2026-01-15"]],
    ["array['{\"a\": 1}'::jsonb, 'null', null]", [{ a: 1 }, { rawJSON: "null" }, null]],
    ["'a'::\"char\"", "a"],
    ["'(1,2)'::point", "(1,2)"],
    ["count(*)", 1],
    ["'void'::regtype", "void"],
  ];
  for (const [expression, value] of expected) {
    const found = await valueOf(session, `select ${expression}`);
    assert.deepEqual(plain(found), value, expression);
  }
  const bytes = await valueOf(session, "select '\\x00ff'::bytea");
  assert.ok(bytes instanceof Uint8Array && !("readUInt8" in bytes), "a plain Uint8Array, not a Buffer");
});

/** Without the null prototype of what `JSON.rawJSON` makes. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) ? { ...value } : value;
}

typed("Session.query() keeps JSON's null and SQL's NULL apart", async (session) => {
  await session.query("create temporary table j (id serial, v jsonb)");
  await session.query("insert into j (v) values ('null'), (null)");
  const { rows } = await session.query("select v from j order by id");
  for (const row of rows) await session.query("insert into j (v) values ($1)", [row["v"]]);
  const { rows: kinds } = await session.query("select v is null as sql_null from j order by id");
  assert.deepEqual(kinds.map((row) => row["sql_null"]), [false, true, false, true]);
});

typed("Session.query() writes objects, arrays and strings into JSON as JSON", async (session) => {
  for (const value of [{ a: [1n, "x"], b: null }, [1, [2]], "text", "null", 5, 2n ** 70n, true, false, 0.5]) {
    assert.deepEqual(await valueOf(session, "select $1::jsonb", [value]), plainJson(value));
  }
});

function plainJson(value: unknown): unknown {
  return parseJson(jsonText(value));
}

typed("Session.query() takes JavaScript's arrays where the server wants an array", async (session) => {
  assert.deepEqual(
    await valueOf(session, "select array_agg(i) from generate_series(1, 9) i where i = any($1)", [[3, 5, 99]]),
    [3, 5],
  );
  assert.deepEqual(await valueOf(session, "select $1::text[]", [["a", null, "NULL", '"', "{,}"]]), [
    "a",
    null,
    "NULL",
    '"',
    "{,}",
  ]);
  assert.deepEqual(await valueOf(session, "select $1::int[]", [[]]), []);
  assert.equal(await valueOf(session, "select $1::mood[]", [["sad", null]]), "{sad,NULL}");
  assert.deepEqual(await valueOf(session, "select $1::jsonb[]", [[[1, 2], { a: null }, null]]), [
    [1, 2],
    { a: null },
    null,
  ]);
});

typed("Session.query() takes a value as text where PostgreSQL takes it for text", async (session) => {
  const values = [[5, "5"], [true, "true"], [2n ** 70n, String(2n ** 70n)], [0.1, "0.1"], [{ a: 1 }, '{"a":1}'], [
    ["a"],
    '["a"]',
  ]];
  for (const [value, text] of values) assert.equal(await valueOf(session, "select $1", [value]), text);
  assert.equal(
    await valueOf(session, "select $1::text", [new Date("2026-01-15T10:30:00.123Z")]),
    "2026-01-15T10:30:00.123Z",
  );
  assert.equal(await valueOf(session, "select 'x' || $1", [7]), "x7");
});

typed("Session.query() writes a Date as the moment that it is", async (session) => {
  const asText = (date: Date) => valueOf(session, "select ($1::timestamptz at time zone 'UTC')::text", [date]);
  assert.equal(await asText(new Date("2026-01-15T10:30:00.123Z")), "2026-01-15 10:30:00.123");
  assert.equal(await asText(new Date("-000043-03-15T12:00:00Z")), "0044-03-15 12:00:00 BC");
  assert.equal(await asText(new Date("+012345-01-01T00:00:00Z")), "12345-01-01 00:00:00");
  assert.equal((await failureOf(asText(new Date("nonsense")))).message, "Cannot use an invalid Date as a value in SQL");
});

typed("Session.query() refuses clearly what a type cannot hold, and goes on", async (session) => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    ["select $1::text", "a\0b", 'invalid byte sequence for encoding "UTF8": 0x00'],
    ["select $1::text", "\ud800", "Cannot write text with half a surrogate pair: it is no Unicode"],
    ["select $1::text", new Uint8Array([1]), "Cannot write bytes as text: decode them with TextDecoder"],
    ["select $1::jsonb", new Uint8Array([1]), "Cannot write bytes as JSON"],
    ["select $1::jsonb", new Map(), "Cannot use a Map as a value in SQL"],
    ["select $1::int", new Set(), "Cannot use a Set as a value in SQL"],
    ["select $1::int", () => 1, "Cannot use a value of the type function in SQL"],
    ["select $1::int", 0.5, 'invalid input syntax for type integer: "0.5"'],
    ["select $1::int", 2 ** 31, 'value "2147483648" is out of range for type integer'],
    ["select $1::jsonb", { a: "\0" }, "unsupported Unicode escape sequence"],
    ["select 'x\0y', $1::int", 1, "A statement cannot hold a NUL character"],
  ];
  for (const [text, value, message] of refused) {
    const error = await failureOf(session.query(text, [value]));
    assert.equal(error.message, message);
    assert.equal(error.kind, "other");
    assert.equal(await valueOf(session, "select 1"), 1);
  }
});

typed("Session.query() says what to do when the server cannot tell a value's type", async (session) => {
  const error = await failureOf(session.query("select $1 is null", [1]));
  assert.equal(error.message, "could not determine data type of parameter $1");
  assert.equal(error.hint, "Say which type the value has, for example ${value}::integer.");
  assert.equal(await valueOf(session, "select $1::integer is null", [1]), false);
});

typed("Session.query() refuses more values than the protocol can count", async (session) => {
  const error = await failureOf(ask(session, "select 1", Array.from({ length: 65_534 }, () => 1)));
  assert.equal(error.message, "A statement takes at most 65533 values, not 65534");
  const most = Array.from({ length: 65_533 }, (_, index) => index);
  assert.equal(
    await valueOf(session, `select count(*) from (values ${most.map(() => "(?::int)").join(",")}) v`, most),
    65_533,
  );
});

typed("Session.query() reads bytes in both of the server's forms", async (session) => {
  await session.query("set bytea_output = escape");
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(await valueOf(session, "select $1::bytea", [all]), all);
});

typed(
  "Session.query() gives what the server says of an error, and the place in the caller's own text",
  async (session) => {
    await session.query("create table visit (id integer constraint visit_pkey primary key)");
    await session.query("insert into visit values (1)");
    const error = await failureOf(session.query("insert into visit values ($1)", [1]));
    assert.equal(error.message, 'duplicate key value violates unique constraint "visit_pkey"');
    assert.equal(error.details.sqlState, "23505");
    assert.equal(error.details.detail, "Key (id)=(1) already exists.");
    assert.equal(error.details.constraint, "visit_pkey");
    assert.equal((await failureOf(session.query("select nothing"))).details.position, 8);
    const streaming = async () => {
      for await (const _ of session.stream("select nothing")) assert.fail();
    };
    assert.equal((await failureOf(streaming())).details.position, 8);
  },
);

typed("Session.query() runs one statement, and refuses COPY, which waits for data", async (session) => {
  const error = await failureOf(session.query("select 1; select 2"));
  assert.equal(error.message, "cannot insert multiple commands into a prepared statement");
  await session.query("create table c (id integer)");
  const copy = await failureOf(session.query("copy c from stdin"));
  assert.equal(copy.message, "COPY from STDIN or to STDOUT cannot run as a statement");
  assert.equal((await failureOf(session.query("select 1"))).kind, "lost");
});

typed(
  "Session.commit() fails when a statement of the transaction had failed: the server rolls back",
  async (session) => {
    await session.query("create table c (id integer)");
    await session.begin();
    await session.query("insert into c values (1)");
    await failureOf(session.query("select nothing"));
    const aborted = await failureOf(session.query("select 1"));
    assert.equal(aborted.details.sqlState, "25P02");
    assert.match(aborted.hint ?? "", /savepoint/);
    const error = await failureOf(session.commit());
    assert.equal(error.message, "The transaction was rolled back, because a statement in it had failed");
    assert.equal(session.inTransaction, false);
    assert.equal(await valueOf(session, "select count(*) from c"), 0);
  },
);

typed("Session.begin() makes the server look for clients that are gone, in that transaction alone", async (session) => {
  const setting = () => valueOf(session, "select current_setting('client_connection_check_interval')");
  await session.begin();
  assert.equal(await setting(), "5s");
  await session.commit();
  assert.equal(await setting(), "0");
});

typed("Session.native is the driver's own connection: COPY in and out, and the same values", async (session) => {
  // deno-lint-ignore no-explicit-any -- as a migration sees it
  const native = session.native as any;
  await session.query("create table c (id bigint, t text)");
  const writable = await native.unsafe("copy c from stdin").writable();
  for (let index = 0; index < 1_000; index++) writable.write(`${index}\tline ${index}\n`);
  writable.end();
  await new Promise((resolve, reject) => writable.on("finish", resolve).on("error", reject));
  assert.equal(await valueOf(session, "select count(*) from c"), 1_000);
  const chunks: string[] = [];
  for await (const chunk of await native.unsafe("copy (select * from c where id < 3) to stdout").readable()) {
    chunks.push(new TextDecoder().decode(chunk));
  }
  assert.equal(chunks.join(""), "0\tline 0\n1\tline 1\n2\tline 2\n");
  const rows = await native`select ${9007199254740993n}::bigint as big, ${[1, 2]}::int[] as list, ${new Date(
    0,
  )}::date as day`;
  assert.deepEqual([...rows], [{ big: 9007199254740993n, list: [1, 2], day: "1970-01-01" }]);
  assert.equal(session.inTransaction, false);
});
