/**
 * `-- delembic load: person (id, name) from data/person.csv`: a load among the statements of a SQL migration. Pure.
 *
 * Behind the file, in any order: `format csv`, `compression gzip`, `delimiter ';'`, `null 'NA'`, `encoding windows-1252`,
 * `no header`, `ignore (a, b)`, `on conflict [(id)] skip|update`, `replace`, `rejects 100`. What has blanks, commas or
 * parentheses stands in quotes: `from 'my data/person.csv'`, `"Person"`.
 *
 * @module
 */

import type { LoadOptions } from "./bulk_options.ts";
import { closest } from "./suggest.ts";

export interface LoadLine {
  readonly table: readonly string[];
  /** As it is written. */
  readonly source: string;
  readonly options: LoadOptions;
  /** Words of the line that are not about the load itself, and what stands behind each. */
  readonly more?: Readonly<Record<string, string>>;
}

/** What is wrong with such a line. */
export interface LoadLineProblem {
  readonly problem: string;
  readonly hint: string;
}

const EXAMPLE = "Write '-- delembic load: person from data/person.csv'.";
const TOKEN_REGEXP = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"|([(),])|([^\s(),'"]+)/y;
const NAME_REGEXP = /(?:"((?:[^"]|"")+)"|([^\s"().,']+))(\.?)/y;

interface Token {
  readonly text: string;
  readonly kind: "word" | "quoted" | "symbol";
}

/** A mistake within the line; caught where the line is read. */
class LineMistake {
  constructor(readonly problem: string, readonly hint: string) {}
}

/** @param moreWords that may stand in it besides, each with a value behind it */
export function parseLoadLine(value: string, moreWords: ReadonlySet<string> = NONE): LoadLine | LoadLineProblem {
  try {
    return new LoadLineReader(value, moreWords).read();
  } catch (mistake) {
    if (mistake instanceof LineMistake) return { problem: mistake.problem, hint: mistake.hint };
    throw mistake;
  }
}

const NONE: ReadonlySet<string> = new Set();

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const OPTION_NAMES = [
  "format",
  "compression",
  "delimiter",
  "null",
  "encoding",
  "no",
  "ignore",
  "on",
  "replace",
  "rejects",
] as const;

class LoadLineReader {
  readonly #table: readonly string[];
  readonly #tokens: readonly Token[];
  readonly #moreWords: ReadonlySet<string>;
  #at = 0;

  constructor(value: string, moreWords: ReadonlySet<string>) {
    this.#moreWords = moreWords;
    const { path, end } = tableIn(value);
    this.#table = path;
    this.#tokens = tokensOf(value, end);
  }

