/**
 * Time as the ledger writes it. Pure, but for {@link now}.
 *
 * @module
 */

/** A moment as ISO 8601 text in UTC with six digits: `2026-01-15T10:30:00.123456Z`. */
export type UtcText = string;

/** The present, to the microsecond; `Date` alone knows only milliseconds. */
export function now(): UtcText {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const seconds = new Date(Math.floor(microseconds / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(microseconds % 1_000_000).padStart(6, "0")}Z`;
}

/** As people and SQLAlchemy write it: `2026-01-15 10:30:00.123456+00:00`. Whole seconds stay whole, as in Python. */
export function forPeople(time: UtcText): string {
  return time.replace("T", " ").replace(/\.000000Z$/, "Z").replace("Z", "+00:00");
}

/** Seconds between two moments. */
export function secondsBetween(from: UtcText, to: UtcText): number {
  return (microsecondsOf(to) - microsecondsOf(from)) / 1_000_000;
}

function microsecondsOf(time: UtcText): number {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26).padEnd(6, "0"));
}
