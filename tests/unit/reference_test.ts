import assert from "node:assert/strict";
import { commandsPage } from "../../tools/reference.ts";

Deno.test("the reference of the commands is what the commands say of themselves: 'deno task docs' writes it", async () => {
  const file = new URL("../../docs/reference/commands.md", import.meta.url);
  assert.equal(await Deno.readTextFile(file), await commandsPage());
});
