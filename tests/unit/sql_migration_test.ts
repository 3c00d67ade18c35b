import assert from "node:assert/strict";
import type { Kind } from "../support.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { LEXICONS } from "../lexicons.ts";

function read(text: string, kind: Kind = "postgresql") {
  return readSqlMigration(text, {
    file: "versions/D004.sql",
    checksum: "sha256:v1:00",
    dialect: { lexicon: LEXICONS[kind], transactionalDdl: kind !== "mysql", commitsImplicitly: () => false },
  });
}

function migrationOf(text: string, kind?: Kind) {
  const { found, faults } = read(text, kind);
  assert.deepEqual(faults, []);
  const [only] = found;
  assert.ok(only && found.length === 1);
  return only.migration;
}

/** The faults as `line message (hint)`. */
function faultsOf(text: string, kind?: Kind): string[] {
  const { found, faults } = read(text, kind);
  assert.deepEqual(found, []);
  for (const { place } of faults) assert.equal(place.file, "versions/D004.sql");
  return faults.map(({ message, place, hint }) => `${place.line} ${message}${hint === undefined ? "" : ` (${hint})`}`);
}

const FULL = `-- Written by hand.
-- delembic revision: D004
-- delembic depends_on: D002, alembic:3d1e3e6abc12
-- delembic depends_on: "a, b"
-- delembic description: normalise emails
-- delembic transaction: false
-- delembic idempotent: true
-- delembic timeout: 30s
-- delembic lock_timeout: 5
-- delembic retries: 0
-- delembic tags: nightly, slow
-- delembic requires_before: 9a0000000001
-- delembic labels: billing, invoices
-- delembic upgrade
update person set email = lower(email) where email <> lower(email);
update person set done = 'a;b'
-- delembic validate
select count(*) = 0 from person where email <> lower(email);
-- delembic downgrade
delete from person; -- all
`;

Deno.test("readSqlMigration() reads the header, the options and the sections", () => {
  const migration = migrationOf(FULL);
  const { upgrade, validate, downgrade, statements, ...values } = migration;
  assert.deepEqual(values, {
    revision: "D004",
    dependsOn: ["D002", "alembic:3d1e3e6abc12", "a, b"],
    labels: ["billing", "invoices"],
    requiresBefore: ["9a0000000001"],
    description: "normalise emails",
    transaction: false,
    idempotent: true,
    timeoutMs: 30_000,
    lockTimeoutMs: 5_000,
    retries: 0,
    tags: ["nightly", "slow"],
    kind: "sql",
    file: "versions/D004.sql",
    checksum: "sha256:v1:00",
    batch: undefined,
    repeatable: false,
    data: [],
  });
  assert.ok(upgrade && validate && downgrade);
  const texts = (list: readonly { readonly text: string; readonly line: number }[] | undefined) =>
    list?.map(({ text, line }) => [line, text]);
  assert.deepEqual(texts(statements?.upgrade), [
    [15, "update person set email = lower(email) where email <> lower(email)"],
    [16, "update person set done = 'a;b'"],
  ]);
  assert.deepEqual(texts(statements?.validate), [[18, "select count(*) = 0 from person where email <> lower(email)"]]);
  assert.deepEqual(texts(statements?.downgrade), [[20, "delete from person"]]);
  assert.equal(read(FULL).found[0]?.line, 2);
});

Deno.test("readSqlMigration() reads what makes a migration run again", () => {
  const text = "-- delembic revision: D1\n-- delembic repeatable: true\n-- delembic data: data/a.csv, data/b.csv\n" +
    "-- delembic upgrade\nselect 1;\n";
  const { repeatable, data } = migrationOf(text);
  assert.deepEqual([repeatable, data], [true, ["data/a.csv", "data/b.csv"]]);
  assert.deepEqual(
    faultsOf(text.replace("data: data/a.csv, data/b.csv", "batch: person by id").replace(";", " where :range;")),
    [
      "3 'repeatable' cannot stand beside 'batch' " +
      "(A walk over a table is made once: write a new migration for a new walk.)",
    ],
  );
});

