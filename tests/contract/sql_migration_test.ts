import assert from "node:assert/strict";
import { openConnection } from "../../src/connection.ts";
import { dialectOf, openDatabase } from "../../src/db/connect.ts";
import type { Session } from "../../src/db/database.ts";
import type { LoadedMigration, Run } from "../../src/migration.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { StatementError, ValidationError } from "../../src/step_errors.ts";
import { watchSession } from "../../src/work_session.ts";
import { freshDatabase, type Kind, onEachDatabase, testWith } from "../support.ts";
import { targetOf } from "./contract_ground.ts";

interface Opened extends AsyncDisposable {
  readonly session: Session;
  migration(text: string): Promise<LoadedMigration>;
  run(migration: LoadedMigration, step: "upgrade" | "validate" | "downgrade"): Promise<void>;
  /** The ids of table `t`, in order. */
  ids(): Promise<unknown[]>;
}

async function open(kind: Kind): Promise<Opened> {
  const db = await freshDatabase(kind);
  const session = await (await openDatabase(targetOf(kind, db.url))).connect("work");
  const abort = new AbortController();
  const run: Run = {
    ...{ revision: "D1", startedAt: "2026-01-15 10:30:00.123456+00:00", attempt: 1, dialect: kind },
    ...{ signal: abort.signal, log: () => {}, source: () => Promise.reject(new Error("no sources here")) },
  };
  return {
    session,
    async migration(text) {
      const dialect = await dialectOf(kind);
      const { found, faults } = readSqlMigration(text, { file: "versions/D1.sql", checksum: "", dialect });
      assert.deepEqual(faults, []);
      assert.ok(found[0]);
      return found[0].migration;
    },
    async run(migration, step) {
      const watched = watchSession(session, { transaction: migration.transaction, beforePartial: async () => {} });
      const { connection, settle } = openConnection(watched.session, {
        ...{ folder: ".", shownFrom: ".", signal: abort.signal, progress: () => {}, record: () => {}, warn: () => {} },
      });
      await migration[step]?.(connection, run);
      await settle();
    },
    ids: async () => (await session.query("select id from t order by id")).rows.map(({ id }) => id),
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await db[Symbol.asyncDispose]();
    },
  };
}

async function failureOf<T extends Error>(work: Promise<void>, kind: new (...args: never[]) => T): Promise<T> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof kind, Deno.inspect(error));
    return error;
  }
  assert.fail("It did not fail");
}

const HEAD = "-- delembic revision: D1\n";

onEachDatabase("a SQL migration runs its statements in order, and its checks", async (kind) => {
  await using opened = await open(kind);
  const migration = await opened.migration(`${HEAD}-- delembic upgrade
create table t (id integer);
insert into t values (1); insert into t values (2)
-- delembic validate
select count(*) = 2 from t;
select 5; select '1'; select 1.5;
-- delembic downgrade
drop table t;
`);
  await opened.run(migration, "upgrade");
  await opened.run(migration, "validate");
  assert.deepEqual(await opened.ids(), [1, 2]);
  await opened.run(migration, "downgrade");
  await assert.rejects(opened.ids());
});

onEachDatabase("a check that is not met says which one, what it gave, and where it stands", async (kind) => {
  await using opened = await open(kind);
  const no = kind === "postgresql" ? "false" : "0";
  const cases: readonly (readonly [string, string])[] = [
    ["select 1 =\n  2", `gave ${no}: select 1 = 2`],
    ["select null", "gave NULL: select null"],
    ["select 0", "gave 0: select 0"],
    ["select 0.00", kind === "sqlite" ? "gave 0: select 0.00" : `gave "0.00": select 0.00`],
    ["select 'no'", `gave "no": select 'no'`],
    ["select 1 as a where 1 = 0", "gave no row, where one true value is expected: select 1 as a where 1 = 0"],
    [
      "select 1 as a union all select 2",
      "gave 2 rows, where one true value is expected: select 1 as a union all select 2",
    ],
    ["select 1 as a, 2 as b", "gave 2 columns, where one true value is expected: select 1 as a, 2 as b"],
  ];
  for (const [query, said] of cases) {
    const migration = await opened.migration(
      `${HEAD}-- delembic upgrade\n-- delembic validate\nselect 1;\n  ${query};`,
    );
    const error = await failureOf(opened.run(migration, "validate"), ValidationError);
    assert.equal(error.message, `Validation ${said}`);
    assert.deepEqual(error.place, { file: "versions/D1.sql", line: 5, column: 3 });
    assert.equal(error.code, "validation-failed");
    assert.equal(error.exitCode, 1);
  }
});

