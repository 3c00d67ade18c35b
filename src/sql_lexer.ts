/**
 * Cuts a SQL text into tokens by the rules of one database. Pure; joined again, the tokens are the text.
 *
 * @module
 */

import type { SqlLexicon } from "./db/database.ts";

export type SqlTokenKind =
  | "space"
  | "comment"
  | "string"
  /** A quoted name. */
  | "name"
  | "word"
  | "number"
  /** One other character, or one of the marks of MySQL's executable comments. */
  | "symbol"
  /** What ends a statement: `;`, or what `DELIMITER` set. */
  | "delimiter"
  /** The client's `DELIMITER …` line. */
  | "command";

/** A part of the text; offsets count UTF-16 units from 0. */
export interface SqlToken {
  readonly kind: SqlTokenKind;
  readonly start: number;
  readonly end: number;
  /** What begins here and never ends: `string`, `quoted name`, `comment`, `dollar-quoted string`. */
  readonly unterminated?: string;
  /** On a delimiter that `DELIMITER` set: nothing else ends a statement, not even what holds bodies together. */
  readonly custom?: boolean;
}

const SPACE_REGEXP = /[ \t\n\r\f\v]+/y;
// a digit may begin a name on MySQL; for finding quotes and delimiters it makes no difference
const NUMBER_REGEXP = /\d[\w.]*/y;
const WORD_REGEXP = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const DOLLAR_REGEXP = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const COMMAND_REGEXP = /delimiter(?:[ \t]+(\S+)[^\n]*|[ \t]*(?=[\r\n]|$))/iy;
const EXECUTABLE_REGEXP = /\/\*M?!\d*/y;
// PostgreSQL joins '…' pieces over a line break, and an E at the first counts for all
const CONTINUATION_REGEXP = /[ \t\f\v]*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

/** Gives the tokens of a text, one behind the other, without gaps. */
export class SqlLexer {
  readonly #text: string;
  readonly #lexicon: SqlLexicon;
  #at = 0;
  #delimiter = ";";
  /** Whether nothing but white space and comments came since the last delimiter. */
  #fresh = true;

  constructor(text: string, lexicon: SqlLexicon) {
    this.#text = text;
    this.#lexicon = lexicon;
  }

  /** Goes on at another place, where a statement begins. */
  moveTo(offset: number): void {
    this.#at = offset;
    this.#fresh = true;
  }

  next(): SqlToken | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const start = this.#at;
    const { kind, end, unterminated } = this.#read(start);
    this.#at = end;
    if (kind !== "space" && kind !== "comment") this.#fresh = kind === "delimiter" || kind === "command";
    return {
      kind,
      start,
      end,
      ...(unterminated === undefined ? {} : { unterminated }),
      ...(this.#delimiter === ";" ? {} : { custom: true }),
    };
  }

