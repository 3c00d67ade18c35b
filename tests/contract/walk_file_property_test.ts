/**
 * Whatever a file of CSV is, whatever the size of a batch, and however many are at work: a load in batches brings the
 * rows in that a load at once brings in, or refuses the same row.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { openDatabase } from "../../src/db/connect.ts";
import { freshDatabase, type Kind, onEachDatabase, temporaryFolder } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";
import { targetOf } from "./contract_ground.ts";

const text = fc.string({ unit: fc.constantFrom(...'ab é€,;"\n\r'), maxLength: 8 });
const quoted = text.map((value) => `"${value.replaceAll('"', '""')}"`);
const plain = fc.string({ unit: fc.constantFrom(..."xyz é€;'\\."), maxLength: 8 });
const field = fc.oneof(quoted, plain);
const end = fc.constantFrom("\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n");
/** A slip as people make them. */
const fault = fc.constantFrom('a"b', '"a"b', "a,b,c,d", '"open', "\0");

const file = fc.integer({ min: 1, max: 3 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    mark: fc.boolean(),
    rows: fc.array(fc.tuple(fc.array(field, { minLength: width, maxLength: width }), end), { maxLength: 40 }),
    endsOpen: fc.boolean(),
    fault: fc.option(fc.tuple(fc.nat(), fault), { freq: 4 }),
  })
).map(({ width, mark, rows, endsOpen, fault }) => {
  const names = ["a", "b", "c"].slice(0, width);
  const lines = rows.map(([fields, end]) => fields.join() + end);
  if (fault !== null && rows.length > 0) lines[fault[0] % rows.length] = `${fault[1]}\n`;
  if (endsOpen) lines.push(lines.pop()?.replace(/[\r\n]+$/, "") ?? "");
  return { names, content: `${mark ? "\uFEFF" : ""}${names.join()}\n${lines.join("")}` };
});

onEachDatabase("any CSV, in batches of any size and by any number of workers, is what it is at once", async (kind) => {
  await fc.assert(
    fc.asyncProperty(
      file,
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 40, max: 400 })),
      fc.integer({ min: 1, max: 3 }),
      (csv, size, parallel) => sameRows(kind, csv, `size ${size} parallel ${parallel}`),
    ),
    { numRuns: 12, endOnFailure: true },
  );
});

async function sameRows(
  kind: Kind,
  { names, content }: { readonly names: readonly string[]; readonly content: string },
  words: string,
): Promise<void> {
  await using db = await freshDatabase(kind);
  const session = await (await openDatabase(targetOf(kind, db.url))).connect("work");
  try {
    const columns = names.map((name) => `${name} varchar(60)`).join(", ");
    for (const table of ["at_once", "in_batches"]) await session.query(`create table ${table} (${columns})`);
    await using folder = await temporaryFolder({
      "delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${db.url}\n`,
      "delembic/data.csv": content,
      "delembic/versions/D001.sql": `-- delembic revision: D001
-- delembic upgrade
-- delembic load: at_once from data.csv
`,
      "delembic/versions/D002.sql": `-- delembic revision: D002
-- delembic batch: load in_batches from data.csv ${words}
`,
    });
    const rowsOf = async (table: string) => {
      const { rows } = await session.query(`select ${names.join()} from ${table}`);
      return rows.map((row) => JSON.stringify(Object.values(row))).sort();
    };
    const place = (said: string) => /at (delembic\/data\.csv:\d+)/.exec(said)?.[1];
    const atOnce = await call(["upgrade", "D001"], { cwd: folder.path });
    const inBatches = await call(["upgrade", "D002"], { cwd: folder.path });
    assert.equal(inBatches.code, atOnce.code, inBatches.out + inBatches.err + atOnce.out + atOnce.err);
    if (atOnce.code === 0) assert.deepEqual(await rowsOf("in_batches"), await rowsOf("at_once"));
    else assert.equal(place(inBatches.out + inBatches.err), place(atOnce.out + atOnce.err));
  } finally {
    await session.close();
  }
}
