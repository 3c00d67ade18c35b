/**
 * For Deno 2.6, whose executables this program is also compiled for: there a TLS connection that the other side ends
 * without TLS's own goodbye is an error that nobody can catch, and the process dies of it. Servers that are killed, and
 * MariaDB when it ends a session, say no goodbye.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";

/** What Deno 2.6 keeps in the handle of a socket; later ones have no such thing. */
interface InnerConnection {
  read(buffer: Uint8Array): Promise<number | null>;
  handshake(): Promise<unknown>;
}

/** Makes an end without goodbye an end like any other. To be called once TLS is up. */
export function takeAbruptEnd(socket: TLSSocket): void {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Record<symbol, unknown> | null };
  if (handle === undefined || handle === null) return;
  for (const key of Object.getOwnPropertySymbols(handle)) {
    const inner = handle[key];
    if (!isInner(inner)) continue;
    const read = inner.read.bind(inner);
    inner.read = async (buffer) => {
      try {
        return await read(buffer);
      } catch (error) {
        if (error instanceof Deno.errors.UnexpectedEof) return null;
        throw error;
      }
    };
  }
}

function isInner(value: unknown): value is InnerConnection {
  return typeof value === "object" && value !== null && "handshake" in value && "read" in value;
}
