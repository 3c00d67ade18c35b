/**
 * Bytes that are plainly a number, a day or a moment, in the forms that almost all files have. What is not so may be right
 * all the same, and is looked at as a text. Pure.
 *
 * @module
 */

const MINUS = 0x2d, POINT = 0x2e, COLON = 0x3a, ZERO = 0x30, BLANK = 0x20, T = 0x54;

/** So many digits are within 64 bits in any case. */
export const CERTAIN_DIGITS = 18;
/** And so many characters within the largest floating point number. */
const CERTAIN_NUMBER = 300;

export function isPlainInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  return end - digits <= CERTAIN_DIGITS && areDigits(bytes, digits, end);
}

/** With or without a fraction, digits on both sides of the point. */
export function isPlainNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  let point = digits;
  while (point < end && bytes[point] !== POINT) point++;
  return end - start <= CERTAIN_NUMBER && areDigits(bytes, digits, point) &&
    (point === end || areDigits(bytes, point + 1, end));
}

/** `2026-01-15`, without the 31st, and the last days of February. */
export function isPlainDate(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 10 && areDigits(bytes, start, start + 4) &&
    bytes[start + 4] === MINUS && isBetween(bytes, start + 5, 1, 12) &&
    bytes[start + 7] === MINUS && isBetween(bytes, start + 8, 1, isBetween(bytes, start + 5, 2, 2) ? 28 : 30);
}

/** `2026-01-15`, `2026-01-15 10:30:00`, `2026-01-15T10:30:00.123456` */
export function isPlainMoment(bytes: Uint8Array, start: number, end: number): boolean {
  if (!isPlainDate(bytes, start, Math.min(end, start + 10))) return false;
  const time = start + 10;
  if (time === end) return true;
  const separator = bytes[time];
  return end - time >= 9 && (separator === BLANK || separator === T) &&
    isBetween(bytes, time + 1, 0, 23) && bytes[time + 3] === COLON &&
    isBetween(bytes, time + 4, 0, 59) && bytes[time + 6] === COLON &&
    isBetween(bytes, time + 7, 0, 59) &&
    (time + 9 === end || bytes[time + 9] === POINT && areDigits(bytes, time + 10, end));
}

/** One or more. */
function areDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isDigit(bytes[at] as number)) return false;
  return start < end;
}

function isBetween(bytes: Uint8Array, at: number, least: number, most: number): boolean {
  const tens = bytes[at] as number, ones = bytes[at + 1] as number;
  const number = (tens - ZERO) * 10 + ones - ZERO;
  return isDigit(tens) && isDigit(ones) && number >= least && number <= most;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
