/**
 * Lengths of time as people write them: `90s`, `15m`, `2h`.
 *
 * @module
 */

const DURATION_REGEXP = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a message says of the forms that {@link parseDuration} takes. */
export const DURATION_FORMS = "a number of seconds, or a text such as '500ms', '90s', '15m' or '2h'";

/**
 * Milliseconds, more than 0, of a number of seconds or of a number with a unit (`ms`, `s`, `m`, `h`, `d`; none means
 * seconds). `undefined` for anything else.
 */
export function parseDuration(value: unknown): number | undefined {
  const [, amount, unit = "s"] = DURATION_REGEXP.exec(String(value).trim()) ?? [];
  if (amount === undefined || (typeof value !== "number" && typeof value !== "string")) return undefined;
  const milliseconds = Math.round(Number(amount) * (MILLISECONDS[unit] ?? 0));
  return milliseconds > 0 && Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}
