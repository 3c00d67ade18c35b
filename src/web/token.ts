/**
 * The secret of those who may see the page, and act: given or made, compared in constant time.
 *
 * @module
 */

/** How long the cookie is good, in seconds: a day. */
const COOKIE_SECONDS = 86_400;

export class Token {
  readonly #digest: Uint8Array;
  /** What the cookie holds: nothing that the token could be found by. */
  readonly #cookie: string;
  readonly #cookieName: string;

  private constructor(digest: Uint8Array, cookie: string, port: number) {
    this.#digest = digest;
    this.#cookie = cookie;
    // cookies know no ports: two pages on one machine must not take each other's
    this.#cookieName = `delembic_${port}`;
  }

  static async of(token: string, port: number): Promise<Token> {
    return new Token(await digestOf(token), (await digestOf(`cookie of ${token}`)).toHex(), port);
  }

  /** A new token that nobody can guess. */
  static random(): string {
    return crypto.getRandomValues(new Uint8Array(18)).toBase64({ alphabet: "base64url" });
  }

  /** Whether it is the right one; takes as long for any other. */
  async fits(given: string): Promise<boolean> {
    return sameBytes(await digestOf(given), this.#digest);
  }

  /** Whether the request shows it, by its cookie or as `Authorization: Bearer …`. */
  async isShownBy({ headers }: Request): Promise<boolean> {
    const [, bearer] = /^Bearer (.+)$/.exec(headers.get("authorization") ?? "") ?? [];
    if (bearer !== undefined) return await this.fits(bearer);
    const cookie = cookieOf(headers, this.#cookieName);
    return cookie !== undefined && sameBytes(await digestOf(cookie), await digestOf(this.#cookie));
  }

  /** The value of `Set-Cookie`. */
  get setCookie(): string {
    return `${this.#cookieName}=${this.#cookie}; Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Strict`;
  }
}

/** The value of a cookie that the request has. */
export function cookieOf(headers: Headers, name: string): string | undefined {
  for (const part of (headers.get("cookie") ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Looks at all bytes, whatever the first ones are. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
