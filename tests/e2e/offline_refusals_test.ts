import assert from "node:assert/strict";
import { onEachDatabase, temporaryFolder } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";

const URLS = {
  // nobody is there: no database is asked
  postgresql: "postgresql://nobody:secret@127.0.0.1:1/nothing",
  mysql: "mysql://nobody:secret@127.0.0.1:1/nothing",
  sqlite: "sqlite:////nowhere/at/all.db",
} as const;

function iniFor(url: string): string {
  return `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${url}\n`;
}

/** A migration in TypeScript whose `upgrade` has this body; it stands on the lines from 4 on. */
function script(body: string, members = ""): string {
  return `import { backfill } from "${new URL("../../mod.ts", import.meta.url).href}";
export default {
  revision: "D001", ${members}
  async upgrade(conn, run) { const { sql, one, value, stream, execute, load } = conn;
${body}
    void backfill;
  },
};
`;
}

interface Refusal {
  readonly name: string;
  readonly files: Record<string, string>;
  readonly err: string;
}

const TS = "delembic/versions/D001.ts";
const HINT =
  "Hint: Let the database do it (insert … select, update … where), or run this migration with 'delembic upgrade'.\n";

/** What is read, and what the message calls it. */
const READS: readonly (readonly [body: string, what: string])[] = [
  ["    await one`select 1`;", "what a query gives"],
  ["    await value`select 1`;", "what a query gives"],
  ["    const [row] = await sql`select 1`;", "what a query gives"],
  ["    const rows = await sql`select 1`; if (rows.length > 0) return;", "what a query gives"],
  ["    const { count } = await sql`delete from person`;", "how many rows a statement changed ('count')"],
  ["    for (const row of await execute('select 1')) console.log(row);", "what a query gives"],
  ["    for await (const row of stream`select 1`) console.log(row);", "rows ('stream')"],
  ["    console.log(conn.native);", "the driver's own connection ('native')"],
  ["    await run.source('legacy');", "another database ('run.source(\"legacy\")')"],
  ["    await backfill(conn, 'person', { set: { name: 'x' } });", "the database's tables (a recipe)"],
  ["    try { await one`select 1`; } catch { /* goes on */ }", "what a query gives"],
];

onEachDatabase("a migration that reads is refused with the line that reads, and nothing is printed", async (kind) => {
  for (const [body, what] of READS) {
    await using folder = await temporaryFolder({
      "delembic.ini": iniFor(URLS[kind]),
      "delembic/versions/D000.sql": "-- delembic revision: D000\n-- delembic upgrade\nselect 1;\n",
      [TS]: script(body, 'dependsOn: "D000",'),
    });
    const { code, out, err } = await call(["upgrade", "--sql"], { cwd: folder.path });
    const lines = err.split("\n");
    assert.deepEqual([code, out], [2, ""], err);
    assert.equal(
      lines[0],
      `Error: Migration D001 cannot be printed: The migration reads ${what}, so it cannot be printed as SQL: nothing is ` +
        "known of the database",
      body,
    );
    assert.match(lines[1] ?? "", new RegExp(`at ${TS}:5(?::\\d+)?$`), body);
    assert.ok(err.endsWith(HINT), err);
  }
});

const D001 = "-- delembic revision: D001\n";
const REFUSALS: readonly Refusal[] = [
  {
    name: "a Python file",
    files: { "D001.py": 'from delembic import DataMigration\nclass A(DataMigration):\n    revision = "D001"\n' },
    err: "Error: Migration D001 is a Python file, which cannot be printed as SQL\n  at delembic/versions/D001.py\n" +
      "Hint: Print scripts for what is before it and behind it ('D001:head'), and run it by itself between them.\n",
  },
  {
    name: "a load in batches",
    files: { "D001.sql": `${D001}-- delembic batch: load person from data/p.csv\n`, "/delembic/data/p.csv": "id\n1\n" },
    err: "Error: Migration D001 loads a file in batches, which a script cannot\n  at delembic/versions/D001.sql\n" +
      "Hint: Run it with 'delembic upgrade'; it is made for files that are too large for one transaction.\n",
  },
  {
    name: "batches without a key",
    files: { "D001.sql": `${D001}-- delembic batch: person\n-- delembic upgrade\ndelete from person where :range;\n` },
    err: "Error: The batches of D001 name no key, and the primary key of person is known to the database alone\n" +
      "  at delembic/versions/D001.sql\n" +
      'Hint: Name it: "-- delembic batch: person by id", or batch: { table: "person", key: "id" }.\n',
  },
  {
    name: "a load without a key to decide by",
    files: {
      "D001.sql": `${D001}-- delembic upgrade\n-- delembic load: person from data/p.csv on conflict skip\n`,
      "/delembic/data/p.csv": "id\n1\n",
    },
    err:
      "Error: A load with 'on conflict' cannot be printed without its key: the primary key is known to the database " +
      "alone\n  at delembic/versions/D001.sql:3\n" +
      "    2 | -- delembic upgrade\n" +
      "    3 | -- delembic load: person from data/p.csv on conflict skip\n" +
      `Hint: Name it: on conflict (id) skip, or key: "id". Or run this migration with 'delembic upgrade'.\n`,
  },
  {
    name: "an error of the migration's own",
    files: { "D001.ts": script("    throw new RangeError('no such luck');") },
    err: "Error: Migration D001 cannot be printed: no such luck\n  at delembic/versions/D001.ts:5\n" +
      "    4 |   async upgrade(conn, run) { const { sql, one, value, stream, execute, load } = conn;\n" +
      "    5 |     throw new RangeError('no such luck');\n" +
      "Hint: It ran to see what it does, without a database. Run it with 'delembic upgrade' if it cannot do without.\n",
  },
  {
    name: "a transaction that the migration ends",
    files: { "D001.ts": script("    await sql`commit`;") },
    err: "Error: Migration D001 cannot be printed: The migration ends the transaction that it runs in\n" +
      "  at delembic/versions/D001.ts:5\n" +
      "    4 |   async upgrade(conn, run) { const { sql, one, value, stream, execute, load } = conn;\n" +
      "    5 |     await sql`commit`;\n" +
      "Hint: Take COMMIT and ROLLBACK out of it, or set 'transaction: false'.\n",
  },
];

