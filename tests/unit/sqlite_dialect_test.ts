/** SQLite's SQL as data, and what is read of a statement's text. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { sqliteDialect } from "../../src/db/sqlite_dialect.ts";
import { countPlaceholders, isBlank, withoutLead } from "../../src/db/sqlite_text.ts";

Deno.test("sqliteDialect creates the Python tool's tables as SQLAlchemy writes them, to the letter", () => {
  assert.deepEqual(sqliteDialect.ledger.create.delembic_version, [
    "CREATE TABLE delembic_version (\n\trevision TEXT NOT NULL, \n\tapplied_at DATETIME, \n\tstatus TEXT, \n" +
    "\texecution_time_seconds FLOAT, \n\tPRIMARY KEY (revision)\n)",
  ]);
  assert.deepEqual(sqliteDialect.ledger.create.delembic_run_history, [
    "CREATE TABLE delembic_run_history (\n\tid INTEGER NOT NULL, \n\trevision TEXT, \n\tstarted_at DATETIME, \n" +
    "\tended_at DATETIME, \n\tduration_seconds FLOAT, \n\tstatus TEXT, \n\texception TEXT, \n\tusername TEXT, \n" +
    "\thostname TEXT, \n\tPRIMARY KEY (id)\n)",
  ]);
});

Deno.test("sqliteDialect.lockTimeout() sets whole milliseconds, at least one", () => {
  assert.deepEqual(sqliteDialect.lockTimeout(0), ["pragma busy_timeout = 1"]);
  assert.deepEqual(sqliteDialect.lockTimeout(1500.5), ["pragma busy_timeout = 1501"]);
  assert.deepEqual(sqliteDialect.lockTimeoutReset, ["pragma busy_timeout = 5000"]);
});

Deno.test("sqliteDialect.commitsImplicitly() is false: its DDL is transactional", () => {
  assert.equal(sqliteDialect.commitsImplicitly("create table t (id integer)"), false);
});

Deno.test("countPlaceholders() counts the question marks that stand for values", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["select 1", 0],
    ["select ?, ?", 2],
    [`select '?', "a?", \`b?\`, [c?], ? -- ?\n /* ? */ + ?`, 2],
    ["select 'it''s ?', ?", 1],
    ["select '?' /* never ends ?", 0],
    ["select ?1, ?2", undefined],
    ["select :a", undefined],
    ["select ':a', ?", 1],
  ];
  for (const [text, count] of cases) assert.equal(countPlaceholders(text), count, text);
});

Deno.test("isBlank() is true of what has no statement in it", () => {
  for (const text of ["", " \n", ";", "-- a", "/* a */", "/* a", "; -- a\n ;/* b */"]) {
    assert.equal(isBlank(text), true);
  }
  for (const text of ["select 1", "-- a\nselect 1", "'--'", "- - 1", "/ * 1"]) assert.equal(isBlank(text), false, text);
});

Deno.test("withoutLead() takes white space, comments and semicolons from the beginning and nothing else", () => {
  const lead = fc.array(fc.constantFrom(" ", "\n", ";", "-- c ; x\n", "/* ' */"), { maxLength: 5 });
  fc.assert(fc.property(lead, (parts) => {
    assert.equal(withoutLead(`${parts.join("")}select '-- ;'`), "select '-- ;'");
  }));
});
