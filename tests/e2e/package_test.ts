/** The package: its documentation is whole, its examples run, and it can be published. */

import assert from "node:assert/strict";
import { run } from "../support.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

async function deno(...args: string[]) {
  return await run(Deno.execPath(), args, { cwd: ROOT, env: { NO_COLOR: "1" } });
}

Deno.test("every symbol of the package is documented", async () => {
  const { code, out, err } = await deno("doc", "--lint", "mod.ts");
  assert.equal(code, 0, out + err);
});

Deno.test("the examples in the documentation run", async () => {
  const { code, out, err } = await deno("test", "-A", "--doc", "--quiet", "mod.ts");
  assert.equal(code, 0, out + err);
  assert.match(out, /2 passed/);
});

Deno.test("the package can be published, with what it needs and no tests", async () => {
  const { code, out, err } = await deno("publish", "--dry-run", "--allow-dirty", "--quiet");
  assert.equal(code, 0, out + err);
  const files = [...(out + err).matchAll(/^ +file:\/\/\S*?\/(\S+) \(/gm)].map(([, file = ""]) => file);
  for (const part of ["tests/", "bench/", ".ci/"]) {
    assert.ok(!files.some((file) => file.includes(part)), `${part} is published`);
  }
});