Deno.test("readSqlMigration() has a default for all that is not said", () => {
  const migration = migrationOf("-- delembic revision: D004\n-- delembic upgrade\n");
  assert.deepEqual(migration.dependsOn, []);
  assert.deepEqual(migration.requiresBefore, []);
  assert.equal(migration.description, "");
  assert.equal(migration.transaction, true);
  assert.equal(migration.idempotent, false);
  assert.equal(migration.timeoutMs, undefined);
  assert.equal(migration.lockTimeoutMs, undefined);
  assert.equal(migration.retries, 3);
  assert.deepEqual(migration.tags, []);
  assert.equal(migration.validate, undefined);
  assert.equal(migration.downgrade, undefined);
  assert.deepEqual(migration.statements, { upgrade: [], validate: [], downgrade: [] });
});

Deno.test("readSqlMigration() takes the same from a file with CR LF", () => {
  const values = ({ revision, dependsOn, description, timeoutMs, tags }: ReturnType<typeof migrationOf>) => ({
    ...{ revision, dependsOn, description, timeoutMs, tags },
  });
  assert.deepEqual(values(migrationOf(FULL.replaceAll("\n", "\r\n"))), values(migrationOf(FULL)));
});

Deno.test("readSqlMigration() takes an empty section 'downgrade' for one that has nothing to do", () => {
  assert.ok(migrationOf("-- delembic revision: D004\n-- delembic upgrade\n-- delembic downgrade").downgrade);
});

Deno.test("readSqlMigration() finds directives in comments alone, not in texts and bodies", () => {
  const migration = migrationOf(`-- delembic revision: D004
-- delembic upgrade
insert into t values ('
-- delembic validate
');
do $$
-- delembic downgrade
$$;
/*
-- delembic validate
*/`);
  assert.equal(migration.statements?.upgrade.length, 2);
  assert.equal(migration.statements?.validate.length, 0);
  assert.equal(migration.downgrade, undefined);
});

Deno.test("readSqlMigration() leaves comments that only mention the program alone", () => {
  migrationOf(
    "-- see delembic.ini\n-- delembic/versions\n-- delembic-like\n-- Delembic's\n-- delembic revision: D1\n-- delembic upgrade",
  );
});

Deno.test("readSqlMigration() reports all that is wrong, in the order of the lines", () => {
  const text = `-- delembic depend_on: D002
-- delembic revision: head
-- delembic revision: D5
-- delembic timeout: soon
-- delembic retries: -1
-- delembic transaction: no
-- delembic tags
-- delembic lock_timeout:
-- delembic batch:
-- delembic load: person from data/person.csv
-- delembic repeatable: always
-- delembic frobnicate: true
select 1;
select 2;
-- delembic upgrade
select 3; -- delembic validate
-- delembic idempotent: true
-- delembic upgrade
select 'a`;
  assert.deepEqual(faultsOf(text), [
    "1 Unknown directive 'depend_on' (Did you mean 'depends_on'?)",
    "2 'revision' cannot be 'head', which means something on the command line" +
    " (Write '-- delembic revision: D001' at the top of the file.)",
    "3 'revision' is there twice (Remove one of them.)",
    "4 'timeout' must be a number of seconds, or a text such as '500ms', '90s', '15m' or '2h', not \"soon\"",
    "5 'retries' must be a whole number from 0, not \"-1\"",
    "6 'transaction' must be true or false, not \"no\"",
    "7 'tags' has no value (Write '-- delembic tags: …'.)",
    "8 'lock_timeout' has no value (Write '-- delembic lock_timeout: …'.)",
    "9 'batch' has no value (Write '-- delembic batch: person by id'.)",
    "10 'load' stands before the first section (Move it behind '-- delembic upgrade'.)",
    "11 'repeatable' must be true or false, not \"always\"",
    "12 Unknown directive 'frobnicate' (Known are revision, depends_on, labels, description, transaction, idempotent, timeout, " +
    "lock_timeout, retries, tags, requires_before, repeatable, data, batch, throttle, load, upgrade, validate, downgrade; " +
    "a comment that is none of them must not begin with 'delembic'.)",
    "13 A statement stands before the first section (Write '-- delembic upgrade' on a line above it.)",
    "16 '-- delembic validate' must stand on a line of its own",
    "17 'idempotent' stands behind '-- delembic upgrade' (Move it to the top of the file, before the first section.)",
    "18 The section 'upgrade' is there twice (Join them to one.)",
    "19 The string that begins here never ends (Close it; in a text, a quote is written twice: 'it''s'.)",
  ]);
});

