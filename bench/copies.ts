/**
 * A table from MariaDB to PostgreSQL, beside the two scripts that people write for it in Python.
 *
 * @module
 */

import { freshDatabase, outside, type TestDatabase } from "../tests/support.ts";
import { ask, type BenchGround, makeProject, mustBe, upgrading } from "./ground.ts";
import { count, race, row } from "./measure.ts";
import { personTable } from "./people.ts";

const MIGRATION = `export default {
  revision: "D001",
  async upgrade(conn, run) {
    const legacy = await run.source("legacy");
    await conn.load("person", legacy.stream\`select id, name, email, born from person\`);
  },
};
`;

const CONNECT = `import sys
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql
import pymysql.cursors

source, target = urlsplit(sys.argv[1]), sys.argv[2]
mysql = pymysql.connect(host=source.hostname, port=source.port, user=source.username,
                        password=unquote(source.password or ""), database=source.path[1:], charset="utf8mb4")
postgres = psycopg.connect(target)
`;

/** All rows in memory, then a statement for each. */
const EXECUTEMANY = `${CONNECT}
with mysql.cursor() as reader, postgres.cursor() as writer:
    reader.execute("select id, name, email, born from person")
    writer.executemany("insert into person values (%s, %s, %s, %s)", reader.fetchall())
postgres.commit()
`;

/** A cursor on the server, and COPY. */
const COPY = `${CONNECT}
with mysql.cursor(pymysql.cursors.SSCursor) as reader, postgres.cursor() as writer:
    reader.execute("select id, name, email, born from person")
    with writer.copy("copy person from stdin") as copy:
        for row in reader:
            copy.write_row(row)
postgres.commit()
`;

export async function benchCopies(ground: BenchGround): Promise<void> {
  const { python } = outside;
  if (outside.postgres === undefined) return ground.leaveOut("PostgreSQL: not there (DELEMBIC_TEST_POSTGRES_URL)");
  if (outside.mysql === undefined) return ground.leaveOut("MariaDB: not there (DELEMBIC_TEST_MYSQL_URL)");
  if (python === undefined) return ground.leaveOut("Python: not there (DELEMBIC_TEST_PYTHON)");
  await ground.measure("copy", () => copy(ground, python, ground.rows(1_000_000)));
}

/** Fills MariaDB's table by itself. */
export async function fillMariadb(db: TestDatabase, rows: number, note = 0): Promise<void> {
  const more = note === 0 ? "" : `, repeat('abcdefghij', ${Math.ceil(note / 10)}) as note`;
  await ask(
    db,
    note === 0 ? personTable("mysql") : personTable("mysql").replace(/\)$/, ", note text)"),
    `insert into person select seq, concat('Çelik ', seq), concat('person', seq, '@example.com'),
      date '1940-01-01' + interval seq % 25000 day${more} from seq_1_to_${rows}`,
  );
}

async function copy(ground: BenchGround, python: string, rows: number): Promise<void> {
  await using source = await freshDatabase("mysql");
  await using db = await freshDatabase("postgresql");
  await fillMariadb(source, rows);
  const cwd = `${ground.folder}/copy`;
  await makeProject(cwd, { db, file: "D001_copy.js", text: MIGRATION, sources: { legacy: source.url } });
  await Deno.writeTextFile(`${cwd}/with_executemany.py`, EXECUTEMANY);
  await Deno.writeTextFile(`${cwd}/with_copy.py`, COPY);
  const around = {
    prepare: async () => void await ask(db, "drop table if exists person", personTable("postgresql"), "checkpoint"),
    check: () => mustBe(db, "select count(*) from person where born is not null", rows),
  };
  const script = (name: string) => ({
    name,
    command: [python, `${cwd}/with_${name}.py`, source.url, db.url] as [string, ...string[]],
    ...around,
  });
  const [we, slow, quick] = await race(
    [upgrading(ground, cwd, db, around), script("executemany"), script("copy")],
    ground.rounds,
  );
  const what = `copy of ${count(rows)} rows MariaDB → PostgreSQL`;
  ground.say(row(`${what}, executemany`, we?.median ?? NaN, slow?.median ?? NaN, "≥ 3"));
  ground.say(row(`${what}, cursor + COPY`, we?.median ?? NaN, quick?.median ?? NaN, "≥ 1"));
}
