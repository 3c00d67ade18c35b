import assert from "node:assert/strict";
import { forPeople, now, secondsBetween } from "../../src/clock.ts";

Deno.test("now() is the present, with microseconds", () => {
  const before = Date.now();
  const text = now();
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.ok(Math.abs(Date.parse(text) - before) < 1000);
  const samples = Array.from({ length: 200 }, () => now());
  assert.deepEqual(samples, [...samples].sort(), "never goes back");
  assert.ok(samples.some((sample) => !sample.endsWith("000Z")), "finer than a millisecond");
});

Deno.test("forPeople() writes a time as Python does", () => {
  assert.equal(forPeople("2026-01-15T10:30:00.123456Z"), "2026-01-15 10:30:00.123456+00:00");
  assert.equal(forPeople("2026-01-15T10:30:00.000000Z"), "2026-01-15 10:30:00+00:00");
});

Deno.test("secondsBetween() keeps microseconds", () => {
  assert.equal(secondsBetween("2026-01-15T10:30:00.123456Z", "2026-01-15T10:31:00.123457Z"), 60.000001);
});
