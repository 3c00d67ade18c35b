import assert from "node:assert/strict";
import { checkBatch, parseBatchLine, parseThrottleLine } from "../../src/batch_options.ts";

/** The plan, or else what was reported, a line each with its hint. */
function checked(raw: unknown) {
  const problems: string[] = [];
  const plan = checkBatch(raw, (problem, hint) => problems.push(hint === undefined ? problem : `${problem} | ${hint}`));
  assert.equal(plan === undefined, problems.length > 0 || raw === undefined);
  return plan ?? problems;
}

const STANDARD = {
  table: ["person"],
  key: [],
  size: 1000,
  minSize: 1,
  maxSize: 1_000_000,
  targetMs: 500,
  timeoutMs: 60_000,
  parallel: 1,
  pauseMs: 0,
  throttle: { query: undefined, file: undefined, replicaLagMs: undefined, replicas: [], window: undefined },
};

Deno.test("a batch needs its table alone", () => {
  assert.deepEqual(checked({ table: "person" }), STANDARD);
  assert.deepEqual(checked({ table: "staging.person" }), { ...STANDARD, table: ["staging", "person"] });
  assert.deepEqual(checked({ table: ["staging", "per.son"] }), { ...STANDARD, table: ["staging", "per.son"] });
  assert.deepEqual(checked(undefined), []);
});

Deno.test("a batch with all that it can have", () => {
  const throttle = { query: "select 0", file: "stop", replicaLag: "10s", replicas: "a, b", window: "22:00-6:30" };
  assert.deepEqual(
    checked({
      ...{ table: "t", key: "country, id", size: 50, minSize: 10, maxSize: 90, target: 0, timeout: "2m" },
      ...{ parallel: 4, pause: 0.1, throttle },
    }),
    {
      ...{ table: ["t"], key: ["country", "id"], size: 50, minSize: 10, maxSize: 90, targetMs: 0, timeoutMs: 120_000 },
      ...{ parallel: 4, pauseMs: 100 },
      throttle: {
        ...{ query: "select 0", file: "stop", replicaLagMs: 10_000, replicas: ["a", "b"] },
        window: { from: 1320, to: 390 },
      },
    },
  );
});

Deno.test("the size is within its limits where it is not said", () => {
  const sizes = (raw: object) => {
    const plan = checkBatch({ table: "t", ...raw }, (problem) => assert.fail(problem));
    return [plan?.minSize, plan?.size, plan?.maxSize];
  };
  assert.deepEqual(sizes({ minSize: 5_000 }), [5_000, 5_000, 1_000_000]);
  assert.deepEqual(sizes({ maxSize: 20 }), [1, 20, 20]);
  assert.deepEqual(sizes({ size: 3_000_000 }), [1, 3_000_000, 3_000_000]);
});

const WRONG: readonly (readonly [unknown, string])[] = [
  ["person", `must be an object, not "person" | Write batch: { table: "person" }.`],
  [{}, `has no 'table' | Write table: "person", or table: ["schema", "person"].`],
  [{ table: "" }, `has 'table' "", which names no table | Write table: "person", or table: ["schema", "person"].`],
  [{ table: "t", key: [] }, `has 'key' [], which names no columns | Write key: "id", or key: ["country", "id"].`],
  [{ table: "t", size: 0 }, "has 'size' 0; it must be a whole number from 1"],
  [{ table: "t", size: "9" }, `has 'size' "9"; it must be a whole number from 1`],
  [{ table: "t", minSize: 9, maxSize: 3 }, "has 'minSize' 9, more than 'maxSize' 3"],
  [{ table: "t", size: 5, minSize: 9 }, "has 'size' 5, which is not between 'minSize' 9 and 'maxSize' 1000000"],
  [{ table: "t", parallel: 65 }, "has 'parallel' 65; 64 is the most"],
  [
    { table: "t", target: "soon" },
    "has 'target' \"soon\"; it must be a number of seconds, or a text such as '500ms', '90s', '15m' or '2h'",
  ],
  [{ table: "t", sise: 5 }, "has an unknown member 'sise' | Did you mean 'size'?"],
  [{ table: "t", throttle: "stop" }, `has 'throttle' "stop"; it must be an object | Write throttle: { file: "stop" }.`],
  [{ table: "t", throttle: { fiel: "stop" } }, "has an unknown member 'throttle.fiel' | Did you mean 'file'?"],
  [{ table: "t", throttle: { query: 3 } }, "has 'throttle.query' 3; it must be a text"],
  [
    { table: "t", throttle: { window: "night" } },
    `has 'throttle.window' "night" | Write a time of the day: "22:00-06:00".`,
  ],
  [
    { table: "t", throttle: { window: "9:00-9:00" } },
    `has 'throttle.window' "9:00-9:00" | Write a time of the day: "22:00-06:00".`,
  ],
  [
    { table: "t", throttle: { window: "22:00-24:00" } },
    `has 'throttle.window' "22:00-24:00" | Write a time of the day: "22:00-06:00".`,
  ],
  [
    { table: "t", throttle: { replicaLag: 5, replicas: [7] } },
    `has 'throttle.replicas' [ 7 ], which names no sources | Write replicas: ["replica1"].`,
  ],
  [
    { table: "t", throttle: { replicas: ["a"] } },
    `has 'throttle.replicas' without 'throttle.replicaLag' | Write replicaLag: "10s".`,
  ],
];

for (const [raw, problem] of WRONG) {
  Deno.test(`a batch of ${Deno.inspect(raw, { compact: true, breakLength: Infinity })} is told as wrong`, () => {
    assert.deepEqual(checked(raw), [problem]);
  });
}

Deno.test("the lines of a SQL file say the same", () => {
  const report = (problem: string) => assert.fail(problem);
  assert.deepEqual(parseBatchLine("staging.person by country, id size 1000 target 0 parallel 4 pause 1s", report), {
    ...{ table: "staging.person", key: ["country", "id"], size: 1000, target: 0, parallel: 4, pause: "1s" },
  });
  assert.deepEqual(parseThrottleLine("query select 1 from t", report), { query: "select 1 from t" });
  assert.deepEqual(parseThrottleLine("REPLICA_LAG 10s", report), { replicaLag: "10s" });
  assert.deepEqual(parseThrottleLine("replicas a, b", report), { replicas: "a, b" });
});

Deno.test("a line of a SQL file that is not understood is told as that", () => {
  const told: string[] = [];
  const report = (problem: string, hint?: string) => told.push(`${problem} | ${hint}`);
  parseBatchLine("person by id sise 5", report);
  parseBatchLine("person by id size", report);
  parseThrottleLine("stop", report);
  const example = "Write '-- delembic batch: person by id size 1000 target 500ms parallel 2'.";
  assert.deepEqual(told, [
    "has 'sise', which is not understood | Did you mean 'size'?",
    `has 'size' without a value | ${example}`,
    "has a throttle 'stop', which is not understood | Write '-- delembic throttle: file stop', 'query select …', 'replica_lag 10s' or 'window 22:00-06:00'.",
  ]);
});
