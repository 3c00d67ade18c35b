/** The SQL of MySQL as data, and what its errors mean. */

import assert from "node:assert/strict";
import { mysqlDialect, withoutLead } from "../../src/db/mysql_dialect.ts";
import { connectError, statementError } from "../../src/db/mysql_errors.ts";
import type { ServerTarget } from "../../src/db/target.ts";

const TARGET: ServerTarget = {
  dialect: "mysql",
  host: "db.example",
  port: 3306,
  user: "zoe",
  password: "s3cret",
  tls: { mode: "prefer" },
  options: {},
  label: "mysql://zoe@db.example",
};

/** An error as the driver makes it of a server's. */
function serverError(errno: number, message: string, sqlState = "HY000") {
  return Object.assign(new Error(message), { errno, sqlState, sql: "select 'value'" });
}

Deno.test("mysqlDialect.commitsImplicitly() is true of what commits the open transaction", () => {
  const statements = [
    "create table t (id integer)",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
    "create trigger tr before insert on t for each row set new.id = 1",
    "  -- why\n# and\n/* how */ ; alter table t add c integer",
    "/*!40101 create table t (id integer) */",
    "/*M!100100 drop table t */",
    "drop/**/table t",
    "truncate t",
    "rename table a to b",
    "grant select on t to u",
    "revoke all on t from u",
    "analyze table t",
    "optimize local table t",
    "flush tables",
    "start transaction",
    "begin",
    "begin work",
    "lock tables t write",
    "unlock tables",
    "set password = 'x'",
    "set statement max_statement_time = 5 for create table t (id integer)",
    "reset query cache",
    "start all slaves",
    "/* " + "x".repeat(5_000) + " */ drop table t",
  ];
  for (const statement of statements) assert.equal(mysqlDialect.commitsImplicitly(statement), true, statement);
});

Deno.test("mysqlDialect.commitsImplicitly() is false of what leaves the transaction open, or ends it openly", () => {
  const statements = [
    "",
    "-- create table t (id integer)",
    "select 1",
    "insert into t values ('create table')",
    "update t set a = 1",
    "create temporary table t (id integer)",
    "create or replace temporary table t (id integer)",
    "create /* here */ temporary\n table t (id integer)",
    "drop temporary table t",
    "begin not atomic select 1; end",
    "analyze select 1",
    "commit",
    "rollback",
    "savepoint a",
    "set statement max_statement_time = 5 for select 1",
    "set session innodb_lock_wait_timeout = 1",
    "load data infile 'x' into table t",
    "created",
  ];
  for (const statement of statements) assert.equal(mysqlDialect.commitsImplicitly(statement), false, statement);
});

Deno.test("withoutLead() takes comments and white space from the beginning, and opens executable comments", () => {
  assert.equal(withoutLead(" # a\n-- b\n/* c */ ; select 1"), "select 1");
  assert.equal(withoutLead("--1"), "--1");
  assert.equal(withoutLead("/*!50100 select */ 1"), "select */ 1");
  assert.equal(withoutLead("/* never ends"), "");
});

Deno.test("mysqlDialect.lockTimeout() sets whole seconds, at least one, for rows and for tables", () => {
  assert.deepEqual(mysqlDialect.lockTimeout(0), [
    "set session innodb_lock_wait_timeout = 1, session lock_wait_timeout = 1",
  ]);
  assert.deepEqual(mysqlDialect.lockTimeout(2_001), [
    "set session innodb_lock_wait_timeout = 3, session lock_wait_timeout = 3",
  ]);
});

Deno.test("mysqlDialect makes the row of the lease with its table, and before any later table", () => {
  const { delembic_lock, delembic_checksum } = mysqlDialect.ledger.create;
  const row = "insert ignore into delembic_lock (id, fence) values (1, 0)";
  assert.equal(delembic_lock.at(-1), row);
  assert.equal(delembic_checksum[0], row);
});

Deno.test("statementError() maps the server's numbers to kinds, and keeps message and SQLSTATE", () => {
  const cases: readonly (readonly [number, string])[] = [
    [1205, "lock-timeout"],
    [1213, "serialization"],
    [1317, "cancelled"],
    [1969, "cancelled"],
    [3024, "cancelled"],
    [1062, "unique"],
    [1146, "missing-table"],
    [1050, "exists"],
    [1142, "privilege"],
    [1290, "privilege"],
    [1114, "storage"],
    [1927, "lost"],
    [2006, "lost"],
    [2013, "lost"],
    [9999, "other"],
  ];
  for (const [errno, kind] of cases) {
    const error = statementError(serverError(errno, "what the server said", "40001"), "select 1");
    assert.deepEqual([error.kind, error.message, error.statement], [kind, "what the server said", "select 1"]);
    assert.deepEqual(error.details, { sqlState: "40001", errno });
  }
});

Deno.test("statementError() does not carry the driver's error, on which the statement hangs", () => {
  const error = statementError(serverError(1062, "Duplicate entry"), "select 1");
  assert.equal(error.cause, undefined);
  assert.ok(!Deno.inspect(error).includes("'value'"));
});

Deno.test("statementError() takes a fatal error of the driver for a lost connection", () => {
  const fatal = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", fatal: true });
  const error = statementError(fatal, "select 1");
  assert.equal(error.kind, "lost");
  assert.equal(error.message, "The connection to the server was lost: read ECONNRESET");
  assert.equal(statementError(new TypeError("odd"), "select 1").kind, "other");
});

Deno.test("connectError() has words of its own for each trouble, with the address and without the password", () => {
  const trouble = (code: string, message = code) => {
    const error = connectError(Object.assign(new Error(message), { code }), TARGET);
    assert.ok(!`${error.message} ${error.hint}`.includes("s3cret"));
    assert.equal(error.exitCode, 3);
    return [error.kind, error.message];
  };
  const at = "Cannot connect to MySQL at db.example:3306:";
  assert.deepEqual(trouble("ECONNREFUSED"), ["unreachable", `${at} connection refused`]);
  assert.deepEqual(trouble("ENOTFOUND"), ["unreachable", `${at} the host's name has no address`]);
  assert.deepEqual(trouble("ETIMEDOUT"), ["unreachable", `${at} no answer within 10 s`]);
  assert.deepEqual(trouble("HANDSHAKE_NO_SSL_SUPPORT"), ["unreachable", `${at} the server does not offer TLS`]);
  assert.deepEqual(
    trouble("HANDSHAKE_SSL_ERROR", "Hostname/IP does not match certificate's altnames: Host: x."),
    ["unreachable", `${at} its certificate is not for 'db.example'`],
  );
  assert.deepEqual(
    trouble("AUTH_SWITCH_PLUGIN_ERROR", "Server requests authentication using unknown plugin client_ed25519. See"),
    ["denied", `${at} the user's kind of authentication is not supported (client_ed25519)`],
  );
});

Deno.test("connectError() tells a refusal in the server's words", () => {
  const refusal = (errno: number) => connectError(serverError(errno, "Access denied"), TARGET);
  for (const errno of [1044, 1045, 1130, 1251, 1698]) assert.equal(refusal(errno).kind, "denied");
  assert.equal(refusal(1049).kind, "missing-database");
  for (const errno of [1040, 1053, 1129, 1203, 9999]) assert.equal(refusal(errno).kind, "unreachable");
  assert.equal(refusal(1045).message, "Access denied");
});