Deno.test("readSqlMigration() says what a file lacks", () => {
  assert.deepEqual(faultsOf(""), [
    "1 'revision' is missing (Write '-- delembic revision: D001' at the top of the file.)",
    "1 The section 'upgrade' is missing (Write '-- delembic upgrade' above the statements.)",
  ]);
});

Deno.test("readSqlMigration() suggests the names of the header for those of TypeScript", () => {
  const hints = ["dependsOn", "lockTimeout", "requiresBefore", "upgrades"].map((name) =>
    read(`-- delembic revision: D1\n-- delembic ${name}: x\n-- delembic upgrade`).faults[0]?.hint
  );
  assert.deepEqual(hints, [
    "Did you mean 'depends_on'?",
    "Did you mean 'lock_timeout'?",
    "Did you mean 'requires_before'?",
    "Did you mean 'upgrade'?",
  ]);
});

function withUpgrade(statement: string, header = ""): string {
  return `-- delembic revision: D1\n${header}-- delembic upgrade\n${statement};`;
}

Deno.test("readSqlMigration() refuses statements that would end the migration's transaction", () => {
  const controls: readonly (readonly [string, string])[] = [
    ["begin", "BEGIN"],
    ["BEGIN immediate", "BEGIN"],
    ["start transaction", "START TRANSACTION"],
    ["commit", "COMMIT"],
    ["end", "END"],
    ["rollback", "ROLLBACK"],
    ["abort", "ABORT"],
    ["prepare transaction 'x'", "PREPARE TRANSACTION"],
    ["set autocommit = 0", "SET autocommit"],
    ["set @@autocommit = 0", "SET autocommit"],
    ["xa start 'x'", "XA"],
  ];
  for (const [statement, name] of controls) {
    assert.deepEqual(faultsOf(withUpgrade(statement)), [
      `3 ${name} would end or nest the transaction that the migration runs in` +
      " (Remove it, or write '-- delembic transaction: false' at the top of the file.)",
    ]);
    migrationOf(withUpgrade(statement, "-- delembic transaction: false\n"));
  }
});

Deno.test("readSqlMigration() lets savepoints and what only looks like transaction control pass", () => {
  const statements = [
    ...["savepoint a", "rollback to a", "rollback work to savepoint a", "rollback transaction to a", "release a"],
    ...["prepare x as select 1", "set search_path = a", 'select "begin"', "do $$ begin end $$"],
  ];
  for (const statement of statements) migrationOf(withUpgrade(statement));
  migrationOf(withUpgrade("begin not atomic select 1; end"), "mysql");
});

Deno.test("readSqlMigration() refuses PRAGMA foreign_keys in a transaction, where it has no effect", () => {
  for (const statement of ["PRAGMA foreign_keys = OFF", "pragma main . foreign_keys(0)"]) {
    assert.deepEqual(faultsOf(withUpgrade(statement), "sqlite"), [
      "3 PRAGMA foreign_keys has no effect within a transaction (Use 'PRAGMA defer_foreign_keys = ON', or write " +
      "'-- delembic transaction: false' at the top of the file.)",
    ]);
    migrationOf(withUpgrade(statement, "-- delembic transaction: false\n"), "sqlite");
  }
  migrationOf(withUpgrade("pragma foreign_keys"), "sqlite");
});
