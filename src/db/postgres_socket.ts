/**
 * Opens the socket to a PostgreSQL server, with TLS where the settings want it.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { tlsRequest } from "./postgres_wire.ts";
import { NetworkTrouble } from "./postgres_errors.ts";
import type { ServerTarget } from "./target.ts";
import { type EncryptedWay, tlsOptions, type TlsWay } from "./tls.ts";

/** After this long without traffic the system asks whether the other side is still there, in milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** How long an attempt may take; `signal` is aborted with the error to throw. */
export interface SocketOptions {
  readonly way: TlsWay;
  readonly signal: AbortSignal;
}

/** A socket that is ready for the first message. @throws what Node's network functions do, and {@link NetworkTrouble} */
export async function openSocket(target: ServerTarget, { way, signal }: SocketOptions): Promise<Socket> {
  const socket = target.socket === undefined
    ? connect({ host: target.host, port: target.port })
    : connect({ path: target.socket });
  hearErrors(socket);
  try {
    await event(socket, "connect", signal, () => {});
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return way.encrypted ? await encrypt(socket, target.host, { way, signal }) : socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function encrypt(
  socket: Socket,
  host: string,
  { way, signal }: { readonly way: EncryptedWay; readonly signal: AbortSignal },
): Promise<TLSSocket> {
  socket.write(tlsRequest());
  const encrypted = await event(socket, "data", signal, (answer) => {
    // more than the one letter would be somebody in between, who wants it to be taken for encrypted (CVE-2021-23222)
    if (!(answer instanceof Uint8Array) || answer.length !== 1 || answer[0] !== "S".charCodeAt(0)) {
      throw new NetworkTrouble("NO_TLS");
    }
    return connectTls({ socket, ...tlsOptions(way, host) });
  });
  hearErrors(encrypted);
  try {
    await event(encrypted, "secureConnect", signal, () => {});
    return encrypted;
  } catch (error) {
    encrypted.destroy();
    throw error;
  }
}

/** Whoever uses a socket hears its errors; one that comes when nobody does any more must not end the process. */
function hearErrors(socket: Socket): void {
  socket.on("error", () => {});
}

/**
 * Waits for one event, and gives what `use` makes of it; what ends the socket before it is thrown.
 *
 * `use` is called right after the event, and not in it. Deno can take over a socket for TLS only then: of those taken
 * over in the event, 2.9 never answers one in five; any later, and 2.6 has begun to read what is to be decrypted.
 */
function event<T>(
  socket: Socket,
  name: "connect" | "data" | "secureConnect",
  signal: AbortSignal,
  use: (value: unknown) => T,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onEvent = (value: unknown) =>
    queueMicrotask(() => {
      try {
        resolve(use(value));
      } catch (error) {
        reject(error);
      }
    });
  const onClose = () => reject(socket.errored ?? new NetworkTrouble("HUNG_UP"));
  const onAbort = () => reject(signal.reason);
  socket.once(name, onEvent);
  socket.once("error", reject);
  socket.once("close", onClose);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    socket.off(name, onEvent);
    socket.off("error", reject);
    socket.off("close", onClose);
    signal.removeEventListener("abort", onAbort);
  });
}
