/**
 * What a walk costs others: whoever changes a row meanwhile waits no longer than about one batch should take.
 */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import { testProject } from "../project.ts";
import { type Kind, onEachDatabase } from "../support.ts";
import { seeded } from "../walk_ground.ts";
import { finished, until } from "../project.ts";
import { targetOf } from "./contract_ground.ts";

const ROWS = 10_000;
const TARGET_MS = 500;
/** A busy machine, and SQLite's way of looking again for a free file. */
const NOISE_MS = 250;

/** Each row costs 0.3 ms in which its batch is held open, so that the size has to follow the target. */
const SLOW = `export default { revision: "D002", batch: { table: "person", size: 100, target: "${TARGET_MS}ms" },
  async apply(conn, range) {
    await conn.sql\`update person set touched = touched + 1 where \${range}\`;
    await new Promise((resolve) => setTimeout(resolve, range.size * 0.3));
  },
};
`;

onEachDatabase("an update of any one row waits no longer than a batch takes", async (kind) => {
  await using project = await testProject(kind, { "D002_slow.js": SLOW });
  await project.execute(...seeded(ROWS));
  const walking = finished(project.start(["upgrade"]));
  await until("the walk is at work", async () => (await done(project)) > 0);
  let ended = false;
  const all = walking.finally(() => ended = true);
  const waits = await updates(kind, project.db.url, () => ended);
  const { code, err } = await all;
  assert.equal(code, 0, err);
  const sorted = waits.toSorted((a, b) => a - b);
  const [most = 0, longest = 0] = [sorted[Math.floor(sorted.length * 0.95) - 1], sorted.at(-1)];
  Deno.stdout.writeSync(new TextEncoder().encode(
    `${kind}: ${waits.length} updates beside a walk, the longest waited ${Math.round(longest)} ms\n`,
  ));
  assert.ok(waits.length >= 10, `only ${waits.length} updates`);
  assert.ok(most <= TARGET_MS + NOISE_MS, `one of twenty updates waited ${most} ms or more`);
  // this process may have been kept waiting itself at just the moment that was free
  assert.ok(longest <= 2 * TARGET_MS + NOISE_MS, `an update waited ${longest} ms`);
  assert.deepEqual(await project.rows("select touched, count(*) from person group by touched"), [`1 | ${ROWS}`]);
});

async function done(project: { rows(query: string): Promise<string[]> }): Promise<number> {
  const [rows = "0"] = await project.rows("select sum(rows_done) from delembic_batch").catch(() => ["0"]);
  return Number(rows) || 0;
}

/** How long each of many updates of one row waited, in milliseconds, until `ended`. */
async function updates(kind: Kind, url: string, ended: () => boolean): Promise<number[]> {
  const session = await (await openDatabase(targetOf(kind, url))).connect("work");
  const waits: number[] = [];
  try {
    const p = session.dialect.placeholder(1);
    for (let at = 0; !ended(); at = (at + 97) % ROWS) {
      const start = performance.now();
      await session.query(`update person set name = 'other' where id = ${p}`, [at * 37 - 1000]);
      waits.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    await session.close();
  }
  return waits;
}
