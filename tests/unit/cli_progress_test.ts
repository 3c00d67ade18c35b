import assert from "node:assert/strict";
import fc from "fast-check";
import { eventDocument } from "../../src/cli/event_document.ts";
import { countText, lengthText, percentText, rateText } from "../../src/numbers_text.ts";
import { Output, type OutputMode } from "../../src/cli/output.ts";
import { barLine, doneLine, progressLine } from "../../src/cli/progress_lines.ts";
import { ProgressTeller } from "../../src/cli/progress_teller.ts";
import { paint } from "../../src/cli/text.ts";
import { fitted, textWidth } from "../../src/text_width.ts";
import type { RunEvent } from "../../src/events.ts";
import type { Progress } from "../../src/progress.ts";
import { plain, recorder, type RecorderOptions } from "./cli_recorder.ts";

const PROGRESS: Progress = {
  kind: "walk",
  table: "person",
  rows: 1_200_000,
  total: 5_000_000,
  fraction: 0.24,
  rowsPerSecond: 41_312.7,
  secondsLeft: 92,
  batchSize: 4000,
  workers: 2,
  waiting: undefined,
};

const WAITING = { ...PROGRESS, waiting: "replica lag 12 s, more than 10 s" };

Deno.test("numbers are told as people read them", () => {
  assert.deepEqual([0, 999, 1000, 1_234_567, 12.6].map(countText), ["0", "999", "1,000", "1,234,567", "13"]);
  assert.deepEqual([41_312, 999.6, 123.4, 12.345, 1, 0.04128, 0.00001, 0].map(rateText), [
    "41,300",
    "1,000",
    "123",
    "12.3",
    "1",
    "0.0413",
    "less than 0.001",
    "0",
  ]);
  assert.deepEqual([0, 0.4, 59.4, 59.6, 60, 200, 3600, 7500, 86_400, 273_600].map(lengthText), [
    "1 s",
    "1 s",
    "59 s",
    "1 min",
    "1 min",
    "3 min 20 s",
    "1 h",
    "2 h 5 min",
    "1 d",
    "3 d 4 h",
  ]);
  assert.deepEqual([0, 0.29, 0.999, 1, 1.2, -1].map(percentText), ["0 %", "29 %", "99 %", "100 %", "100 %", "0 %"]);
});

Deno.test("a text is as wide as a terminal shows it", () => {
  const widths = ["", "abc", "Straße", "e\u0301", "日本語", "한국", "👍", "👨‍👩‍👧", "❤️", "\u200d"].map(textWidth);
  assert.deepEqual(widths, [0, 3, 6, 1, 6, 4, 2, 2, 2, 0]);
  assert.deepEqual(
    [fitted("person", 6), fitted("person", 5), fitted("日本語", 5), fitted("日本語", 4), fitted("a", 0)],
    [
      "person",
      "pers…",
      "日本…",
      "日…",
      "",
    ],
  );
});

Deno.test("progressLine() tells what is known", () => {
  const line = (progress: Progress, details = false) => plain([progressLine(progress, { details })]);
  assert.equal(
    line(PROGRESS),
    "  person: 1,200,000 of about 5,000,000 rows (24 %), 41,300 rows/s, about 1 min 32 s left",
  );
  assert.equal(
    line(PROGRESS, true),
    "  person: 1,200,000 of about 5,000,000 rows (24 %), 41,300 rows/s, about 1 min 32 s left, " +
      "batches of 4,000, 2 workers",
  );
  assert.equal(
    line(WAITING),
    "  person: 1,200,000 of about 5,000,000 rows (24 %), waiting: replica lag 12 s, more than 10 s",
  );
  const unknown = { total: undefined, fraction: undefined, secondsLeft: undefined, batchSize: undefined };
  assert.equal(line({ ...PROGRESS, ...unknown, rowsPerSecond: 0, workers: 1 }, true), "  person: 1,200,000 rows");
  // the total is an estimate of statistics: it is never less than what is done
  assert.match(line({ ...PROGRESS, rows: 5_000_010 }), /: 5,000,010 of about 5,000,010 rows/);
  assert.equal(plain([doneLine(WAITING)]), "  person: 1,200,000 rows, 41,300 rows/s");
});

