/**
 * What must be known of a statement's text before SQLite's driver gets it. Pure.
 *
 * @module
 */

const LEAD_REGEXP = /^(?:\s+|;|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/;

/** Whether there is nothing to run: white space, comments, semicolons. The driver crashes on an empty statement. */
export function isBlank(text: string): boolean {
  return withoutLead(text) === "";
}

/** The text from its first word on. */
export function withoutLead(text: string): string {
  return text.replace(LEAD_REGEXP, "");
}

/** One identifier, quoted. @throws {TypeError} when it has a NUL */
export function quoted(name: string): string {
  if (name.includes("\0")) throw new TypeError("A name cannot hold a NUL character");
  return `"${name.replaceAll('"', '""')}"`;
}

const QUOTED = [`'(?:[^']|'')*'`, `"(?:[^"]|"")*"`, "`(?:[^`]|``)*`", String.raw`\[[^\]]*\]`];
const COMMENTS = ["--[^\\n]*", String.raw`\/\*[\s\S]*?(?:\*\/|$)`];
const TOKENS_REGEXP = new RegExp(
  [...QUOTED, ...COMMENTS, String.raw`\?\d*`, String.raw`[:@$][A-Za-z_]\w*`].join("|"),
  "g",
);

/** How many `?` a statement has; `undefined` where it has placeholders with numbers or names. */
export function countPlaceholders(text: string): number | undefined {
  let count = 0;
  for (const [token] of text.matchAll(TOKENS_REGEXP)) {
    if (token === "?") count++;
    else if (/^[?:@$]/.test(token)) return undefined;
  }
  return count;
}
