import assert from "node:assert/strict";
import { currentLines } from "../../src/cli/current.ts";
import { historyLines } from "../../src/cli/history.ts";
import { logLines } from "../../src/cli/log.ts";
import { problemDocument, problemLines } from "../../src/cli/problems.ts";
import { repairedLines, undecidedLines } from "../../src/cli/repair.ts";
import { planLines, runLines } from "../../src/cli/run_lines.ts";
import { verifiedLines } from "../../src/cli/verify.ts";
import type { RunEvent } from "../../src/events.ts";
import type { RunRecord } from "../../src/ledger.ts";
import type { LoadedMigration } from "../../src/migration.ts";
import type { HistoryEntry } from "../../src/state.ts";
import { graphOf } from "../../src/target.ts";
import { plain } from "./cli_recorder.ts";

function migration(revision: string, description: string): LoadedMigration {
  return {
    revision,
    description,
    dependsOn: [],
    requiresBefore: [],
    kind: "sql",
    file: `delembic/versions/${revision}.sql`,
    checksum: "sha256:v1:00",
    transaction: true,
    idempotent: false,
    timeoutMs: undefined,
    lockTimeoutMs: undefined,
    retries: 3,
    labels: [],
    tags: [],
    upgrade: () => Promise.resolve(),
    downgrade: undefined,
    validate: undefined,
    statements: undefined,
    batch: undefined,
    repeatable: false,
    data: [],
  };
}

function told(event: Exclude<RunEvent, { type: "warning" | "progress" | "batch" | "loaded" }>): [string, string] {
  const { to, lines } = runLines(event, (revision, error) => [`  FAILED: ${error} of ${revision}`]);
  return [to, plain(lines)];
}

Deno.test("runLines() says what begins and that it is done on stdout", () => {
  const running = { type: "running", revision: "D001", description: "load person", direction: "upgrade" } as const;
  assert.deepEqual(told(running), ["progress", "Running D001: load person"]);
  assert.deepEqual(told({ ...running, description: "" }), ["progress", "Running D001"]);
  assert.deepEqual(told({ ...running, direction: "downgrade" }), ["progress", "Undoing D001: load person"]);
  assert.deepEqual(told({ ...running, direction: "verify" }), ["progress", "Verifying D001: load person"]);
  assert.deepEqual(told({ type: "ok", revision: "D001", durationSeconds: 1.2449 }), ["progress", "  OK (1.24s)"]);
});

Deno.test("runLines() says what stops the run as a problem", () => {
  assert.deepEqual(
    told({
      type: "blocked",
      revision: "D002",
      message: "Migration D002 requires Alembic revision(s) ['3d1e3e6abc12'] to be applied first.",
      hint: "Run 'alembic upgrade head' before retrying.",
    }),
    [
      "problem",
      "BLOCKED: Migration D002 requires Alembic revision(s) ['3d1e3e6abc12'] to be applied first.\n" +
      "Run 'alembic upgrade head' before retrying.",
    ],
  );
  assert.deepEqual(told({ type: "failed", revision: "D003", error: "boom", partial: false }), [
    "problem",
    "  FAILED: boom of D003",
  ]);
  assert.deepEqual(told({ type: "failed", revision: "D003", error: "boom", partial: true }), [
    "problem",
    "  FAILED: boom of D003\n" +
    "    Hint: A part of it is committed. " +
    "See what is there, then settle it with 'delembic repair D003 --applied' or '--reverted'.",
  ]);
  const paused = { type: "interrupted", revision: "D003", reason: "D003 is paused", code: "paused" } as const;
  assert.deepEqual(told(paused), ["problem", "  PAUSED: D003 is paused"]);
  const interrupted = { ...paused, reason: "Interrupted by SIGINT", code: "interrupted" };
  assert.deepEqual(told(interrupted), [
    "problem",
    "  INTERRUPTED: Interrupted by SIGINT",
  ]);
});

