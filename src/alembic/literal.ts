/**
 * Reads the literals that people write as ids: strings, `None`, and tuples, lists and sets of strings.
 *
 * @module
 */

import { decodeString } from "../python_string.ts";
import { items, NONE, type PyValue, text } from "../python_value.ts";

/** White space, comments and continued lines; a string; or any other character. */
const TOKEN_REGEXP =
  /(?:[ \t\f\n]|#[^\n]*|\\\n)*(?:([uUrR]?(?:"""(?:[^"\\]|\\[^]|"(?!""))*"""|'''(?:[^'\\]|\\[^]|'(?!''))*'''|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'))|(None\b|[^ \t\f\n#]|$))/y;
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The value of an expression that is such a literal and nothing else; `undefined` for any other. */
export function readLiteral(expression: string): PyValue | undefined {
  const tokens = new Tokens(expression);
  return valueOf(readSome(tokens, ""));
}

/** The string or mark that comes next. */
class Tokens {
  readonly #source: string;
  #at = 0;
  /** With quotes and prefix; `undefined` when the next token is none. */
  string: string | undefined;
  /** A bracket, a comma, `None`, a character that is none of these, or "" at the end. */
  mark: string | undefined;

  constructor(source: string) {
    this.#source = source;
    this.advance();
  }

  advance(): void {
    TOKEN_REGEXP.lastIndex = this.#at;
    const match = TOKEN_REGEXP.exec(this.#source);
    this.#at = TOKEN_REGEXP.lastIndex;
    this.string = match?.[1];
    this.mark = match === null ? "?" : match[2];
  }
}

/** Values before a closing mark, and whether there was a comma among them. */
interface Some {
  readonly values: PyValue[];
  readonly hasComma: boolean;
}

function readSome(tokens: Tokens, end: string): Some | undefined {
  const values: PyValue[] = [];
  let hasComma = false;
  while (tokens.mark !== end) {
    const value = readOne(tokens);
    if (value === undefined) return undefined;
    values.push(value);
    if (tokens.mark !== ",") break;
    hasComma = true;
    tokens.advance();
  }
  return tokens.mark === end ? { values, hasComma } : undefined;
}

/** Several values with commas are a tuple; one is itself. */
function valueOf(some: Some | undefined): PyValue | undefined {
  return some?.hasComma ? items("tuple", some.values) : some?.values[0];
}

function readOne(tokens: Tokens): PyValue | undefined {
  if (tokens.string !== undefined) return readStrings(tokens);
  const { mark = "" } = tokens;
  const closing = CLOSING[mark];
  if (mark !== "None" && closing === undefined) return undefined;
  tokens.advance();
  if (closing === undefined) return NONE;
  const some = readSome(tokens, closing);
  tokens.advance();
  if (some === undefined) return undefined;
  const isEmpty = some.values.length === 0;
  if (mark === "(") return isEmpty ? items("tuple", []) : valueOf(some);
  // `{}` is a dictionary
  if (mark === "{") return isEmpty ? undefined : items("set", some.values);
  return items("list", some.values);
}

/** Strings beside each other are one. */
function readStrings(tokens: Tokens): PyValue | undefined {
  let joined = "";
  for (; tokens.string !== undefined; tokens.advance()) {
    const part = decodeString(tokens.string);
    if (part === undefined) return undefined;
    joined += part;
  }
  return text(joined);
}
