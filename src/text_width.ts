/**
 * How many columns of a terminal a text takes. Pure.
 *
 * @module
 */

// what Unicode's East Asian Width calls wide or full-width, and what is shown as a picture
const WIDE_REGEXP = new RegExp(
  "[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u33ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua000-\\ua4cf\\ua960-\\ua97f" +
    "\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6" +
    "\\u{1b000}-\\u{1b2ff}\\u{20000}-\\u{2fffd}\\u{30000}-\\u{3fffd}]|\\p{Emoji_Presentation}|\\ufe0f",
  "u",
);
const INVISIBLE_REGEXP = /^[\p{Mn}\p{Me}\p{Cf}]*$/u;
const ASCII_REGEXP = /^[\x20-\x7e]*$/;

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for one character, with the columns that it takes. */
function* cells(text: string): Generator<{ readonly text: string; readonly width: number }> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) {
    yield { text: segment, width: INVISIBLE_REGEXP.test(segment) ? 0 : WIDE_REGEXP.test(segment) ? 2 : 1 };
  }
}

/** Of a text without control characters. */
export function textWidth(text: string): number {
  if (ASCII_REGEXP.test(text)) return text.length;
  let width = 0;
  for (const cell of cells(text)) width += cell.width;
  return width;
}

/** The text in at most `width` columns; what is cut off is shown as `…`. */
export function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return "";
  let taken = 0;
  let kept = "";
  for (const cell of cells(text)) {
    taken += cell.width;
    if (taken > width - 1) break;
    kept += cell.text;
  }
  return `${kept}…`;
}

/** The end of the text in at most `width` columns; what is cut off before it is shown as `…`. */
export function fittedEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return "";
  let taken = 0;
  let kept = "";
  for (const cell of [...cells(text)].reverse()) {
    taken += cell.width;
    if (taken > width - 1) break;
    kept = cell.text + kept;
  }
  return `…${kept}`;
}
