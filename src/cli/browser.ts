/**
 * Opens an address in the user's browser, where there is one.
 *
 * @module
 */

import type { Io } from "./io.ts";

/** The program that opens addresses; `undefined` where there is no display to show them on. */
export function browserCommand(
  os: typeof Deno.build.os,
  env: Io["env"],
): readonly [program: string, ...args: string[]] | undefined {
  if (os === "darwin") return ["open"];
  if (os === "windows") return ["rundll32", "url.dll,FileProtocolHandler"];
  const hasDisplay = ["DISPLAY", "WAYLAND_DISPLAY"].some((name) => (env(name) ?? "") !== "");
  return hasDisplay ? ["xdg-open"] : undefined;
}

/** Whether a browser was started. That there is none is no mistake: the address was printed. */
export function openBrowser(address: string, { env }: Io): boolean {
  const command = browserCommand(Deno.build.os, env);
  if (command === undefined) return false;
  const [program, ...args] = command;
  try {
    new Deno.Command(program, { args: [...args, address], stdin: "null", stdout: "null", stderr: "null" }).spawn()
      .unref();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
