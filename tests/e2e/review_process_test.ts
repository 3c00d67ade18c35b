/** What people do to the program at three in the morning, done to the process itself. */

import assert from "node:assert/strict";
import { finished, testProject, until } from "../project.ts";
import { type Kind, onEachDatabase } from "../support.ts";
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

const LOOP = `export default { revision: "D001", async upgrade({ sql }) {
  await sql\`insert into made values (2)\`;
  for (;;);
} };
`;

const LONG_STATEMENT = `-- delembic revision: D001
-- delembic upgrade
insert into made values (2);
with recursive c (x) as (select 1 union all select x + 1 from c) select count(*) from c;
`;

/** Two signals to a run that does not let its process hear them; then the same migration, mended. */
async function endBusyRun(kind: Kind, name: string, text: string): Promise<void> {
  await using project = await testProject(kind, { [name]: text });
  await project.execute("create table made (n int)", "insert into made values (1)");
  const child = project.start(["upgrade"]);
  await until(
    "D001 runs",
    async () => (await project.rows("select revision from delembic_run_history").catch(() => [])).length === 1,
  );
  // by then the endless work has begun
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const start = performance.now();
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 200));
  child.kill("SIGINT");
  const { code, out, err } = await finished(child);
  assert.ok(performance.now() - start < 5_000);
  // a process that cannot end itself is killed
  assert.equal(code, 137, out + err);
  await Deno.remove(`${project.folder}/delembic/versions/${name}`);
  await project.write({ "D001.sql": "-- delembic revision: D001\n-- delembic upgrade\nselect 1;\n" });
  if (kind !== "sqlite") assert.equal((await project.delembic(["unlock", "--force"])).code, 0);
  const again = await project.delembic(["upgrade"]);
  assert.equal(again.code, 0, again.out + again.err);
  assert.deepEqual(await project.rows("select n from made"), ["1"]);
  assert.deepEqual(
    await project.rows("select status from delembic_run_history where revision = 'D001' order by id"),
    ["interrupted", "success"],
  );
}

onEachDatabase(
  "two signals end a migration that loops without an end; nothing of it stays",
  (kind) => endBusyRun(kind, "D001.js", LOOP),
);

Deno.test("sqlite: two signals end a statement without an end; nothing of it stays", () =>
  endBusyRun("sqlite", "D001.sql", LONG_STATEMENT));
