/**
 * What makes foreign text harmless to show. Pure.
 *
 * @module
 */

// control characters but the tab; what turns the direction of the text around it, or is an invisible break
const HARMFUL_REGEXP = /(?!\t)[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** The text with everything that could move the cursor, recolour or reorder a terminal's line written as `\x1b`. */
export function visible(text: string): string {
  return text.replace(HARMFUL_REGEXP, (character) => {
    const code = character.charCodeAt(0);
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