Deno.test("barLine() shows in each width what is worth most there", () => {
  const widths = [9, 20, 30, 40, 60, 80, 100, 120, 150];
  assert.equal(
    plain(widths.map((width) => barLine(PROGRESS, width))),
    `  ${
      `
    24 %
  person  24 %
  person  24 %  41,300 rows/s
  person  24 %  1 min 32 s left
  person  24 %  1,200,000/5,000,000 rows  1 min 32 s left
  person  [===>         ]  24 %  1,200,000 rows  41,300 rows/s  1 min 32 s left
  person  [==>         ]  24 %  1,200,000/5,000,000 rows  41,300 rows/s  1 min 32 s left  2 workers
  person  [===>          ]  24 %  1,200,000/5,000,000 rows  41,300 rows/s  1 min 32 s left  batches of 4,000  2 workers
  person  [=========>                              ]  24 %  1,200,000/5,000,000 rows  41,300 rows/s  1 min 32 s left  batches of 4,000  2 workers`
        .trim()
    }`,
  );
  assert.equal(
    plain([20, 40, 60, 80, 100].map((width) => barLine(WAITING, width))),
    `  24 %  waiting: r…
  24 %  waiting: replica lag 12 s, mor…
  person  24 %  waiting: replica lag 12 s, more than 10 s
  person  24 %  1,200,000 rows  waiting: replica lag 12 s, more than 10 s
  person  [==>         ]  24 %  1,200,000/5,000,000 rows  waiting: replica lag 12 s, more than 10 s`,
  );
  assert.equal(
    plain([barLine({ ...PROGRESS, total: undefined, fraction: undefined, secondsLeft: undefined }, 80)]),
    "  person  1,200,000 rows  41,300 rows/s  batches of 4,000  2 workers",
  );
  assert.match(plain([barLine({ ...PROGRESS, fraction: 1 }, 120)]), /\[=+\] {2}100 %/);
});

Deno.test("barLine() fits every width, whatever it has to tell", () => {
  const number = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined });
  const progress = fc.record({
    kind: fc.constantFrom("load" as const, "walk" as const),
    table: fc.string({ unit: "grapheme", maxLength: 60 }),
    rows: fc.nat(),
    total: fc.option(fc.nat(), { nil: undefined }),
    fraction: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    rowsPerSecond: fc.double(),
    secondsLeft: number,
    batchSize: number,
    workers: number,
    waiting: fc.option(fc.string({ unit: "binary", maxLength: 100 }), { nil: undefined }),
  });
  fc.assert(fc.property(progress, fc.integer({ min: 1, max: 300 }), (progress, columns) => {
    const text = paint(barLine(progress, columns), { colour: false, redact: (text) => text });
    assert.ok(textWidth(text) < columns, `${textWidth(text)} of ${columns}: ${text}`);
    assert.doesNotMatch(text, /\p{Cc}/u);
  }));
});

const MODE: OutputMode = { json: false, quiet: false, verbose: false, noColor: true };

/** A teller, its clock, and what it printed. */
function teller(mode: Partial<OutputMode>, options: RecorderOptions = {}) {
  const io = recorder(options);
  const output = new Output(io, { ...MODE, ...mode }, { text: (text) => text });
  const clock = { now: 0 };
  const teller = new ProgressTeller({
    io,
    output,
    clock: () => clock.now,
    tellEvent: (event) => output.event(eventDocument(event, "AT", () => ({}))),
  });
  const hear = (at: number, event: RunEvent) => {
    clock.now = at;
    teller.hear(event);
  };
  return {
    io,
    output,
    teller,
    clock,
    running: (at: number) => hear(at, { type: "running", revision: "D001", description: "", direction: "upgrade" }),
    progress: (at: number, progress: Partial<Progress> = {}) =>
      hear(at, { type: "progress", revision: "D001", progress: { ...PROGRESS, ...progress } }),
    ok: (at: number) => hear(at, { type: "ok", revision: "D001", durationSeconds: 1 }),
    failed: (at: number) => hear(at, { type: "failed", revision: "D001", error: "boom", partial: false }),
    /** What was printed since the last call. */
    taken() {
      const { err } = io.written;
      io.written.err = "";
      return err;
    },
  };
}

