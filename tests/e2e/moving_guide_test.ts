/**
 * The guide for those who come from the Python tool, tried on the project that it tells of.
 * `deno run -A tests/e2e/moving_guide_test.ts` writes what comes out into it.
 */

import { deepEqual, equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { outside, testWith } from "../support.ts";
import { replay, timeless } from "./readme.ts";

const GUIDE = fileURLToPath(new URL("../../docs/moving-from-the-python-tool.md", import.meta.url));
const markdown = await Deno.readTextFile(GUIDE);

function replayed(): Promise<string> {
  const python = outside.python ?? "";
  return replay(markdown, {
    ".venv/bin/python": `'${python}'`,
    ".venv/bin/delembic": `'${python.replace(/python[\d.]*$/, "delembic")}'`,
  });
}

if (import.meta.main) {
  const after = await replayed();
  if (timeless(after) !== timeless(markdown)) await Deno.writeTextFile(GUIDE, after);
} else {
  testWith(["python"], "moving from the Python tool: every command of the guide prints what is shown", async () => {
    const shown = timeless(markdown).split("\n");
    const printed = timeless(await replayed()).split("\n");
    deepEqual(printed.filter((line) => !shown.includes(line)), [], "what is printed and not shown");
    equal(printed.join("\n"), shown.join("\n"));
  });
}
