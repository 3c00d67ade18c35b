/** The contract of errors: each kind, and what an error tells and does not tell. */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import { EXIT } from "../../src/errors.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { administer } from "../support.ts";
import { ask, type ContractTests, failureOf, type Ground, soon, valueOf } from "./contract_ground.ts";

/** The error of an attempt to connect to the target, changed. */
async function connectFailure(ground: Ground, change: Partial<ServerTarget>) {
  const database = await openDatabase(ground.changed(change));
  const error = await soon(failureOf(database.connect("work")), 10_000);
  assert.equal(error.exitCode, EXIT.unreachable);
  const shown = [error.message, error.hint, error.stack, JSON.stringify(error.data), Deno.inspect(error)].join("\n");
  for (const secret of [ground.changed({}).password, change.password]) {
    if (secret) assert.ok(!shown.includes(secret), `the password is shown: ${shown}`);
  }
  return error;
}

/** A role that may connect and read nothing else, as a target; gone with the server's test database. */
async function poorRole(ground: Ground): Promise<{ target: ServerTarget } & AsyncDisposable> {
  const name = `poor_${crypto.randomUUID().slice(0, 8)}`, password = "p00r'; --";
  const kind = ground.kind === "mysql" ? "mysql" : "postgresql";
  const target = ground.changed({ user: name, password });
  if (kind === "postgresql") {
    await administer(kind, `create role ${name} login password 'p00r''; --'`);
  } else {
    await administer(kind, `create user ${name} identified by 'p00r''; --'`);
    await administer(kind, `grant insert on ${target.database}.* to ${name}`);
  }
  const drop = kind === "postgresql" ? `drop role ${name}` : `drop user ${name}`;
  return { target, [Symbol.asyncDispose]: () => administer(kind, drop) };
}

