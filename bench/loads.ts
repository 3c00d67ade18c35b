/**
 * `conn.load` of a CSV file, beside the tool that comes with each database.
 *
 * @module
 */

import { freshDatabase, type Kind, outside, type TestDatabase } from "../tests/support.ts";
import { ask, type BenchGround, hasProgram, makeProject, mariadb, mustBe, psql, upgrading } from "./ground.ts";
import { type Contestant, count, once, race, row } from "./measure.ts";
import { personTable, writePeople } from "./people.ts";

function migration(file: string): string {
  return `export default { revision: "D001", upgrade: (conn) => conn.load("person", ${JSON.stringify(file)}) };\n`;
}

function inBatches(file: string): string {
  return `export default { revision: "D001", batch: { file: ${
    JSON.stringify(file)
  }, into: "person", parallel: 2 } };\n`;
}

/** A database with a project on it that loads `people.csv` into `person`. */
interface Loading extends AsyncDisposable {
  readonly db: TestDatabase;
  readonly ours: Contestant;
  /** The other contestant, on a table that is as fresh, with the same rows in it at the end. */
  theirs(contestant: Contestant): Contestant;
}

async function loading(
  ground: BenchGround,
  kind: Kind,
  file: string,
  rows: number,
  text = migration(file),
): Promise<Loading> {
  const db = await freshDatabase(kind);
  const cwd = `${ground.folder}/load_${kind}_${rows}`;
  await makeProject(cwd, { db, file: "D001_load.js", text });
  const around = {
    prepare: () => fresh(db),
    check: () => mustBe(db, "select count(*) from person where born is not null", rows),
  };
  return {
    db,
    ours: upgrading(ground, cwd, db, around),
    theirs: (contestant) => ({ ...contestant, ...around }),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

async function fresh(db: TestDatabase): Promise<void> {
  await ask(db, "drop table if exists person", personTable(db.kind));
  // what the table before left to write is no matter of this one
  if (db.kind === "postgresql") await ask(db, "checkpoint");
}

export async function benchLoads(ground: BenchGround): Promise<void> {
  const rows = ground.rows(1_000_000), file = `${ground.folder}/people.csv`;
  await writePeople(file, rows);
  const what = (into: string) => `CSV of ${count(rows)} rows × 4 into ${into}`;
  await ground.measure(what("PostgreSQL"), () => intoPostgres(ground, file, rows, what));
  await ground.measure(what("MariaDB"), () => intoMariadb(ground, file, rows, what));
  await ground.measure(what("SQLite"), () => intoSqlite(ground, file, rows, what));
  await ground.measure("cost per row of a load", () => flatness(ground));
}

type What = (into: string) => string;

async function duel(
  ground: BenchGround,
  what: string,
  ours: Contestant,
  others: readonly (readonly [Contestant, string])[],
): Promise<void> {
  const [we, ...they] = await race([ours, ...others.map(([contestant]) => contestant)], ground.rounds);
  for (const [index, [{ name }, wanted]] of others.entries()) {
    ground.say(row(`${what}, beside ${name}`, we?.median ?? NaN, they[index]?.median ?? NaN, wanted));
  }
}

async function intoPostgres(ground: BenchGround, file: string, rows: number, what: What): Promise<void> {
  if (outside.postgres === undefined) return ground.leaveOut("PostgreSQL: not there (DELEMBIC_TEST_POSTGRES_URL)");
  if (!await hasProgram("psql")) return ground.leaveOut("psql: not installed");
  await using load = await loading(ground, "postgresql", file, rows);
  const command = psql(load.db, `\\copy person from '${file}' with (format csv, header)`);
  await duel(ground, what("PostgreSQL"), load.ours, [[load.theirs({ name: "psql \\copy", command }), "≥ 0.95"]]);
  await using batches = await loading(ground, "postgresql", file, rows, inBatches(file));
  const theirs = psql(batches.db, `\\copy person from '${file}' with (format csv, header)`);
  await duel(ground, what("PostgreSQL, in batches, parallel 2"), batches.ours, [
    [batches.theirs({ name: "psql \\copy", command: theirs }), "≥ 1.3"],
  ]);
}

async function intoMariadb(ground: BenchGround, file: string, rows: number, what: What): Promise<void> {
  if (outside.mysql === undefined) return ground.leaveOut("MariaDB: not there (DELEMBIC_TEST_MYSQL_URL)");
  if (!await hasProgram("mariadb")) return ground.leaveOut("the client mariadb: not installed");
  await using load = await loading(ground, "mysql", file, rows);
  const statement = `load data local infile '${file}' into table person character set utf8mb4 ` +
    `fields terminated by ',' optionally enclosed by '"' escaped by '' lines terminated by '\\n' ignore 1 lines`;
  const theirs = load.theirs({ name: "LOAD DATA", ...mariadb(load.db, statement) });
  await duel(ground, what("MariaDB"), load.ours, [[theirs, "≥ 0.9"]]);
}

/** Python's way with the module that comes with it, in one transaction. */
const PYTHON = `import csv, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
with open(sys.argv[2], newline="", encoding="utf-8") as file:
    rows = csv.reader(file)
    next(rows)
    connection.executemany("insert into person values (?, ?, ?, ?)", rows)
connection.commit()
`;

async function intoSqlite(ground: BenchGround, file: string, rows: number, what: What): Promise<void> {
  await using load = await loading(ground, "sqlite", file, rows);
  const database = load.db.url.replace("sqlite:///", "");
  const others: (readonly [Contestant, string])[] = [];
  if (await hasProgram("sqlite3")) {
    const command = ["sqlite3", database, `.import --csv --skip 1 ${file} person`] as const;
    others.push([load.theirs({ name: "sqlite3 .import", command: [...command] }), "≥ 1.0"]);
  } else ground.leaveOut("sqlite3: not installed");
  if (outside.python !== undefined) {
    await Deno.writeTextFile(`${ground.folder}/load.py`, PYTHON);
    const command = [outside.python, `${ground.folder}/load.py`, database, file] as const;
    others.push([load.theirs({ name: "csv + executemany", command: [...command] }), "≥ 2.0"]);
  } else ground.leaveOut("Python: not there (DELEMBIC_TEST_PYTHON)");
  await duel(ground, what("SQLite"), load.ours, others);
}

/** What a row costs in a small and in a large load: once each, the largest takes long enough. */
async function flatness(ground: BenchGround): Promise<void> {
  const sizes = [100_000, 1_000_000, 10_000_000].map((full) => ground.rows(full));
  const kinds: Kind[] = ["postgresql", "mysql", "sqlite"];
  const there = kinds.filter((kind) => kind === "sqlite" || outside[kind === "mysql" ? "mysql" : "postgres"]);
  ground.say(`${"load: microseconds a row".padEnd(34)} ${there.map((kind) => kind.padStart(12)).join("")}`);
  for (const rows of sizes) {
    const file = `${ground.folder}/people_${rows}.csv`;
    await writePeople(file, rows);
    const cells: string[] = [];
    for (const kind of there) {
      await using load = await loading(ground, kind, file, rows);
      const { seconds } = await once(load.ours);
      cells.push(`${((seconds * 1e6) / rows).toFixed(2)} µs`.padStart(12));
    }
    await Deno.remove(file);
    ground.say(`${`  ${count(rows)} rows`.padEnd(34)} ${cells.join("")}`);
  }
}
