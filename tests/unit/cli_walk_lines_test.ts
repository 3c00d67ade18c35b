import assert from "node:assert/strict";
import { joinedLines } from "../../src/cli/join_report.ts";
import { loadLines, loadMember } from "../../src/cli/load_lines.ts";
import { pausedLines } from "../../src/cli/pause.ts";
import { resumedLines } from "../../src/cli/resume.ts";
import { walkLines, walkMember } from "../../src/cli/walk_lines.ts";
import { holderText, walkNumbers, walkRows } from "../../src/walk_numbers.ts";
import type { RangeRow, WalkRow, WalkStory } from "../../src/batch_ledger.ts";
import type { RunRecord } from "../../src/ledger.ts";
import type { LoadRow } from "../../src/load_ledger.ts";
import { plain } from "./cli_recorder.ts";

const AT = (seconds: number) =>
  `2026-01-15T10:${String(30 + Math.floor(seconds / 60)).padStart(2, "0")}:${
    String(seconds % 60).padStart(2, "0")
  }.000000Z`;

const WALK: WalkRow = {
  revision: "D007",
  status: "running",
  table: "person",
  detail: { key: ["country", "id"], checksum: "sha256:v1:00" },
  upper: ["se", 9_000n],
  cursor: ["de", 7n],
  rowsTotal: 5_000,
  batchSize: 50,
  pauseWanted: false,
  waiting: undefined,
  message: undefined,
  startedAt: AT(0),
  updatedAt: AT(0),
  endedAt: undefined,
};

const RANGE: RangeRow = {
  part: 1,
  status: "done",
  lower: undefined,
  upper: ["at", 12n],
  cursor: ["at", 12n],
  rowsDone: 1_000,
  batches: 20,
  batchSize: 50,
  seconds: 2,
  holder: undefined,
  backend: undefined,
  fence: 1,
  free: true,
  message: undefined,
  startedAt: AT(0),
  updatedAt: AT(10),
  endedAt: AT(10),
};

const HELD: RangeRow = {
  ...RANGE,
  part: 2,
  status: "running",
  lower: ["at", 12n],
  upper: ["be", 3n],
  cursor: undefined,
  rowsDone: 500,
  batches: 5,
  batchSize: 100,
  holder: "run-build-7-4711-0b1c2d3e",
  free: false,
  startedAt: AT(10),
  updatedAt: AT(15),
  endedAt: undefined,
};

const JOINED: RangeRow = { ...HELD, part: 3, rowsDone: 0, batches: 0, holder: "join-other-host-12-0b1c2d3e" };
const FREE: RangeRow = { ...HELD, part: 4, rowsDone: 0, batches: 0, free: true };

const STORY: WalkStory = { walk: WALK, ranges: [RANGE, HELD, JOINED, FREE] };

const PAUSE: RunRecord = {
  id: 2,
  revision: "D007",
  startedAt: AT(20),
  endedAt: AT(20),
  seconds: 0,
  status: "paused",
  exception: null,
  username: "alice",
  hostname: "build-7",
};

Deno.test("walkLines() tells of a walk that runs how far it is, how fast, and who is at it", () => {
  assert.equal(
    plain(walkLines(STORY, { all: false, runs: [] })),
    `State:    running
Table:    person, by country, id
Done:     1,500 of about 5,000 rows (30 %) in 25 batches
Rate:     100 rows/s, about 35 s left
Size:     100 rows a batch
Workers:  build-7, process 4711; other-host, process 12 (joined)
Began:    2026-01-15 10:30:00+00:00
Ranges:   1 done, 2 running, 1 free

RANGE  STATE    AFTER     UP TO    DONE UP TO  ROWS  BATCHES  BY
2      running  'at', 12  'be', 3  -           500   5        build-7, process 4711
3      running  'at', 12  'be', 3  -           0     0        other-host, process 12 (joined)
4      free     'at', 12  'be', 3  -           0     0`,
  );
  assert.match(plain(walkLines(STORY, { all: true, runs: [] })), /\n1 +done +- +'at', 12 +'at', 12 +1,000 +20\n/);
});

Deno.test("walkLines() tells why a walk does not go on", () => {
  const lines = (walk: Partial<WalkRow>, ranges = STORY.ranges, runs: RunRecord[] = []) =>
    plain(walkLines({ walk: { ...WALK, ...walk }, ranges }, { all: false, runs }));
  const waiting = lines({ waiting: "replica lag 12 s, more than 10 s" });
  assert.match(waiting, /^Waiting: +replica lag 12 s, more than 10 s$/m);
  assert.match(waiting, /^Rate: +100 rows\/s$/m, "nobody knows how long it waits");
  assert.match(lines({ pauseWanted: true }, STORY.ranges, [PAUSE]), /^State: +pausing$/m);
  assert.match(lines({ pauseWanted: true }, [RANGE], [PAUSE]), /^State: +paused$/m);
  assert.match(
    lines({ pauseWanted: true }, [RANGE], [PAUSE]),
    /^Paused by: +alice@build-7, 2026-01-15 10:30:20\+00:00$/m,
  );
  assert.match(lines({}, [RANGE, FREE]), /^State: +stopped$/m, "whoever was at it is dead");
  const failed: RangeRow = { ...FREE, status: "failed", message: "boom (in the batch of person)\nmore" };
  assert.match(
    lines({ status: "failed" }, [RANGE, failed]),
    /\n\nRange 4 failed:\n {2}boom \(in the batch of person\)\n {2}more$/,
  );
});