  #read(start: number): Read {
    const text = this.#text, lexicon = this.#lexicon;
    const spaceEnd = match(SPACE_REGEXP, text, start);
    if (spaceEnd !== undefined) return { kind: "space", end: spaceEnd };
    // as MySQL's own client does, a delimiter is looked for before comments: `DELIMITER #` and `DELIMITER //` are used
    if (text.startsWith(this.#delimiter, start)) return { kind: "delimiter", end: start + this.#delimiter.length };
    const character = text.charAt(start);
    const comment = this.#comment(start);
    if (comment !== undefined) return comment;
    if (character === "'" || character === '"' || lexicon.identifierQuotes.includes(character)) {
      return this.#quoted(start, character);
    }
    if (character === "$" && lexicon.dollarQuotes) return this.#dollar(start);
    return this.#word(start);
  }

  #comment(start: number): Read | undefined {
    const text = this.#text, lexicon = this.#lexicon;
    if (text.startsWith("--", start) && this.#isDashComment(start)) {
      return { kind: "comment", end: this.#lineEnd(start) };
    }
    if (lexicon.hashComments && text.charAt(start) === "#") return { kind: "comment", end: this.#lineEnd(start) };
    if (!text.startsWith("/*", start)) return undefined;
    if (lexicon.hashComments) {
      const end = match(EXECUTABLE_REGEXP, text, start);
      if (end !== undefined) return { kind: "symbol", end };
    }
    const end = lexicon.nestedComments ? nestedCommentEnd(text, start) : endOf(text.indexOf("*/", start + 2), 2);
    return end === undefined
      ? { kind: "comment", end: text.length, unterminated: "comment" }
      : { kind: "comment", end };
  }

  /** MySQL wants white space behind `--`, or it is two minus signs; its client takes any where a statement begins. */
  #isDashComment(start: number): boolean {
    if (!this.#lexicon.dashNeedsSpace || this.#fresh) return true;
    const code = this.#text.charCodeAt(start + 2);
    return Number.isNaN(code) || code <= 32;
  }

  #lineEnd(start: number): number {
    const end = this.#text.indexOf("\n", start);
    return end < 0 ? this.#text.length : end;
  }

  /** A doubled quote reads as two texts without anything between them, which cuts no statement differently. */
  #quoted(start: number, open: string): Read {
    const kind = open === "'" ? "string" : "name";
    const escapes = this.#lexicon.backslashEscapes && (open === "'" || open === '"');
    const end = escapes
      ? escapedEnd(this.#text, start + 1, open)
      : endOf(this.#text.indexOf(open === "[" ? "]" : open, start + 1), 1);
    if (end !== undefined) return { kind, end };
    return { kind, end: this.#text.length, unterminated: kind === "string" ? "string" : "quoted name" };
  }

  #dollar(start: number): Read {
    const open = match(DOLLAR_REGEXP, this.#text, start);
    if (open === undefined) return { kind: "symbol", end: start + 1 };
    const tag = this.#text.slice(start, open);
    const end = endOf(this.#text.indexOf(tag, open), tag.length);
    return end === undefined
      ? { kind: "string", end: this.#text.length, unterminated: "dollar-quoted string" }
      : { kind: "string", end };
  }

  #word(start: number): Read {
    const text = this.#text;
    const wordEnd = match(WORD_REGEXP, text, start);
    if (wordEnd === undefined) {
      const numberEnd = match(NUMBER_REGEXP, text, start);
      if (numberEnd !== undefined) return { kind: "number", end: this.#cut(start, numberEnd) };
      return { kind: "symbol", end: start + (text.startsWith("*/", start) ? 2 : 1) };
    }
    // a statement before `DELIMITER ;` may lack its own delimiter, so a changed one lets the command end it
    if (this.#lexicon.delimiterCommand && (this.#fresh || this.#delimiter !== ";")) {
      const end = this.#command(start);
      if (end !== undefined) return { kind: "command", end };
    }
    const isEscapeString = wordEnd === start + 1 && this.#lexicon.dollarQuotes && text.charAt(wordEnd) === "'" &&
      text.charAt(start).toLowerCase() === "e";
    return isEscapeString ? this.#escapeString(start) : { kind: "word", end: this.#cut(start, wordEnd) };
  }

  /** A delimiter such as `$$` or `END_OF` ends a word that it is in. */
  #cut(start: number, end: number): number {
    if (this.#delimiter === ";") return end;
    const at = this.#text.slice(start, end).indexOf(this.#delimiter);
    return at > 0 ? start + at : end;
  }

  #command(start: number): number | undefined {
    COMMAND_REGEXP.lastIndex = start;
    const found = COMMAND_REGEXP.exec(this.#text);
    if (found === null) return undefined;
    this.#delimiter = found[1] ?? ";";
    return COMMAND_REGEXP.lastIndex;
  }

  #escapeString(start: number): Read {
    let at = start + 2;
    for (;;) {
      const end = escapedEnd(this.#text, at, "'");
      if (end === undefined) return { kind: "string", end: this.#text.length, unterminated: "string" };
      const next = this.#text.charAt(end) === "'" ? end + 1 : match(CONTINUATION_REGEXP, this.#text, end);
      if (next === undefined) return { kind: "string", end };
      at = next;
    }
  }
}

interface Read {
  readonly kind: SqlTokenKind;
  readonly end: number;
  readonly unterminated?: string;
}

function match(regexp: RegExp, text: string, at: number): number | undefined {
  regexp.lastIndex = at;
  return regexp.test(text) ? regexp.lastIndex : undefined;
}

function endOf(index: number, length: number): number | undefined {
  return index < 0 ? undefined : index + length;
}

const SINGLE_OR_BACKSLASH_REGEXP = /['\\]/g;
const DOUBLE_OR_BACKSLASH_REGEXP = /["\\]/g;

/** Behind the closing quote; hops from mark to mark, as one expression for it all would run out of stack on a long text. */
function escapedEnd(text: string, from: number, close: string): number | undefined {
  const marks = close === "'" ? SINGLE_OR_BACKSLASH_REGEXP : DOUBLE_OR_BACKSLASH_REGEXP;
  marks.lastIndex = from;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === close) return marks.lastIndex;
    marks.lastIndex += 1;
  }
  return undefined;
}

const COMMENT_MARK_REGEXP = /\/\*|\*\//g;

function nestedCommentEnd(text: string, start: number): number | undefined {
  let depth = 0;
  COMMENT_MARK_REGEXP.lastIndex = start;
  for (let mark = COMMENT_MARK_REGEXP.exec(text); mark !== null; mark = COMMENT_MARK_REGEXP.exec(text)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return COMMENT_MARK_REGEXP.lastIndex;
  }
  return undefined;
}
