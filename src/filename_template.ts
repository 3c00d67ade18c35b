/**
 * `filename_template`: what the names of new migration files are made of. Pure.
 *
 * @module
 */

import { ConfigError } from "./config_values.ts";
import type { Place } from "./errors.ts";
import { closest } from "./suggest.ts";

/** The Python tool's, for files of its time. */
export const PYTHON_TEMPLATE = "%(year)s_%(month)s_%(day)s_%(hour)s%(minute)s%(second)s_%(revision)s_%(slug)s";

const NUMBERS: readonly string[] = ["year", "month", "day", "hour", "minute", "second"];
const KEYS: readonly string[] = ["revision", "slug", ...NUMBERS];
/** As Python's `%`: `%(key)s`, `%(month).2d`, `%%`; and what begins with `%` and is neither. */
const PART_REGEXP = /%%|%\(([^)]*)\)([-0 ]?\d*(?:\.\d+)?)([a-zA-Z]?)|%/g;

/**
 * The template as it is to be used. `%%(key)s`, the spelling that Alembic's own `file_template` needs, is `%(key)s`.
 *
 * @throws {ConfigError} when a file could not be made with it, would not be found again, or would replace another
 */
export function parseFilenameTemplate(text: string, place?: Place): string {
  const fail = (message: string, hint: string): never => {
    throw new ConfigError("filename-template", message, { hint, place });
  };
  const template = text.replaceAll("%%(", "%(");
  const keys = new Set<string>();
  for (const [part, key, format = "", type] of template.matchAll(PART_REGEXP)) {
    if (part === "%%") continue;
    if (key === undefined) {
      return fail("filename_template has a '%' that begins no %(key)s", "Write %% for a percent sign.");
    }
    if (!KEYS.includes(key)) {
      const suggestion = closest(key, KEYS);
      const didYouMean = suggestion === undefined ? "" : `Did you mean ${suggestion}? `;
      return fail(`Unknown key '${key}' in filename_template`, `${didYouMean}There are ${KEYS.join(", ")}.`);
    }
    if (type !== "s" && !(type === "d" && NUMBERS.includes(key))) {
      return fail(`'%(${key})' in filename_template does not end with s`, `Write %(${key})s.`);
    }
    if (key === "revision" && format.includes(".")) {
      return fail("filename_template cuts the revision", "Cut, two revisions could have one file; write %(revision)s.");
    }
    keys.add(key);
  }
  if (!keys.has("revision")) {
    return fail("filename_template has no %(revision)s", "Without it two migrations could have one file; put it in.");
  }
  if (/[/\\]/.test(template)) {
    return fail("filename_template has a slash", "Migration files stand in the folder 'versions' itself; take it out.");
  }
  if (/^[_.]/.test(template)) {
    return fail(
      `filename_template begins with '${template[0]}'`,
      "Files whose names begin so are helpers, and never run as migrations; begin with something else.",
    );
  }
  return template;
}