Deno.test("where stderr is no terminal there is a line each 10 s, one at the end of what took long, else none", () => {
  const quick = teller({});
  quick.running(0);
  for (let at = 0; at < 10_000; at += 50) quick.progress(at);
  quick.ok(9_999);
  assert.equal(quick.taken(), "");
  const slow = teller({});
  slow.running(0);
  slow.progress(10_000, { rows: 1, total: undefined, fraction: undefined, secondsLeft: undefined });
  assert.equal(slow.taken(), "  person: 1 row, 41,300 rows/s\n");
  slow.progress(19_999);
  assert.equal(slow.taken(), "");
  slow.progress(20_000, { fraction: 0.5 });
  assert.match(slow.taken(), /^ {2}person: 1,200,000 of about 5,000,000 rows \(50 %\), .*\n$/);
  slow.progress(21_000, { rows: 5_000_000 });
  slow.ok(21_001);
  assert.equal(slow.taken(), "  person: 5,000,000 rows, 41,300 rows/s\n");
});

Deno.test("why it waits is told at once, and again only when the reason is another one", () => {
  const told = teller({});
  told.running(0);
  told.progress(100, { waiting: "replica lag 12 s, more than 10 s" });
  assert.match(told.taken(), /waiting: replica lag 12 s, more than 10 s\n$/);
  told.progress(1_100, { waiting: "replica lag 13.5 s, more than 10 s" });
  told.progress(1_200);
  told.progress(1_300, { waiting: "replica lag 11 s, more than 10 s" });
  assert.equal(told.taken(), "");
  told.progress(1_400, { waiting: "the file stop is there" });
  assert.match(told.taken(), /waiting: the file stop is there\n$/);
  told.progress(11_400, { waiting: "the file stop is there" });
  assert.match(told.taken(), /waiting: the file stop is there\n$/);
});

Deno.test("what failed tells no line of success", () => {
  const told = teller({});
  told.running(0);
  told.progress(5_000);
  told.failed(20_000);
  assert.equal(told.taken(), "");
});

Deno.test("on a terminal one line is drawn over and over, at most ten times a second, and gone at the end", async () => {
  const told = teller({}, { isTerminal: true, columns: 40 });
  told.running(0);
  told.progress(299);
  assert.equal(told.taken(), "", "what is quick shows no bar");
  told.progress(300);
  assert.equal(told.taken(), "  person  24 %  1 min 32 s left\x1b[J\r");
  for (let at = 301; at < 400; at++) told.progress(at, { fraction: 0.25 });
  assert.equal(told.taken(), "");
  told.progress(400, { fraction: 0.26 });
  assert.equal(told.taken(), "  person  26 %  1 min 32 s left\x1b[J\r");
  told.progress(410, { fraction: 0.27 });
  // nothing more comes; what came last is shown all the same
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(told.taken(), "  person  27 %  1 min 32 s left\x1b[J\r");
  told.output.note(["a note"]);
  assert.equal(told.taken(), "\r\x1b[Ja note\n  person  27 %  1 min 32 s left\x1b[J\r");
  told.output.progress(["Running D002"]);
  assert.deepEqual([told.io.written.out, told.taken()], [
    "Running D002\n",
    "\r\x1b[J  person  27 %  1 min 32 s left\x1b[J\r",
  ]);
  told.ok(500);
  assert.equal(told.taken(), "\r\x1b[J");
  told.output.note(["after"]);
  assert.equal(told.taken(), "after\n");
});

