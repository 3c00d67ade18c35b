/**
 * What the tests of walks stand on: a table with a counter in each row, and a migration that raises it once.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { TestProject } from "./project.ts";

/** Statements that fill `person` with this many rows, whose keys have gaps; they run on every database. */
export function seeded(rows: number): string[] {
  const digits = String(rows - 1).length;
  const number = Array.from({ length: digits }, (_, place) => `d${place}.d * ${10 ** place}`).join(" + ");
  const from = Array.from({ length: digits }, (_, place) => `digit d${place}`).join(" cross join ");
  return [
    "create table digit (d int)",
    "insert into digit values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
    "create table person (id bigint primary key, name varchar(40), touched int not null)",
    `insert into person (id, name, touched) select n * 37 - 1000, 'somebody', 0 from (select ${number} as n from ${from}) x
       where n < ${rows}`,
    "drop table digit",
  ];
}

/** Raises the counter of each row; `batch` are the words behind the key. */
export function raising(batch: string): Record<string, string> {
  return {
    "D002_raise.sql": `-- delembic revision: D002
-- delembic description: raise
-- delembic batch: person by id ${batch}
-- delembic upgrade
update person set touched = touched + 1, name = 'done' where :range;
-- delembic validate
select count(*) = 0 from person where touched <> 1;
`,
  };
}

/** Each row was done once, and the ledger says so. */
export async function assertRaised(project: TestProject, rows: number, what: string): Promise<void> {
  assert.deepEqual(
    await project.rows("select touched, count(*) from person group by touched order by touched"),
    [`1 | ${rows}`],
    what,
  );
  assert.deepEqual(await project.rows("select revision, status from delembic_version"), ["D002 | success"], what);
  assert.deepEqual(
    await project.rows("select kind, status, count(*) > 0 from delembic_batch group by kind, status order by kind")
      .then((lines) => lines.map((line) => line.split(" | ").slice(0, 2).join(" "))),
    ["range done", "walk done"],
    what,
  );
  assert.deepEqual(
    await project.rows("select sum(rows_done) from delembic_batch where kind = 'range'"),
    [String(rows)],
    what,
  );
  assert.deepEqual(await project.rows("select revision from delembic_run_history where ended_at is null"), [], what);
}
