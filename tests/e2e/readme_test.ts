import { deepEqual, ok } from "node:assert/strict";
import { EXIT } from "../../src/errors.ts";
import { blocksOf, README } from "./readme.ts";

const markdown = await Deno.readTextFile(README);

Deno.test("README: opens with what it is and the two commands, and calls only tasks that there are", async () => {
  const tasks: Record<string, unknown> =
    JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url))).tasks;
  const lines = blocksOf(markdown).filter(({ language }) => language === "sh").flatMap(({ text }) => text.split("\n"));
  const called = lines.flatMap((line) => / task (\w+)/.exec(line)?.[1] ?? []);
  deepEqual(called.slice(0, 2), ["demo", "test"]);
  for (const name of called) ok(name in tasks, name);
});

Deno.test("README: explains every exit code", () => {
  const explained = [...markdown.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  deepEqual(explained, Object.values(EXIT));
});
