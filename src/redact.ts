/**
 * The one place that keeps secrets off the screen, out of JSON and out of the ledger. Pure.
 *
 * @module
 */

import type { ServerTarget, SqliteTarget } from "./db/target.ts";

const STARS = "***";
/** Shorter secrets are hidden only where a password is expected: `abc` would shred the text around it. */
const SHORTEST = 4;
/**
 * Passwords that are words of our own texts, as in many a development set-up. They too are hidden only where a password
 * is expected: elsewhere the word tells nobody that it is the password, and `***ql://***@localhost` helps nobody.
 */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  ("admin alembic database delembic demo development error file head host json local localhost mariadb migration " +
    "mysql name null pass passwd password person postgres postgresql production public root secret sqlite table test " +
    "true upgrade user version work").split(" "),
);

/**
 * `scheme://user:password@`, up to the last `@` of the word, for passwords with an `@` in them. The lengths have limits
 * so that a long text without a blank does not take for ever.
 */
const URL_REGEXP = /\b([a-z][a-z0-9+.-]{0,40}:\/\/[^\s:/?#@]{0,256}):\S{0,1024}@/gi;
/** `password=…`, bare, quoted, or pieces of both: in a query string, a connection string, a log line. */
const ASSIGNMENT_REGEXP =
  /\b((?:\w*_)?(?:ssl)?(?:password|passwd|passphrase|pwd)\s*=\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\"(?:(?!\\").)*\\"|[^\s&;'"\\])+/gi;
/** `"password": "…"` in JSON and in printed objects, and in JSON within JSON. */
const MEMBER_REGEXP =
  /\b((?:password|passwd|passphrase|pwd)\\?["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\"(?:(?!\\").)*\\")/gi;
/** `PASSWORD '…'` and `IDENTIFIED BY '…'` in SQL. */
const SQL_REGEXP = /\b(password|identified\s+by)(\s+)'(?:[^'\\]|\\.|'')*'/gi;

/** Hides what is a password by where it stands; needs to know none. */
export function redactPatterns(text: string): string {
  return text
    .replace(URL_REGEXP, `$1:${STARS}@`)
    .replace(ASSIGNMENT_REGEXP, `$1${STARS}`)
    .replace(MEMBER_REGEXP, `$1${STARS}`)
    .replace(SQL_REGEXP, `$1$2'${STARS}'`);
}

/** Secrets that could be a part of a longer word or number: these are hidden only where they stand alone. */
const WORD_REGEXP = /^[A-Za-z0-9]{1,7}$/;
/** `\n` and `%3A` end with a letter or digit, and yet the word begins behind them. */
const BEFORE_WORD = "(?<=^|[^A-Za-z0-9]|\\\\[bfnrtv]|%[0-9A-Fa-f]{2})";
const AFTER_WORD = "(?![A-Za-z0-9])";

/** Knows the secrets of this process, and hides them in any text: plain, percent-encoded, or escaped as in JSON. */
export class Redactor {
  readonly #secrets = new Map<string, RegExp>();

  /** From now on this text is hidden. */
  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < SHORTEST || COMMON_WORDS.has(secret.toLowerCase())) return;
    const pattern = [...secret].map(spellingsOf).join("");
    this.#secrets.set(
      secret,
      new RegExp(WORD_REGEXP.test(secret) ? `${BEFORE_WORD}${pattern}${AFTER_WORD}` : pattern, "gu"),
    );
  }

  text(text: string): string {
    let result = text;
    // the longest first, for one that begins with another
    const longestFirst = [...this.#secrets.keys()].sort((a, b) => b.length - a.length);
    for (const secret of longestFirst) {
      const regexp = this.#secrets.get(secret);
      if (regexp !== undefined) result = result.replace(regexp, STARS);
    }
    return redactPatterns(result);
  }
}

const SPECIAL_REGEXP = /[\\^$.*+?()[\]{}|/]/;

/** A pattern for one character, however it may have been written on its way to the screen. */
function spellingsOf(character: string): string {
  const plain = SPECIAL_REGEXP.test(character) ? `\\${character}` : character;
  const bytes = [...new TextEncoder().encode(character)].map((byte) => `%${anyCase(hex(byte, 2))}`).join("");
  const units = Array.from(
    { length: character.length },
    (_, at) => `\\\\u${anyCase(hex(character.charCodeAt(at), 4))}`,
  );
  const spellings = [plain, bytes, units.join("")];
  if (`"'\\`.includes(character)) spellings.unshift(`\\\\+${plain}`);
  if (character === "'") spellings.unshift("''");
  if (character === " ") spellings.push("\\+");
  const control = ({ "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" } as const)[character];
  if (control !== undefined) spellings.push(`\\\\${control}`);
  return `(?:${spellings.join("|")})`;
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, "0");
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** The URL of a database without its password: what may be shown. */
export function labelOf(target: Omit<ServerTarget, "label"> | Omit<SqliteTarget, "label">): string {
  if (target.dialect === "sqlite") return `sqlite:///${target.file}`;
  const user = target.user === undefined ? "" : `${encodeURIComponent(target.user)}@`;
  const database = target.database === undefined ? "" : encodeURIComponent(target.database);
  if (target.socket !== undefined) return `${target.dialect}://${user}/${database}?socket=${target.socket}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return `${target.dialect}://${user}${host}:${target.port}/${database}`;
}
