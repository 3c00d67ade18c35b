/**
 * What records of CSV and TSV have in common.
 *
 * @module
 */

/** A record that was read, or what is wrong with it. */
export interface FieldRecord {
  readonly fields: (string | null)[];
  /** Behind the record and the end of its line. */
  readonly next: number;
  /** Behind the record, before the end of its line. */
  readonly end: number;
  /** Ends of lines within its fields. */
  readonly innerLines: number;
  readonly fault: string | undefined;
  /** It ends the data, and is no row. */
  readonly endMark?: boolean;
}

/** Where a record begins. */
export interface RecordStart {
  readonly line: number;
  /** Where in the text the first end of a line is, or any place before: up to there none has to be looked for. */
  readonly lineEndAt: number;
}

export interface RecordSyntax {
  /** The delimiter's code unit. */
  readonly delimiter: number;
  /** The text that stands for NULL, as it stands in the file. */
  readonly null: string;
  /** The character that makes a record more than fields between delimiters. */
  readonly special: '"' | "\\";
  /**
   * Reads the record with {@link special} characters that begins at `start`.
   *
   * @param last whether the text ends with the source
   * @returns `undefined` when the record may go on behind the text
   */
  readonly read: (
    text: string,
    start: number,
    last: boolean,
    where: RecordStart,
    syntax: RecordSyntax,
  ) => FieldRecord | undefined;
}

const LF = 0x0a, CR = 0x0d;

export function isLineEnd(code: number): boolean {
  return code === LF || code === CR;
}

/**
 * A record with a fault: it ends with its first line, so that one bad quote does not take the rows behind it along.
 *
 * @returns `undefined` when the line may go on behind the text
 */
export function firstLine(text: string, start: number, last: boolean, fault: string): FieldRecord | undefined {
  let end = start;
  while (end < text.length && !isLineEnd(text.charCodeAt(end))) end++;
  const next = lineEnd(text, end, last);
  return next === undefined ? undefined : { fields: [], end, next, innerLines: 0, fault };
}

/** Behind the end of line at `end`; `undefined` when it may go on behind the text. */
export function lineEnd(text: string, end: number, last: boolean): number | undefined {
  if (end === text.length) return last ? end : undefined;
  if (text.charCodeAt(end) !== CR) return end + 1;
  if (end + 1 === text.length) return last ? end + 1 : undefined;
  return text.charCodeAt(end + 1) === LF ? end + 2 : end + 1;
}

const LINE_END_REGEXP = /\r\n?|\n/g;

/** How many lines end within the text. */
export function linesIn(text: string): number {
  if (!text.includes("\n") && !text.includes("\r")) return 0;
  return text.match(LINE_END_REGEXP)?.length ?? 0;
}