Deno.test("a bar leaves nothing behind when the run ends by an error", () => {
  const told = teller({}, { isTerminal: true });
  told.running(0);
  told.progress(1_000);
  told.progress(1_001);
  told.taken();
  told.teller[Symbol.dispose]();
  assert.equal(told.taken(), "\r\x1b[J");
});

Deno.test("a build, a dumb terminal and NO_COLOR get no bar, no bar, and a bar without colours", () => {
  for (const [env, bar] of [[{ CI: "true" }, false], [{ TERM: "dumb" }, false], [{ CI: "false" }, true]] as const) {
    const told = teller({}, { isTerminal: true, env });
    told.running(0);
    told.progress(1_000);
    assert.equal(told.taken().includes("\x1b[J"), bar, JSON.stringify(env));
    told.teller[Symbol.dispose]();
  }
  for (const [env, coloured] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
    const told = teller({ noColor: false }, { isTerminal: true, env });
    told.running(0);
    told.progress(1_000, WAITING);
    assert.equal(told.taken().includes("\x1b[33mwaiting: "), coloured);
    told.teller[Symbol.dispose]();
  }
});

Deno.test("--quiet is silent on a terminal, elsewhere, and with --json", () => {
  for (const json of [false, true]) {
    for (const isTerminal of [false, true]) {
      const told = teller({ quiet: true, json }, { isTerminal });
      told.running(0);
      told.progress(20_000, WAITING);
      told.ok(30_000);
      assert.equal(told.taken(), "");
    }
  }
});

Deno.test("with --json there is an event a second, one for a new reason to wait, and one with the last numbers", () => {
  const told = teller({ json: true }, { isTerminal: true });
  told.running(0);
  for (let at = 0; at < 2_000; at += 10) told.progress(at, { rows: at });
  told.progress(2_000, { rows: 2_000, waiting: "paused" });
  told.progress(2_010, { rows: 2_010 });
  told.ok(2_020);
  const events = told.taken().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ rows }) => rows), [0, 1_000, 2_000, 2_010]);
  assert.deepEqual(events[0], {
    event: "progress",
    at: "AT",
    revision: "D001",
    kind: "walk",
    table: "person",
    rows: 0,
    total: 5_000_000,
    fraction: 0.24,
    rowsPerSecond: 41_312.7,
    secondsLeft: 92,
    batchSize: 4000,
    workers: 2,
    waiting: null,
  });
});

Deno.test("eventDocument() gives each event its members", () => {
  const document = (event: RunEvent) => eventDocument(event, "AT", (_, error) => ({ error: String(error), line: 3 }));
  assert.deepEqual(document({ type: "warning", message: "w" }), {
    event: "warning",
    at: "AT",
    message: "w",
    hint: null,
  });
  assert.deepEqual(document({ type: "failed", revision: "D001", error: "boom", partial: true }), {
    event: "failed",
    at: "AT",
    revision: "D001",
    partial: true,
    error: "boom",
    line: 3,
  });
  assert.deepEqual(document({ type: "running", revision: "D001", description: "x", direction: "verify" }), {
    event: "running",
    at: "AT",
    revision: "D001",
    description: "x",
    direction: "verify",
  });
});

Deno.test("on a terminal a migration that does not say how far it is shows for how long it is at work", async () => {
  const told = teller({}, { isTerminal: true });
  told.running(0);
  told.clock.now = 61_200;
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  assert.equal(told.taken(), "  … 1 min 1 s\x1b[J\r");
  told.progress(61_300);
  assert.match(told.taken(), /^ {2}person /, "one that does shows that instead");
  told.ok(61_400);
  assert.equal(told.taken(), "\r\x1b[J  person: 1,200,000 rows, 41,300 rows/s\n");
});

Deno.test("--log-format json tells how far it is as events do", () => {
  const told = teller({ logFormat: "json" }, { isTerminal: true });
  told.running(0);
  told.progress(10, { waiting: "pause file" });
  const { level, event, waiting } = JSON.parse(told.taken());
  assert.deepEqual([level, event, waiting], ["info", "progress", "pause file"]);
});
