/**
 * Who acts, named as the Python tool names them.
 *
 * @module
 */

import type { Actor } from "./ledger.ts";

/** What the process says of itself. */
export interface ProcessFacts {
  env(name: string): string | undefined;
  /** The user's number; `null` on Windows. */
  uid(): number | null;
  hostname(): string;
}

const USER_VARIABLES = ["LOGNAME", "USER", "LNAME", "USERNAME"] as const;

/** The user as Python's `getpass.getuser()` finds it, and the host's name. */
export function actorOf(process: ProcessFacts): Actor {
  const named = USER_VARIABLES.map((name) => process.env(name)).find((name) => name !== undefined && name !== "");
  return { username: named ?? accountOf(process.uid()), hostname: process.hostname() };
}

function accountOf(uid: number | null): string {
  if (uid === null) return "unknown";
  try {
    const account = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"))
      .find(([, , id]) => id === String(uid));
    return account?.[0] ?? `uid ${uid}`;
  } catch {
    // a container may have no such file
    return `uid ${uid}`;
  }
}
