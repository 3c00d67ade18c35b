/**
 * One record of TSV that has backslashes. TSV is what `COPY … TO` of PostgreSQL writes as text and `mysqldump --tab`
 * writes: fields between tabs, no quotes, escapes with a backslash, `\N` for NULL. (Tabs and quotes, as spreadsheets write,
 * are CSV with the delimiter `"\t"`.)
 *
 * | escape | value |
 * |---|---|
 * | `\b` `\f` `\n` `\r` `\t` `\v` | the control character |
 * | `\Z` | U+001A, as MySQL writes it |
 * | `\` and an end of line | the end of line, as MySQL writes it |
 * | `\.` alone on a line | the end of the data, as `pg_dump` writes it; nothing may follow |
 * | `\0` to `\7`, `\x` | refused: they are bytes and not characters |
 * | `\` and any other character | that character |
 *
 * @module
 */

import { type FieldRecord, firstLine, isLineEnd, lineEnd, type RecordStart, type RecordSyntax } from "./rows_record.ts";

const BACKSLASH = 0x5c;

const CONTROLS: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  Z: "\x1a",
};

/** Reads the record that begins at `start`: {@link RecordSyntax.read}. */
export function readTsvRecord(
  text: string,
  start: number,
  last: boolean,
  _where: RecordStart,
  syntax: RecordSyntax,
): FieldRecord | undefined {
  const fields: (string | null)[] = [];
  let innerLines = 0;
  for (let at = start, fieldStart = start;; at++) {
    const code = at < text.length ? text.charCodeAt(at) : -1;
    if (code === BACKSLASH) {
      if (at + 1 === text.length) {
        if (!last) return undefined;
        return firstLine(text, start, last, `The backslash at the end of field ${fields.length + 1} escapes nothing`);
      }
      const escaped = text.charCodeAt(at + 1);
      const next = isLineEnd(escaped) ? lineEnd(text, at + 1, last) : at + 2;
      if (next === undefined) return undefined;
      if (isLineEnd(escaped)) innerLines++;
      at = next - 1;
      continue;
    }
    if (code !== -1 && code !== syntax.delimiter && !isLineEnd(code)) continue;
    if (code === -1 && !last) return undefined;
    const raw = text.slice(fieldStart, at);
    const bytes = BYTE_ESCAPE_REGEXP.exec(raw)?.[1];
    if (bytes !== undefined) {
      return firstLine(
        text,
        start,
        last,
        `Field ${fields.length + 1} has the escape ${bytes}, which is a byte and no character`,
      );
    }
    fields.push(raw === syntax.null ? null : unescaped(raw));
    fieldStart = at + 1;
    if (code === syntax.delimiter) continue;
    const next = lineEnd(text, at, last);
    if (next !== undefined && raw === "\\." && fields.length === 1) return endMark(text, start, at, next, last);
    return next === undefined ? undefined : { fields, end: at, next, innerLines, fault: undefined };
  }
}

/** The end of the data: only when it is known that nothing follows. */
function endMark(text: string, start: number, end: number, next: number, last: boolean): FieldRecord | undefined {
  if (next < text.length) {
    return firstLine(text, start, last, "There are rows behind the end of the data, which `\\.` marks");
  }
  return last ? { fields: [], end, next, innerLines: 0, fault: undefined, endMark: true } : undefined;
}

const BYTE_ESCAPE_REGEXP = /^(?:[^\\]|\\[^0-7x])*(\\[0-7x])/s;
const ESCAPE_REGEXP = /\\(.)/gs;

function unescaped(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(ESCAPE_REGEXP, (_, character: string) => CONTROLS[character] ?? character);
}
