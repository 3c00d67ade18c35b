/**
 * A statement of a migration as it stands in a script, so that the client hands it on as it is. Pure.
 *
 * @module
 */

import type { SqlLexicon } from "./db/database.ts";
import type { ClientHabits } from "./db/offline_sql.ts";
import { DelembicError, EXIT, type Place } from "./errors.ts";
import { SqlLexer, type SqlToken } from "./sql_lexer.ts";

/** What a statement is written for. */
export interface ClientRules {
  readonly lexicon: SqlLexicon;
  readonly client: ClientHabits;
}

/** A migration, or a part of it, cannot be printed. Exit code 2. */
export class OfflineError extends DelembicError {
  constructor(message: string, hint: string, place?: Place, cause?: unknown) {
    super(message, { code: "offline-sql", exitCode: EXIT.usage, hint, place, cause });
  }
}

/** The statement as the file has it, with what ends it. @throws {OfflineError} for what the client would take for its own */
export function scriptStatement(text: string, rules: ClientRules, place: Place): string {
  return ended(passable(text, rules, place), rules);
}

/** A statement that passes the client, with what ends it. */
export function ended(passed: string, { lexicon, client }: ClientRules): string {
  const holds = tokensOf(passed, lexicon).some(({ kind }) => kind === "delimiter");
  return holds && client.delimited !== undefined ? client.delimited(passed) : `${passed};`;
}

/**
 * The text with what the client would change on its way written differently: line ends within quotes, lines that are a
 * command of its own, what looks like its variables.
 *
 * @throws {OfflineError} where that cannot be done
 */
export function passable(text: string, { lexicon, client }: ClientRules, place?: Place): string {
  if (text.includes("\0")) throw refusal(client, "a NUL character", place);
  const tokens = wholeTexts(tokensOf(text, lexicon), text);
  const parts = tokens.map((_, index) => part(text, tokens, index, { client, place }));
  const { ownLine } = client;
  if (ownLine === undefined) return parts.join("");
  tokens.forEach(({ kind }, index) => {
    if (kind !== "space" || !parts[index]?.includes("\n")) return;
    const behind = parts.slice(index + 1).join("").split("\n", 1)[0] ?? "";
    if (!ownLine.test(behind.trim())) return;
    // on the line before it the client does not look for it; a comment there would swallow it
    parts[index] = " ";
    if (tokens[index - 1]?.kind === "comment") parts[index - 1] = "";
  });
  return parts.join("");
}

/** A quote that is written twice ends one token and begins the next: of these one is made. */
function wholeTexts(tokens: readonly SqlToken[], text: string): SqlToken[] {
  const whole: SqlToken[] = [];
  for (const token of tokens) {
    const before = whole.at(-1);
    const goesOn = before !== undefined && before.kind === token.kind &&
      (token.kind === "string" || token.kind === "name") && text.charAt(before.end - 1) === text.charAt(token.start);
    if (goesOn) whole[whole.length - 1] = { ...before, end: token.end };
    else whole.push(token);
  }
  return whole;
}

interface Passing {
  readonly client: ClientHabits;
  readonly place: Place | undefined;
}

function part(text: string, tokens: readonly SqlToken[], index: number, { client, place }: Passing): string {
  const token = tokens[index];
  const own = text.slice(token?.start, token?.end);
  switch (token?.kind) {
    case "string":
      return keptReturns(own, client);
    case "name":
      // MySQL's texts may stand in double quotes, too
      if (client.delimited !== undefined && own.startsWith('"')) return keptReturns(own, client);
      if (client.delimited !== undefined && own.includes("\\")) throw refusal(client, "a name with a backslash", place);
      if (client.keepReturns !== undefined && own.includes("\r\n")) {
        throw refusal(client, "a name with a line's end", place);
      }
      return own;
    case "symbol": {
      if (own === "\\" && client.backslashCommands) throw refusal(client, "a backslash outside of quotes", place);
      const before = text.charAt(token.start - 1), next = text.charAt(token.end);
      const variable = client.variables && own === ":" && before !== ":" && /[\w'"{\u0080-\uffff]/.test(next);
      return variable ? ": " : own;
    }
    default:
      return own;
  }
}

function keptReturns(quoted: string, { keepReturns }: ClientHabits): string {
  return keepReturns === undefined || !quoted.includes("\r\n") ? quoted : keepReturns(quoted);
}

function refusal({ name }: ClientHabits, what: string, place: Place | undefined): OfflineError {
  return new OfflineError(
    `The statement has ${what}, which ${name} does not hand on as it is`,
    "Write it in another way, or run this migration with 'delembic upgrade'.",
    place,
  );
}

export function tokensOf(text: string, lexicon: SqlLexicon): SqlToken[] {
  const lexer = new SqlLexer(text, lexicon);
  const tokens: SqlToken[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) tokens.push(token);
  return tokens;
}