  read(): LoadLine {
    const options: Partial<Mutable<LoadOptions>> = {};
    if (this.#peek("(")) options.columns = this.#list("the table");
    this.#word("from", "behind the table");
    const source = this.#value("from", "a file");
    const seen = new Set<string>(), more: Record<string, string> = {};
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      const name = token.kind === "word" ? token.text.toLowerCase() : token.text;
      if (seen.has(name)) throw new LineMistake(`says '${name}' twice`, "Remove one of them.");
      seen.add(name);
      if (this.#moreWords.has(name)) more[name] = this.#value(name, "a value");
      else this.#option(name, options);
    }
    return { table: this.#table, source, options, ...(this.#moreWords.size === 0 ? {} : { more }) };
  }

  #option(name: string, options: Partial<Mutable<LoadOptions>>): void {
    switch (name) {
      case "format":
        options.format = this.#choice(name, ["csv", "tsv", "ndjson", "json"]);
        return;
      case "compression":
        options.compression = this.#choice(name, ["none", "gzip", "zstd"]);
        return;
      case "delimiter": {
        const text = this.#value(name, "a character");
        options.delimiter = text === "tab" ? "\t" : text;
        return;
      }
      case "null":
        options.null = this.#value(name, "a text");
        return;
      case "encoding":
        options.encoding = this.#value(name, "a name such as windows-1252");
        return;
      case "no":
        this.#word("header", "behind 'no'");
        options.header = false;
        return;
      case "ignore":
        options.ignore = this.#list("'ignore'");
        return;
      case "on":
        this.#word("conflict", "behind 'on'");
        if (this.#peek("(")) options.key = this.#list("'on conflict'");
        options.onConflict = this.#choice("on conflict", ["skip", "update"]);
        return;
      case "replace":
        options.replace = true;
        return;
      case "rejects":
        options.onBadRow = "collect";
        options.maxBadRows = this.#number(name);
        return;
      default:
        throw unknownOption(name, this.#moreWords);
    }
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  #peek(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === "symbol" && token.text === text;
  }

  #word(word: string, where: string): void {
    const token = this.#next();
    if (token?.kind === "word" && token.text.toLowerCase() === word) return;
    const found = token === undefined ? "" : `, not '${token.text}'`;
    throw new LineMistake(`needs '${word}' ${where}${found}`, EXAMPLE);
  }

  #value(name: string, what: string): string {
    const token = this.#next();
    if (token !== undefined && token.kind !== "symbol") return token.text;
    throw new LineMistake(`needs ${what} behind '${name}'`, EXAMPLE);
  }

  #choice<T extends string>(name: string, choices: readonly T[]): T {
    const text = this.#value(name, choices.join(" or ")).toLowerCase();
    const choice = choices.find((known) => known === text);
    if (choice !== undefined) return choice;
    throw new LineMistake(`has '${name} ${text}'`, `Known are ${choices.join(", ")}.`);
  }

  #number(name: string): number {
    const text = this.#value(name, "a number");
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new LineMistake(`has '${name} ${text}'`, "It is the number of bad rows that are collected: 'rejects 100'.");
  }

  #list(name: string): string[] {
    const names: string[] = [];
    this.#next();
    for (;;) {
      const token = this.#next();
      if (token === undefined || token.kind === "symbol") break;
      names.push(token.text);
      const separator = this.#next();
      if (separator?.kind === "symbol" && separator.text === ")") return names;
      if (separator?.kind !== "symbol" || separator.text !== ",") break;
    }
    throw new LineMistake(`has a list behind ${name} that is not one`, "Write it as (id, name).");
  }
}

function unknownOption(name: string, moreWords: ReadonlySet<string>): LineMistake {
  const similar = closest(name, [...OPTION_NAMES, ...moreWords]);
  const known = OPTION_NAMES.map((option) => option === "no" ? "no header" : option === "on" ? "on conflict" : option);
  return new LineMistake(
    `has an unknown option '${name}'`,
    similar === undefined ? `Known are ${known.join(", ")}.` : `Did you mean '${similar}'?`,
  );
}

function tableIn(value: string): { path: string[]; end: number } {
  const path: string[] = [];
  let end = 0;
  for (let more = true; more;) {
    NAME_REGEXP.lastIndex = end;
    const [all, quoted, plain, dot] = NAME_REGEXP.exec(value) ?? [];
    if (all === undefined) throw new LineMistake("does not begin with a table", EXAMPLE);
    path.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    end += all.length;
    more = dot === ".";
  }
  return { path, end };
}

function tokensOf(value: string, from: number): Token[] {
  const tokens: Token[] = [];
  for (let at = from; at < value.length;) {
    const blank = /\s+/y;
    blank.lastIndex = at;
    at += blank.exec(value)?.[0].length ?? 0;
    if (at >= value.length) break;
    TOKEN_REGEXP.lastIndex = at;
    const [all, text, name, symbol, word] = TOKEN_REGEXP.exec(value) ?? [];
    if (all === undefined) throw new LineMistake(`has a quote that never ends: ${value.slice(at)}`, "Close it.");
    if (symbol !== undefined) tokens.push({ text: symbol, kind: "symbol" });
    else if (word !== undefined) tokens.push({ text: word, kind: "word" });
    else tokens.push({ text: text?.replaceAll("''", "'") ?? name?.replaceAll('""', '"') ?? "", kind: "quoted" });
    at += all.length;
  }
  return tokens;
}
