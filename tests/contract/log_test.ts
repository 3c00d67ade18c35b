/** A run as logs and as telemetry. */

import assert from "node:assert/strict";
import { testProject } from "../project.ts";
import { onEachDatabase, run } from "../support.ts";

const LOAD = `-- delembic revision: D001
-- delembic description: load
-- delembic upgrade
-- delembic load: t from data/t.csv
`;
const WALK = `-- delembic revision: D002
-- delembic depends_on: D001
-- delembic batch: t by id size 10
-- delembic upgrade
update t set v = v + 1 where :range;
`;
const BAD = `-- delembic revision: D003
-- delembic depends_on: D002
-- delembic upgrade
insert into nosuch values (1);
`;
const FILES = {
  "D001_load.sql": LOAD,
  "D002_walk.sql": WALK,
  "D003_bad.sql": BAD,
  "/delembic/data/t.csv": `id,v\n${Array.from({ length: 30 }, (_, id) => `${id},0\n`).join("")}`,
};
const TABLE = "create table t (id int not null primary key, v int)";

onEachDatabase(
  "--log-format json: stderr is an object a line, with level and moment; stdout is for results",
  async (kind) => {
    await using project = await testProject(kind, FILES);
    await project.execute(TABLE);
    const { code, out, err } = await project.delembic(["upgrade", "--log-format", "json"]);
    assert.equal(code, 1, err);
    assert.equal(out, "");
    const entries = err.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { level, at } of entries) {
      assert.match(String(level), /^(info|warn|error)$/);
      assert.match(String(at), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
    const told = entries.filter(({ event }) => event !== "progress").map(({ level, event, revision }) =>
      [level, event, revision].join(" ")
    );
    assert.deepEqual(told, [
      ...["info running D001", "info loaded D001", "info ok D001", "info running D002", "info ok D002"],
      ...["info running D003", "error failed D003"],
    ]);
    const loaded = entries.find(({ event }) => event === "loaded");
    assert.deepEqual([loaded?.["table"], loaded?.["rows"]], ["t", 30]);

    const again = await project.delembic(["history", "--log-format", "json"]);
    assert.match(again.out, /^applied {3}D001 {2}load$/m, "results stay text");
    const wrong = await project.delembic(["upgrade", "nosuch", "--log-format=json"]);
    assert.equal(wrong.code, 2);
    const [entry] = wrong.err.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const { at, ...refusal } = { ...entry };
    assert.match(String(at), /^\d{4}-/);
    assert.deepEqual(refusal, {
      ...{ level: "error", event: "error", code: "unknown-target", message: "Unknown target revision: nosuch" },
      hint: "Run 'delembic history' to see what there is.",
    });
    const refused = await project.delembic(["history", "--log-format", "xml"]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /Option '--log-format' knows no 'xml'/);
  },
);

onEachDatabase("OpenTelemetry: a span for each migration and batch, rows counted", async (kind) => {
  await using project = await testProject(kind, FILES);
  await project.execute(TABLE);
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const env = {
    ...{ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "console", OTEL_DENO_CONSOLE: "ignore", NO_COLOR: "1" },
    DELEMBIC_TEST_URL: project.db.url,
  };
  const args = ["run", "-A", "--no-check", "--quiet", main, "upgrade"];
  const { code, out, err } = await run(Deno.execPath(), args, { cwd: project.folder, env });
  assert.equal(code, 1, err);
  // Deno writes them to either stream
  const text = out + err;
  const spans = [...text.matchAll(/^SPAN (batch|migration \S+|delembic \S+) \[(\w+)\/(\w+)\].*\n((?: {2}.*\n)*)/gm)]
    .map(
      ([, name = "", traceId = "", id = "", rest = ""]) => ({ name, traceId, id, rest }),
    );
  const named = (name: string) => spans.filter((span) => span.name === name);
  const [whole] = named("delembic upgrade"), [walk] = named("migration D002"), [bad] = named("migration D003");
  assert.equal(named("migration D001").length, 1, text);
  assert.ok(whole && walk && bad, text);
  assert.match(walk.rest, new RegExp(`parent: ${whole.id}`));
  assert.match(bad.rest, /delembic\.status: failed/);
  assert.match(walk.rest, /delembic\.status: success/);
  const batches = named("batch");
  assert.ok(batches.length >= 1 && batches.length <= 3, `${batches.length} batches`);
  for (const batch of batches) assert.match(batch.rest, new RegExp(`parent: ${walk.id}`));
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.match(text, /delembic\.rows/);
  assert.match(text, /delembic\.migration\.duration/);
});
