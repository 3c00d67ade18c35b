/** The version of the program; `deno.json` has the same. */
export const VERSION = "0.1.0";
