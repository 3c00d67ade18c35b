/**
 * A backfill in batches, beside the same loop as a procedure within the database.
 *
 * @module
 */

import { freshDatabase, outside, type TestDatabase } from "../tests/support.ts";
import { ask, type BenchGround, hasProgram, makeProject, mustBe, psql, upgrading } from "./ground.ts";
import { type Contestant, count, once, race, row } from "./measure.ts";

/** Rows of a batch where both sides have the same. */
const SIZE = 10_000;

const TABLE = "id bigint primary key, first text not null, last text not null, full_name text";

/** The keyset walk as one writes it by hand: bound fixed at the start, a commit after each batch. */
const PROCEDURE = `create procedure backfill(size int) language plpgsql as $$
declare
  top bigint;
  done bigint := 0;
  next bigint;
begin
  select max(id) into top from person;
  loop
    select max(id) into next
      from (select id from person where id > done and id <= top order by id limit size) batch;
    exit when next is null;
    update person set full_name = first || ' ' || last
      where full_name is null and id > done and id <= next;
    done := next;
    commit;
  end loop;
end $$`;

function migration(options: string): string {
  return `-- delembic revision: D001
-- delembic batch: person by id ${options}
-- delembic upgrade
update person set full_name = first || ' ' || last where full_name is null and :range;
`;
}

export async function benchWalks(ground: BenchGround): Promise<void> {
  if (outside.postgres === undefined) return ground.leaveOut("PostgreSQL: not there (DELEMBIC_TEST_POSTGRES_URL)");
  if (!await hasProgram("psql")) return ground.leaveOut("psql: not installed");
  const rows = ground.rows(5_000_000);
  await ground.measure("a backfill", () => backfill(ground, rows));
  await ground.measure("cost per row of a backfill", () => flatness(ground));
}

/** The same rows in a table that nobody has touched, and nothing of it left to be written. */
async function refill(db: TestDatabase, rows: number): Promise<void> {
  await ask(
    db,
    "drop table if exists person",
    `create table person (${TABLE})`,
    `insert into person select id, 'first' || id, 'last' || id, null from generate_series(1, ${rows}) id`,
    "vacuum (analyze) person",
    "checkpoint",
  );
}

async function backfill(ground: BenchGround, rows: number): Promise<void> {
  await using db = await freshDatabase("postgresql");
  await ask(db, PROCEDURE);
  const around = {
    prepare: () => refill(db, rows),
    check: () => mustBe(db, "select count(*) from person where full_name = first || ' ' || last", rows),
  };
  const ours = async (name: string, options: string): Promise<Contestant> => {
    const cwd = `${ground.folder}/walk_${name}`;
    await makeProject(cwd, { db, file: "D001_backfill.sql", text: migration(options) });
    return upgrading(ground, cwd, db, around);
  };
  const [fixed, adaptive, parallel, theirs] = await race(
    [
      await ours("fixed", `size ${SIZE} target 0`),
      await ours("adaptive", "size 1000"),
      await ours("parallel", `size ${SIZE} target 0 parallel 2`),
      { name: "procedure", command: psql(db, `call backfill(${SIZE})`), ...around },
    ],
    ground.rounds,
    0,
  );
  const they = theirs?.median ?? NaN;
  const what = `backfill of ${count(rows)} rows`;
  ground.say(row(`${what}, by ${count(SIZE)}, beside a procedure`, fixed?.median ?? NaN, they, "≥ 0.77"));
  ground.say(row(`${what}, size found by itself, beside that`, adaptive?.median ?? NaN, they, "≥ 0.77"));
  ground.say(row(`${what}, by ${count(SIZE)}, parallel 2, beside that`, parallel?.median ?? NaN, they, ""));
}

async function flatness(ground: BenchGround): Promise<void> {
  ground.say("backfill: microseconds a row");
  for (const rows of [100_000, 1_000_000, 10_000_000].map((full) => ground.rows(full))) {
    await using db = await freshDatabase("postgresql");
    const cwd = `${ground.folder}/walk_${rows}`;
    await makeProject(cwd, { db, file: "D001_backfill.sql", text: migration("size 1000") });
    const { seconds } = await once(upgrading(ground, cwd, db, {
      prepare: () => refill(db, rows),
      check: () => mustBe(db, "select count(*) from person where full_name is null", 0),
    }));
    ground.say(`${`  ${count(rows)} rows`.padEnd(34)} ${`${((seconds * 1e6) / rows).toFixed(2)} µs`.padStart(12)}`);
  }
}
