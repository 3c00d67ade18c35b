/**
 * File names as people see them: relative to where they stand. Pure, and light: `node:path` costs start-up time.
 *
 * @module
 */

const ABSOLUTE_REGEXP = /^(?:\/|[A-Za-z]:[\\/])/;

/** How many folders up a relative name may go before the absolute one is easier to read. */
const MAX_UP = 3;

/** The absolute name, with `/`, of a file that may be given relative to `base`. */
export function absolutePath(base: string, path: string): string {
  const whole = ABSOLUTE_REGEXP.test(path) ? path : `${base}/${path}`;
  const [root, ...names] = whole.replaceAll("\\", "/").split("/");
  const parts: string[] = [];
  for (const name of names) {
    if (name === "..") parts.pop();
    else if (name !== "." && name !== "") parts.push(name);
  }
  return [root, ...parts].join("/");
}

/** The file as somebody in the folder `cwd` would name it. */
export function shownPath(cwd: string, path: string): string {
  const from = absolutePath(cwd, ".").split("/");
  const to = absolutePath(cwd, path).split("/");
  let common = 0;
  while (common < from.length && common < to.length && from[common] === to[common]) common++;
  const up = from.length - common;
  if (up > MAX_UP || common === 0) return to.join("/");
  return [...Array<string>(up).fill(".."), ...to.slice(common)].join("/") || ".";
}
