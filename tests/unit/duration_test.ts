import assert from "node:assert/strict";
import { parseDuration } from "../../src/duration.ts";

Deno.test("parseDuration() gives milliseconds", () => {
  const cases: readonly (readonly [unknown, number])[] = [
    ["500ms", 500],
    ["90s", 90_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["1.5 s", 1500],
    [" 30 ", 30_000],
    [30, 30_000],
    [0.25, 250],
  ];
  for (const [value, milliseconds] of cases) assert.equal(parseDuration(value), milliseconds);
});

Deno.test("parseDuration() refuses what is no length of time", () => {
  for (
    const value of ["", "s", "1w", "-1s", "1h30m", "0", 0, -1, NaN, Infinity, 1e300, 1n, true, null, undefined, ["1s"]]
  ) {
    assert.equal(parseDuration(value), undefined);
  }
});
