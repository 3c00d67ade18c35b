/**
 * Numbers as people read them: counts in groups of three, rates, lengths of time. Pure, and the same everywhere.
 *
 * @module
 */

const THOUSANDS_REGEXP = /\B(?=(\d{3})+$)/g;

/** `1,200,000` */
export function countText(count: number): string {
  return String(Math.round(count)).replace(THOUSANDS_REGEXP, ",");
}

/** `1 row`, `1,200,000 rows` */
export function rowsText(rows: number): string {
  return `${countText(rows)} ${Math.round(rows) === 1 ? "row" : "rows"}`;
}

/** `512 B`, `8 MB`, `1.5 GB`; a MB is 1,024 KB. */
export function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Math.round(bytes / 1024 ** unit * 10) / 10} ${units[unit]}`;
}

/** `1 batch`, `1,200 batches` */
export function batchesText(batches: number): string {
  return `${countText(batches)} ${batches === 1 ? "batch" : "batches"}`;
}

/** Three digits that count: `41,300`, `4.13`, `0.0413`. */
export function rateText(rate: number): string {
  const rounded = Number(rate.toPrecision(3));
  if (rounded >= 100) return countText(rounded);
  if (rounded >= 0.001) return String(rounded);
  return rounded > 0 ? "less than 0.001" : "0";
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units: `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. Never less than a second. */
export function lengthText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return inUnits(whole, [MINUTE, "min"], [1, "s"]);
  if (whole < DAY) return inUnits(whole, [HOUR, "h"], [MINUTE, "min"]);
  return inUnits(whole, [DAY, "d"], [HOUR, "h"]);
}

type Unit = readonly [seconds: number, name: string];

function inUnits(seconds: number, [large, name]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${name}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** `24 %`: rounded down, so that 100 % is said of what is done alone. */
export function percentText(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100 + 1e-9)} %`;
}
