/** Defects 13 to 18 of the Python tool: what is recorded of a run, and what is told of it afterwards. */

import assert from "node:assert/strict";
import { cutSessions } from "../cut_sessions.ts";
import { finished, type TestProject, testProject, until } from "../project.ts";
import { ALL, peer, timeless } from "./peer.ts";

const FIRST = "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n";
const SECOND = "-- delembic revision: D002\n-- delembic depends_on: D001\n-- delembic upgrade\nselect 2;\n";

/** As somebody makes them by hand who wants the Python tool to work with MariaDB. */
const HAND_MADE = [
  `create table delembic_version (revision varchar(255) primary key, applied_at datetime, status text,
     execution_time_seconds float)`,
  `create table delembic_run_history (id int not null auto_increment primary key, revision text, started_at datetime,
     ended_at datetime, duration_seconds float, status text, exception text, username text, hostname text)`,
];

peer("13: MySQL and MariaDB can be used from the first command on", ["mysql"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST, "D002.sql": SECOND });
  const current = await project.delembic(["current"]);
  assert.deepEqual(current, { code: 0, out: "No migrations applied yet.\n", err: "" });
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, timeless(out), err], [
    0,
    "Running D001\n  OK (0.00s)\nRunning D002\n  OK (0.00s)\n",
    "",
  ]);
  assert.deepEqual(await project.rows("select revision, status from delembic_version order by revision"), [
    "D001 | success",
    "D002 | success",
  ]);
});

const LONG = `export default { revision: "D003", dependsOn: ["D002"], upgrade() {
  throw new Error("long " + "x".repeat(200_000) + " the end");
} };
`;

for (
  const [tables, made, stored] of [["our tables", [], /x the end\n/], ["tables made by hand", HAND_MADE, null]] as const
) {
  peer(`14: on ${tables} 'current' names the last migration, and a long error is recorded`, ["mysql"], async (kind) => {
    await using project = await testProject(kind, { "D001.sql": FIRST, "D002.sql": SECOND, "D003.js": LONG });
    await project.execute(...made, "select 1");
    await project.delembic(["upgrade", "D002"]);
    assert.match((await project.delembic(["current"])).out, /^D002 {2}\(applied .*\)\n$/);
    const { code, err } = await project.delembic(["upgrade"]);
    assert.equal(code, 1);
    assert.match(err, /^ {2}FAILED: long x{200000} the end\n {4}at delembic\/versions\/D003\.js:2:9\n/);
    assert.equal((await project.delembic(["history"])).out, "applied   D001\napplied   D002\nfailed    D003\n");
    const [exception = ""] = await project.rows("select exception from delembic_run_history where status = 'failed'");
    assert.match(exception, /^Error: long xxx/);
    if (stored !== null) assert.match(exception, stored);
    else assert.match(exception, /x\n… \(\d{6} characters in all\)\n$/);
  });
}

peer("14: moments are kept to the microsecond, durations in double precision", ["mysql"], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST });
  await project.delembic(["upgrade"]);
  assert.deepEqual(
    await project.rows(`select table_name, column_name, column_type from information_schema.columns
      where table_schema = database() and column_name in ('applied_at', 'execution_time_seconds', 'started_at',
        'ended_at', 'duration_seconds', 'exception') and table_name in ('delembic_version', 'delembic_run_history')
      order by table_name, column_name`),
    [
      "delembic_run_history | duration_seconds | double",
      "delembic_run_history | ended_at | datetime(6)",
      "delembic_run_history | exception | longtext",
      "delembic_run_history | started_at | datetime(6)",
      "delembic_version | applied_at | datetime(6)",
      "delembic_version | execution_time_seconds | double",
    ],
  );
});

peer("15: an error with a NUL byte in it is recorded", ALL, async (kind) => {
  await using project = await testProject(kind, {
    "D001.js": 'export default { revision: "D001", upgrade() {\n  throw new Error("bad \\0 byte");\n} };\n',
  });
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, out, err], [
    1,
    "Running D001\n",
    `  FAILED: bad \\x00 byte
    at delembic/versions/D001.js:2:9
      1 | export default { revision: "D001", upgrade() {
      2 |   throw new Error("bad \\0 byte");
        |         ^
`,
  ]);
  const [row = ""] = await project.rows("select status, exception from delembic_run_history");
  assert.match(row, /^failed \| Error: bad \\0 byte\n {4}at /);
  assert.equal((await project.delembic(["history"])).out, "failed    D001\n");
});

