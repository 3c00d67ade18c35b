import assert from "node:assert/strict";
import { checkBatchLoad, isBatchLoadLine, parseBatchLoadLine } from "../../src/batch_load.ts";
import { readSqlMigration } from "../../src/sql_migration.ts";
import { LEXICONS } from "../lexicons.ts";
import type { ReportBatch } from "../../src/batch_options.ts";

/** What was checked, or else what was reported, a line each with its hint. */
function checked(raw: Record<string, unknown> | undefined) {
  const problems: string[] = [];
  const report: ReportBatch = (problem, hint) => problems.push(hint === undefined ? problem : `${problem} | ${hint}`);
  const found = raw === undefined ? undefined : checkBatchLoad(raw, report);
  assert.equal(found === undefined, problems.length > 0);
  return found ?? problems;
}

const NO_THROTTLE = { query: undefined, file: undefined, replicaLagMs: undefined, replicas: [], window: undefined };
const MB = 1024 * 1024;
const PLAN = {
  ...{ table: ["person"], key: [], size: 8 * MB, minSize: 65_536, maxSize: 8 * MB, targetMs: 0, timeoutMs: 60_000 },
  ...{ parallel: 1, pauseMs: 0, throttle: NO_THROTTLE },
};

Deno.test("a load in batches needs its file and its table", () => {
  assert.deepEqual(checked({ file: "data/person.csv", into: "person" }), {
    plan: PLAN,
    load: { table: ["person"], source: "data/person.csv", options: {} },
  });
});

Deno.test("a load in batches with all that it can have, in both forms", () => {
  const line =
    "load staging.person (id, name) from 'my data.csv' size 16MB delimiter ';' null NA parallel 2 pause 1s " +
    "timeout 2m no header";
  assert.equal(isBatchLoadLine(line), true);
  const raw = parseBatchLoadLine(line, (problem) => assert.fail(problem));
  const options = { columns: ["id", "name"], delimiter: ";", null: "NA", header: false };
  const file = { file: "my data.csv", into: "staging.person", size: "16MB", parallel: 2, pause: "1s", timeout: "2m" };
  const plan = {
    ...{ ...PLAN, table: ["staging", "person"], size: 16 * MB, maxSize: 16 * MB },
    ...{ parallel: 2, pauseMs: 1_000, timeoutMs: 120_000 },
  };
  const expected = { plan, load: { table: ["staging", "person"], source: "my data.csv", options } };
  assert.deepEqual(checked(raw), expected);
  assert.deepEqual(checked({ ...file, ...options }), expected);
});

Deno.test("the size of a batch in bytes", () => {
  const sizeOf = (size: unknown) => checkBatchLoad({ file: "a.csv", into: "a", size }, assert.fail)?.plan.size;
  assert.deepEqual(["512", 512, "1KB", "1.5 mb", "2MiB"].map(sizeOf), [512, 512, 1024, 1.5 * MB, 2 * MB]);
});

const WRONG: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ into: "person" }, `has no 'file' | Write file: "data/person.csv".`],
  [{ file: "a.csv" }, `has no 'into', the table of the file | Write into: "person", or into: ["schema", "person"].`],
  [
    { file: "a.csv", into: 5 },
    `has 'into' 5, which names no table | Write into: "person", or into: ["schema", "person"].`,
  ],
  [
    { file: "a.csv", into: "a", size: "1GB" },
    `has 'size' "1GB"; it must be bytes, up to 256MB | Write size: "16MB".`,
  ],
  [
    { file: "a.csv", into: "a", size: "much" },
    `has 'size' "much"; it must be bytes, up to 256MB | Write size: "16MB".`,
  ],
  [{ file: "a.csv", into: "a", paralel: 2 }, "has an unknown member 'paralel' | Did you mean 'parallel'?"],
  [{ file: "a.csv", into: "a", parallel: 0 }, "has 'parallel' 0; it must be a whole number from 1"],
  [
    { file: "a.csv", into: "a", onConflict: "skip" },
    "has 'onConflict', which a load in batches has not | " +
    "Load it into a table beside, and bring the rows from there to here in batches.",
  ],
  [
    { file: "a.csv.gz", into: "a" },
    `has 'file' "a.csv.gz", which is compressed by gzip | Only CSV that is not compressed is loaded in batches: ` +
    "make it of the file before, or load the file at once.",
  ],
  [
    { file: "a.tsv", into: "a" },
    `has 'file' "a.tsv", which is TSV | Only CSV that is not compressed is loaded in batches: ` +
    "make it of the file before, or load the file at once.",
  ],
  [
    { file: "a.txt", into: "a" },
    `has 'file' "a.txt", of which the name does not tell the format | Say format: "csv" if it is CSV.`,
  ],
  [{ file: "a.csv", into: "a", format: "json" }, `has 'format' "json" | Only CSV is loaded in batches.`],
];

for (const [raw, problem] of WRONG) {
  Deno.test(`a load in batches with ${JSON.stringify(raw)} is told as wrong`, () => {
    assert.deepEqual(checked(raw), [problem]);
  });
}

function read(text: string) {
  return readSqlMigration(text, {
    file: "versions/D004.sql",
    checksum: "sha256:v1:00",
    dialect: { lexicon: LEXICONS.postgresql, transactionalDdl: true, commitsImplicitly: () => false },
  });
}

Deno.test("a SQL file with a load in batches needs no section, and has the file among its data", () => {
  const { found: [only], faults } = read(
    "-- delembic revision: D004\n-- delembic batch: load person from data/person.csv parallel 2\n",
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(only?.migration.data, ["data/person.csv"]);
  assert.equal(only?.migration.batch?.plan.parallel, 2);
  assert.deepEqual(only?.migration.batch?.load?.table, ["person"]);
});

Deno.test("what is wrong in a SQL file with a load in batches has its line", () => {
  const faultsOf = (text: string) =>
    read(`-- delembic revision: D004\n${text}`).faults.map(({ place, message, hint }) =>
      `${place.line} ${message} (${hint})`
    );
  assert.deepEqual(faultsOf("-- delembic batch: load person from a.csv paralel 2\n"), [
    "2 'batch' has an unknown option 'paralel' (Did you mean 'parallel'?)",
  ]);
  assert.deepEqual(
    faultsOf("-- delembic batch: load person from a.csv\n-- delembic upgrade\nselect 1;\n"),
    [
      "4 A statement stands in 'upgrade', beside the load in batches of line 2 " +
      "(Put it into a migration of its own, before this one or behind it.)",
    ],
  );
  assert.deepEqual(faultsOf("-- delembic batch: load person from a.csv on conflict skip\n"), [
    "2 'batch' has 'onConflict', which a load in batches has not " +
    "(Load it into a table beside, and bring the rows from there to here in batches.)",
  ]);
});

Deno.test("a table called load is walked as any other", () => {
  assert.equal(isBatchLoadLine("load by id size 10"), false);
  assert.equal(isBatchLoadLine("load"), false);
});
