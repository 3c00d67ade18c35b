import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createConnection } from "mysql2/promise";
import postgres from "postgres";
import { splitSql } from "../../src/sql_text.ts";
import { LEXICONS } from "../lexicons.ts";
import { freshDatabase, onEachDatabase, run, type TestDatabase, testWith } from "../support.ts";

const FIXTURES = new URL("../fixtures/sql_text/", import.meta.url);

/** Runs a script by the database's own client, and gives everything that is then in the database. */
async function byClient(db: TestDatabase, script: string): Promise<string> {
  const [program = "", ...args] = clientOf(db);
  const { code, err } = await run(program, args, { stdin: script });
  assert.equal(code, 0, err);
  return await dump(db);
}

function clientOf(db: TestDatabase): string[] {
  switch (db.kind) {
    case "sqlite":
      return ["sqlite3", "-bail", fileOf(db)];
    case "postgresql":
      return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", db.url];
    case "mysql":
      return ["mariadb", "--comments", "--default-character-set=utf8mb4", ...mysqlArguments(db)];
  }
}

function mysqlArguments(db: TestDatabase): string[] {
  const { hostname, port, username, password, pathname } = new URL(db.url);
  const [user, secret] = [username, password].map(decodeURIComponent);
  return [`-h${hostname}`, `-P${port}`, `-u${user}`, `-p${secret}`, pathname.slice(1)];
}

function fileOf(db: TestDatabase): string {
  return db.url.slice("sqlite:///".length);
}

/** Schema and rows, as the database's own tool writes them, without what differs between two databases. */
async function dump(db: TestDatabase): Promise<string> {
  const [program = "", ...args] = db.kind === "sqlite"
    ? ["sqlite3", fileOf(db), ".dump"]
    : db.kind === "postgresql"
    ? ["pg_dump", "--inserts", db.url]
    : ["mariadb-dump", "--skip-comments", "--routines", "--triggers", "--events", ...mysqlArguments(db)];
  const { code, out, err } = await run(program, args);
  assert.equal(code, 0, err);
  return out.replaceAll(db.name, "NAME").replace(/^\\(?:un)?restrict .*$/gm, "");
}

/** Runs a script statement by statement, in a way that refuses or ignores a second statement in one text. */
async function bySplitting(db: TestDatabase, script: string): Promise<string> {
  const { items, faults } = splitSql(script, LEXICONS[db.kind], { file: "script.sql" });
  assert.deepEqual(faults, []);
  const statements = items.flatMap((item) => item.kind === "statement" ? [item.statement.text] : []);
  await execute(db, statements);
  return await dump(db);
}

async function execute(db: TestDatabase, statements: readonly string[]): Promise<void> {
  if (db.kind === "sqlite") {
    // SQLite's own client takes "a text" for a string, as Delembic's connection does not have to
    const connection = new DatabaseSync(fileOf(db), { enableDoubleQuotedStringLiterals: true });
    for (const statement of statements) connection.prepare(statement).run();
    connection.close();
  } else if (db.kind === "postgresql") {
    const sql = postgres(db.url, { max: 1, onnotice: () => {}, prepare: false });
    // the extended protocol takes one statement
    for (const statement of statements) await sql.unsafe(statement, [], { simple: false } as never);
    await sql.end();
  } else {
    const connection = await createConnection({
      uri: db.url,
      multipleStatements: false,
      charset: "utf8mb4",
      flags: ["-IGNORE_SPACE"],
    });
    for (const statement of statements) await connection.query(statement);
    await connection.end();
  }
}

onEachDatabase("splitSql() cuts a nasty script as the database's own client does", async (kind) => {
  const script = await Deno.readTextFile(new URL(`${kind}.sql`, FIXTURES));
  await using one = await freshDatabase(kind);
  await using other = await freshDatabase(kind);
  const wanted = await byClient(one, script);
  assert.match(wanted, /the last, without a delimiter/);
  assert.equal(await bySplitting(other, script), wanted);
});

testWith(
  ["postgres"],
  "splitSql() reads E strings over several lines as the server does, which psql cannot",
  async () => {
    await using db = await freshDatabase("postgresql");
    const script =
      "create table t as select E'a'\n  -- between; 'them'\n 'b\\';c' as note; insert into t values ('d');";
    assert.match(
      await bySplitting(db, script),
      /INSERT INTO public\.t VALUES \('ab'';c'\);\nINSERT INTO public\.t VALUES \('d'\);/,
    );
  },
);
