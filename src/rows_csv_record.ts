/**
 * One record of CSV that has quotes. CSV is read as RFC 4180 has it, and as spreadsheets and PostgreSQL's `COPY` write it;
 * strictly:
 *
 * - A field is quoted by `"` as a whole or not at all; a quote within quotes is doubled. Delimiters and ends of lines
 *   within quotes belong to the value.
 * - A line ends with LF, CR LF or CR, the last one with the end of the file too.
 * - The unquoted text of `null` (nothing, if not declared) is NULL; `""` in quotes is an empty text.
 * - Blanks are part of the value.
 * - An empty line is skipped where there are several columns; where there is one, it is a row with an empty value, as
 *   `COPY` writes NULL then.
 *
 * @module
 */

import {
  type FieldRecord,
  firstLine,
  isLineEnd,
  lineEnd,
  linesIn,
  type RecordStart,
  type RecordSyntax,
} from "./rows_record.ts";

const QUOTE = 0x22;

/**
 * Reads the record that begins at `start`.
 *
 * @param last whether the text ends with the source
 * @param line on which the record begins
 * @returns `undefined` when the record may go on behind the text
 */
export function readCsvRecord(
  text: string,
  start: number,
  last: boolean,
  { line, lineEndAt }: RecordStart,
  syntax: RecordSyntax,
): FieldRecord | undefined {
  const fields: (string | null)[] = [];
  let innerLines = 0;
  for (let at = start;;) {
    const quoted = text.charCodeAt(at) === QUOTE;
    let end: number;
    if (quoted) {
      const close = closingQuote(text, at, last);
      if (close === "later") return undefined;
      if (close === "never") {
        return firstLine(text, start, last, `A quote that opens ${where(fields, line + innerLines)} is never closed`);
      }
      const value = text.slice(at + 1, close);
      const opened = line + innerLines;
      if (close > lineEndAt) innerLines += linesIn(value);
      end = close + 1;
      fields.push(value.includes('"') ? value.replaceAll('""', '"') : value);
      if (end < text.length && !endsField(text.charCodeAt(end), syntax.delimiter)) {
        const ends = innerLines === 0 ? "" : `, which opens on line ${opened}`;
        return firstLine(text, start, last, `There is text behind the closing quote of field ${fields.length}${ends}`);
      }
    } else {
      end = plainEnd(text, at, syntax.delimiter);
      if (text.charCodeAt(end) === QUOTE) {
        return firstLine(
          text,
          start,
          last,
          `There is a quote in the middle of field ${fields.length + 1}, which is not quoted`,
        );
      }
      const value = text.slice(at, end);
      fields.push(value === syntax.null ? null : value);
    }
    if (end < text.length && text.charCodeAt(end) === syntax.delimiter) {
      at = end + 1;
      continue;
    }
    const next = lineEnd(text, end, last);
    return next === undefined ? undefined : { fields, end, next, innerLines, fault: undefined };
  }
}

function where(fields: readonly unknown[], line: number): string {
  return `field ${fields.length + 1} on line ${line}`;
}

function endsField(code: number, delimiter: number): boolean {
  return code === delimiter || isLineEnd(code);
}

/** Where the next quote, delimiter or end of line is, or the end of the text. */
function plainEnd(text: string, start: number, delimiter: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === delimiter || isLineEnd(code) || code === QUOTE) break;
  }
  return at;
}

/** Where the quotes that open at `open` close. */
function closingQuote(text: string, open: number, last: boolean): number | "later" | "never" {
  for (let at = open + 1;; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) return last ? "never" : "later";
    if (at === text.length - 1) return last ? at : "later";
    if (text.charCodeAt(at + 1) !== QUOTE) return at;
  }
}
