/** `delembic doctor` on real databases: what it finds, what it leaves alone. */

import assert from "node:assert/strict";
import { acquireFileLock } from "../../src/db/sqlite_lock.ts";
import { administer, type Kind, onEachDatabase, testWith } from "../support.ts";
import { type TestProject, testProject } from "../project.ts";

const SCRIPT = 'revision = "aaa"\ndown_revision = None\n';
const FILES = {
  "/delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n" +
    "alembic_config = alembic.ini\n",
  "/alembic.ini": "[alembic]\nscript_location = m\n",
  "/m/env.py": "context.configure(connection=connection)\n",
  "/m/versions/aaa.py": SCRIPT,
  "D001.sql": "-- delembic revision: D001\n-- delembic depends_on: aaa\n-- delembic upgrade\nselect 1;\n",
};
const TITLES: Readonly<Record<Kind, RegExp>> = {
  postgresql: /^OK {2}server +PostgreSQL \d+(\.\d+)*$/m,
  mysql: /^OK {2}server +(MariaDB|MySQL) \d+(\.\d+)*$/m,
  sqlite: /^OK {2}server +SQLite \d+(\.\d+)*$/m,
};

async function project(kind: Kind, files: Record<string, string> = {}): Promise<TestProject> {
  const made = await testProject(kind, { ...FILES, ...files });
  await made.execute("create table alembic_version (version_num varchar(32) not null primary key)");
  await made.execute("insert into alembic_version values ('aaa')");
  return made;
}

/** The lines of checks, without what differs from run to run. */
async function lines(of: TestProject, args: string[] = [], env: Record<string, string> = {}) {
  const { code, out, err } = await of.delembic(["doctor", ...args], env);
  assert.equal(err, "");
  const found = out.replaceAll(of.folder, "FOLDER").split("\n").filter((line) => line !== "");
  const line = (check: string) => found.filter((line) => line.slice(4).startsWith(`${check}  `));
  return { code, out, line: (check: string) => line(check).map((one) => one.replace(/^(..) +\S.*? {2,}/, "$1 ")) };
}

onEachDatabase("doctor says that all is well, and changes nothing", async (kind) => {
  await using one = await project(kind);
  const before = await lines(one);
  assert.equal(before.code, 0, before.out);
  assert.match(before.out, TITLES[kind]);
  assert.deepEqual(before.line("tables"), ["-- none of Delembic's is there yet; the first 'upgrade' creates them"]);
  assert.deepEqual(before.line("rights"), ["OK the role may create the tables that are missing"]);
  assert.equal((await one.delembic(["upgrade"])).code, 0);
  const rows = await one.rows("select * from delembic_run_history");
  const after = await lines(one);
  assert.equal(after.code, 0, after.out);
  assert.doesNotMatch(after.out, /!!/);
  assert.deepEqual(after.line("configuration"), ["OK delembic.ini [delembic]"]);
  assert.match(after.line("url").join(), /, from DELEMBIC_URL$/);
  assert.match(after.line("connection").join(), /^OK in \d+ ms$/);
  assert.deepEqual(after.line("tables"), [
    "OK delembic_batch, delembic_checksum, delembic_lock, delembic_run_history, delembic_version",
  ]);
  assert.deepEqual(after.line("rights"), ["OK Delembic's tables can be read and written"]);
  assert.deepEqual(after.line("clock"), [
    kind === "sqlite" ? "-- that of this machine" : "OK less than 5 s from the database's",
  ]);
  assert.deepEqual(after.line("lock"), ["OK nobody holds it"]);
  assert.deepEqual(after.line("alembic"), ["OK alembic.ini [alembic]: 1 script, head aaa"]);
  assert.deepEqual(after.line("version table"), ["OK alembic_version: aaa (head)"]);
  assert.deepEqual(after.line("migrations"), ["OK 1 file, all sound"]);
  assert.match(after.line("versions").join(), /^OK Delembic \d.*, Deno \d.*, V8 \d/);
  assert.deepEqual(await one.rows("select * from delembic_run_history"), rows);
});

