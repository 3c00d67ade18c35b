/**
 * Who may talk to the page: which names it answers to, who has to show the token, which requests may change anything,
 * and what every answer forbids the browser.
 *
 * @module
 */

import { cookieOf, type Token } from "./token.ts";

export interface Guard {
  /** The host that it listens on, as it was given. */
  readonly host: string;
  /** This machine's name. */
  readonly machine: string;
  /** Who does not show it sees nothing; `undefined`: everybody on this machine may look. */
  readonly token: Token | undefined;
}

/** A request that is not to be answered, as status and reason. */
export interface Refusal {
  readonly status: 400 | 401 | 403;
  readonly message: string;
  readonly hint: string;
}

const LOOPBACK_REGEXP = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const ADDRESS_REGEXP = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_REGEXP.test(bracketed(host).toLowerCase());
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/**
 * A page of somebody else may make its own name point to this machine (DNS rebinding), and then read what we answer: so
 * only names that are ours are answered.
 */
export function refusedHost(request: Request, { host, machine }: Guard): Refusal | undefined {
  const given = request.headers.get("host") ?? "";
  const url = URL.parse(`http://${given}`);
  if (url === null || given === "" || /[/@?#]/.test(given)) {
    return {
      status: 400,
      message: "The request names no host",
      hint: "Browsers do; does something in between drop it?",
    };
  }
  const name = url.hostname.toLowerCase().replace(/\.$/, "");
  if (LOOPBACK_REGEXP.test(name) || name === bracketed(host).toLowerCase()) return undefined;
  // no name can be made to point to us where the address itself is asked for
  if (!isLoopback(host) && (ADDRESS_REGEXP.test(name) || name === machine.toLowerCase())) return undefined;
  return {
    status: 403,
    message: `This page does not answer to the name '${name}'`,
    hint: "Ask for localhost, or start 'delembic serve' with --host and the name or address that people use.",
  };
}

export async function refusedWithoutToken(request: Request, { token }: Guard): Promise<Refusal | undefined> {
  if (token === undefined || await token.isShownBy(request)) return undefined;
  return {
    status: 401,
    message: "This page needs its token",
    hint: "Open the address that 'delembic serve' printed: it ends with ?token=…",
  };
}

/** Another site may make a browser send a form here; that must not do anything. */
export function refusedOrigin(request: Request): Refusal | undefined {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const isOwn = origin === null || URL.parse(origin)?.host === request.headers.get("host");
  // a program that is no browser sends neither, and has shown the token
  if (isOwn && (site === null || site === "same-origin")) return undefined;
  return {
    status: 403,
    message: "The request comes from another site",
    hint: "Press the button on the page itself.",
  };
}

/** What goes with every answer: nothing from elsewhere, nothing inline, in nobody's frame, kept by nobody. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  // without any, browsers would not say either from which page a form comes
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export type Theme = "light" | "dark";

/** What the reader chose on the page; `undefined`: as the system has it. */
export function themeOf({ headers }: Request): Theme | undefined {
  const theme = cookieOf(headers, "delembic_theme");
  return theme === "light" || theme === "dark" ? theme : undefined;
}
