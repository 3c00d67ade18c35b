/**
 * What is asked of a server about a session, but not over it: on a short-lived connection of its own.
 *
 * @module
 */

import { connectTo, type CoreConnection } from "./mysql_connect.ts";
import { statementError } from "./mysql_errors.ts";
import type { ServerTarget } from "./target.ts";

/** How long closing may take, in milliseconds. */
export const CLOSE_MS = 2_000;

/** Runs a statement without values, and gives its rows as the driver does. @throws {DatabaseError} */
export async function askAside(target: ServerTarget, text: string): Promise<unknown> {
  const core = await connectTo(target, "audit");
  try {
    return await new Promise((resolve, reject) =>
      core.query(text, (error, rows) => error ? reject(statementError(error, text)) : resolve(rows))
    );
  } finally {
    await quit(core);
  }
}

/** Says goodbye, so that the server does not log an aborted connection. */
export async function quit(core: CoreConnection): Promise<void> {
  const closed = new Promise((resolve) => core.stream.once("close", resolve));
  core.end();
  await within(closed, CLOSE_MS);
  core.stream.destroy();
}

/** Whether it settled in time. */
export async function within(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), milliseconds));
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
