/**
 * Splits a SQL text into statements as the database's own client does. Pure.
 *
 * @module
 */

import type { SqlLexicon } from "./db/database.ts";
import type { Fault } from "./errors.ts";
import type { SqlStatement } from "./migration.ts";
import { SqlLexer, type SqlToken } from "./sql_lexer.ts";

/** A statement, and what the reader of a migration needs to know of it beyond its text. */
export interface LocatedStatement extends SqlStatement {
  /** Where in its line it begins, from 1, in UTF-16 units. */
  readonly column: number;
  /** Its first words, in lower case, without quoted names: `["create", "table"]`. */
  readonly words: readonly string[];
}

/** A comment that the caller asked for; it ends the statement before it. */
export interface Mark {
  /** The whole comment. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Whether only white space stands before it on its line. */
  readonly ownLine: boolean;
}

export type SqlItem =
  | { readonly kind: "statement"; readonly statement: LocatedStatement }
  | { readonly kind: "mark"; readonly mark: Mark };

export interface SplitOptions {
  /** For the faults' places. */
  readonly file: string;
  /** Which comments to give as marks. @default none */
  readonly isMark?: (comment: string) => boolean;
}

/** Statements and marks in the order of the text, and what is wrong in it. */
export interface SplitText {
  readonly items: readonly SqlItem[];
  readonly faults: readonly Fault[];
}

/** How many words of a statement's beginning are kept; `create definer = a@b or replace … trigger` has some before it counts. */
const MAX_WORDS = 12;

/** What may have a body with `;` in it, and what else `CREATE` makes: the first such word tells. */
const BODY_KINDS: ReadonlySet<string> = new Set(["trigger", "procedure", "function", "event"]);
const PLAIN_KINDS: ReadonlySet<string> = new Set(
  ["table", "view", "index", "database", "schema", "user", "role", "sequence", "type", "server", "rule"],
);
/** `END IF` and its like close what is not counted. */
const UNCOUNTED_ENDS: ReadonlySet<string> = new Set(["if", "loop", "while", "repeat", "for"]);

/**
 * Cuts a text at its delimiters: those that are not within quotes, comments, parentheses (`CREATE RULE … DO (…; …)`)
 * or the `BEGIN … END` body of a trigger or routine. Comments before and behind a statement do not
 * belong to it.
 */
export function splitSql(text: string, lexicon: SqlLexicon, options: SplitOptions): SplitText {
  const splitter = new Splitter(text, lexicon, options);
  return splitter.split();
}

class Splitter {
  readonly #text: string;
  readonly #lexicon: SqlLexicon;
  readonly #options: SplitOptions;
  readonly #lexer: SqlLexer;
  readonly #items: SqlItem[] = [];
  readonly #faults: Fault[] = [];
  #lineAt = 0;
  #line = 1;
  #lineStart = 0;
  #statement: OpenStatement;

  constructor(text: string, lexicon: SqlLexicon, options: SplitOptions) {
    this.#text = text;
    this.#lexicon = lexicon;
    this.#options = options;
    this.#lexer = new SqlLexer(text, lexicon);
    this.#statement = new OpenStatement(text, lexicon);
  }

  split(): SplitText {
    // one token behind, as END needs to know what follows it
    let current: SqlToken | undefined;
    for (let token = this.#lexer.next(); token !== undefined; token = this.#lexer.next()) {
      if (token.kind === "space") continue;
      if (token.kind === "comment") {
        this.#checkEnd(token);
        const comment = this.#text.slice(token.start, token.end);
        if (!this.#options.isMark?.(comment)) continue;
        this.#take(current, undefined);
        current = undefined;
        this.#close();
        this.#mark(token, comment);
        continue;
      }
      current = this.#take(current, token) ? token : undefined;
    }
    this.#take(current, undefined);
    this.#close();
    return { items: this.#items, faults: this.#faults };
  }

  /** Adds a token to the statement, or ends it. Returns `false` when `next` was skipped with the data of a `COPY`. */
  #take(token: SqlToken | undefined, next: SqlToken | undefined): boolean {
    if (token === undefined) return true;
    this.#checkEnd(token);
    if (token.kind === "command") {
      this.#close();
      this.#checkCommand(token);
      return true;
    }
    const ends = token.kind === "delimiter" && (token.custom === true || !this.#statement.holds);
    if (!ends) {
      this.#statement.add(token, next);
      return true;
    }
    const copies = this.#close() === "copy";
    if (!copies) return true;
    this.#lexer.moveTo(this.#behindCopyData(token.end));
    return false;
  }

  /** Ends the statement behind its last token. */
  #close(): "copy" | undefined {
    const { first, end, words } = this.#statement;
    this.#statement = new OpenStatement(this.#text, this.#lexicon);
    if (first === undefined) return undefined;
    const { line, column } = this.#placeOf(first.start);
    const text = this.#text.slice(first.start, end);
    const place = { file: this.#options.file, line, column };
    const command = CLIENT_COMMAND_REGEXP.exec(text)?.[0];
    if (command !== undefined) {
      this.#faults.push({
        code: "client-command",
        message: `${command} is a command of the database's client program, not SQL`,
        place,
        hint: "Remove it, or write SQL that does the same.",
      });
      return undefined;
    }
    if (words[0] === "copy" && COPY_STDIN_REGEXP.test(words.join(" "))) {
      this.#faults.push({
        code: "copy-from-stdin",
        message: "COPY … FROM STDIN takes its rows from the client psql, and cannot be in a migration",
        place,
        hint: "Write INSERT statements (pg_dump --inserts makes them), or load the rows in a TypeScript migration.",
      });
      return "copy";
    }
    this.#items.push({ kind: "statement", statement: { text, line, column, words } });
    return undefined;
  }

  #mark(token: SqlToken, text: string): void {
    const { line, column } = this.#placeOf(token.start);
    const ownLine = this.#text.slice(token.start - column + 1, token.start).trim() === "";
    this.#items.push({ kind: "mark", mark: { text: text.trimEnd(), line, column, ownLine } });
  }

  #checkEnd(token: SqlToken): void {
    if (token.unterminated === undefined) return;
    this.#faults.push({
      code: "unterminated",
      message: `The ${token.unterminated} that begins here never ends`,
      place: { file: this.#options.file, ...this.#placeOf(token.start, false) },
      hint: "Close it; in a text, a quote is written twice: 'it''s'.",
    });
  }

  #checkCommand(token: SqlToken): void {
    const text = this.#text.slice(token.start, token.end);
    if (/\s\S/.test(text)) return;
    this.#faults.push({
      code: "delimiter",
      message: "DELIMITER stands without a delimiter",
      place: { file: this.#options.file, ...this.#placeOf(token.start) },
      hint: "Write 'DELIMITER //', and 'DELIMITER ;' to go back.",
    });
  }

  #behindCopyData(from: number): number {
    const end = this.#text.indexOf("\n\\.", from);
    return end < 0 ? this.#text.length : end + 3;
  }

  /** Offsets come in rising order, so each line break is counted once; `advance: false` looks ahead without that. */
  #placeOf(offset: number, advance = true): { line: number; column: number } {
    let line = this.#line, lineStart = this.#lineStart;
    for (
      let at = this.#text.indexOf("\n", this.#lineAt);
      at >= 0 && at < offset;
      at = this.#text.indexOf("\n", at + 1)
    ) {
      line++;
      lineStart = at + 1;
    }
    if (advance) [this.#line, this.#lineStart, this.#lineAt] = [line, lineStart, Math.max(offset, this.#lineAt)];
    return { line, column: offset - lineStart + 1 };
  }
}

