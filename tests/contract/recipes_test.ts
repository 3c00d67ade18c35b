import assert from "node:assert/strict";
import {
  archiveRows,
  assertCount,
  assertNoRows,
  backfill,
  type Connection,
  copyTable,
  mergeDuplicates,
  upsertRows,
} from "../../mod.ts";
import type { LoadEnvironment } from "../../src/bulk_options.ts";
import { openConnection } from "../../src/connection.ts";
import { openDatabase } from "../../src/db/connect.ts";
import type { Database, Session } from "../../src/db/database.ts";
import { parseDatabaseUrl } from "../../src/url.ts";
import { freshDatabase, type Kind, onEachDatabase } from "../support.ts";

const ENVIRONMENT: LoadEnvironment = {
  folder: "/",
  shownFrom: "/",
  signal: new AbortController().signal,
  progress: () => {},
  record: () => {},
  warn: () => {},
};

interface Ground {
  readonly database: Database;
  readonly session: Session;
  readonly conn: Connection;
}

/** A connection in a transaction, on a database with these tables. */
async function onGround(kind: Kind, statements: readonly string[], test: (ground: Ground) => Promise<void>) {
  await using db = await freshDatabase(kind);
  const database = await openDatabase(parseDatabaseUrl(db.url, { relativeTo: "/", isSocket: () => false }).target);
  const session = await database.connect("work");
  try {
    for (const statement of statements) await session.query(statement);
    await session.begin();
    const { connection, settle } = openConnection(session, ENVIRONMENT);
    await test({ database, session, conn: connection });
    await settle();
    await session.commit();
  } finally {
    await session.close();
  }
}

async function rowsOf(conn: Connection, query: string): Promise<string[]> {
  return (await conn.execute(query)).map((row) => Object.values(row).map(String).join(" | "));
}

const PEOPLE = [
  "create table person (id int primary key, email varchar(50), name varchar(50), done int not null default 0)",
  "insert into person (id, email, name) values (1, 'A@x', 'Ann'), (2, 'b@x', 'Bob'), (3, null, 'Cid'), (4, 'a@x', 'Ana')",
];

onEachDatabase("backfill() sets columns by SQL and by values, where it is said", async (kind) => {
  await onGround(kind, PEOPLE, async ({ conn }) => {
    const { sql } = conn;
    assert.equal(
      await backfill(conn, "person", { set: { email: sql`lower(email)`, done: 5 }, where: sql`id < ${3}` }),
      2,
    );
    assert.deepEqual(await rowsOf(conn, "select id, email, done from person order by id"), [
      "1 | a@x | 5",
      "2 | b@x | 5",
      "3 | null | 0",
      "4 | a@x | 0",
    ]);
    assert.equal(await backfill(conn, ["person"], { set: { name: null } }), 4);
    await assert.rejects(backfill(conn, "person", { set: { emial: 1 } }), {
      message: "The table person has no column 'emial'",
      hint: "Did you mean 'email'?",
    });
    await assert.rejects(backfill(conn, "persons", { set: { a: 1 } }), { message: "There is no table persons" });
    await assert.rejects(backfill(conn, "person", { set: {} }), { message: "'set' names no column" });
    // a migration in JavaScript may say anything
    const text = { set: { done: 1 }, where: "id = 1" as unknown as ReturnType<typeof sql> };
    await assert.rejects(backfill(conn, "person", text), { message: /'where' must be SQL/ });
  });
});

onEachDatabase("copyTable() copies within a database, and tells keys that are there already", async (kind) => {
  const tables = [
    ...PEOPLE,
    "create table copy (id int primary key, email varchar(50), name varchar(50), done int, note varchar(9) default 'new')",
    "insert into copy (id, name) values (1, 'old'), (9, 'other')",
  ];
  await onGround(kind, tables, async ({ conn }) => {
    const { sql } = conn;
    const from = "person", to = "copy";
    const copies = () => rowsOf(conn, "select id, name, note from copy order by id");
    assert.equal(await copyTable(conn, { from, to, where: sql`id = 2` }), 1);
    assert.equal(await copyTable(conn, { from, to, where: sql`id <= ${3}`, onConflict: "skip" }), 1);
    assert.deepEqual(await copies(), ["1 | old | new", "2 | Bob | new", "3 | Cid | new", "9 | other | new"]);
    const columns = { id: "id", name: sql`upper(name)`, note: sql`'seen'` };
    assert.equal(await copyTable(conn, { from, to, columns, onConflict: "update" }), 4);
    assert.deepEqual(await copies(), [
      "1 | ANN | seen",
      "2 | BOB | seen",
      "3 | CID | seen",
      "4 | ANA | seen",
      "9 | other | new",
    ]);
    await assert.rejects(copyTable(conn, { from: "copy", to: "person" }), {
      message: "The table person lacks note, which copy has",
      hint: "Add it, or say in 'columns' which ones are to be copied.",
    });
    await assert.rejects(copyTable(conn, { from: "copy", to: "person", columns: ["nme"] }), {
      message: "The table person has no column 'nme'",
    });
    await assert.rejects(copyTable(conn, { from, to, key: "name", onConflict: "skip" }), {
      message: "name of the table copy is not unique",
    });
  });
});

