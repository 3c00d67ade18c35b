/** The contract of loads and of the catalog. */

import assert from "node:assert/strict";
import { type BulkLoad, LoadRowError, type Session } from "../../src/db/database.ts";
import { ask, type ContractTests, failureOf, soon, valueOf } from "./contract_ground.ts";

/** Rows in parts of `size`, as a source gives them. */
export async function* chunked(
  rows: Iterable<readonly unknown[]>,
  size = 1_000,
): AsyncGenerator<readonly (readonly unknown[])[]> {
  let chunk: (readonly unknown[])[] = [];
  for (const row of rows) {
    chunk.push(row);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** A load of the table `t (id, v)`, unless told otherwise. */
export function loadOf(
  rows: Iterable<readonly unknown[]>,
  { table = ["t"], columns = ["id", "v"], size = 1_000 }: {
    readonly table?: readonly string[];
    readonly columns?: readonly string[];
    readonly size?: number;
  } = {},
): BulkLoad {
  return { table, columns, data: { kind: "rows", chunks: chunked(rows, size) } };
}

function* numbered(count: number): Generator<readonly unknown[]> {
  for (let id = 1; id <= count; id++) yield [id, id % 7 === 0 ? null : id * 2];
}

async function rowsOf(session: Session): Promise<readonly unknown[][]> {
  return (await session.query("select id, v from t order by id")).rows.map(({ id, v }) => [id, v]);
}

export const loadTests: ContractTests = {
  "Session.load() brings rows into a table, and says how many": async (ground) => {
    const session = await ground.openWithTable([]);
    assert.equal(await session.load(loadOf(numbered(2_500), { size: 1_000 })), 2_500);
    assert.deepEqual(await rowsOf(session), [...numbered(2_500)]);
  },

  "Session.load() takes a source without rows, and parts without rows": async (ground) => {
    const session = await ground.openWithTable([]);
    assert.equal(await session.load(loadOf([])), 0);
    async function* chunks() {
      yield [];
      yield [[1, 10]];
      yield [];
    }
    assert.equal(
      await session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } }),
      1,
    );
    assert.deepEqual(await rowsOf(session), [[1, 10]]);
  },

  "Session.load() belongs to the transaction that is open": async (ground) => {
    const session = await ground.openWithTable([]);
    await session.begin();
    assert.equal(await session.load(loadOf(numbered(100))), 100);
    assert.equal(session.inTransaction, true);
    await session.rollback();
    assert.deepEqual(await rowsOf(session), []);
  },

  "Session.load() reads texts as the columns' types, and fills the columns in the order that is told": async (
    ground,
  ) => {
    const session = await ground.openWithTable([]);
    assert.equal(await session.load(loadOf([["20", "2"], [null, "3"]], { columns: ["v", "id"] })), 2);
    assert.deepEqual(await rowsOf(session), [[2, 20], [3, null]]);
  },

  "Session.load() keeps every character of texts apart from the NULL": async (ground) => {
    const session = await ground.open();
    await session.query(`create table s (id integer not null primary key, v ${ground.words.key})`);
    const texts = [
      "",
      "\\N",
      "NULL",
      "null",
      "\\",
      "\\.",
      "a\tb",
      "a\nb",
      "a\r\nb",
      "\b\f\v",
      "'",
      '"',
      '""',
      "`",
      "é",
      "🐘",
    ];
    const rows = [...texts, null].map((text, id) => [id, text]);
    assert.equal(await session.load(loadOf(rows, { table: ["s"] })), rows.length);
    const { rows: found } = await session.query("select id, v from s order by id");
    assert.deepEqual(found.map(({ id, v }) => [id, v]), rows);
  },

  "Session.load() takes names of any kind": async (ground) => {
    const session = await ground.open();
    const { quoteId } = session.dialect;
    const table = "Od\"d `Table' é";
    await session.query(
      `create table ${quoteId(table)} (${quoteId("Mixed Case")} integer, ${quoteId("select")} integer)`,
    );
    assert.equal(await session.load(loadOf([[1, 2]], { table: [table], columns: ["select", "Mixed Case"] })), 1);
    const { rows } = await session.query(`select * from ${quoteId(table)}`);
    assert.deepEqual(rows.map((row) => ({ ...row })), [{ "Mixed Case": 2, select: 1 }]);
  },

  "Session.load() takes a hundred columns": async (ground) => {
    const session = await ground.open();
    const columns = Array.from({ length: 100 }, (_, index) => `c${index}`);
    await session.query(`create table wide (${columns.map((name) => `${name} integer`).join(", ")})`);
    const rows = Array.from({ length: 300 }, (_, row) => columns.map((_, column) => row * 100 + column));
    assert.equal(await session.load(loadOf(rows, { table: ["wide"], columns })), 300);
    assert.equal(Number(await valueOf(session, "select sum(c99) - sum(c0) from wide")), 99 * 300);
  },

  "Session.load() names the row that the database refuses": async (ground) => {
    const session = await ground.open();
    await session.query("create table t (id integer not null primary key, v integer not null)");
    await session.begin();
    const rows = Array.from({ length: 3_000 }, (_, index) => [index + 1, index === 2_344 ? null : 1]);
    const error = await failureOf(session.load(loadOf(rows)));
    assert.ok(error instanceof LoadRowError, error.message);
    assert.equal(error.row, 2_345);
    await session.rollback();
    assert.deepEqual(await rowsOf(session), []);
  },

  "Session.load() names the row whose key is there already": async (ground) => {
    const session = await ground.openWithTable([[7, 70]]);
    await session.begin();
    const error = await failureOf(session.load(loadOf(numbered(10))));
    assert.ok(error instanceof LoadRowError, error.message);
    assert.equal(error.kind, "unique");
    assert.equal(error.row, 7);
    await session.rollback();
    assert.deepEqual(await rowsOf(session), [[7, 70]]);
  },

  "Session.load() fails as its source does, and the session goes on": async (ground) => {
    const session = await ground.openWithTable([]);
    await session.begin();
    async function* chunks() {
      yield [...numbered(500)];
      throw new RangeError("the source broke");
    }
    const loading = session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } });
    await assert.rejects(soon(loading), new RangeError("the source broke"));
    await session.rollback();
    assert.deepEqual(await rowsOf(session), []);
    assert.equal(await session.load(loadOf(numbered(5))), 5);
  },

  "Session.load() fails where there is no such table or column": async (ground) => {
    const session = await ground.openWithTable([]);
    const missing = await failureOf(session.load(loadOf(numbered(5), { table: ["missing_one"] })));
    assert.equal(missing.kind, "missing-table");
    const column = await failureOf(session.load(loadOf(numbered(5), { columns: ["id", "missing_one"] })));
    assert.match(column.message, /missing_one/);
    assert.deepEqual(await rowsOf(session), []);
  },

  "Session.load() leaves a source that it does not want any more": async (ground) => {
    const session = await ground.openWithTable([]);
    let left = false;
    async function* chunks() {
      try {
        for (;;) yield [["no number", 1]];
      } finally {
        left = true;
      }
    }
    await session.begin();
    const loading = session.load({ table: ["t"], columns: ["id", "v"], data: { kind: "rows", chunks: chunks() } });
    await soon(failureOf(loading));
    assert.equal(left, true);
    await session.rollback();
  },
};

