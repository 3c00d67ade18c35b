/** The OS file lock beside a SQLite database. */

import assert from "node:assert/strict";
import { acquireFileLock, lockFileOf } from "../../src/db/sqlite_lock.ts";
import { temporaryFolder } from "../support.ts";
import { failureOf } from "./contract_ground.ts";

const MODULE = new URL("../../src/db/sqlite_lock.ts", import.meta.url).href;

/** Another process that takes the lock, says so, and holds it until it is ended. */
async function holderProcess(database: string, details: string): Promise<Deno.ChildProcess> {
  const code = `
    const { acquireFileLock } = await import(${JSON.stringify(MODULE)});
    const lock = await acquireFileLock(${JSON.stringify(database)}, ${JSON.stringify(details)});
    await Deno.stdout.write(new TextEncoder().encode(lock.held ? "held" : "busy"));
    setInterval(() => {}, 1000);`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--config", config, code],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "held");
  reader.releaseLock();
  return child;
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
  await child.stdout.cancel();
}

Deno.test("acquireFileLock() gives the lock once, and says what its holder wrote", async () => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/app.db`;
  const first = await acquireFileLock(database, "alice, 日本");
  assert.ok(first.held);
  const second = await acquireFileLock(database, "bob");
  assert.deepEqual(second, { held: false, details: "alice, 日本" });
  await first.release();
  await first.release();
  const third = await acquireFileLock(database, "c");
  assert.ok(third.held);
  assert.equal(await Deno.readTextFile(lockFileOf(database)), "c");
  await third.release();
  assert.equal(await Deno.readTextFile(lockFileOf(database)), "");
});

Deno.test("acquireFileLock() does not wait", async () => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/app.db`;
  const lock = await acquireFileLock(database, "");
  const start = performance.now();
  assert.equal((await acquireFileLock(database, "")).held, false);
  assert.ok(performance.now() - start < 1_000);
  if (lock.held) await lock.release();
});

Deno.test("acquireFileLock() sees a lock of another process, which dies with it", async () => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/app.db`;
  const child = await holderProcess(database, "the other");
  try {
    assert.deepEqual(await acquireFileLock(database, "me"), { held: false, details: "the other" });
  } finally {
    await end(child);
  }
  const lock = await acquireFileLock(database, "me");
  assert.ok(lock.held);
  await lock.release();
});

Deno.test("acquireFileLock() has one winner among many at once", async () => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/app.db`;
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => acquireFileLock(database, String(n))));
  const winners = results.filter((result) => result.held);
  assert.equal(winners.length, 1);
  for (const winner of winners) await winner.release();
});

Deno.test("acquireFileLock() leaves the file where it is", async () => {
  await using folder = await temporaryFolder();
  const database = `${folder.path}/app.db`;
  const lock = await acquireFileLock(database, "");
  if (lock.held) await lock.release();
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["app.db.delembic-lock"]);
});

Deno.test("acquireFileLock() says what to do where the file cannot be made", async () => {
  await using folder = await temporaryFolder();
  const error = await failureOf(acquireFileLock(`${folder.path}/none/app.db`, ""));
  assert.equal(error.kind, "privilege");
  assert.match(error.message, /^Cannot open the lock file: .*app\.db\.delembic-lock/);
  assert.equal(
    error.hint,
    "A run needs to write into the folder of the SQLite database: give it the right to, or move the database.",
  );
});
