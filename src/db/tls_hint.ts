/**
 * What to do about an encrypted connection that did not come about.
 *
 * @module
 */

import type { TlsSettings } from "./target.ts";

const CERTIFICATE_REGEXP = /certificate/i;

/** @param trouble what went wrong, as it is told */
export function tlsHint({ mode, rootCert }: TlsSettings, trouble: string): string {
  if (mode === "disable") return "The server's log may say more.";
  if (!CERTIFICATE_REGEXP.test(trouble)) return "Do the TLS settings of the URL fit the server?";
  return rootCert === undefined || rootCert === "system"
    ? "If the authority is one of your own, name the file of its certificate with sslrootcert=FILE."
    : `Is the server's certificate of an authority in ${rootCert}?`;
}