onEachDatabase("archiveRows() moves rows, all columns or none", async (kind) => {
  const tables = [...PEOPLE, "create table old (id int, email varchar(50), name varchar(50), done int)"];
  await onGround(kind, tables, async ({ conn }) => {
    const { sql } = conn;
    assert.equal(await archiveRows(conn, { from: "person", to: "old", where: sql`id in (${sql.list([1, 3])})` }), 2);
    assert.deepEqual(await rowsOf(conn, "select id from person order by id"), ["2", "4"]);
    assert.deepEqual(await rowsOf(conn, "select id, email, name, done from old order by id"), [
      "1 | A@x | Ann | 0",
      "3 | null | Cid | 0",
    ]);
    assert.equal(await archiveRows(conn, { from: "person", to: "old", where: sql`id = 1` }), 0);
    const columns = { id: sql`id * 10`, name: "email" };
    assert.equal(await archiveRows(conn, { from: "person", to: "old", where: sql`id = 4`, columns }), 1);
    assert.deepEqual(await rowsOf(conn, "select id, name from old where id = 40"), ["40 | a@x"]);
  });
});

onEachDatabase("archiveRows() by two at once moves each row exactly once", async (kind) => {
  const values = Array.from({ length: 200 }, (_, n) => `(${n})`).join(", ");
  const tables = [
    "create table visit (id int primary key)",
    "create table visit_archive (id int)",
    `insert into visit values ${values}`,
  ];
  await onGround(kind, tables, async ({ conn, session, database }) => {
    const other = await database.connect("work");
    try {
      const move = async (session: Session, conn: Connection) => {
        const count = await archiveRows(conn, { from: "visit", to: "visit_archive", where: conn.sql`id >= 100` });
        await session.commit();
        return count;
      };
      const second = async () => {
        await other.begin();
        return await move(other, openConnection(other, ENVIRONMENT).connection);
      };
      const counts = await Promise.all([move(session, conn), second()]);
      assert.deepEqual(counts.sort((a, b) => a - b), [0, 100]);
      assert.deepEqual(await rowsOf(conn, "select count(*) as a, count(distinct id) as b from visit_archive"), [
        "100 | 100",
      ]);
      assert.deepEqual(await rowsOf(conn, "select count(*) from visit"), ["100"]);
      await session.begin();
    } finally {
      await other.close();
    }
  });
});

onEachDatabase("upsertRows() adds, changes and deletes what is different, and touches nothing else", async (kind) => {
  const serial = kind === "postgresql" ? "serial" : kind === "mysql" ? "int auto_increment" : "integer";
  const tables = [
    `create table country (id ${serial} primary key, code varchar(2) not null unique, name varchar(20), size decimal(12,2))`,
    "insert into country (code, name, size) values ('TD', 'Chad', 1284.00), ('PE', 'peru', null), ('XX', 'gone', 1)",
  ];
  await onGround(kind, tables, async ({ conn }) => {
    const rows = [
      { code: "TD", name: "Chad", size: "1284" },
      { code: "PE", name: "Peru", size: null },
      { code: "OM", name: "Omān 😀", size: 309.5 },
    ];
    const report = await upsertRows(conn, "country", rows, { key: "code", deleteOthers: true });
    assert.deepEqual(report, { added: 1, changed: 1, unchanged: 1, deleted: 1 });
    assert.deepEqual(await rowsOf(conn, "select code, name, size + 0.00 from country order by code"), [
      `OM | Omān 😀 | ${kind === "sqlite" ? "309.5" : "309.50"}`,
      "PE | Peru | null",
      `TD | Chad | ${kind === "sqlite" ? "1284" : "1284.00"}`,
    ]);
    assert.deepEqual(await upsertRows(conn, "country", rows, { key: ["code"] }), {
      added: 0,
      changed: 0,
      unchanged: 3,
      deleted: 0,
    });
    assert.deepEqual(await upsertRows(conn, "country", []), { added: 0, changed: 0, unchanged: 0, deleted: 0 });
    const refused: [readonly Record<string, unknown>[], Parameters<typeof upsertRows>[3], RegExp][] = [
      [[], { key: "code", deleteOthers: true }, /^There are no rows, so all of country would be deleted$/],
      [[{ code: "A" }, { code: "A" }], { key: "code" }, /^Two rows have the same key: code "A"$/],
      [[{ code: "A", name: "a" }, { code: "B" }], { key: "code" }, /^Row 2 has no 'name'$/],
      [[{ code: "A" }, { code: "B", name: "b" }], { key: "code" }, /^Row 2 has 'name', which the first row has not$/],
      [[{ code: null }], { key: "code" }, /^Row 1 has no value for 'code', by which it would be found$/],
      [[{ code: "A" }], {}, /^Row 1 has no value for 'id'/],
      [[{ cdoe: "A" }], { key: "code" }, /^The table country has no column 'cdoe'$/],
      [[{ name: "A" }], { key: "name" }, /^name of the table country is not unique$/],
    ];
    for (const [rows, options, message] of refused) {
      await conn.execute("savepoint one");
      await assert.rejects(upsertRows(conn, "country", rows, options), { message });
      await conn.execute("rollback to savepoint one");
    }
  });
});

