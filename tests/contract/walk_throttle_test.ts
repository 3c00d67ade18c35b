/** Why a walk has to wait, as the databases, their replicas, files and the clock say it. */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import type { Session } from "../../src/db/database.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { DelembicError } from "../../src/errors.ts";
import type { ThrottlePlan } from "../../src/migration.ts";
import { type ReplicaSources, Throttle, ThrottleError, windowReason } from "../../src/walk_throttle.ts";
import { onEachDatabase, temporaryFolder, testWith } from "../support.ts";
import { finished, testProject, until } from "../project.ts";
import { Ground } from "./contract_ground.ts";
import { mariadbPair, postgresPair, programs, type ReplicaPair } from "./replica_pair.ts";

const NOTHING: ThrottlePlan = {
  ...{ query: undefined, file: undefined, replicaLagMs: undefined, replicas: [], window: undefined },
};

/** The replicas of a test, by name; a source of a real project is the same with a configuration. */
class Replicas implements ReplicaSources {
  readonly #targets: Readonly<Record<string, ServerTarget>>;
  readonly #sessions = new Map<string, Session>();

  constructor(targets: Readonly<Record<string, ServerTarget>>) {
    this.#targets = targets;
  }

  async open(name: string) {
    const target = this.#targets[name];
    if (target === undefined) throw new DelembicError(`There is no source ${name}`, { code: "unknown-source" });
    const session = this.#sessions.get(name) ?? await (await openDatabase(target)).connect("read");
    this.#sessions.set(name, session);
    return {
      dialect: session.dialect.name,
      execute: async <T>(text: string, params?: readonly unknown[]) => {
        const { rows, count } = await session.query(text, params);
        return Object.assign(rows as T[], { count });
      },
    };
  }

  async [Symbol.asyncDispose]() {
    for (const session of this.#sessions.values()) await session.close();
    this.#sessions.clear();
  }
}

interface Watched extends AsyncDisposable {
  /** What the throttle says when it looks again. */
  reason(): Promise<string | undefined>;
  readonly throttle: Throttle;
  readonly notes: string[];
}

async function watch(
  plan: Partial<ThrottlePlan>,
  { target, folder = "/", replicas = {} }: {
    readonly target: ConstructorParameters<typeof Replicas>[0][string] | Ground["target"];
    readonly folder?: string;
    readonly replicas?: Readonly<Record<string, ServerTarget>>;
  },
): Promise<Watched> {
  const notes: string[] = [];
  let time = Date.parse("2026-01-15T12:00:00");
  const throttle = new Throttle({ ...NOTHING, ...plan }, {
    database: await openDatabase(target),
    sources: () => new Replicas(replicas),
    folder,
    now: () => new Date(time),
    note: (message) => notes.push(message),
  });
  return {
    notes,
    throttle,
    reason: () => {
      time += 1_000;
      return throttle.reason();
    },
    [Symbol.asyncDispose]: () => throttle[Symbol.asyncDispose](),
  };
}

const refused = (message: RegExp, hint: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ThrottleError, String(error));
  assert.match(error.message, message);
  assert.match(error.hint ?? "", hint);
  return true;
};

onEachDatabase("a throttle's query holds a walk back while it gives more than 0", async (kind) => {
  await using ground = await Ground.make(kind);
  const session = await ground.openWithTable([[1, 0]]);
  await using watched = await watch({ query: "select v from t where id = 1" }, ground);
  assert.equal(await watched.reason(), undefined);
  await session.query("update t set v = 3");
  assert.equal(await watched.reason(), "throttle query gave 3");
  await session.query("update t set v = -1");
  assert.equal(await watched.reason(), undefined);
});

