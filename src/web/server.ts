/**
 * Listens, and lets the site answer.
 *
 * @module
 */

import { DelembicError, EXIT, reasonOf } from "../errors.ts";

/** The port cannot be had. Exit code 2. */
export class ListenError extends DelembicError {
  constructor(host: string, port: number, cause: unknown) {
    const isTaken = cause instanceof Deno.errors.AddrInUse;
    super(
      isTaken ? `Port ${port} on ${host} is in use` : `Cannot listen on ${host}, port ${port}: ${reasonOf(cause)}`,
      {
        code: isTaken ? "port-in-use" : "cannot-listen",
        exitCode: EXIT.usage,
        hint: isTaken
          ? "Take another one with --port; --port 0 takes any that is free."
          : "Name an address of this machine.",
        cause,
      },
    );
  }
}

export interface Listening {
  readonly port: number;
  /** Takes no more requests; what is being answered has a moment. */
  stop(): Promise<void>;
}

/** How long an answer that is under way has to end, in milliseconds. */
const ENDING_MS = 1_000;

/** @throws {ListenError} when the port cannot be had */
export function listen(
  { host, port, answer }: {
    readonly host: string;
    readonly port: number;
    readonly answer: (request: Request) => Promise<Response>;
  },
): Listening {
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname: host, port, onListen: () => {} }, answer);
  } catch (cause) {
    throw new ListenError(host, port, cause);
  }
  return {
    port: server.addr.port,
    async stop() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, ENDING_MS));
      await Promise.race([server.shutdown(), patience]);
      clearTimeout(timer);
    },
  };
}
