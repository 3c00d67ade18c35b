/**
 * `:range` in the statements of a batched SQL migration: where the keys of the batch come in.
 *
 * @module
 */

import { DatabaseError, type SqlLexicon } from "./db/database.ts";
import type { BatchStep, Range } from "./migration.ts";
import { SqlLexer, type SqlToken } from "./sql_lexer.ts";
import { statementError, type StepContext } from "./sql_steps.ts";
import type { LocatedStatement } from "./sql_text.ts";

/** A statement cut at each `:range`; between two texts stands the alias that was named there, if one was. */
export interface RangedText {
  /** One more than {@link aliases}. */
  readonly texts: readonly string[];
  readonly aliases: readonly (string | undefined)[];
}

/** Finds `:range` and `:range(alias)` outside of quotes and comments. Pure. */
export function splitRanges(text: string, lexicon: SqlLexicon): RangedText {
  const tokens = tokensOf(text, lexicon);
  const texts: string[] = [], aliases: (string | undefined)[] = [];
  let from = 0;
  for (let at = 0; at < tokens.length; at++) {
    const found = rangeAt(text, tokens, at);
    if (found === undefined) continue;
    texts.push(text.slice(from, tokens[at]?.start));
    aliases.push(found.alias);
    from = found.end;
    at = found.last;
  }
  return { texts: [...texts, text.slice(from)], aliases };
}

export function hasRange(text: string, lexicon: SqlLexicon): boolean {
  return splitRanges(text, lexicon).aliases.length > 0;
}

function tokensOf(text: string, lexicon: SqlLexicon): SqlToken[] {
  const lexer = new SqlLexer(text, lexicon);
  const tokens: SqlToken[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) tokens.push(token);
  return tokens;
}

interface FoundRange {
  readonly alias: string | undefined;
  readonly end: number;
  /** The index of its last token. */
  readonly last: number;
}

function rangeAt(text: string, tokens: readonly SqlToken[], at: number): FoundRange | undefined {
  const textOf = (index: number) => text.slice(tokens[index]?.start, tokens[index]?.end);
  const word = tokens[at + 1];
  // PostgreSQL's `::range` is a cast
  if (textOf(at) !== ":" || textOf(at - 1) === ":" || word?.kind !== "word") return undefined;
  if (textOf(at + 1).toLowerCase() !== "range") return undefined;
  const alias = textOf(at + 3);
  const named = textOf(at + 2) === "(" && ["word", "name"].includes(tokens[at + 3]?.kind ?? "") &&
    textOf(at + 4) === ")";
  if (!named) return { alias: undefined, end: word.end, last: at + 1 };
  return { alias: alias.replace(/^["`[](.*)["`\]]$/, "$1"), end: tokens[at + 4]?.end ?? word.end, last: at + 4 };
}

/** Runs the statements for one batch; a failing one becomes an error that knows its place. */
export function runRange(statements: readonly LocatedStatement[], { file, dialect }: StepContext): BatchStep {
  const ranged = statements.map((statement) => ({ statement, ...splitRanges(statement.text, dialect.lexicon) }));
  return async (conn, range, run) => {
    for (const { statement, texts, aliases } of ranged) {
      run.signal.throwIfAborted();
      try {
        await conn.sql(template(texts), ...aliases.map((alias) => conditionOf(range, alias)));
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        // the text that was sent is not that of the file, so the server's position says nothing
        throw statementError(error, statement, { file, committed: undefined, exact: false });
      }
    }
  };
}

function conditionOf(range: Range, alias: string | undefined): unknown {
  return alias === undefined ? range : range.of(alias);
}

function template(texts: readonly string[]): TemplateStringsArray {
  return Object.assign([...texts], { raw: texts });
}