for (const { name, files, err: expected } of REFUSALS) {
  onEachDatabase(`cannot be printed: ${name}`, async (kind) => {
    await using folder = await temporaryFolder({
      "delembic.ini": iniFor(URLS[kind]),
      ...Object.fromEntries(
        Object.entries(files).map(([file, text]) => [
          file.startsWith("/") ? file.slice(1) : `delembic/versions/${file}`,
          text,
        ]),
      ),
    });
    const { code, out, err } = await call(["upgrade", "--sql"], { cwd: folder.path });
    assert.deepEqual({ code, out, err }, { code: 2, out: "", err: expected });
  });
}

Deno.test("a script and a run exclude each other", async () => {
  await using folder = await temporaryFolder({ "delembic.ini": iniFor(URLS.sqlite), "delembic/versions/.gitkeep": "" });
  const cases = [["--dry-run"], ["--join"], ["--max-time", "5"], ["--wait", "5"], ["--lock-timeout", "5"]];
  for (const [option = "", ...more] of cases) {
    const { code, out, err } = await call(["upgrade", "--sql", option, ...more], { cwd: folder.path });
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(
      err,
      `Error: Option '--sql' and '${option}' exclude each other\nHint: It prints a script, and asks no database.\n`,
    );
  }
});

Deno.test("a downgrade's script has to be told where it starts", async () => {
  await using folder = await temporaryFolder({
    "delembic.ini": iniFor(URLS.sqlite),
    "delembic/versions/D001.sql": `${D001}-- delembic upgrade\nselect 1;\n`,
  });
  const { code, err } = await call(["downgrade", "base", "--sql"], { cwd: folder.path });
  assert.equal(code, 2);
  assert.equal(
    err,
    "Error: A script needs to know where it starts: 'base' says only where it ends\n" +
      "Hint: Write START:END, as in 'downgrade D005:base --sql'.\n",
  );
  const without = await call(["downgrade", "D001:base", "--sql"], { cwd: folder.path });
  assert.equal(without.code, 1);
  assert.match(without.err, /^Error: Cannot undo D001: it has no downgrade\n/);
});

Deno.test("with --json the script is a member of the document", async () => {
  await using folder = await temporaryFolder({
    "delembic.ini": iniFor(URLS.postgresql),
    "delembic/versions/D001.sql": `${D001}-- delembic description: one\n-- delembic upgrade\nselect 1;\n`,
  });
  const { code, out } = await call(["upgrade", "--sql", "--json"], { cwd: folder.path });
  const { script: text, ...rest } = JSON.parse(out);
  assert.equal(code, 0);
  assert.equal(text, (await call(["upgrade", "--sql"], { cwd: folder.path })).out);
  assert.deepEqual(rest, {
    dialect: "postgresql",
    migrations: [{ revision: "D001", description: "one", file: "delembic/versions/D001.sql" }],
  });
});

Deno.test("a file that is too large for a script is refused where it is loaded", async () => {
  const row = `1,${"x".repeat(10_000)}\n`;
  await using folder = await temporaryFolder({
    "delembic.ini": iniFor(URLS.postgresql),
    "delembic/versions/D001.sql": `${D001}-- delembic upgrade\n-- delembic load: person from data/p.csv\n`,
    "delembic/data/p.csv": `id,name\n${row.repeat(1_700)}`,
  });
  const { code, out, err } = await call(["upgrade", "--sql"], { cwd: folder.path });
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(
    err,
    "Error: delembic/data/p.csv is too large for a script: its rows are more than 16 MiB of SQL\n" +
      "  at delembic/versions/D001.sql:3\n    2 | -- delembic upgrade\n" +
      "    3 | -- delembic load: person from data/p.csv\n" +
      "Hint: Run this migration with 'delembic upgrade', which loads it by the database's fast way.\n",
  );
});