const CLIENT_COMMAND_REGEXP = /^(?:\\\S+|\.[A-Za-z]+)/;
const COPY_STDIN_REGEXP = /\bfrom stdin\b/;

/** The statement that is being read. */
class OpenStatement {
  readonly #text: string;
  readonly #lexicon: SqlLexicon;
  first: SqlToken | undefined;
  /** Behind its last token. */
  end = 0;
  readonly words: string[] = [];
  #parentheses = 0;
  readonly #blocks: ("begin" | "case")[] = [];
  #previous = "";

  constructor(text: string, lexicon: SqlLexicon) {
    this.#text = text;
    this.#lexicon = lexicon;
  }

  /** Whether a `;` is a part of it. */
  get holds(): boolean {
    return this.#parentheses > 0 || this.#blocks.length > 0;
  }

  add(token: SqlToken, next: SqlToken | undefined): void {
    this.first ??= token;
    this.end = token.end;
    const word = wordOf(token, this.#text);
    if (token.kind === "word" && this.words.length < MAX_WORDS) this.words.push(word);
    if (token.kind === "symbol" && token.custom !== true) this.#parenthesis(word);
    if (token.kind === "word" && token.custom !== true && this.#lexicon.compoundBodies && this.#parentheses === 0) {
      this.#nest(word, wordOf(next, this.#text));
    }
    this.#previous = word;
  }

  #parenthesis(symbol: string): void {
    if (symbol === "(") this.#parentheses++;
    else if (symbol === ")") this.#parentheses = Math.max(0, this.#parentheses - 1);
  }

  #nest(word: string, next: string): void {
    if (this.#previous === ".") return;
    if (word === "begin" && this.#hasBody() && !NO_BLOCK_REGEXP.test(next)) this.#blocks.push("begin");
    // MariaDB's block without a routine: BEGIN NOT ATOMIC
    else if (word === "atomic" && this.words.join(" ") === "begin not atomic") this.#blocks.push("begin");
    else if (word === "case" && this.#previous !== "end" && this.#hasBody()) this.#blocks.push("case");
    else if (word === "end") this.#end(next);
  }

  #end(next: string): void {
    if (this.#lexicon.delimiterCommand && UNCOUNTED_ENDS.has(next)) return;
    const block = this.#blocks.at(-1);
    // a block's END stands behind a statement; elsewhere it is a column of that name
    const closes = block === "case" || [";", "begin", "atomic"].includes(this.#previous);
    if (closes) this.#blocks.pop();
  }

  #hasBody(): boolean {
    const [verb] = this.words;
    if (this.#blocks.length > 0) return true;
    if (verb !== "create" && verb !== "alter") return false;
    const kind = this.words.find((word) => BODY_KINDS.has(word) || PLAIN_KINDS.has(word));
    return kind !== undefined && BODY_KINDS.has(kind);
  }
}

/** What stands behind a column of the name `begin`, and never behind the word that opens a block. */
const NO_BLOCK_REGEXP = /^[=,.)<>+*/;|%!-]/;

/** A token in lower case; "" for quoted and for long ones, whose content does not matter here. */
function wordOf(token: SqlToken | undefined, text: string): string {
  if (token === undefined || token.kind === "string" || token.kind === "name" || token.end - token.start > 32) {
    return "";
  }
  return text.slice(token.start, token.end).toLowerCase();
}
