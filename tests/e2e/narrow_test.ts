/** What is listed, in a terminal that is too narrow for it and in a pipe. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { textWidth } from "../../src/text_width.ts";
import { outside, run, temporaryFolder, testWith } from "../support.ts";
import { delembic } from "./cli.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const TERMINAL = fileURLToPath(new URL("./terminal.py", import.meta.url));

const HOSTILE = `日本語の説明 \\u202e\\x1b[31mred ${"x".repeat(10_000)}`;
const FILES = {
  "delembic.ini": "[delembic]\nsqlalchemy.url = sqlite:///app.db\n",
  "delembic/versions/D001_one.sql":
    "-- delembic revision: D001\n-- delembic description: emails of all people in lower case, wherever they are from\n" +
    "-- delembic upgrade\nselect 1;\n",
  "delembic/versions/D002_two.js":
    `export default { revision: "D002", dependsOn: ["D001"], description: "${HOSTILE}", upgrade() {} };\n`,
  "delembic/versions/D003_three.sql": "-- delembic revision: D003\n-- delembic depends_on: D001\n" +
    `-- delembic upgrade\r\nselect '${"日".repeat(3_000)}'\r\n  as wide, 'text';\r\nselect nope;\r\n`,
};

/** The lines that a terminal of so many columns is sent. */
async function inTerminal(folder: string, columns: number, ...args: string[]): Promise<string[]> {
  const command = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", MAIN, ...args];
  const { out } = await run(outside.python ?? "", [TERMINAL, String(columns), "", ...command], {
    cwd: folder,
    env: { NO_COLOR: "1", TERM: "xterm", CI: "1", GITHUB_ACTIONS: "" },
  });
  const lines = out.replaceAll("\r\n", "\n").trimEnd().split("\n");
  // that there is no database yet
  return lines.filter((line) => !line.startsWith("Warning: "));
}

testWith(
  ["python"],
  "a terminal that is narrow shows ids and states whole, and descriptions as far as they go",
  async () => {
    await using folder = await temporaryFolder(FILES);
    const { out, code, err } = await delembic("source", ["history"], { cwd: folder.path });
    assert.equal(code, 0, err);
    assert.deepEqual(out.trimEnd().split("\n").map((line) => line.slice(0, 60)), [
      "pending   D001  emails of all people in lower case, wherever they are from".slice(0, 60),
      `pending   D002  日本語の説明 \\u202e\\x1b[31mred ${"x".repeat(100)}`.slice(0, 60),
      "pending   D003",
    ]);
    assert.ok(out.length > 10_000, "in a pipe nothing is cut");
    assert.deepEqual(await inTerminal(folder.path, 40, "history"), [
      "pending   D001  emails of all people in…",
      "pending   D002  日本語の説明 \\u202e\\x1b…",
      "pending   D003",
    ]);
    assert.deepEqual(await inTerminal(folder.path, 40, "branches"), [
      "D001  emails of all people in lower cas…",
      "  -> D002 (head)  日本語の説明 \\u202e\\x…",
      "  -> D003 (head)",
    ]);
    assert.deepEqual(await inTerminal(folder.path, 24, "heads"), ["D002  日本語の説明 \\u20…", "D003"]);
    assert.deepEqual(await inTerminal(folder.path, 40, "upgrade", "--dry-run"), [
      "Would run D001: emails of all people in…",
      "Would run D002: 日本語の説明 \\u202e\\x1b…",
      "Would run D003",
    ]);
    assert.deepEqual((await inTerminal(folder.path, 50, "show", "D001")).slice(0, 4), [
      "Revision:     D001",
      "Status:       pending",
      "Description:  emails of all people in lower case,",
      "              wherever they are from",
    ]);
  },
);

testWith(["python"], "doctor goes on below its columns, and an error's frame fits", async () => {
  await using folder = await temporaryFolder(FILES);
  const told = await inTerminal(folder.path, 60, "doctor");
  const commands = told.findIndex((line) => line.startsWith("--  commands"));
  assert.deepEqual(told.slice(commands, commands + 2), [
    "--  commands       'python' is not set: migrations in Python",
    "                   are not run",
  ]);
  const failed = await inTerminal(folder.path, 44, "upgrade");
  assert.deepEqual(failed.slice(-5), [
    "  FAILED: no such column: nope",
    "    at delembic/versions/D003_three.sql:6:1",
    "      5 |   as wide, 'text';",
    "      6 | select nope;",
    "        | ^",
  ]);
  for (const line of failed) assert.ok(textWidth(line) <= 44, line);
  for (const line of await inTerminal(folder.path, 40, "log")) assert.ok(textWidth(line) <= 40, line);
});
