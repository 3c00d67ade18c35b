/**
 * HTML that escapes whatever is put into it, and more: secrets are taken out of each text, and what could turn or hide
 * the text around it is shown as it is written in code.
 *
 * @module
 */

import { html as escaping, raw } from "hono/html";
import { visible } from "../visible.ts";

/** A piece of a page. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

/** What may stand in a template; `undefined`, `null` and `false` are nothing. */
export type HtmlValue = string | number | Html | undefined | null | false | readonly HtmlValue[];

/** Makes HTML of a template: what stands in `${…}` is text, unless it was made by this. */
export type HtmlTag = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]) => Html;

export function htmlTag(redact: (text: string) => string): HtmlTag {
  const shown = (value: HtmlValue): HtmlValue => {
    if (typeof value === "string") return harmless(redact(value));
    return isList(value) ? value.map(shown) : value;
  };
  // with no promise among its values, it gives none
  return (strings, ...values) => escaping(strings, ...values.map(shown)) as unknown as Html;
}

function isList(value: HtmlValue): value is readonly HtmlValue[] {
  return Array.isArray(value);
}

const PLAIN_REGEXP = /^[\x20-\x7e]*$/;
const NO_CHARACTER_REGEXP = /[\ufdd0-\ufdef\ufffe\uffff]/g;

/** The text line by line, with everything that is no letter or sign in it made visible. */
function harmless(text: string): string {
  if (PLAIN_REGEXP.test(text)) return text;
  return text.toWellFormed().replace(NO_CHARACTER_REGEXP, "\ufffd").split(/\r\n|\n/).map(visible).join("\n");
}

/** HTML that is a constant of ours, or was made elsewhere of escaped texts. */
export function trusted(html: string): Html {
  return raw(html) as unknown as Html;
}