Deno.test("walkNumbers() knows the rate of what is over by its attempts, and nothing of what has not begun", () => {
  const attempt: RunRecord = { ...PAUSE, id: 1, startedAt: AT(0), endedAt: AT(25), seconds: 25, status: "interrupted" };
  const earlier: RunRecord = { ...attempt, id: 0, endedAt: "2026-01-14T10:00:00.000000Z", seconds: 1_000 };
  const done: WalkStory = { walk: { ...WALK, status: "done" }, ranges: [RANGE] };
  assert.equal(walkNumbers(done, [PAUSE, attempt, earlier]).rowsPerSecond, 40);
  assert.deepEqual([walkNumbers(done).fraction, walkRows(done)], [1, "1,000 rows"]);
  const fresh: WalkStory = {
    walk: { ...WALK, status: "new", table: "", rowsTotal: undefined, detail: undefined, startedAt: undefined },
    ranges: [],
  };
  const { rowsPerSecond, secondsLeft, fraction } = walkNumbers(fresh);
  assert.deepEqual([rowsPerSecond, secondsLeft, fraction, walkRows(fresh)], [
    undefined,
    undefined,
    undefined,
    "0 rows",
  ]);
});

Deno.test("walkMember() is JSON, whatever the keys are", () => {
  const story: WalkStory = { walk: WALK, ranges: [{ ...HELD, lower: [new Uint8Array([1, 255]), 7], cursor: [true] }] };
  const { ranges, ...walk } = walkMember(story, []);
  assert.deepEqual(walk, {
    status: "running",
    paused: false,
    rowsDone: 500,
    rowsTotal: 5_000,
    fraction: 0.1,
    table: "person",
    file: null,
    key: ["country", "id"],
    batches: 5,
    batchSize: 100,
    rowsPerSecond: 100,
    secondsLeft: 45,
    waiting: null,
    message: null,
    startedAt: AT(0),
    updatedAt: AT(0),
    endedAt: null,
  });
  assert.deepEqual(ranges, [{
    range: 2,
    state: "running",
    after: ["01ff", 7],
    upTo: ["be", 3n],
    doneUpTo: [true],
    rowsDone: 500,
    batches: 5,
    seconds: 2,
    holder: "run-build-7-4711-0b1c2d3e",
    message: null,
  }]);
});

Deno.test("holderText() names host and process", () => {
  assert.deepEqual(["run-my-host-1-ab12", "join-h-22-ab12", "somebody"].map(holderText), [
    "my-host, process 1",
    "h, process 22 (joined)",
    "somebody",
  ]);
});

Deno.test("pausedLines(), resumedLines() and joinedLines() say what was done and what comes next", () => {
  const decision = { revision: "D007", changed: true, story: STORY };
  assert.deepEqual(pausedLines(decision), [
    "D007 pauses after its present batch. It has done 1,500 of about 5,000 rows (30 %).",
    "To let it go on: delembic resume D007",
  ]);
  assert.deepEqual(
    pausedLines({ ...decision, story: { walk: WALK, ranges: [RANGE] } })[0]?.split(".")[0],
    "D007 is paused",
  );
  assert.deepEqual(resumedLines(decision), [
    "D007 may go on. It has done 1,500 of about 5,000 rows (30 %).",
    "To do the rest: delembic upgrade",
  ]);
  const report = { joined: [], failed: null, interrupted: null, exitCode: 0 } as const;
  assert.deepEqual(joinedLines(report), ["Nothing to help with."]);
  const joined = [{ revision: "D007", rows: 1_200, durationSeconds: 3.456 }, {
    revision: "D008",
    rows: 0,
    durationSeconds: 0,
  }];
  assert.deepEqual(joinedLines({ ...report, joined }), ["Did 1,200 rows of D007 (3.46s)"]);
});

Deno.test("loadLines() tells what became of the rows", () => {
  const load: LoadRow = {
    revision: "D004",
    part: 1,
    table: "person",
    source: "data/people.csv",
    report: { read: 1_200, loaded: 1_190, skipped: 7, rejected: 3, seconds: 0.5 },
    before: { rows: 1_000_000, exact: false },
    after: { rows: undefined, exact: false },
  };
  assert.equal(
    plain(loadLines([load])),
    `TABLE   FROM             READ   LOADED  LEFT OUT  REJECTED  BEFORE           AFTER  TOOK   ROWS/S
person  data/people.csv  1,200  1,190   7         3         about 1,000,000  ?      0.50s  2,400`,
  );
  assert.deepEqual(loadMember(load), {
    table: "person",
    source: "data/people.csv",
    read: 1_200,
    loaded: 1_190,
    skipped: 7,
    rejected: 3,
    durationSeconds: 0.5,
    before: { rows: 1_000_000, exact: false },
    after: { rows: null, exact: false },
  });
});