onEachDatabase("an error of a statement has the server's own message and the statement's place", async (kind) => {
  await using opened = await open(kind);
  const migration = await opened.migration(`${HEAD}-- delembic upgrade
select 1;
  select 'é😀',
    1 from missing;
`);
  await opened.session.begin();
  const error = await failureOf(opened.run(migration, "upgrade"), StatementError);
  assert.equal(error.kind, "missing-table");
  assert.ok(error.cause instanceof Error);
  assert.equal(error.message, error.cause.message);
  // PostgreSQL says where in the statement; the others only which statement
  const place = kind === "postgresql" ? { line: 5, column: 12 } : { line: 4, column: 3 };
  assert.deepEqual(error.place, { file: "versions/D1.sql", ...place });
  assert.equal(error.committed, undefined);
  assert.equal(error.retryable, false);
  await opened.session.rollback();
});

testWith(["postgres"], "an error's place is counted in the characters of an editor, not in code points", async () => {
  await using opened = await open("postgresql");
  const migration = await opened.migration(`${HEAD}-- delembic upgrade\n  select '😀😀', missing;`);
  const error = await failureOf(opened.run(migration, "upgrade"), StatementError);
  assert.deepEqual(error.place, { file: "versions/D1.sql", line: 3, column: 18 });
});

onEachDatabase("an error outside of a transaction says which statements are committed", async (kind) => {
  await using opened = await open(kind);
  const text = (count: number) =>
    `${HEAD}-- delembic transaction: false\n-- delembic upgrade
${["create table t (id integer)", "insert into t values (1)"].slice(0, count).map((one) => `${one};`).join("\n")}
insert into missing values (1);
insert into t values (2);
`;
  const none = await failureOf(opened.run(await opened.migration(text(0)), "upgrade"), StatementError);
  assert.equal(none.committed, undefined);
  const one = await failureOf(opened.run(await opened.migration(text(1)), "upgrade"), StatementError);
  assert.equal(one.hint, "Statement 1 of 3 is committed, and stays.");
  await opened.session.query("drop table t");
  const two = await failureOf(opened.run(await opened.migration(text(2)), "upgrade"), StatementError);
  assert.deepEqual(two.committed, { committed: 2, total: 4 });
  assert.deepEqual(two.data["committed"], 2);
  assert.equal(two.hint, "Statements 1 to 2 of 4 are committed, and stay.");
  assert.deepEqual(await opened.ids(), [1]);
});

onEachDatabase(
  "an error in a transaction says what is committed only where DDL cannot be rolled back",
  async (kind) => {
    await using opened = await open(kind);
    await opened.session.query("create table t (id integer)");
    const committedBy = async (...statements: readonly string[]) => {
      const migration = await opened.migration(`${HEAD}-- delembic upgrade\n${statements.join(";\n")}`);
      await opened.session.begin();
      const { committed } = await failureOf(opened.run(migration, "upgrade"), StatementError);
      if (opened.session.inTransaction) await opened.session.rollback();
      const ids = await opened.ids();
      await opened.session.query("delete from t");
      await opened.session.query("drop table if exists u");
      return { committed: committed?.committed, ids };
    };
    const insert = (id: number) => `insert into t values (${id})`;
    const create = "create table u (id integer)", fail = "insert into missing values (1)";
    const isMysql = kind === "mysql";
    assert.deepEqual(await committedBy(insert(1), fail), { committed: undefined, ids: [] });
    // DDL takes what is before it along, also when it fails itself, but not when it cannot be parsed
    assert.deepEqual(
      await committedBy(insert(1), create, fail),
      isMysql ? { committed: 2, ids: [1] } : { committed: undefined, ids: [] },
    );
    assert.deepEqual(
      await committedBy(insert(1), "create table t (id integer)"),
      isMysql ? { committed: 1, ids: [1] } : { committed: undefined, ids: [] },
    );
    assert.deepEqual(await committedBy(insert(1), "create table u (id integer,,)"), { committed: undefined, ids: [] });
    assert.deepEqual(
      await committedBy(insert(1), create, insert(2), "create table w (id integer,,)"),
      isMysql ? { committed: 2, ids: [1] } : { committed: undefined, ids: [] },
    );
  },
);
