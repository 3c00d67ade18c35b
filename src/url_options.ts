/**
 * The options behind the `?` of a database URL, and the error of a URL that cannot be used. Pure.
 *
 * @module
 */

import { DelembicError, EXIT } from "./errors.ts";

/** A database URL that cannot be used. The message never has a part of the URL that could be the password. Exit code 2. */
export class UrlError extends DelembicError {
  constructor(message: string, hint: string) {
    super(message, { code: "database-url", exitCode: EXIT.usage, hint });
  }
}

/**
 * Options that are taken one after another; what nobody took is left. Names count without case, `-` as `_`: SQLAlchemy
 * writes `ssl_ca`, the MySQL client `ssl-ca`, JDBC `currentSchema`.
 */
export class UrlOptions {
  readonly #values = new Map<string, string>();
  readonly #ignored: string[] = [];

  constructor(pairs: Iterable<readonly [name: string, value: string]>) {
    for (const [name, value] of pairs) this.#values.set(name.toLowerCase().replaceAll("-", "_"), value);
  }

  /** The value of the first of these that is there and not empty; all of them count as taken. */
  take(...names: readonly string[]): string | undefined {
    const values = names.map((name) => this.#values.get(name));
    for (const name of names) this.#values.delete(name);
    return values.find((value) => value !== undefined && value !== "");
  }

  /** Takes it without use; it will be among {@link ignored}. */
  ignore(name: string): void {
    if (this.#values.delete(name)) this.#ignored.push(name);
  }

  /** Names that were not taken yet. */
  left(): string[] {
    return [...this.#values.keys()];
  }

  /** Names, never values, of all that had no use. */
  ignored(): string[] {
    return [...this.#ignored, ...this.left()];
  }
}

const ENCODED_REGEXP = /(?:%[0-9A-Fa-f]{2})+/g;

/** Decodes `%40`; a `%` that begins nothing of the kind stays, as passwords often have one that nobody encoded. */
export function percentDecode(text: string): string {
  return text.replace(ENCODED_REGEXP, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch (error) {
      if (error instanceof URIError) return encoded;
      throw error;
    }
  });
}
