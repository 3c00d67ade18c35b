/**
 * A page that is served, as a process, for tests that look at it from outside.
 *
 * @module
 */

import { finished, type TestProject } from "../project.ts";
import type { Ran } from "../support.ts";

export interface Served extends AsyncDisposable {
  /** Without a token: `http://localhost:43211`. */
  readonly base: string;
  readonly port: number;
  /** What was printed when it began. */
  readonly greeting: string;
  /** The token that was made, where one was. */
  readonly token: string | undefined;
  /** The text of a page. @throws when the status is another one */
  page(path: string, status?: number): Promise<string>;
  /** Ends it as Ctrl+C does, and gives all that it printed. */
  stop(signal?: "SIGINT" | "SIGTERM"): Promise<Ran>;
}

/** Starts `delembic serve` on a free port. */
export async function serve(
  project: Pick<TestProject, "start">,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Served> {
  const child = project.start(["serve", "--no-browser", "--port", "0", ...args], env);
  const [told, rest] = child.stdout.tee();
  const greeting = await readUntil(told, "Ctrl+C to stop.\n");
  const [, host = "", port = "", token] = /→ http:\/\/(\S+?):(\d+)(?:\/\?token=(\S+))?\n/.exec(greeting) ?? [];
  if (port === "") throw new Error(`serve did not begin: ${greeting}${(await finished(child)).err}`);
  const base = `http://${host}:${port}`;
  let ended: Promise<Ran> | undefined;
  const stop = (signal: "SIGINT" | "SIGTERM" = "SIGINT") =>
    ended ??= (async () => {
      child.kill(signal);
      const [out, err, { code }] = await Promise.all([textOf(rest), textOf(child.stderr), child.status]);
      return { code, out, err };
    })();
  return {
    base,
    port: Number(port),
    greeting,
    token,
    async page(path, status = 200) {
      const answer = await fetch(base + path);
      const text = await answer.text();
      if (answer.status !== status) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
      return text;
    },
    stop,
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}

async function readUntil(stream: ReadableStream<Uint8Array<ArrayBuffer>>, end: string): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(end)) break;
  }
  return text;
}

async function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return await new Response(stream).text();
}

/** Sends bytes to a port and gives all that comes back until the other end closes, or for some time. */
export async function raw(port: number, request: string, milliseconds = 3_000): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), milliseconds);
  try {
    await connection.write(new TextEncoder().encode(request));
    return await new Response(connection.readable).text();
  } catch (error) {
    if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return "";
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** `GET` with a Host header of one's own, which `fetch` does not allow. */
export function get(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries({ connection: "close", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return raw(port, `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}
