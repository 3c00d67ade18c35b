/**
 * A statement with values, as one without: each placeholder becomes a literal. Pure.
 *
 * @module
 */

import type { Dialect } from "./db/database.ts";
import type { OfflineSql } from "./db/offline_sql.ts";
import { OfflineError, tokensOf } from "./offline_text.ts";

/** A placeholder that was found: which value it takes, and whether JSON is wanted there for certain. */
interface Found {
  readonly start: number;
  readonly end: number;
  readonly index: number;
  readonly json: boolean;
}

/** A statement without placeholders, and what has to be looked at before it runs. */
export interface Inlined {
  readonly text: string;
  /** The numbers of the placeholders, from 1, whose text would mean something else where it is taken for JSON. */
  readonly ambiguous: readonly number[];
}

/** @throws {OfflineError} for a value that cannot be written */
export function inlineValues(
  { text, params }: { readonly text: string; readonly params: readonly unknown[] },
  { dialect, offline, special }: {
    readonly dialect: Dialect;
    readonly offline: OfflineSql;
    /** SQL for a value that has its own; `undefined` for any other. */
    readonly special: (value: unknown) => string | undefined;
  },
): Inlined {
  const ambiguous = new Set<number>();
  let written = "", from = 0;
  for (const { start, end, index, json } of placeholdersIn(text, dialect)) {
    const value = params[index];
    const own = special(value);
    written += text.slice(from, start);
    written += apart(written, own ?? literal(offline, value, json), text.slice(end, end + 1));
    from = end;
    if (own === undefined && !json && isAmbiguous(value)) ambiguous.add(index + 1);
  }
  return { text: written + text.slice(from), ambiguous: [...ambiguous] };
}

/** A literal must not grow together with what stands beside it. */
function apart(before: string, literal: string, after: string): string {
  const isPart = (character: string) => /[\w'"$\u0080-\uffff]/.test(character);
  return (isPart(before.slice(-1)) ? " " : "") + literal.trim() + (isPart(after) ? " " : "");
}

function literal(offline: OfflineSql, value: unknown, json: boolean): string {
  try {
    return offline.literal(value, json);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OfflineError(error.message, "Change the value.", undefined, error);
  }
}

/** A text that is also JSON, or a list: in JSON both mean something else than elsewhere. */
function isAmbiguous(value: unknown): boolean {
  if (Array.isArray(value)) return true;
  if (typeof value !== "string") return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function placeholdersIn(text: string, { lexicon, placeholder }: Dialect): Found[] {
  const tokens = tokensOf(text, lexicon).filter(({ kind }) => kind !== "space" && kind !== "comment");
  const textAt = (at: number) => text.slice(tokens[at]?.start, tokens[at]?.end);
  const mark = placeholder(1).charAt(0), numbered = placeholder(1) !== placeholder(2);
  const found: Found[] = [];
  tokens.forEach(({ kind, start, end }, at) => {
    if (kind !== "symbol" || textAt(at) !== mark) return;
    const number = tokens[at + 1]?.start === end && /^\d+$/.test(textAt(at + 1)) ? Number(textAt(at + 1)) : undefined;
    if (number === undefined && numbered) return;
    const behind = number === undefined ? at + 1 : at + 2;
    const words = [0, 1, 2].map((more) => textAt(behind + more).toLowerCase());
    const type = words[0] === ":" && words[1] === ":" ? words[2] : words[0] === "as" ? words[1] : undefined;
    found.push({
      start,
      end: number === undefined ? end : tokens[at + 1]?.end ?? end,
      index: number === undefined ? found.length : number - 1,
      json: type === "json" || type === "jsonb",
    });
  });
  return found;
}