const DUPLICATES = [
  "create table person (id int primary key, email varchar(50), boss int references person (id))",
  "create table visit (id int primary key, person_id int, foreign key (person_id) references person (id))",
  "create table member (person_id int, team int, primary key (person_id, team), foreign key (person_id) references person (id))",
  "create table note (id int primary key, about int)",
  "insert into person values (1, 'a@x', null), (2, 'b@x', 1), (3, 'a@x', 1), (4, null, 3), (5, null, null), (6, 'a@x', 3)",
  "insert into visit values (1, 1), (2, 3), (3, 6), (4, 2)",
  "insert into note values (1, 6), (2, 2)",
];

onEachDatabase("mergeDuplicates() repoints what refers to duplicates, then deletes them", async (kind) => {
  await onGround(kind, [...DUPLICATES, "insert into member values (1, 10), (3, 20), (2, 10)"], async ({ conn }) => {
    const report = await mergeDuplicates(conn, {
      table: "person",
      by: ["email"],
      keep: "first",
      references: [{ table: "note", columns: "about" }],
    });
    assert.equal(report.merged, 2);
    assert.equal(report.collided, 0);
    assert.deepEqual(await rowsOf(conn, "select id from person order by id"), ["1", "2", "4", "5"]);
    assert.deepEqual(await rowsOf(conn, "select id, person_id from visit order by id"), [
      "1 | 1",
      "2 | 1",
      "3 | 1",
      "4 | 2",
    ]);
    assert.deepEqual(await rowsOf(conn, "select person_id, team from member order by 1, 2"), [
      "1 | 10",
      "1 | 20",
      "2 | 10",
    ]);
    assert.deepEqual(await rowsOf(conn, "select id, about from note order by id"), ["1 | 1", "2 | 2"]);
    // MySQL's inline 'references' is no foreign key
    if (kind !== "mysql") assert.deepEqual(await rowsOf(conn, "select boss from person where id = 4"), ["1"]);
    const again = await mergeDuplicates(conn, { table: "person", by: ["email"], keep: "first" });
    assert.deepEqual(again, { merged: 0, repointed: 0, collided: 0 });
  });
});

onEachDatabase("mergeDuplicates() says which rows would collide, or deletes them where it is told to", async (kind) => {
  await onGround(
    kind,
    [...DUPLICATES, "insert into member values (1, 10), (3, 10), (6, 10), (6, 20)"],
    async ({ conn }) => {
      const { sql } = conn;
      const options = { table: "person", by: [sql`lower(email)`], keep: sql`case id when 3 then 0 else 1 end` };
      await conn.execute("savepoint one");
      await assert.rejects(mergeDuplicates(conn, options), {
        message: "2 rows of member would have the same person_id, team as another one once the duplicates are merged",
      });
      await conn.execute("rollback to savepoint one");
      const report = await mergeDuplicates(conn, {
        table: "person",
        by: [sql`lower(email)`],
        keep: sql`case id when 3 then 0 else 1 end`,
        onCollision: "delete",
      });
      assert.deepEqual([report.merged, report.collided], [2, 2]);
      assert.deepEqual(await rowsOf(conn, "select id from person order by id"), ["2", "3", "4", "5"]);
      assert.deepEqual(await rowsOf(conn, "select person_id, team from member order by 1, 2"), ["3 | 10", "3 | 20"]);
      assert.deepEqual(await rowsOf(conn, "select person_id from visit order by id"), ["3", "3", "3", "2"]);
    },
  );
});

onEachDatabase("assertNoRows() and assertCount() say what they found", async (kind) => {
  await onGround(kind, PEOPLE, async ({ conn }) => {
    const { sql } = conn;
    await assertNoRows(conn, sql`select id from person where id > ${100}`);
    await assert.rejects(assertNoRows(conn, sql`select id, email from person where email is null`), {
      message: "Expected no rows: found 1\n  id: 3, email: null",
    });
    const many = sql`select a.id from person a, person b where a.id = 1 or b.id > ${1} order by a.id`;
    await assert.rejects(assertNoRows(conn, many, "Too many"), {
      message: "Too many: found 13\n  id: 1\n  id: 1\n  id: 1\n  id: 1\n  id: 2\n  … and 8 more",
    });
    await assertCount(conn, sql`select count(*) from person`, 4);
    await assertCount(conn, sql`select count(*) from person`, { min: 4, max: 4 });
    await assert.rejects(assertCount(conn, sql`select count(*) from person`, 5), {
      message: "The count is wrong: expected 5, found 4",
    });
    await assert.rejects(assertCount(conn, sql`select count(*) from person`, { max: 3 }, "People"), {
      message: "People: expected at most 3, found 4",
    });
    await assert.rejects(assertCount(conn, sql`select max(name) from person`, 3), {
      message: /gives no number: .*Cid/,
    });
  });
});
