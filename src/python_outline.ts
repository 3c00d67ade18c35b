/**
 * The outline of a Python module: where its top-level statements begin and end. It reads strings, brackets, comments
 * and continued lines as Python's tokenizer does, and knows nothing of expressions; so it is fast, and sound for any
 * version of the language.
 *
 * @module
 */

/** One logical line at the top level of a module. */
export interface TopLine {
  readonly from: number;
  /** Behind its last token; a comment at its end is not part of it. */
  readonly to: number;
  /** From 1. */
  readonly line: number;
  /** Where the indented lines below it begin and end, when there are any; equal when there are none. */
  blockFrom: number;
  blockTo: number;
}

/** Where a module cannot be Python. */
export interface OutlineError {
  readonly line: number;
  readonly message: string;
}

const OTHER = 0, QUOTE = 1, HASH = 2, OPEN = 3, CLOSE = 4, BACKSLASH = 5, NEWLINE = 6;
const CLASSES = new Uint8Array(128);
for (
  const [characters, kind] of [[`'"`, QUOTE], ["#", HASH], ["([{", OPEN], [")]}", CLOSE], ["\\", BACKSLASH], [
    "\n",
    NEWLINE,
  ]] as const
) {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = kind;
}
const NEWLINE_CODE = 10;
const HASH_CODE = 35;
const COLON_CODE = 58;
const BACKSLASH_CODE = 92;
const BRACE_CODE = 123;
const CLOSING_BRACE_CODE = 125;

/** A module's source with the newlines that Python sees, and without a byte order mark. */
export function normalizeSource(text: string): string {
  const withoutMark = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return withoutMark.includes("\r") ? withoutMark.replace(/\r\n?/g, "\n") : withoutMark;
}

/** Outlines a normalized source: see {@link normalizeSource}. */
export function outlineModule(source: string): TopLine[] | OutlineError {
  const lines: TopLine[] = [];
  const scanner = new Scanner(source);
  for (;;) {
    const indented = scanner.toNextLine();
    if (indented === undefined) return lines;
    const { at: from, line } = scanner;
    const error = scanner.toLineEnd();
    if (error !== undefined) return error;
    if (!indented) {
      lines.push({ from, to: scanner.end, line, blockFrom: scanner.at, blockTo: scanner.at });
      continue;
    }
    const above = lines[lines.length - 1];
    if (above === undefined) return { line, message: "unexpected indent" };
    if (above.blockFrom === above.blockTo) above.blockFrom = from;
    above.blockTo = scanner.end;
  }
}

