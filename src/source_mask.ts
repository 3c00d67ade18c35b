/**
 * The code of a source without what is in its comments and strings, so that a search finds what is code. Pure.
 *
 * @module
 */

/** How a language writes comments and strings. */
interface Lexicon {
  /** Comments, strings and regular expressions, from where one begins; of a string the first group is its quote. */
  readonly tokens: RegExp;
  /** Whether a `/` after this code begins a regular expression. */
  readonly mayBeRegExp: (before: string) => boolean;
}

const SCRIPT_REGEXP =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(["'])(?:\\[\s\S]|(?!\1)[^\\\n])*\1?|(`)(?:\\[\s\S]|[^\\`])*`?|\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
const PYTHON_REGEXP = /#[^\n]*|("""|''')(?:\\[\s\S]|(?!\1)[^\\])*\1?|(["'])(?:\\[\s\S]|(?!\2)[^\\\n])*\2?/g;

/** What stands before a regular expression, and not before a division. */
const BEFORE_REGEXP =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|do|else|yield|await))$/;

const LEXICONS: Readonly<Record<"script" | "python", Lexicon>> = {
  script: { tokens: SCRIPT_REGEXP, mayBeRegExp: (before) => BEFORE_REGEXP.test(before) },
  python: { tokens: PYTHON_REGEXP, mayBeRegExp: () => false },
};

/**
 * The text with blanks for what is in comments and strings; the quotes of strings and all line breaks stay, so that each
 * character is where it was. A template's `${…}` counts as a part of its string.
 */
export function maskOf(text: string, language: "script" | "python"): string {
  const { tokens, mayBeRegExp } = LEXICONS[language];
  const regexp = new RegExp(tokens.source, tokens.flags);
  let mask = "";
  for (let found = regexp.exec(text); found !== null; found = regexp.exec(text)) {
    const [token, first, second] = found;
    mask += text.slice(mask.length, found.index);
    const isSlash = token.startsWith("/") && !token.startsWith("//") && !token.startsWith("/*");
    if (isSlash && !mayBeRegExp(mask.slice(-200).trimEnd())) {
      mask += "/";
      regexp.lastIndex = found.index + 1;
      continue;
    }
    const quote = first ?? second ?? "";
    const closed = quote !== "" && token.length >= 2 * quote.length && token.endsWith(quote);
    const end = closed ? quote : "";
    mask += quote + blank(token.slice(quote.length, token.length - end.length)) + end;
  }
  return mask + text.slice(mask.length);
}

function blank(text: string): string {
  return text.replace(/[^\n\r]/g, " ");
}