Deno.test("runLines() notes what is good to know", () => {
  assert.deepEqual(told({ type: "waiting", holder: "alice@build-7, process 4711 (upgrade)", since: "10:30" }), [
    "note",
    "Waiting for the lock: held by alice@build-7, process 4711 (upgrade), since 10:30",
  ]);
  assert.deepEqual(told({ type: "settled", revision: "D002", status: "interrupted" }), [
    "note",
    "Closed the attempt at D002 that a dead run left open, as interrupted.",
  ]);
  assert.deepEqual(told({ type: "log", revision: "D002", message: "one\ntwo" }), ["note", "  one\n  two"]);
  assert.deepEqual(told({ type: "retrying", revision: "D002", attempt: 2, error: "deadlock\nmore" }), [
    "note",
    "  Attempt 2 after: deadlock\n    more",
  ]);
});

Deno.test("planLines() tells what would run, where it would stop, and what would not be reached", () => {
  assert.equal(
    plain(planLines([
      { migration: migration("D001", "load person"), blocks: [] },
      { migration: migration("D002", "load visits"), blocks: [{ kind: "alembic", missing: ["3d1e3e6abc12"] }] },
      { migration: migration("D003", "fix visits"), blocks: [{ kind: "data", revisions: ["D002"] }] },
      { migration: migration("D004", ""), blocks: [] },
    ])),
    `Would run D001: load person
Would stop at D002: load visits
BLOCKED: Migration D002 requires Alembic revision(s) ['3d1e3e6abc12'] to be applied first.
Run 'alembic upgrade head' before retrying.
Would not reach D003: fix visits
BLOCKED: Migration D003 depends on D002, blocked itself.
See what blocks that one with 'delembic upgrade --dry-run'.
Would not reach D004`,
  );
});

Deno.test("currentLines() shows each head with its time", () => {
  const record = { revision: "D001", appliedAt: "2026-01-15T10:30:00.123456Z", status: "success", seconds: 1 };
  assert.equal(
    plain(currentLines([{ record, hasFile: true }, { record: { ...record, revision: "D9" }, hasFile: false }])),
    "D001  (applied 2026-01-15 10:30:00.123456+00:00)\n" +
      "D9  (applied 2026-01-15 10:30:00.123456+00:00; its file is missing)",
  );
  assert.equal(plain(currentLines([{ record: { ...record, appliedAt: null }, hasFile: true }])), "D001  (applied)");
  assert.equal(plain(currentLines([])), "No migrations applied yet.");
});

const ENTRIES: readonly HistoryEntry[] = [
  {
    revision: "D001",
    status: "applied",
    migration: migration("D001", "load person"),
    record: { revision: "D001", appliedAt: "2026-01-15T10:30:00.000000Z", status: "success", seconds: 1.2449 },
  },
  { revision: "D0002", status: "pending", migration: migration("D0002", "load\nvisits\x1b[2J"), record: undefined },
  { revision: "D003", status: "missing", migration: undefined, record: undefined },
];

Deno.test("historyLines() pads the states as the Python tool does, and makes descriptions harmless", () => {
  assert.equal(
    plain(historyLines(ENTRIES)),
    "applied   D001   load person\npending   D0002  load\\nvisits\\x1b[2J\nmissing   D003",
  );
  assert.equal(plain(historyLines([])), "No migrations found.");
});

Deno.test("historyLines() also tells time, duration, place in the graph and file", () => {
  const labels = new Map([["D001", { labels: ["billing"] }], ["D0002", { labels: [] }]]);
  const graph = graphOf(labels, new Map([["D001", []], ["D0002", ["D001"]]]));
  assert.equal(
    plain(historyLines(ENTRIES, { detail: { shown: (file) => `../${file}`, graph } })),
    `applied   D001   load person
          applied 2026-01-15 10:30:00+00:00 in 1.24s
          branch billing
          needed by D0002
          ../delembic/versions/D001.sql
pending   D0002  load\\nvisits\\x1b[2J
          head; branch billing
          ../delembic/versions/D0002.sql
missing   D003
          no file`,
  );
});

