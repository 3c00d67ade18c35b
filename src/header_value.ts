/**
 * The values of a SQL migration's header: as they stand where a line can hold them, else as JSON strings. Writing and
 * reading stand side by side, as each has to undo the other.
 *
 * @module
 */

// what ends a line for some reader, or cannot be seen; and halves of characters, which no UTF-8 file can hold
const UNPRINTABLE_REGEXP = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** A text as the value of a header line; {@link parseText} gives it back. */
export function formatText(text: string): string {
  return text !== text.trim() || text.startsWith('"') || UNPRINTABLE_REGEXP.test(text) ? JSON.stringify(text) : text;
}

/** The text of a value: unquoted when it is a JSON string, otherwise as it is. */
export function parseText(value: string): string {
  if (!value.startsWith('"') || !value.endsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}

const LIST_ITEM_REGEXP = /[ \t]*"(?:[^"\\]|\\.)*"[ \t]*(?=,|$)|[^,]+/g;

/** Ids or tags with commas between them. */
export function formatList(items: readonly string[]): string {
  return items.map((item) => item.includes(",") ? JSON.stringify(item) : formatText(item)).join(", ");
}

/** The items of a list; {@link formatList} writes it. */
export function parseList(value: string): string[] {
  return (value.match(LIST_ITEM_REGEXP) ?? []).map((item) => parseText(item.trim())).filter((item) => item !== "");
}