/** Goes through a source, one logical line after another. */
class Scanner {
  readonly #source: string;
  /** The next character to read. */
  at = 0;
  /** The line of `at`, from 1. */
  line = 1;
  /** Behind the last token of the line that was read last. */
  end = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /**
   * Goes to the first token of the next line that is neither blank nor a comment.
   *
   * @returns whether it is indented; `undefined` at the end of the source
   */
  toNextLine(): boolean | undefined {
    const source = this.#source;
    let at = this.at, start = at;
    for (; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code === NEWLINE_CODE) {
        this.line++;
        start = at + 1;
      } else if (code === HASH_CODE) {
        const newline = source.indexOf("\n", at);
        at = (newline === -1 ? source.length : newline) - 1;
      } else if (code === 12) {
        // a form feed begins the indentation anew
        start = at + 1;
      } else if (code !== 32 && code !== 9) {
        this.at = at;
        return at > start;
      }
    }
    return undefined;
  }

  /** Goes behind the newline that ends the logical line. */
  toLineEnd(): OutlineError | undefined {
    const source = this.#source, length = source.length, startLine = this.line;
    let depth = 0, at = this.at;
    for (; at < length; at++) {
      const code = source.charCodeAt(at);
      const kind = code < 128 ? CLASSES[code] : OTHER;
      if (kind === OTHER) continue;
      if (kind === NEWLINE) {
        this.line++;
        if (depth === 0) {
          this.#endAt(at, at + 1);
          return undefined;
        }
      } else if (kind === QUOTE) {
        const after = this.#skipString(at);
        if (after === undefined) return { line: this.line, message: "unterminated string" };
        at = after - 1;
      } else if (kind === HASH) {
        const newline = source.indexOf("\n", at);
        const stop = newline === -1 ? length : newline;
        if (depth === 0) {
          this.#endAt(at, Math.min(stop + 1, length));
          if (newline !== -1) this.line++;
          return undefined;
        }
        at = stop - 1;
      } else if (kind === OPEN) depth++;
      else if (kind === CLOSE) {
        if (--depth < 0) return { line: this.line, message: "unmatched bracket" };
      } else if (source.charCodeAt(at + 1) === NEWLINE_CODE) {
        this.line++;
        at++;
      } else return { line: this.line, message: "unexpected backslash" };
    }
    if (depth > 0) return { line: startLine, message: "bracket was never closed" };
    this.#endAt(length, length);
    return undefined;
  }

  /** Ends the line before `stop`, without the blanks there, and goes on at `next`. */
  #endAt(stop: number, next: number): void {
    let end = stop;
    while (end > this.at && this.#source.charCodeAt(end - 1) <= 32) end--;
    this.end = end;
    this.at = next;
  }

  /** @returns behind the string whose first quote is at `at` */
  #skipString(at: number): number | undefined {
    const source = this.#source, quote = source.charCodeAt(at);
    const triple = source.charCodeAt(at + 1) === quote && source.charCodeAt(at + 2) === quote;
    if (isFormat(source, at)) return this.#skipFormatString(at + (triple ? 3 : 1), quote, triple);
    for (let i = at + (triple ? 3 : 1); i < source.length; i++) {
      const code = source.charCodeAt(i);
      if (code === BACKSLASH_CODE) {
        if (source.charCodeAt(++i) === NEWLINE_CODE) this.line++;
      } else if (code === NEWLINE_CODE) {
        if (!triple) return undefined;
        this.line++;
      } else if (code === quote) {
        if (!triple) return i + 1;
        if (source.charCodeAt(i + 1) === quote && source.charCodeAt(i + 2) === quote) return i + 3;
      }
    }
    return undefined;
  }

  /** A format string's `{…}` may hold any quotes since Python 3.12: they are read as code. */
  #skipFormatString(from: number, quote: number, triple: boolean): number | undefined {
    const source = this.#source;
    for (let i = from; i < source.length; i++) {
      const code = source.charCodeAt(i);
      if (code === BACKSLASH_CODE) {
        if (source.charCodeAt(++i) === NEWLINE_CODE) this.line++;
      } else if (code === NEWLINE_CODE) {
        if (!triple) return undefined;
        this.line++;
      } else if (code === quote) {
        if (!triple) return i + 1;
        if (source.charCodeAt(i + 1) === quote && source.charCodeAt(i + 2) === quote) return i + 3;
      } else if (code === BRACE_CODE) {
        if (source.charCodeAt(i + 1) === BRACE_CODE) i++;
        else {
          const after = this.#skipReplacement(i + 1, quote, triple);
          if (after === undefined) return undefined;
          i = after - 1;
        }
      }
    }
    return undefined;
  }

  /** @returns behind the `}` of a replacement field that begins at `from` */
  #skipReplacement(from: number, quote: number, triple: boolean): number | undefined {
    const source = this.#source;
    let depth = 0, inFormat = false;
    for (let i = from; i < source.length; i++) {
      const code = source.charCodeAt(i);
      const kind = code < 128 ? CLASSES[code] : OTHER;
      if (kind === NEWLINE) this.line++;
      else if (code === BRACE_CODE && inFormat) {
        const after = this.#skipReplacement(i + 1, quote, triple);
        if (after === undefined) return undefined;
        i = after - 1;
      } else if (code === CLOSING_BRACE_CODE && depth === 0) return i + 1;
      else if (inFormat) {
        // before Python 3.12 the field could not hold the string's own quote: it was the string's end
        if (code === quote && !triple) return undefined;
      } else if (kind === QUOTE) {
        const after = this.#skipString(i);
        if (after === undefined) return undefined;
        i = after - 1;
      } else if (kind === HASH) {
        const newline = source.indexOf("\n", i);
        if (newline === -1) return undefined;
        i = newline - 1;
      } else if (kind === OPEN) depth++;
      else if (kind === CLOSE) depth--;
      else if (code === COLON_CODE && depth === 0) inFormat = true;
    }
    return undefined;
  }
}

/** Whether the letters before a quote make the string a format string (`f`) or a template (`t`). */
function isFormat(source: string, quote: number): boolean {
  let from = quote;
  while (from > 0 && quote - from < 3 && /[A-Za-z]/.test(source.charAt(from - 1))) from--;
  return from < quote && quote - from < 3 && /^(?:r?[ft]|[ft]r)$/i.test(source.slice(from, quote)) &&
    !(from > 0 && /[\w]/.test(source.charAt(from - 1)));
}
