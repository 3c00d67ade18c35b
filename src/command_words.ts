/**
 * A command as a configuration names it: `.venv/bin/python`, `docker compose run --rm -T app python`.
 *
 * @module
 */

import { resolve } from "node:path";

const WORD_REGEXP = /(?:[^\s"']|"[^"]*"|'[^']*')+/g;

/**
 * The words of a command. Quotes of both kinds keep blanks together; a backslash is a character like others, as it
 * stands in the paths of Windows. A quote that is never closed gives `undefined`.
 */
export function commandWords(text: string): string[] | undefined {
  const rest = text.replace(WORD_REGEXP, "").trim();
  if (rest !== "") return undefined;
  return [...text.matchAll(WORD_REGEXP)].map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** The program of a command: a path from the folder when it has a slash, else a name that is looked up in `PATH`. */
export function commandProgram(word: string, folder: string): string {
  return /[/\\]/.test(word) ? resolve(folder, word) : word;
}
