/** The program as a process: its streams and signals, which only a process has. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { finished, testProject } from "../project.ts";
import { onEachDatabase, run, temporaryFolder } from "../support.ts";
import { delembic } from "./cli.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const PROGRAM = `${Deno.execPath()} run -A --quiet --no-check ${MAIN}`;
const INI = "[delembic]\nscript_location = delembic\nsqlalchemy.url = sqlite:///app.db\n";
const SLOW = `export default { revision: "D002", dependsOn: ["D001"], async upgrade() {
  await new Promise((resolve) => setTimeout(resolve, 60_000));
} };
`;
const FIRST = "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n";

/** Reads a stream until its text matches. @returns the text so far */
async function until(stream: ReadableStream<Uint8Array>, wanted: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const reader = stream.getReader();
  while (!wanted.test(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text;
}

Deno.test("the process ends with the exit code of its command", async () => {
  await using folder = await temporaryFolder();
  const { code, out, err } = await delembic("source", ["current"], { cwd: folder.path });
  assert.deepEqual({ code, out }, { code: 2, out: "" });
  assert.match(err, /^Error: delembic\.ini not found in .*\nHint: Run 'delembic init' first\.\n$/);
});

Deno.test("a reader that has seen enough ends nothing and sees no error", async () => {
  const files: Record<string, string> = { "delembic.ini": INI };
  for (let at = 1; at <= 300; at++) {
    const id = `D${String(at).padStart(3, "0")}`;
    files[`delembic/versions/${id}.sql`] = FIRST.replace("D001", `${id}\n-- delembic description: ${"x".repeat(400)}`);
  }
  await using folder = await temporaryFolder(files);
  const { out, err } = await run("bash", ["-c", `${PROGRAM} upgrade | head -n 1; echo "\${PIPESTATUS[0]}"`], {
    cwd: folder.path,
    env: { NO_COLOR: "1" },
  });
  assert.deepEqual([out.split("\n")[0]?.slice(0, 15), out.split("\n")[1], err], ["Running D001: x", "0", ""]);
  const db = new DatabaseSync(`${folder.path}/app.db`);
  assert.deepEqual(db.prepare("select count(*) as n from delembic_version").get()?.["n"], 300);
  db.close();
});

Deno.test("what happens is written when it happens, also into a pipe (defect 24)", async () => {
  await using folder = await temporaryFolder({
    "delembic.ini": INI,
    "delembic/versions/D001.sql": FIRST,
    "delembic/versions/D002.js": SLOW,
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", MAIN, "upgrade"],
    cwd: folder.path,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const text = await until(child.stdout, /Running D002/);
  assert.match(text, /^Running D001\n {2}OK \(\d\.\d\ds\)\nRunning D002\n$/);
  child.kill("SIGKILL");
  await child.stdout.cancel();
  await child.status;
});

onEachDatabase("the first signal ends a run in good order and says what to do", async (kind) => {
  await using project = await testProject(kind, { "D001.sql": FIRST, "D002.js": SLOW });
  const child = project.start(["upgrade"]);
  await until(child.stdout, /Running D002/);
  child.kill("SIGINT");
  const { code, err } = await finished(child);
  assert.deepEqual({ code, err }, {
    code: 130,
    err: "  INTERRUPTED: Interrupted by SIGINT\n" +
      "Hint: What was at work is rolled back, what was applied before stays. Run 'delembic upgrade' to go on.\n",
  });
});

Deno.test("an interrupted run is one document", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST, "D002.js": SLOW });
  const child = project.start(["upgrade", "--json", "-v"]);
  await until(child.stderr, /Running D002/);
  child.kill("SIGTERM");
  const { code, out } = await finished(child);
  assert.equal(code, 143);
  const { applied, failed, error } = JSON.parse(out);
  assert.equal(applied.length, 1);
  assert.deepEqual([failed, error.code, error.message], [null, "interrupted", "Interrupted by SIGTERM"]);
});

Deno.test("the second signal ends the process at once", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST, "D002.js": SLOW });
  const child = project.start(["upgrade"]);
  await until(child.stdout, /Running D002/);
  const start = performance.now();
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 100));
  child.kill("SIGTERM");
  const { code } = await finished(child);
  assert.equal(code, 143);
  assert.ok(performance.now() - start < 2_000, "the grace of the first signal was waited for");
});

Deno.test("--wait gives the database time to come up, and says that it waits", async () => {
  await using folder = await temporaryFolder({ "delembic.ini": INI, "delembic/versions/D001.sql": FIRST });
  const start = performance.now();
  const { code, out, err } = await delembic(
    "source",
    ["upgrade", "--wait", "1", "--url", "postgresql://app:s3cr3t-2@127.0.0.1:1/app"],
    { cwd: folder.path },
  );
  assert.ok(performance.now() - start > 1_000);
  assert.deepEqual({ code, out, err }, {
    code: 3,
    out: "",
    err: `Waiting up to 1 s for the database: Cannot connect to PostgreSQL at 127.0.0.1:1: connection refused
Error: Cannot connect to PostgreSQL at 127.0.0.1:1: connection refused
Hint: Is the server running and is the port right?
`,
  });
});

Deno.test("the username is found as Python finds it", async () => {
  await using project = await testProject("sqlite", { "D001.sql": FIRST });
  await project.delembic(["upgrade"], { LOGNAME: "alice", USER: "bob" });
  await project.delembic(["downgrade", "base"]);
  assert.deepEqual(await project.rows("select username, hostname from delembic_run_history"), [
    `alice | ${Deno.hostname()}`,
  ]);
});