onEachDatabase("a throttle's query that gives no number, or fails, is told as that", async (kind) => {
  await using ground = await Ground.make(kind);
  const session = await ground.openWithTable([[1, 0], [2, 0]]);
  const cases: readonly (readonly [string, RegExp])[] = [
    ["select v from t where id > 9", /^The throttle's query gave 0 rows, not one number$/],
    ["select v from t", /^The throttle's query gave 2 rows, not one number$/],
    ["select v, id from t where id = 1", /^The throttle's query gave 2 columns, not one number$/],
    ["select max(v) from t where id > 9", /^The throttle's query gave NULL, not one number$/],
    ["select 'late' as x", /^The throttle's query gave "late", not one number$/],
  ];
  for (const [query, message] of cases) {
    await using watched = await watch({ query }, ground);
    await assert.rejects(watched.reason(), refused(message, /select coalesce\(max\(…\), 0\)/));
  }
  await using watched = await watch({ query: "select v from nowhere" }, ground);
  await assert.rejects(
    watched.reason(),
    refused(/^The throttle's query failed: .*nowhere/, /^Correct 'throttle.query': select v from nowhere$/),
  );
  // what was wrong is looked at again
  await session.query("create table nowhere (v int)");
  await session.query("insert into nowhere values (1)");
  assert.equal(await watched.reason(), "throttle query gave 1");
});

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(
    [kind === "mysql" ? "mysql" : "postgres"],
    `${kind}: a throttle whose connection was cut asks on a new one`,
    async () => {
      await using ground = await Ground.make(kind);
      const session = await ground.openWithTable([[1, 1]]);
      await using watched = await watch({ query: "select v from t" }, ground);
      assert.equal(await watched.reason(), "throttle query gave 1");
      const others = kind === "postgresql"
        ? "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        : "select id from information_schema.processlist where db = database() and id <> connection_id()";
      const { rows } = await session.query(others);
      assert.equal(rows.length, 1);
      if (kind === "mysql") await session.query(`kill ${rows[0]?.["id"]}`);
      await session.query("update t set v = 2");
      assert.equal(await watched.reason(), "throttle query gave 2");
    },
  );
}

Deno.test("however many ask, a throttle looks once a second", async () => {
  await using ground = await Ground.make("sqlite");
  const session = await ground.openWithTable([[1, 1]]);
  await using watched = await watch({ query: "select v from t" }, ground);
  const all = Promise.all([watched.reason(), watched.throttle.reason(), watched.throttle.reason()]);
  assert.deepEqual(await all, ["throttle query gave 1", "throttle query gave 1", "throttle query gave 1"]);
  await session.query("update t set v = 0");
  assert.equal(await watched.throttle.reason(), "throttle query gave 1");
  assert.equal(await watched.reason(), undefined);
});

Deno.test("a file holds a walk back while it exists, before any other reason but the time", async () => {
  await using ground = await Ground.make("sqlite");
  await ground.openWithTable();
  await using folder = await temporaryFolder({ "ops/.keep": "" });
  const plan = { file: "ops/stop", query: "select 1 as n" };
  await using watched = await watch(plan, { ...ground, folder: folder.path });
  assert.equal(await watched.reason(), "throttle query gave 1");
  await Deno.writeTextFile(`${folder.path}/ops/stop`, "");
  assert.equal(await watched.reason(), "ops/stop exists");
  await Deno.remove(`${folder.path}/ops`, { recursive: true });
  assert.equal(await watched.reason(), "throttle query gave 1");
  await using late = await watch({ ...plan, window: { from: 22 * 60, to: 6 * 60 } }, {
    ...ground,
    folder: folder.path,
  });
  assert.equal(await late.reason(), "outside of 22:00-06:00; goes on at 22:00");
});

Deno.test("windowReason() knows windows within a day and over midnight", () => {
  const at = (time: string, from: number, to: number) => windowReason({ from, to }, new Date(`2026-01-15T${time}`));
  const night = [22 * 60, 6 * 60] as const, day = [9 * 60 + 30, 17 * 60] as const;
  for (const time of ["22:00:00", "23:59:59", "00:00:00", "05:59:59"]) assert.equal(at(time, ...night), undefined);
  for (const time of ["06:00:00", "12:00:00", "21:59:59"]) {
    assert.equal(at(time, ...night), "outside of 22:00-06:00; goes on at 22:00");
  }
  for (const time of ["09:30:00", "16:59:59"]) assert.equal(at(time, ...day), undefined);
  for (const time of ["09:29:59", "17:00:00", "00:00:00"]) {
    assert.equal(at(time, ...day), "outside of 09:30-17:00; goes on at 09:30");
  }
});

Deno.test("SQLite has no replicas: told before the walk begins", async () => {
  await using ground = await Ground.make("sqlite");
  await assert.rejects(
    watch({ replicaLagMs: 1000 }, ground),
    refused(/^SQLite has no replicas$/, /Take 'throttle.replicaLag' out/),
  );
});

testWith(["mysql"], "mysql: replicas have to be named", async () => {
  await using ground = await Ground.make("mysql");
  await using watched = await watch({ replicaLagMs: 1000 }, ground);
  await assert.rejects(
    watched.reason(),
    refused(/^MySQL does not know how far its replicas are behind; they do$/, /replicas: \["replica1"\]/),
  );
});

testWith(["postgres"], "postgresql: without a replica nothing is held back, and that is said once", async () => {
  await using ground = await Ground.make("postgresql");
  await using watched = await watch({ replicaLagMs: 1000 }, ground);
  assert.equal(await watched.reason(), undefined);
  assert.equal(await watched.reason(), undefined);
  assert.deepEqual(watched.notes, [
    "No replica is connected to the database: 'throttle.replicaLag' holds nothing back until there is one.",
  ]);
});

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(
    [kind === "mysql" ? "mysql" : "postgres"],
    `${kind}: a source that is no replica is told as that`,
    async () => {
      await using ground = await Ground.make(kind);
      const replicas = { main: ground.target as ServerTarget };
      await using watched = await watch({ replicaLagMs: 1000, replicas: ["main"] }, { ...ground, replicas });
      await assert.rejects(
        watched.reason(),
        refused(/^The source 'main' is no replica: it copies no other server$/, /throttle.replicas/),
      );
    },
  );
}

/** Waits until the throttle's reason is, or is no more, like this. */
async function untilReason(watched: Watched, pattern: RegExp | undefined): Promise<string> {
  let last: string | undefined;
  await until(`the reason is ${pattern ?? "gone"}`, async () => {
    last = await watched.reason();
    return pattern === undefined ? last === undefined : last !== undefined && pattern.test(last);
  });
  return last ?? "";
}

async function open(target: ServerTarget, stack: AsyncDisposableStack): Promise<Session> {
  const session = await (await openDatabase(target)).connect("work");
  stack.defer(() => session.close());
  return session;
}

/** A pair that can be had: else the test is ignored, visibly. */
function withPair(
  kind: "postgres" | "mariadb",
  name: string,
  fn: (pair: ReplicaPair, stack: AsyncDisposableStack) => Promise<void>,
): void {
  const ignore = programs[kind] === undefined;
  Deno.test({
    name: ignore ? `${name} (needs the server's programs)` : name,
    ignore,
    fn: async () => {
      await using stack = new AsyncDisposableStack();
      const pair = stack.use(await (kind === "postgres" ? postgresPair() : mariadbPair()));
      await fn(pair, stack);
    },
  });
}

withPair(
  "postgres",
  "postgresql: a replica that is behind holds a walk back, by what it and its primary say",
  async (pair, stack) => {
    const primary = await open(pair.primary, stack), replica = await open(pair.replica, stack);
    await primary.query("create table t (v int)");
    const ofPrimary = stack.use(await watch({ replicaLagMs: 300 }, { target: pair.primary }));
    const plan = { replicaLagMs: 300, replicas: ["replica1"] };
    const ofReplica = stack.use(await watch(plan, { target: pair.primary, replicas: { replica1: pair.replica } }));
    await untilReason(ofReplica, undefined);
    await untilReason(ofPrimary, undefined);
    assert.deepEqual(ofPrimary.notes, []);
    // one that has replayed no transaction yet does not know how far it is behind
    await until("the table is there", async () => {
      const { rows } = await replica.query("select 1 from pg_tables where tablename = 't'");
      return rows.length > 0;
    });

    await replica.query("select pg_wal_replay_pause()");
    // the server measures from one sample of its log to the next
    const writing = setInterval(() => void primary.query("insert into t values (1)"), 50);
    stack.defer(() => clearInterval(writing));
    assert.match(
      await untilReason(ofPrimary, /behind/),
      /^replica standby1 at 127\.0\.0\.1 is [\d.]+ m?s behind, more than 300 ms$/,
    );
    assert.match(await untilReason(ofReplica, /behind/), /^replica replica1 is [\d.]+ m?s behind, more than 300 ms$/);
    await replica.query("select pg_wal_replay_resume()");
    clearInterval(writing);
    await untilReason(ofReplica, undefined);
    await untilReason(ofPrimary, undefined);

    // nothing was written for a while: that is no lag
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(await ofReplica.reason(), undefined);

    // a role that may not see other sessions is told what it needs
    await primary.query("create role little login");
    const little = stack.use(await watch({ replicaLagMs: 300 }, { target: { ...pair.primary, user: "little" } }));
    await assert.rejects(
      little.reason(),
      refused(/^The role may not see how far the replicas are$/, /grant pg_read_all_stats to/),
    );

    // one that is gone is waited for by its name
    await replica.close();
    await pair.stopReplica();
    assert.match(await ofReplica.reason() ?? "", /^replica replica1 cannot be asked: /);
    const never = stack.use(await watch(plan, { target: pair.primary, replicas: { replica1: pair.replica } }));
    await assert.rejects(never.reason(), (error: unknown) => error instanceof DelembicError && error.exitCode === 3);
  },
);

withPair(
  "mariadb",
  "mysql: a replica that is behind, stands still or is gone holds a walk back",
  async (pair, stack) => {
    const primary = await open(pair.primary, stack), replica = await open(pair.replica, stack);
    await primary.query("create database app");
    await primary.query("create table app.t (v int)");
    const plan = { replicaLagMs: 1_000, replicas: ["replica1"] };
    const watched = stack.use(await watch(plan, { target: pair.primary, replicas: { replica1: pair.replica } }));
    await untilReason(watched, undefined);

    await until("the table is there", async () => {
      const { rows } = await replica.query("select 1 from information_schema.tables where table_name = 't'");
      return rows.length > 0;
    });
    await replica.query("lock tables app.t read");
    await primary.query("insert into app.t values (1)");
    assert.match(await untilReason(watched, /behind/), /^replica replica1 is [\d.]+ s behind, more than 1 s$/);
    await replica.query("unlock tables");
    await untilReason(watched, undefined);

    await replica.query("stop slave sql_thread");
    assert.equal(await watched.reason(), "replica replica1 does not replicate");
    await replica.query("start slave sql_thread");
    await untilReason(watched, undefined);

    await replica.query("create user 'little'@'%'");
    await replica.query("grant select on app.* to 'little'@'%'");
    const replicas = { replica1: { ...pair.replica, user: "little", database: "app" } };
    const little = stack.use(await watch(plan, { target: pair.primary, replicas }));
    await assert.rejects(little.reason(), refused(/Access denied/, /grant replica monitor on \*\.\* to USER/));

    await pair.stopReplica();
    assert.match(await watched.reason() ?? "", /^replica replica1 cannot be asked: /);
  },
);

const TABLE = `-- delembic revision: D001
-- delembic upgrade
create table person (id integer primary key, n integer not null);
insert into person values (1, 0);
`;

function walk(throttle: string): string {
  return `-- delembic revision: D002
-- delembic depends_on: D001
-- delembic batch: person by id
-- delembic throttle: ${throttle}
-- delembic upgrade
update person set n = n + 1 where :range;
`;
}

onEachDatabase(
  "a walk waits while its file is there, keeps in the ledger why, and goes on without it",
  async (kind) => {
    await using project = await testProject(kind, { "D001.sql": TABLE, "D002.sql": walk("file stop"), "/stop": "" });
    const child = project.start(["upgrade"]);
    const waiting = "select waiting from delembic_batch where revision = 'D002' and waiting is not null";
    await until("the walk waits", async () => {
      const there = await project.rows("select 1 from delembic_version where revision = 'D001'").catch(() => []);
      return there.length > 0 && (await project.rows(waiting))[0] === "stop exists";
    });
    assert.deepEqual(await project.rows("select n from person"), ["0"]);
    await Deno.remove(`${project.folder}/stop`);
    const { code, out, err } = await finished(child);
    assert.equal(code, 0, out + err);
    assert.deepEqual(await project.rows("select n from person"), ["1"]);
    assert.deepEqual(await project.rows(waiting), []);
  },
);

for (const kind of ["postgresql", "mysql"] as const) {
  testWith(
    [kind === "mysql" ? "mysql" : "postgres"],
    `${kind}: a throttle that cannot work ends the walk before its first batch`,
    async () => {
      await using project = await testProject(kind, {
        "D001.sql": TABLE,
        "D002.sql": walk("query select n from nowhere"),
      });
      const failed = await project.delembic(["upgrade"]);
      assert.equal(failed.code, 1, failed.out + failed.err);
      assert.match(failed.out + failed.err, /The throttle's query failed: .*nowhere/);
      assert.match(failed.out + failed.err, /Correct 'throttle\.query': select n from nowhere/);

      const ini = await Deno.readTextFile(`${project.folder}/delembic.ini`);
      const text = walk("replica_lag 1s").replace(
        "-- delembic upgrade",
        "-- delembic throttle: replicas copy\n-- delembic upgrade",
      );
      await project.write({
        "D002.sql": text,
        "/delembic.ini": `${ini}\n[delembic.source.copy]\nurl = \${DELEMBIC_TEST_URL}\n`,
      });
      const alone = await project.delembic(["upgrade"]);
      assert.equal(alone.code, 1, alone.out + alone.err);
      assert.match(alone.out + alone.err, /The source 'copy' is no replica: it copies no other server/);
      assert.deepEqual(await project.rows("select n from person"), ["0"]);
    },
  );
}
