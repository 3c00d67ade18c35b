/**
 * Who acts, named as the Python tool names them.
 *
 * @module
 */

import type { Actor } from "../ledger.ts";
import type { Io } from "./io.ts";

const USER_VARIABLES = ["LOGNAME", "USER", "LNAME", "USERNAME"] as const;

/** The user as Python's `getpass.getuser()` finds it, and the host's name. */
export function actorOf(io: Io): Actor {
  const named = USER_VARIABLES.map((name) => io.env(name)).find((name) => name !== undefined && name !== "");
  return { username: named ?? accountOf(io.uid()), hostname: io.hostname() };
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
