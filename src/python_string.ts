/**
 * String literals of Python, read as Python reads them.
 *
 * @module
 */

const LITERAL_REGEXP = /^([A-Za-z]{0,2})("""|'''|"|')([^]*)\2$/;
const ESCAPE_REGEXP = /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(\n)|([^]))/g;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * The text of one literal, with its quotes and prefix: `r'…'`, `"""…"""`, `u"…"`. Lines are expected to end in `\n`.
 *
 * @returns `undefined` when it is no text (bytes), is a format string with something in `{…}`, or cannot be read
 */
export function decodeString(literal: string): string | undefined {
  const [, prefix = "", , body] = LITERAL_REGEXP.exec(literal) ?? [];
  if (body === undefined) return undefined;
  const flags = prefix.toLowerCase();
  if (flags.includes("b") || flags.includes("t")) return undefined;
  const text = flags.includes("f") ? withoutDoubledBraces(body) : body;
  return text === undefined || flags.includes("r") ? text : unescape(text);
}

function withoutDoubledBraces(body: string): string | undefined {
  const hasReplacement = /[{}]/.test(body.replace(/\{\{|\}\}/g, ""));
  return hasReplacement ? undefined : body.replace(/\{\{|\}\}/g, (pair) => pair.charAt(0));
}

function unescape(body: string): string | undefined {
  if (!body.includes("\\")) return body;
  let known = true;
  const text = body.replace(ESCAPE_REGEXP, (all: string, octal, hex2, hex4, hex8, newline, other) => {
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    if (newline !== undefined) return "";
    const code = parseInt(hex2 ?? hex4 ?? hex8, 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    // `\N{…}` needs the table of Unicode names, and a cut-off `\x` or `\u` is an error of Python's
    if (other === undefined || "NxuU".includes(other)) known = false;
    return SIMPLE_ESCAPES[other] ?? all;
  });
  return known ? text : undefined;
}