onEachDatabase("doctor says what is wrong everywhere at once", async (kind) => {
  await using one = await project(kind);
  assert.equal((await one.delembic(["upgrade"])).code, 0);
  await one.write({
    "/delembic.ini": `${FILES["/delembic.ini"]}python = nowhere/python\nscript_lokation = x\n`,
    "/m/versions/bbb.py": 'revision = "bbb"\ndown_revision = compute()\n',
    "D002.sql": "-- delembic revision: D002\n-- delembic upgrade\n-- delembic load: t from data/none.csv\n",
    "D003.sql": "-- delembic revision: D003\n",
  });
  await one.execute("insert into alembic_version values ('zzz')");
  const found = await lines(one);
  assert.equal(found.code, 1);
  assert.match(found.line("configuration").slice(1).join(), /^!! .*script_lokation/);
  assert.match(found.line("alembic").slice(1).join(), /^!! The 'down_revision' of this Alembic script cannot be known/);
  assert.deepEqual(found.line("version table"), ["!! alembic_version has zzz, which no script here has"]);
  assert.match(found.line("migrations").join("\n"), /^!! .*D003\.sql/m);
  assert.match(found.line("data files").join(), /^!! Cannot read the data file data\/none\.csv: .*D002\.sql/);
  assert.match(found.line("commands").join("\n"), /^!! python: there is no .*nowhere\/python$/m);
  const { code, out } = await one.delembic(["doctor", "--json"]);
  const { ok, findings } = JSON.parse(out);
  assert.deepEqual([code, ok], [1, false]);
  assert.deepEqual(findings.find(({ check }: { check: string }) => check === "version table"), {
    check: "version table",
    state: "problem",
    text: "alembic_version has zzz, which no script here has",
    hint: "The database is ahead of this checkout, or belongs to another project.",
  });
});

onEachDatabase("doctor tells of the lock of a dead run, and of what it left", async (kind) => {
  await using one = await project(kind);
  assert.equal((await one.delembic(["upgrade"])).code, 0);
  const details = JSON.stringify({
    host: "build-7",
    pid: 4711,
    user: "alice",
    command: "upgrade",
    version: "1",
    since: "2026-01-15T10:00:00.000000Z",
    backends: [],
  });
  const who = "alice@build-7, process 4711 (upgrade), since 2026-01-15 10:00:00+00:00";
  if (kind === "sqlite") {
    await Deno.writeTextFile(`${one.db.url.replace("sqlite:///", "")}.delembic-lock`, details);
    assert.deepEqual((await lines(one)).line("lock"), [`OK nobody holds it; it was last held by ${who}, which died`]);
    const lock = await acquireFileLock(one.db.url.replace("sqlite:///", ""), details);
    assert.ok(lock.held);
    assert.deepEqual((await lines(one)).line("lock"), [`OK held by ${who}`]);
    await lock.release();
    assert.deepEqual((await lines(one)).line("lock"), ["OK nobody holds it"]);
  } else {
    const times = kind === "postgresql"
      ? ["'2026-01-15T10:00:00Z'", "now() - interval '1 hour'"]
      : ["'2026-01-15 10:00:00'", "utc_timestamp() - interval 1 hour"];
    await one.execute(
      `update delembic_lock set holder = 'x', acquired_at = ${times[0]}, expires_at = ${
        times[1]
      }, details = '${details}'`,
    );
    const found = await lines(one);
    assert.deepEqual(found.line("lock"), [`!! held by ${who}, which has not been heard of for a minute`]);
    assert.equal(found.code, 1);
    await one.execute("update delembic_lock set holder = null");
  }
  await one.execute(
    "insert into delembic_run_history (revision, status, ended_at) values ('D007', 'partial', '2026-01-15 10:00:00')",
  );
  assert.deepEqual((await lines(one)).line("runs"), ["!! part of D007 is committed, and the rest is not"]);
});

onEachDatabase("doctor ends with 3 when there is no database, and still tells the rest", async (kind) => {
  await using one = await project(kind, { "D001.sql": FILES["D001.sql"] });
  const url = kind === "sqlite" ? "sqlite:///nowhere/app.db" : `${kind}://alice:geheim@127.0.0.1:1/app`;
  const found = await lines(one, ["--url", url]);
  assert.equal(found.code, 3);
  assert.match(found.line("connection").join(), /^!! /);
  assert.doesNotMatch(found.out, /geheim/);
  assert.deepEqual(found.line("database"), [
    "-- cannot be asked for server, encryption, tables, rights, clock, lock, runs",
  ]);
  assert.deepEqual(found.line("alembic"), ["OK alembic.ini [alembic]: 1 script, head aaa"]);
  assert.deepEqual(found.line("migrations"), ["OK 1 file, all sound"]);
});

