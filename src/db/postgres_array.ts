/**
 * PostgreSQL's text form of arrays: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO. Pure.
 *
 * @module
 */

/** Whether the text says where its indexes begin: `[0:2]={1,2,3}`. JavaScript's arrays cannot say that. */
export function isBoundedArray(text: string): boolean {
  return text.startsWith("[");
}

export interface ArrayReading {
  readonly delimiter: string;
  /** Makes a value of an element's text. */
  read(text: string): unknown;
}

/** Nested arrays for each dimension, `null` for NULL. The text is the server's, so it is well-formed. */
export function parseArray(text: string, { delimiter, read }: ArrayReading): unknown[] {
  let at = 0;
  const parseLevel = (): unknown[] => {
    const items: unknown[] = [];
    at++;
    while (at < text.length && text[at] !== "}") {
      if (text[at] === delimiter) at++;
      else if (text[at] === "{") items.push(parseLevel());
      else if (text[at] === '"') items.push(read(parseQuoted()));
      else items.push(parsePlain());
    }
    at++;
    return items;
  };
  const parseQuoted = (): string => {
    let value = "";
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === "\\") at++;
      value += text[at];
    }
    at++;
    return value;
  };
  const parsePlain = (): unknown => {
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== "}") at++;
    const item = text.slice(start, at);
    return item === "NULL" ? null : read(item);
  };
  return parseLevel();
}

export interface ArrayWriting {
  readonly delimiter: string;
  /** Whether an array among the items is a further dimension, or a value. */
  readonly nested: boolean;
  /** The text of an item. */
  write(item: unknown): string;
}

const SPECIAL_REGEXP = /["\\]/g;

/** The text of an array; every item quoted, so that none is taken for NULL or a brace. */
export function writeArray(items: readonly unknown[], writing: ArrayWriting): string {
  const texts = items.map((item) => {
    if (item === null) return "NULL";
    if (writing.nested && Array.isArray(item)) return writeArray(item, writing);
    return `"${writing.write(item).replace(SPECIAL_REGEXP, "\\$&")}"`;
  });
  return `{${texts.join(writing.delimiter)}}`;
}
