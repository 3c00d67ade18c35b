/** PostgreSQL's SQL as data. */

import assert from "node:assert/strict";
import { postgresDialect as dialect } from "../../src/db/postgres_dialect.ts";

Deno.test("postgresDialect.quoteId() doubles quotes and refuses a NUL", () => {
  assert.equal(dialect.quoteId("person"), '"person"');
  assert.equal(dialect.quoteId('we "said"'), '"we ""said"""');
  assert.equal(dialect.quoteId("a.b"), '"a.b"');
  assert.throws(() => dialect.quoteId("a\0b"), { message: "A name cannot hold a NUL character" });
});

Deno.test("postgresDialect.placeholder() counts from 1", () => {
  assert.equal(dialect.placeholder(1), "$1");
  assert.equal(dialect.placeholder(12), "$12");
});

Deno.test("postgresDialect.lockTimeout() ends with its transaction, and is never 0, which means for ever", () => {
  assert.deepEqual(dialect.lockTimeout(1_500), ["set local lock_timeout = 1500"]);
  assert.deepEqual(dialect.lockTimeout(0.2), ["set local lock_timeout = 1"]);
  assert.deepEqual(dialect.lockTimeout(0), ["set local lock_timeout = 1"]);
  assert.deepEqual(dialect.lockTimeoutReset, []);
});

Deno.test("postgresDialect.commitsImplicitly() is never true", () => {
  for (const text of ["create table t (id int)", "truncate t", "drop table t", "insert into t values (1)"]) {
    assert.equal(dialect.commitsImplicitly(text), false);
  }
});

Deno.test("postgresDialect.ledger.create makes one statement a table, with the columns that the contract names", () => {
  const columns = Object.fromEntries(
    Object.entries(dialect.ledger.create).map(([table, statements]) => {
      assert.equal(statements.length, 1);
      const names = [...(statements[0] ?? "").matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);
      return [table, names.filter((name) => name !== "primary")];
    }),
  );
  assert.deepEqual(columns, {
    delembic_version: ["revision", "applied_at", "status", "execution_time_seconds"],
    delembic_run_history: [
      "id",
      "revision",
      "started_at",
      "ended_at",
      "duration_seconds",
      "status",
      "exception",
      "username",
      "hostname",
    ],
    delembic_lock: ["id", "holder", "fence", "acquired_at", "expires_at", "details"],
    delembic_checksum: ["revision", "checksum", "file", "recorded_at"],
    delembic_batch: [
      "revision",
      "part",
      "kind",
      "status",
      "table_name",
      "detail",
      "lower_key",
      "upper_key",
      "cursor_key",
      "rows_done",
      "rows_total",
      "rows_before",
      "rows_after",
      "batches",
      "batch_size",
      "seconds",
      "wanted",
      "waiting",
      "message",
      "holder",
      "backend",
      "fence",
      "expires_at",
      "started_at",
      "updated_at",
      "ended_at",
    ],
  });
});
