import assert from "node:assert/strict";
import { type TestProject, testProject } from "../project.ts";
import { onEachClient, runScript } from "../script_client.ts";
import type { Kind } from "../support.ts";

/** Columns of a key, and values for them, as SQL. */
interface KeyCase {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly string[];
}

function keysOf(kind: Kind): Readonly<Record<string, KeyCase>> {
  const one = (type: string, rows: readonly string[]): KeyCase => ({ columns: ["id"], types: [type], rows });
  const bytes = (hex: string) => kind === "postgresql" ? `'\\x${hex}'` : `x'${hex}'`;
  const text = { sqlite: "text", postgresql: "text", mysql: "varchar(40)" }[kind];
  return {
    integers: one("integer", Array.from({ length: 45 }, (_, at) => String(at * 7 - 20))),
    "integers beyond 2^53": one("bigint", [
      "-9007199254740993",
      "-9007199254740991",
      "0",
      "9007199254740991",
      "9007199254740992",
    ]),
    texts: one(text, ["''", "'a'", "'B'", "'c''d'", "'e\"f'", "'é'", "'😀'", "'z z'"]),
    decimals: one("numeric(20, 4)", ["-1.5", "0.0001", "2", "12345678901234.5"]),
    doubles: one("double precision", ["-1.5", "0", "0.1", "123456789.25"]),
    moments: one(kind === "mysql" ? "datetime(6)" : "timestamp", [
      "'2024-01-01 00:00:00'",
      "'2024-01-01 00:00:00.000001'",
      "'2025-12-31 23:59:59.5'",
    ]),
    days: one("date", ["'2023-12-31'", "'2024-01-01'", "'2024-02-29'"]),
    bytes: one({ sqlite: "blob", postgresql: "bytea", mysql: "varbinary(20)" }[kind], [
      bytes("00"),
      bytes("00ff"),
      bytes("ab"),
      bytes("ff"),
    ]),
    "two columns": {
      columns: ["country", "Number"],
      types: [text, "integer"],
      rows: ["'de', 1", "'de', 2", "'de', 3", "'fr', 1", "'fr', 9", "'it', -4", "'it', 0"],
    },
    ...(kind === "postgresql"
      ? { uuids: one("uuid", ["'00000000-0000-0000-0000-000000000001'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]) }
      : {}),
    "nothing at all": one("integer", []),
  };
}

const LEDGER =
  "select revision, part, kind, status, table_name, detail, lower_key, upper_key, cursor_key, rows_done, rows_total, " +
  "batches, batch_size, holder, fence from delembic_batch order by revision, part";

/** The same key, told by what our own reader makes of it: a number may be written in several ways. */
function readKeys(rows: readonly string[]): string[] {
  return rows.map((row) => row.replace(/\d\.0(?=[\],])/g, (digits) => digits.charAt(0)));
}

onEachClient("a walk of a script goes as that of a run, by keys of any type", async (kind) => {
  const quote = kind === "mysql" ? "`" : '"';
  const files: Record<string, string> = {}, schema: string[] = [], tables: string[] = [];
  for (const { columns, types, rows } of Object.values(keysOf(kind))) {
    const key = columns.map((column) => quote + column + quote), table = `ledger_${tables.length + 1}`;
    const revision = `D00${tables.length + 1}`;
    files[`${revision}.sql`] = `-- delembic revision: ${revision}\n` +
      `-- delembic batch: ${table} by ${columns.join(", ")} size 2 target 0\n` +
      `-- delembic upgrade\nupdate ${table} set done = done + 1 where :range;\n`;
    tables.push(table);
    schema.push(
      `create table ${table} (${key.map((column, at) => `${column} ${types[at]} not null`).join(", ")},
      done integer not null default 0, primary key (${key.join(", ")}))`,
      ...rows.map((row) => `insert into ${table} (${key.join(", ")}) values (${row})`),
    );
  }
  await using online = await testProject(kind, files);
  await using offline = await testProject(kind, files);
  for (const project of [online, offline]) await project.execute(...schema);
  assert.equal((await online.delembic(["upgrade"])).code, 0);
  const ran = await runScript(offline.db, await printed(offline));
  assert.deepEqual([ran.code, ran.err], [0, ""]);
  for (const table of tables) {
    assert.deepEqual(await offline.rows(`select * from ${table} where done <> 1`), [], table);
  }
  assert.deepEqual(readKeys(await offline.rows(LEDGER)), readKeys(await online.rows(LEDGER)));
});

async function printed(project: TestProject): Promise<string> {
  const { code, out, err } = await project.delembic(["upgrade", "--sql"]);
  assert.equal(code, 0, err);
  return out;
}

onEachClient("a walk by a key that leaves rows out stops before it begins", async (kind) => {
  const files = {
    "D001.sql": "-- delembic revision: D001\n-- delembic batch: ledger by id size 2\n-- delembic upgrade\n" +
      "update ledger set done = 1 where :range;\n",
  };
  const twice = "create table ledger (id integer not null, done integer)";
  const nulls = "create table ledger (id integer unique, done integer)";
  const cases: readonly (readonly [create: string, key: string, message: RegExp])[] = [
    [nulls, "null", /The table ledger has rows whose key is NULL/],
    // where all of it is one batch, rows with the same key are in it
    ...(kind === "sqlite" ? [] : [[twice, "1", /The rows of ledger are not unique by \(id\)/] as const]),
  ];
  for (const [create, key, message] of cases) {
    await using project = await testProject(kind, files);
    await project.execute(create, `insert into ledger values (${key}, 0)`);
    const { code, err } = await runScript(project.db, await printed(project));
    assert.notEqual(code, 0);
    assert.match(err, message);
    assert.deepEqual(await project.rows("select revision from delembic_run_history"), []);
    assert.deepEqual(await project.rows("select revision from delembic_batch"), []);
  }
});