export const catalogTests: ContractTests = {
  "Catalog.describe() tells columns and keys of a table, in their order": async (ground) => {
    const session = await ground.open();
    await session.query(
      `create table person (id integer not null primary key, name ${ground.words.key} not null, born date,
        size integer default 5, unique (name, born))`,
    );
    const shape = await (await session.dialect.catalog()).describe(session, ["person"]);
    assert.deepEqual(shape?.columns.map(({ name, kind }) => [name, kind]), [
      ["id", "integer"],
      ["name", "text"],
      ["born", "date"],
      ["size", "integer"],
    ]);
    assert.deepEqual(shape?.columns.map(({ nullable }) => nullable), [false, false, true, true]);
    assert.equal(shape?.columns[3]?.hasDefault, true);
    assert.deepEqual(shape?.columns.map(({ generated }) => generated), [false, false, false, false]);
    assert.deepEqual(shape?.keys.map(({ columns, primary }) => ({ columns, primary })), [
      { columns: ["id"], primary: true },
      { columns: ["name", "born"], primary: false },
    ]);
  },

  "Catalog.describe() finds views, and tells what is not there": async (ground) => {
    const session = await ground.openWithTable();
    await session.query("create view w as select v from t");
    const catalog = await session.dialect.catalog();
    assert.deepEqual((await catalog.describe(session, ["w"]))?.columns.map(({ name }) => name), ["v"]);
    assert.equal(await catalog.describe(session, ["missing_one"]), undefined);
    assert.equal(await catalog.describe(session, ["missing_one", "t"]), undefined);
  },

  "Catalog.estimateRows() counts a small table": async (ground) => {
    const session = await ground.openWithTable([[1, 1], [2, 2], [3, 3]]);
    const catalog = await session.dialect.catalog();
    assert.equal(await catalog.estimateRows(session, ["t"]), 3);
    await session.query("delete from t");
    assert.equal(await catalog.estimateRows(session, ["t"]), 0);
  },

  "Catalog.referencesTo() finds the foreign keys of other tables": async (ground) => {
    const session = await ground.openWithTable();
    await session.query(
      "create table child (id integer primary key, t_id integer, foreign key (t_id) references t (id))",
    );
    const catalog = await session.dialect.catalog();
    const references = await catalog.referencesTo(session, ["t"]);
    assert.deepEqual(references.map(({ table, columns, to }) => ({ table, columns, to })), [
      { table: ["child"], columns: ["t_id"], to: ["id"] },
    ]);
    assert.deepEqual(await catalog.referencesTo(session, ["child"]), []);
  },

  "Catalog.comparable() walks a key from row to row": async (ground) => {
    const session = await ground.openWithTable(Array.from({ length: 20 }, (_, index) => [index * 10 - 50, index]));
    const catalog = await session.dialect.catalog();
    const column = (await catalog.describe(session, ["t"]))?.columns[0];
    assert.ok(column !== undefined);
    const next = `select id from t where id > ${catalog.comparable("?", column)} order by id limit 1`;
    const seen: number[] = [];
    for (let at = -1_000; seen.length < 30;) {
      const { rows: [row] } = await ask(session, next, [String(at)]);
      if (row === undefined) break;
      at = Number(row["id"]);
      seen.push(at);
    }
    assert.deepEqual(seen, Array.from({ length: 20 }, (_, index) => index * 10 - 50));
  },
};