testWith([], "sqlite: doctor takes a file that is not there yet for none, and makes none", async () => {
  await using one = await testProject("sqlite", FILES);
  const found = await lines(one);
  assert.equal(found.code, 0, found.out);
  assert.match(
    found.line("connection").join(),
    /^-- The SQLite database does not exist: .*; the first 'upgrade' makes it$/,
  );
  assert.throws(() => Deno.statSync(one.db.url.replace("sqlite:///", "")), Deno.errors.NotFound);
});

testWith([], "doctor tells of a configuration that is not there", async () => {
  await using one = await testProject("sqlite", FILES);
  const { code, out } = await one.delembic(["doctor", "-c", "nowhere.ini"]);
  assert.equal(code, 1);
  assert.match(out, /^!! {2}configuration {2}nowhere\.ini not found\n {19}Name an ini file with -c/);
});

testWith(
  ["postgres"],
  "postgresql: doctor tells which rights a role lacks, and of a version table in another schema",
  async () => {
    await using one = await project("postgresql");
    assert.equal((await one.delembic(["upgrade"])).code, 0);
    const name = `r_${one.db.name}`;
    await administer("postgresql", `create role ${name} login password 'pw-of-the-r0le'`);
    try {
      await one.execute(
        "grant select on all tables in schema public to public",
        "revoke create on schema public from public",
      );
      await one.execute(`grant insert, update on delembic_run_history to ${name}`, "drop table delembic_batch");
      const url = new URL(one.db.url);
      [url.username, url.password] = [name, "pw-of-the-r0le"];
      const found = await lines(one, ["--url", url.href]);
      assert.equal(found.code, 1);
      assert.deepEqual(found.line("rights"), [
        "!! missing: insert on delembic_version, update on delembic_version, delete on delembic_version, " +
        "usage on delembic_run_history_id_seq, select on delembic_run_history_id_seq, insert on delembic_lock, " +
        "update on delembic_lock, insert on delembic_checksum, update on delembic_checksum, delete on delembic_checksum",
        "!! the role may not create the tables that are missing",
      ]);
      await one.execute("create schema app", "alter table alembic_version set schema app");
      assert.deepEqual((await lines(one)).line("version table"), [
        "!! alembic_version is empty or not on the search_path, but there is one in app",
      ]);
      await one.execute(`alter database ${one.db.name} set default_transaction_read_only = on`);
      assert.deepEqual((await lines(one)).line("rights"), [
        "!! nothing can be written: transactions are read-only (default_transaction_read_only)",
      ]);
    } finally {
      await one.execute("set default_transaction_read_only = off", `drop owned by ${name}`);
      await administer("postgresql", `drop role ${name}`);
    }
  },
);

testWith(["mysql"], "mysql: doctor tells which rights a role lacks", async () => {
  await using one = await project("mysql");
  assert.equal((await one.delembic(["upgrade"])).code, 0);
  const name = `r${Date.now().toString(36)}`;
  await administer("mysql", `create user ${name}@'%' identified by 'pw-of-the-r0le'`);
  try {
    await administer("mysql", `grant select on ${one.db.name}.* to ${name}@'%'`);
    await administer("mysql", `grant insert, update on ${one.db.name}.delembic_version to ${name}@'%'`);
    await one.execute("drop table delembic_batch");
    const url = new URL(one.db.url);
    [url.username, url.password] = [name, "pw-of-the-r0le"];
    const found = await lines(one, ["--url", url.href]);
    assert.equal(found.code, 1);
    assert.deepEqual(found.line("rights"), [
      "!! missing: delete on delembic_version, insert on delembic_run_history, update on delembic_run_history, " +
      "insert on delembic_lock, update on delembic_lock, insert on delembic_checksum, update on delembic_checksum, " +
      "delete on delembic_checksum",
      "!! the role may not create the tables that are missing",
    ]);
    await administer("mysql", `grant all privileges on ${one.db.name}.* to ${name}@'%'`);
    assert.deepEqual((await lines(one, ["--url", url.href])).line("rights"), [
      "OK the role may create the tables that are missing",
    ]);
  } finally {
    await administer("mysql", `drop user ${name}@'%'`);
  }
});