peer("15: a failure that cannot be recorded is told all the same", ["postgresql", "mysql"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.js": `export default { revision: "D001", async upgrade() {
  while ((await Deno.stat("gone").catch(() => null)) === null) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the reason");
} };
`,
  });
  const child = project.start(["upgrade"]);
  await until("D001 is at work", async () => {
    return (await project.rows("select status from delembic_run_history").catch(() => [])).length > 0;
  });
  await project.execute("drop table delembic_run_history");
  await project.write({ "/gone": "" });
  const { code, out, err } = await finished(child);
  assert.deepEqual([code, out], [1, "Running D001\n"]);
  assert.match(
    err,
    /^ {2}FAILED: the reason\n {4}at delembic\/versions\/D001\.js:5:9\n[^]*\nError: .*delembic_run_history/,
  );
});

const WAITS = `export default { revision: "D002", dependsOn: ["D001"], async upgrade(conn) {
  await conn.sql\`select 1\`;
  await new Promise((resolve) => setTimeout(resolve, 2000));
} };
`;

peer("16: a server that ends idle transactions ends no run", ["postgresql"], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": FIRST.replace("select 1", "select pg_sleep(2)"),
    "D002.js": WAITS,
  });
  await project.execute(`alter database ${project.db.name} set idle_in_transaction_session_timeout = '1s'`);
  const { code, out, err } = await project.delembic(["upgrade"]);
  assert.deepEqual([code, out.replace(/\d\.\d\ds/g, "2.0s"), err], [
    0,
    "Running D001\n  OK (2.0s)\nRunning D002\n  OK (2.0s)\n",
    "",
  ]);
  assert.deepEqual(await project.rows("select revision, status, exception from delembic_run_history order by id"), [
    "D001 | success | NULL",
    "D002 | success | NULL",
  ]);
});

peer("16: a server that ends all that is idle ends no run, and the connection for the record comes back", [
  "postgresql",
  "mysql",
], async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": FIRST.replace("select 1", kind === "mysql" ? "select sleep(2)" : "select pg_sleep(2)"),
  });
  const child = project.start(["upgrade"]);
  const busy = kind === "mysql"
    ? "select id from information_schema.processlist where db = database() and info = 'select sleep(2)'"
    : "select pid from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(2)'";
  await until("D001 is at work", async () => (await project.rows(busy)).length > 0);
  for (const statement of await idleEnds(project)) {
    await project.execute(statement).catch((error: Error) => {
      // the test's own client that has just closed its connection
      if (!error.message.startsWith("Unknown thread id")) throw error;
    });
  }
  const { code, out, err } = await finished(child);
  assert.deepEqual([code, timeless(out), err], [0, "Running D001\n  OK (0.00s)\n", ""]);
  assert.deepEqual(await project.rows("select revision, status, exception from delembic_run_history"), [
    "D001 | success | NULL",
  ]);
});

/** Statements that end what a server with a short limit on idleness would have ended by itself. */
async function idleEnds({ db: { kind }, rows }: TestProject): Promise<string[]> {
  if (kind === "postgresql") {
    return [
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle'",
    ];
  }
  const idle = "from information_schema.processlist where db = database() and command = 'Sleep'";
  const ids = await rows(`select id ${idle}`);
  assert.ok(ids.length > 0, "nothing is idle");
  return ids.map((id) => `kill ${id}`);
}

peer("16: a connection that was lost under a script is told as that, and the script is tried again", [
  "postgresql",
  "mysql",
], async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST, "D002.js": WAITS });
  await project.delembic(["upgrade", "D001"]);
  const child = project.start(["upgrade"]);
  await until("D002 is at work", async () => {
    return (await project.rows("select status from delembic_run_history where revision = 'D002'")).length > 0;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await cutSessions(project.db.url);
  const { code, out, err } = await finished(child);
  assert.deepEqual([code, timeless(out)], [0, "Running D002\n  OK (0.00s)\n"]);
  assert.equal(
    err,
    `  Attempt 2 after: The connection to the server was lost: ${
      kind === "mysql" ? "the server closed it" : "terminating connection due to administrator command"
    }\n`,
  );
});

peer("17: current shows the heads of the graph, all of them", ALL, async (kind) => {
  await using project = await testProject(kind, {
    "D001.sql": FIRST,
    "D002.sql": SECOND,
    "D003.sql": SECOND.replace("D002", "D003"),
    "D010.sql": FIRST.replace("D001", "D010"),
  });
  await project.delembic(["upgrade"]);
  const { code, out, err } = await project.delembic(["current"]);
  assert.deepEqual([code, timeless(out), err], [
    0,
    "D002  (applied TIME)\nD003  (applied TIME)\nD010  (applied TIME)\n",
    "",
  ]);
});

peer("18: what has succeeded since shows no old failure, which stays in the log", ALL, async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST.replace("select 1", "select * from nosuch") });
  await project.delembic(["upgrade"], { LOGNAME: "alice" });
  await project.write({ "D001.sql": FIRST });
  await project.delembic(["upgrade"], { LOGNAME: "alice" });
  const attempts = (blanks: string) =>
    `${blanks}ID  STARTED                           REVISION  STATUS   TOOK   BY
${blanks}2   TIME  D001      success  0.00s  alice@${Deno.hostname()}
${blanks}1   TIME  D001      failed   0.00s  alice@${Deno.hostname()}
`;
  const { out } = await project.delembic(["show", "D001"]);
  assert.match(out, /^Revision: {2}D001\nStatus: {4}applied\n/);
  assert.ok(timeless(out).endsWith(`\nAttempts:\n${attempts("  ")}`), out);
  assert.equal(timeless((await project.delembic(["log"])).out), attempts(""));
});
