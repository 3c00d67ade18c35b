/** How far a walk is, as a process tells it: in a terminal, into a pipe, and to a program. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { textWidth } from "../../src/text_width.ts";
import { type TestProject, testProject } from "../project.ts";
import { outside, run, testWith } from "../support.ts";
import { raising, seeded } from "../walk_ground.ts";

const MAIN = fileURLToPath(new URL("../crashable_main.ts", import.meta.url));
const TERMINAL = fileURLToPath(new URL("./terminal.py", import.meta.url));
const COLUMNS = 60;
/** Stands for the sequence that erases from the cursor on. */
const ERASED = "⌫";

/** Says something in between, on both streams. */
const TALKATIVE = `export default {
  revision: "D002",
  description: "raise",
  batch: { table: "person", key: "id", size: 100, target: 0, pause: "50ms" },
  async apply({ sql }, range, run) {
    if (range.number === 10) run.log("ten batches");
    if (range.number === 15) console.log("fifteen batches");
    await sql\`update person set touched = touched + 1 where \${range}\`;
  },
};
`;

async function project(files: Record<string, string>): Promise<TestProject> {
  const project = await testProject("sqlite", files);
  await project.execute(...seeded(3_000));
  return project;
}

/** Runs `upgrade` in a terminal. @param until Ctrl-C is pressed when this is shown; never when it is empty */
async function inTerminal({ folder, db }: TestProject, until: string, env: Record<string, string> = {}) {
  const command = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", MAIN, "upgrade"];
  const { code, out } = await run(outside.python ?? "", [TERMINAL, String(COLUMNS), until, ...command], {
    cwd: folder,
    env: { DELEMBIC_TEST_URL: db.url, NO_COLOR: "1", TERM: "xterm", CI: "", ...env },
  });
  const sent = out.replaceAll("\x1b[J", ERASED);
  assert.ok(!sent.includes("\x1b"), "nothing else is sent to a terminal");
  return { code, sent, screen: screenOf(sent).map((line) => line.replace(/\d+\.\d\ds/, "0.00s")) };
}

/** What stays on a terminal, by the few things that a program may send to it here. */
function screenOf(sent: string): string[] {
  const lines = [""];
  let column = 0;
  for (const [, end, back, erase, text = ""] of sent.matchAll(/(\n)|(\r)|(⌫)|([^\n\r⌫]+)/g)) {
    const line = lines.at(-1) ?? "";
    if (end) lines.push("");
    if (end || back) column = 0;
    if (erase) lines[lines.length - 1] = line.slice(0, column);
    if (text === "") continue;
    lines[lines.length - 1] = line.slice(0, column).padEnd(column) + text + line.slice(column + text.length);
    column += text.length;
  }
  return lines;
}

testWith(["python"], "a terminal shows a bar while it runs, and afterwards nothing of it", async () => {
  await using app = await project({ "D002.js": TALKATIVE });
  const { code, sent, screen } = await inTerminal(app, "");
  assert.equal(code, 0, sent);
  assert.deepEqual(screen, ["Running D002: raise", "  ten batches", "fifteen batches", "  OK (0.00s)", ""]);
  const bars = [...sent.matchAll(/ {2}person {2}[^\r\n⌫]*/g)].map(([bar]) => bar);
  assert.ok(bars.length >= 5, `${bars.length} bars`);
  for (const bar of bars) assert.ok(textWidth(bar) < COLUMNS, bar);
  const percents = bars.map((bar) => Number(/(\d+) %/.exec(bar)?.[1]));
  assert.deepEqual(percents, [...percents].sort((a, b) => a - b), "it only grows");
  assert.ok((percents.at(-1) ?? 0) > 50, bars.at(-1));
});

testWith(["python"], "Ctrl-C leaves a clean terminal", async () => {
  await using app = await project(raising("size 30 target 0 pause 100ms"));
  const { code, sent, screen } = await inTerminal(app, " %");
  assert.equal(code, 130, sent);
  assert.match(sent, / {2}person {2}.* %/);
  assert.deepEqual(screen.map((line) => line.replace("^C", "")), [
    "Running D002: raise",
    "  INTERRUPTED: Interrupted by SIGINT",
    "Hint: What was at work is rolled back, what was applied before stays. Run 'delembic upgrade' to go on.",
    "",
  ]);
});

testWith(["python"], "a build's terminal and a dumb one are sent plain lines", async () => {
  for (const env of [{ CI: "true" }, { TERM: "dumb" }]) {
    await using app = await project(raising("size 1000"));
    const { code, sent } = await inTerminal(app, "", env);
    assert.deepEqual([code, sent.replace(/\d+\.\d\ds/, "0.00s")], [0, "Running D002: raise\r\n  OK (0.00s)\r\n"]);
  }
});

Deno.test("into a pipe goes no bar", async () => {
  await using app = await project(raising("size 500"));
  const { code, err } = await app.delembic(["upgrade"]);
  assert.deepEqual([code, err], [0, ""]);
});

Deno.test("--json tells progress on stderr, an event a line, and stdout is one document", async () => {
  await using app = await project(raising("size 100 target 0 pause 50ms"));
  const { code, out, err } = await app.delembic(["upgrade", "--json"]);
  assert.equal(code, 0, err);
  assert.deepEqual(Object.keys(JSON.parse(out)), ["applied", "failed", "blocked", "upToDate"]);
  const events = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([events[0].event, events.at(-1).event], ["running", "ok"]);
  const progress = events.filter(({ event }) => event === "progress");
  assert.ok(progress.length >= 2 && progress.length <= 2 + Number(events.at(-1).durationSeconds), err);
  const { at, rowsPerSecond, secondsLeft, rows, total, fraction, ...rest } = progress.at(-1);
  assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.ok(rowsPerSecond > 0 && secondsLeft >= 0 && rows > 1_000 && total >= rows && fraction <= 1, err);
  assert.deepEqual(rest, {
    event: "progress",
    revision: "D002",
    kind: "walk",
    table: "person",
    batchSize: 100,
    workers: 1,
    waiting: null,
  });
  assert.equal((await app.delembic(["upgrade", "--json", "-q"])).err, "");
});