const RUN: RunRecord = {
  id: 12,
  revision: "D003",
  startedAt: "2026-01-15T10:30:00.123456Z",
  endedAt: "2026-01-15T10:30:01.123456Z",
  seconds: 1,
  status: "failed",
  exception: "Error: boom\n    at x\n",
  username: "alice",
  hostname: "build-7",
};

Deno.test("logLines() is a table of attempts, with errors where they are wanted", () => {
  const open: RunRecord = { ...RUN, id: 13, endedAt: null, seconds: null, status: "running", exception: null };
  assert.equal(
    plain(logLines([open, RUN], false)),
    `ID  STARTED                           REVISION  STATUS          TOOK   BY
13  2026-01-15 10:30:00.123456+00:00  D003      running (open)         alice@build-7
12  2026-01-15 10:30:00.123456+00:00  D003      failed          1.00s  alice@build-7`,
  );
  assert.equal(
    plain(logLines([RUN], true).slice(1)),
    "12  2026-01-15 10:30:00.123456+00:00  D003      failed  1.00s  alice@build-7\n    Error: boom\n        at x",
  );
  assert.equal(plain(logLines([], true)), "No attempts yet.");
});

Deno.test("logLines() shows rows that another tool left half empty", () => {
  const empty = { revision: null, startedAt: null, status: null, username: null, hostname: null, exception: null };
  assert.match(plain(logLines([{ ...RUN, ...empty }], true)), /\n12 +1\.00s$/);
});

Deno.test("problemLines() lists what is not as it should be", () => {
  const view = { shown: (file: string) => file, source: () => undefined, verbose: false };
  const fault = { code: "cycle", message: "A circle", place: { file: "a.sql", line: 3 }, hint: "Cut it." };
  const problems = [
    { kind: "fault", fault },
    { kind: "pending", revision: "D002", message: "Migration D002 is not applied.", hint: "Run 'delembic upgrade'." },
  ] as const;
  assert.equal(
    plain(problemLines(problems, view)),
    `fault    A circle
           at a.sql:3
           Hint: Cut it.
pending  Migration D002 is not applied.
         Run 'delembic upgrade'.`,
  );
  assert.deepEqual(problems.map(problemDocument), [
    { kind: "fault", code: "cycle", message: "A circle", file: "a.sql", line: 3, hint: "Cut it." },
    problems[1],
  ]);
  assert.equal(plain(problemLines([], view)), "Everything is applied.");
});

Deno.test("repairedLines() and undecidedLines() tell what was settled and what is left", () => {
  const report = {
    closed: [],
    accepted: ["D001"],
    settled: [{ revision: "D002", as: "reverted" }],
    undecided: ["D003"],
  } as const;
  assert.equal(plain(repairedLines(report)), "Accepted the changed file of D001\nSettled D002 as reverted");
  assert.equal(
    plain(undecidedLines(report)),
    "UNDECIDED: Migration D003 was interrupted midway: a part of it is committed.\n" +
      "Look at the data, then run 'delembic repair D003 --applied' or '--reverted'.",
  );
  const nothing = { closed: [], accepted: [], settled: [], undecided: [] };
  assert.equal(plain(repairedLines(nothing)), "Nothing to repair.");
  assert.equal(plain(repairedLines({ ...nothing, closed: ["D001"] })), "");
});

Deno.test("verifiedLines() counts, and names what has no validate", () => {
  const nothing = { verified: [], failed: [], without: [], past: [], interrupted: null, exitCode: 0 } as const;
  assert.equal(plain(verifiedLines(nothing)), "No migrations applied yet.");
  assert.equal(
    plain(
      verifiedLines({ ...nothing, verified: [{ revision: "D001", durationSeconds: 1 }], without: ["D002", "D003"] }),
    ),
    "Without validate: D002, D003\nVerified 1 migration, 0 failed.",
  );
});
