/**
 * The options of a database URL that say how far TLS is wanted: libpq's (`sslmode=verify-full`), SQLAlchemy's and
 * PyMySQL's (`ssl_ca=…`), the MySQL client's (`ssl-mode=VERIFY_CA`), asyncpg's (`ssl=require`). Each is understood for
 * every database. Nothing is guessed: what is not understood is an error, never a weaker connection. Pure.
 *
 * @module
 */

import type { TlsMode, TlsSettings } from "./db/target.ts";
import { closest } from "./suggest.ts";
import { UrlError, type UrlOptions } from "./url_options.ts";

const MODES: readonly TlsMode[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** Other words for the modes; MySQL's client writes them in capitals. */
const MODE_WORDS: Readonly<Record<string, TlsMode>> = {
  disabled: "disable",
  preferred: "prefer",
  required: "require",
  verify_ca: "verify-ca",
  verify_identity: "verify-full",
};

const TRUE: ReadonlySet<string> = new Set(["true", "1", "yes", "on"]);
const FALSE: ReadonlySet<string> = new Set(["false", "0", "no", "off"]);

/** Options about TLS that can be left out without making the connection less safe. */
const HARMLESS: readonly string[] = [
  "sslcompression",
  "sslsni",
  "sslnegotiation",
  "sslcertmode",
  "sslkeylogfile",
];
/** All that is understood; for suggestions. */
const KNOWN: readonly string[] = [
  "sslmode",
  "ssl_mode",
  "ssl",
  "ssl_disabled",
  "sslrootcert",
  "ssl_ca",
  "sslcert",
  "ssl_cert",
  "sslkey",
  "ssl_key",
  "ssl_verify_cert",
  "ssl_verify_identity",
  "ssl_check_hostname",
];
const TLS_OPTION_REGEXP = /^(ssl|tls)|^require_auth$|^requiressl$/;

/**
 * Takes the options about TLS. Without any the mode is libpq's default, `prefer`.
 *
 * @param toPath resolves the name of a file
 * @throws {UrlError} for an unknown value, an unknown option about TLS, or options that contradict each other
 */
export function takeTls(options: UrlOptions, toPath: (file: string) => string): TlsSettings {
  const named = takeMode(options);
  const libpqCa = options.take("sslrootcert");
  const ca = options.take("ssl_ca");
  const checks = takeChecks(options, ca !== undefined);
  const cert = options.take("sslcert", "ssl_cert");
  const key = options.take("sslkey", "ssl_key");
  const rootCert = libpqCa ?? ca;
  refuseUnknown(options);
  const mode = modeOf(named, checks, rootCert === "system");
  return {
    mode,
    ...(rootCert === undefined ? {} : { rootCert: rootCert === "system" ? rootCert : toPath(rootCert) }),
    ...(cert === undefined ? {} : { cert: toPath(cert) }),
    ...(key === undefined ? {} : { key: toPath(key) }),
  };
}

/** What was written of the mode: itself, or only whether TLS is wanted at all. */
interface Named {
  readonly mode: TlsMode | undefined;
  readonly required: boolean;
}

function takeMode(options: UrlOptions): Named {
  const text = options.take("sslmode", "ssl_mode");
  const flag = options.take("ssl")?.toLowerCase();
  const disabled = takeFlag(options, "ssl_disabled");
  if (text !== undefined) return { mode: parseMode("sslmode", text), required: false };
  if (flag !== undefined && TRUE.has(flag)) return { mode: undefined, required: true };
  // asyncpg's ssl= takes the modes too
  if (flag !== undefined) return { mode: FALSE.has(flag) ? "disable" : parseMode("ssl", flag), required: false };
  return { mode: disabled === true ? "disable" : undefined, required: false };
}

function parseMode(name: string, text: string): TlsMode {
  const word = text.toLowerCase();
  const mode = MODES.find((mode) => mode === word) ?? (Object.hasOwn(MODE_WORDS, word) ? MODE_WORDS[word] : undefined);
  if (mode !== undefined) return mode;
  const suggestion = closest(text, MODES);
  throw new UrlError(
    `'${text}' is no value of ${name}`,
    `${suggestion === undefined ? "" : `Did you mean ${suggestion}? `}There are ${MODES.join(", ")}.`,
  );
}

/** What single options ask for: `explicit` if they name a check, not only a file to check with. */
interface Checks {
  readonly mode: TlsMode;
  readonly explicit: boolean;
}

/**
 * What the options that turn single checks on ask for. A certificate authority that is named alone asks for all checks,
 * as SQLAlchemy with PyMySQL has it; `ssl_check_hostname=false` takes the name's check away.
 */
function takeChecks(options: UrlOptions, hasCa: boolean): Checks | undefined {
  const certificate = takeFlag(options, "ssl_verify_cert");
  const name = takeFlag(options, "ssl_verify_identity", "ssl_check_hostname");
  if (name === true) return { mode: "verify-full", explicit: true };
  if (certificate === true) return { mode: hasCa && name === undefined ? "verify-full" : "verify-ca", explicit: true };
  if (certificate === false) return { mode: "require", explicit: false };
  if (hasCa) return { mode: name === false ? "verify-ca" : "verify-full", explicit: false };
  return undefined;
}

function takeFlag(options: UrlOptions, ...names: string[]): boolean | undefined {
  const text = options.take(...names);
  if (text === undefined) return undefined;
  const word = text.toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw new UrlError(`'${text}' is no value of ${names.join(" or ")}`, "There are true and false.");
}

function modeOf(named: Named, checks: Checks | undefined, systemCa: boolean): TlsMode {
  const { mode } = named;
  if (mode === undefined) return systemCa ? "verify-full" : checks?.mode ?? (named.required ? "require" : "prefer");
  // libpq refuses this too: everyone can have a certificate of a public authority, for some other name
  if (systemCa && mode !== "verify-full") {
    throw new UrlError(`sslmode=${mode} is too weak for sslrootcert=system`, "Write sslmode=verify-full.");
  }
  if (checks?.explicit && MODES.indexOf(checks.mode) > MODES.indexOf(mode)) {
    throw new UrlError(
      `sslmode=${mode} contradicts the options that ask for checks of the certificate`,
      `Write sslmode=${checks.mode}, or take the other options out.`,
    );
  }
  return mode;
}

function refuseUnknown(options: UrlOptions): void {
  for (const harmless of HARMLESS) options.ignore(harmless);
  for (const name of options.left()) {
    if (!TLS_OPTION_REGEXP.test(name)) continue;
    const suggestion = closest(name, KNOWN);
    throw new UrlError(
      `The option '${name}' is not supported, and without it the connection could be less safe than asked for`,
      suggestion === undefined
        ? "Options for TLS are sslmode, sslrootcert, sslcert and sslkey."
        : `Did you mean ${suggestion}?`,
    );
  }
}
