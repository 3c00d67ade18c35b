/**
 * How a connection is to be encrypted and whom it may trust, from the settings of a URL: the ways to try, in order.
 * The words mean what they mean to libpq: https://www.postgresql.org/docs/current/libpq-ssl.html. What cannot be
 * checked as asked is an error, never a weaker check.
 *
 * @module
 */

import { isIP } from "node:net";
import tls, { type ConnectionOptions } from "node:tls";
import { DelembicError, EXIT, reasonOf } from "../errors.ts";
import type { TlsSettings } from "./target.ts";

/** Without encryption. */
export interface PlainWay {
  readonly encrypted: false;
}

export interface EncryptedWay {
  readonly encrypted: true;
  /**
   * Whether the server must prove who it is: `none` keeps only onlookers away; `authority` wants a certificate that a
   * trusted authority signed; `host` wants one for this very host.
   */
  readonly verify: "none" | "authority" | "host";
  /** The trusted authorities, PEM; absent: those that come with the executable. */
  readonly ca?: readonly string[];
  /** The client's certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export type TlsWay = PlainWay | EncryptedWay;

/** The settings cannot be met: a file is missing, or they contradict each other. Exit code 2. */
export class TlsSettingsError extends DelembicError {
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { code: "tls-settings", exitCode: EXIT.usage, hint, cause });
  }
}

const PLAIN: PlainWay = { encrypted: false };

/**
 * The ways to try, in order: the next one only when the server has no TLS, TLS fails, or the server refuses a
 * connection of that kind. On a unix socket there is no TLS.
 *
 * @throws {TlsSettingsError}
 */
export async function tlsPlan(
  settings: TlsSettings,
  where: { readonly socket?: string | undefined },
): Promise<readonly TlsWay[]> {
  refuseWeakSystem(settings);
  if (where.socket !== undefined || settings.mode === "disable") return [PLAIN];
  const encrypted = await encryptedWay(settings);
  switch (settings.mode) {
    case "allow":
      return [PLAIN, encrypted];
    case "prefer":
      return [encrypted, PLAIN];
    default:
      return [encrypted];
  }
}

/** libpq's rule: anyone can have a certificate of some public authority, so it must be one for the host. */
function refuseWeakSystem({ mode, rootCert }: TlsSettings): void {
  if (rootCert !== "system" || mode === "verify-full") return;
  throw new TlsSettingsError(
    `TLS mode '${mode}' is too weak for the system's certificate authorities`,
    "Write sslmode=verify-full with sslrootcert=system.",
  );
}

async function encryptedWay({ mode, rootCert, cert, key }: TlsSettings): Promise<EncryptedWay> {
  const verify = mode === "verify-full"
    ? "host"
    : mode === "verify-ca" || rootCert !== undefined
    ? "authority"
    : "none";
  const ca = verify === "none" ? undefined : await authorities(rootCert);
  return {
    encrypted: true,
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert: await readPem(cert, "client certificate") }),
    ...(key === undefined ? {} : { key: await readPem(key, "client key") }),
  };
}

async function authorities(rootCert: string | undefined): Promise<readonly string[] | undefined> {
  if (rootCert !== undefined && rootCert !== "system") return [await readPem(rootCert, "certificate authorities")];
  // a system without a store of its own (a slim image), and older runtimes, have the executable's own authorities
  const system: readonly string[] = tls.getCACertificates?.("system") ?? [];
  return system.length === 0 ? undefined : system;
}

/** A file without any PEM would be taken for an empty list of authorities, and the mistake show as a distrusted server. */
async function readPem(file: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    throw new TlsSettingsError(
      `Cannot read the file of the ${what}: ${file}: ${reasonOf(cause)}`,
      "It is named by the TLS settings of the database's URL.",
      cause,
    );
  }
  if (text.includes("-----BEGIN ")) return text;
  throw new TlsSettingsError(`The file of the ${what} is not in PEM format: ${file}`, "It must hold '-----BEGIN …'.");
}

/** The options of Node's `tls.connect` for a way and a host; the socket comes from the caller. */
export function tlsOptions(way: EncryptedWay, host: string): ConnectionOptions {
  return {
    host,
    // the name that a server with many certificates chooses by; addresses are not sent
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(way.ca === undefined ? {} : { ca: [...way.ca] }),
    ...(way.cert === undefined ? {} : { cert: way.cert }),
    ...(way.key === undefined ? {} : { key: way.key }),
    rejectUnauthorized: way.verify !== "none",
    ...(way.verify === "host" ? {} : { checkServerIdentity: () => undefined }),
  };
}
