/** What people do to the program at three in the morning, done to the process itself. */

import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { delembic, onEachProgram } from "./cli.ts";

const CHATTY = `import { stdout } from "node:process";
console.log("at the top");
export default { revision: "D001", upgrade() {
  console.log("by console.log");
  console.table([1]);
  stdout.write("by Node's stdout\\n");
  Deno.stdout.writeSync(new TextEncoder().encode("by Deno's stdout\\n"));
} };
`;

onEachProgram([], "--json: stdout is one document, whatever migrations print", async (program) => {
  await using project = await testProject("sqlite", { "D001_chatty.js": CHATTY });
  const env = { DELEMBIC_TEST_URL: project.db.url };
  for (const command of [["upgrade"], ["history"], ["check"], ["show", "D001"]]) {
    const { code, out, err } = await delembic(program, [...command, "--json"], { cwd: project.folder, env });
    assert.equal(code, 0, out + err);
    assert.equal(typeof JSON.parse(out), "object");
    assert.match(err, /^at the top\n/);
    if (command[0] !== "upgrade") continue;
    for (const said of ["by console.log", "by Node's stdout", "by Deno's stdout"]) assert.ok(err.includes(said), err);
  }
});