export const errorTests: ContractTests = {
  "DatabaseError has the kind unique for a key that is there already": async (ground) => {
    const session = await ground.openWithTable();
    const error = await failureOf(ask(session, "insert into t (id, v) values (?, ?)", [1, 424242]));
    assert.equal(error.kind, "unique");
    assert.equal(error.code, "database-unique");
    assert.equal(error.exitCode, EXIT.failed);
    assert.equal(error.retryable, false);
  },

  "DatabaseError knows the statement but not its values, and does not show either by itself": async (ground) => {
    const session = await ground.openWithTable();
    const error = await failureOf(ask(session, "insert into t (id, v) values (?, ?)", [1, 424242]));
    assert.ok(error.statement?.startsWith("insert into t (id, v) values ("));
    assert.ok(!Object.keys(error).includes("statement"));
    const shown = `${error.message} ${JSON.stringify(error.data)} ${Deno.inspect(error)}`;
    assert.ok(!shown.includes("424242"), shown);
    assert.ok(!shown.includes("insert into"), shown);
  },

  "DatabaseError has the kind missing-table": async (ground) => {
    const session = await ground.open();
    assert.equal((await failureOf(session.query("select * from nowhere"))).kind, "missing-table");
    assert.equal((await failureOf(session.query("insert into nowhere values (1)"))).kind, "missing-table");
  },

  "DatabaseError has the kind exists for a table that is there": async (ground) => {
    const session = await ground.openWithTable();
    assert.equal((await failureOf(session.query("create table t (id integer)"))).kind, "exists");
  },

  "DatabaseError has the kind other, and the server's own message, for a mistake in the SQL": async (ground) => {
    const session = await ground.open();
    const error = await failureOf(session.query("selec 1"));
    assert.equal(error.kind, "other");
    assert.match(error.message, /syntax/);
  },

  "DatabaseError has the kind privilege where the role lacks a right": async (ground) => {
    await ground.openWithTable();
    await using role = await poorRole(ground);
    const poor = await (await openDatabase(role.target)).connect("work");
    try {
      assert.equal((await failureOf(poor.query("select * from t"))).kind, "privilege");
      const error = await failureOf(poor.query("create table mine (id integer)"));
      assert.equal(error.kind, "privilege");
      assert.equal(error.exitCode, EXIT.unreachable);
    } finally {
      await poor.close();
    }
  },

  "DatabaseError has the kind serialization, to be tried again, for a deadlock": async (ground) => {
    const one = await ground.openWithTable();
    const two = await ground.open();
    await one.begin();
    await two.begin();
    await one.query("update t set v = 1 where id = 1");
    await two.query("update t set v = 2 where id = 2");
    const outcomes = await soon(
      Promise.allSettled([
        one.query("update t set v = 1 where id = 2"),
        two.query("update t set v = 2 where id = 1").finally(() => two.rollback()),
      ]),
      20_000,
    );
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.equal(failed.length, 1);
    const error = await failureOf(Promise.reject(failed[0]?.reason));
    assert.equal(error.kind, "serialization");
    assert.equal(error.retryable, true);
  },

  "DatabaseError has the kind lock-timeout once Dialect.lockTimeout() is over": async (ground) => {
    const holder = await ground.openWithTable();
    const waiter = await ground.open();
    await holder.begin();
    await holder.query("update t set v = 1 where id = 1");
    const start = performance.now();
    const error = await soon(
      failureOf((async () => {
        if (ground.kind === "sqlite") { for (const text of waiter.dialect.lockTimeout(300)) await waiter.query(text); }
        await waiter.begin();
        if (ground.kind !== "sqlite") { for (const text of waiter.dialect.lockTimeout(300)) await waiter.query(text); }
        await waiter.query("update t set v = 2 where id = 1");
      })()),
      10_000,
    );
    assert.equal(error.kind, "lock-timeout");
    assert.equal(error.retryable, true);
    const waited = performance.now() - start;
    assert.ok(waited > 200 && waited < 3_000, `waited ${waited} ms`);
    if (waiter.inTransaction) await waiter.rollback();
    for (const text of waiter.dialect.lockTimeoutReset) await waiter.query(text);
    await holder.rollback();
    assert.equal(await valueOf(waiter, "select v from t where id = 1"), 10);
  },

  "Database.connect() fails as unreachable, with the port and what to do, where nothing listens": async (ground) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const error = await connectFailure(ground, { host: "127.0.0.1", port });
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1.*${port}`));
    assert.match(error.hint ?? "", /Is the server running/);
  },

  "Database.connect() fails as unreachable where the host has no address": async (ground) => {
    const error = await connectFailure(ground, { host: "no-such-host.invalid" });
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, /no-such-host\.invalid/);
  },

  "Database.connect() gives up after connectTimeoutMs where the server says nothing": async (ground) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const connection of listener) accepted.push(connection);
    })();
    const start = performance.now();
    const error = await connectFailure(ground, { host: "127.0.0.1", port: listener.addr.port, connectTimeoutMs: 400 });
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, /0\.4 s/);
    assert.ok(performance.now() - start < 2_500, `took ${performance.now() - start} ms`);
    listener.close();
    await accepting;
    for (const connection of accepted) connection.close();
  },

  "Database.connect() fails as unreachable where the server hangs up at once": async (ground) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = (async () => {
      for await (const connection of listener) connection.close();
    })();
    const error = await connectFailure(ground, { host: "127.0.0.1", port: listener.addr.port });
    assert.equal(error.kind, "unreachable");
    listener.close();
    await accepting;
  },

  "Database.connect() fails as denied with a wrong password": async (ground) => {
    const error = await connectFailure(ground, { password: "wr0ng-passw0rd" });
    assert.equal(error.kind, "denied");
    assert.match(error.hint ?? "", /password/);
  },

  "Database.connect() fails as missing-database where there is none of that name": async (ground) => {
    const error = await connectFailure(ground, { database: "no_such_database" });
    assert.equal(error.kind, "missing-database");
    assert.match(error.message, /no_such_database/);
  },
};
