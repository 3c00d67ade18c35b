import assert from "node:assert/strict";
import fc from "fast-check";
import { firstSize, halved, nextSize, type SizePlan, type SizeState } from "../../src/walk_size.ts";

const plan: SizePlan = { size: 1000, minSize: 1, maxSize: 1_000_000, targetMs: 500 };

/** A database that takes `overhead` a batch and `perRow` a row, in milliseconds. */
interface Cost {
  readonly overhead: number;
  readonly perRow: number;
}

function time({ overhead, perRow }: Cost, rows: number): number {
  return overhead + perRow * rows;
}

/** Walks a number of full batches; gives the state after each. */
function walk(limits: SizePlan, cost: Cost, batches: number, from = firstSize(limits)): SizeState[] {
  const states: SizeState[] = [];
  for (let state = from; states.length < batches;) {
    state = nextSize(limits, state, { rows: state.size, milliseconds: time(cost, state.size) });
    states.push(state);
  }
  return states;
}

const sizes = (states: readonly SizeState[]) => states.map(({ size }) => size);

Deno.test("a size far too small is found within a few batches, by 4 at most, then stays", () => {
  assert.deepEqual(sizes(walk(plan, { overhead: 5, perRow: 0.005 }, 8)), [
    4000,
    16000,
    64000,
    91017,
    91017,
    91017,
    91017,
    91017,
  ]);
});

Deno.test("after the start the size grows by half at most", () => {
  const [settled] = walk(plan, { overhead: 0, perRow: 0.45 }, 1);
  assert.equal(settled?.size, 1000);
  assert.deepEqual(sizes(walk(plan, { overhead: 0, perRow: 0.01 }, 4, settled)), [1500, 2250, 3375, 5062]);
});

Deno.test("a target of 0 leaves the size as it is", () => {
  const fixed = { ...plan, targetMs: 0 };
  assert.deepEqual(sizes(walk(fixed, { overhead: 0, perRow: 100 }, 3)), [1000, 1000, 1000]);
});

Deno.test("a batch a little too slow or too quick leaves the size as it is", () => {
  for (const milliseconds of [401, 500, 549]) {
    assert.equal(nextSize(plan, firstSize(plan), { rows: 1000, milliseconds }).size, 1000);
  }
});

Deno.test("one slow moment among good batches counts by its weight only", () => {
  const good = walk(plan, { overhead: 0, perRow: 0.48 }, 5).at(-1) ?? firstSize(plan);
  assert.equal(nextSize(plan, good, { rows: 1000, milliseconds: 600 }).size, 1000);
});

Deno.test("a short batch never makes the size grow, and a slow one of few rows makes it fall to fewer than those", () => {
  const state = firstSize(plan);
  assert.equal(nextSize(plan, state, { rows: 3, milliseconds: 1 }).size, 1000);
  assert.equal(nextSize(plan, state, { rows: 0, milliseconds: 2000 }).size, 1000);
  assert.equal(nextSize(plan, state, { rows: 100, milliseconds: 2000 }).size, 23);
});

Deno.test("where each batch takes too long whatever its size, the size does not fall to nothing", () => {
  const states = sizes(walk(plan, { overhead: 700, perRow: 0.01 }, 50));
  assert.ok((states.at(-1) ?? 0) >= 250, String(states));
  const once = walk(plan, { overhead: 3000, perRow: 0.01 }, 50);
  assert.ok((once.at(-1)?.size ?? 0) >= 100, String(sizes(once)));
  // and when the wait is over it grows again
  assert.ok((walk(plan, { overhead: 0, perRow: 0.1 }, 20, once.at(-1)).at(-1)?.size ?? 0) >= 4000);
});

Deno.test("halved goes down to the least, and then gives up", () => {
  const found: number[] = [];
  for (let state: SizeState | undefined = firstSize({ ...plan, minSize: 60 }); state !== undefined;) {
    found.push(state.size);
    state = halved({ ...plan, minSize: 60 }, state);
  }
  assert.deepEqual(found, [1000, 500, 250, 125, 62, 60]);
});

const anyPlan = fc.tuple(
  fc.integer({ min: 1, max: 1e6 }),
  fc.integer({ min: 1, max: 1e6 }),
  fc.integer({ min: 1, max: 1e6 }),
)
  .map(([a, b, size]) => ({ size, minSize: Math.min(a, b), maxSize: Math.max(a, b), targetMs: 500 }));

Deno.test("whatever batches take, the size is whole and within its limits", () => {
  const batch = fc.record({
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    milliseconds: fc.double({ min: 0, max: 1e7, noNaN: true }),
    timedOut: fc.boolean(),
  });
  fc.assert(fc.property(anyPlan, fc.array(batch, { maxLength: 60 }), (limits, batches) => {
    let state = firstSize(limits);
    for (const { part, milliseconds, timedOut } of batches) {
      state = timedOut
        ? halved(limits, state) ?? state
        : nextSize(limits, state, { rows: Math.ceil(part * state.size), milliseconds });
      assert.ok(Number.isInteger(state.size) && state.size >= limits.minSize && state.size <= limits.maxSize);
    }
  }));
});

/** Costs of which the batch's own are less than half of the target. */
const anyCost = fc.record({
  overhead: fc.double({ min: 0, max: 240, noNaN: true }),
  perRow: fc.double({ min: 1e-4, max: 400, noNaN: true }),
});

/** Whether the size is right: near the target, or as near as whole rows and the limits let it be. */
function isRight(limits: SizePlan, cost: Cost, size: number): boolean {
  const [now, more] = [time(cost, size) / limits.targetMs, time(cost, size + 1) / limits.targetMs];
  return (now > 1.15 ? size === limits.minSize : now >= 0.75 || size === limits.maxSize || more > 1.1);
}

Deno.test("where a row costs always the same the size comes to rest near the target", () => {
  fc.assert(
    fc.property(anyPlan, anyCost, (limits, cost) => {
      // from one row, with a batch that costs half of the target without any, it takes some ninety batches
      const states = sizes(walk(limits, cost, 200));
      const [last = 0] = states.slice(-1);
      assert.ok(isRight(limits, cost, last), `${last} rows take ${time(cost, last)} ms: ${states}`);
      // a row more or less is what rounding makes of the same size
      const moved = states.slice(-5).filter((size) => Math.abs(size - last) > Math.max(1, last / 100));
      assert.deepEqual(moved, [], String(states));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a database that becomes ten times as slow is met within two batches", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 20, noNaN: true }),
      (perRow, overhead) => {
        const rested = walk(plan, { perRow, overhead }, 60).at(-1);
        const [, second] = walk(plan, { perRow: perRow * 10, overhead: overhead * 10 }, 2, rested);
        const [size = 0] = [second?.size];
        assert.ok(time({ perRow: perRow * 10, overhead: overhead * 10 }, size) <= 500 * 1.5, `${size}`);
      },
    ),
  );
});
