import assert from "node:assert/strict";
import fc from "fast-check";
import type { LoadedMigration } from "../../src/migration.ts";
import { ancestorsOf } from "../../src/graph.ts";
import { planDowngrade, type PlanInput, planUpgrade, type VersionRecord } from "../../src/plan.ts";
import { historyOf } from "../../src/state.ts";
import { parseTarget, resolveRevision } from "../../src/target.ts";
import { plainMigration } from "../plain_migration.ts";

function migration(revision: string, dependsOn: string[] = [], more: Partial<LoadedMigration> = {}): LoadedMigration {
  return { ...plainMigration(revision, dependsOn), ...more };
}

function input(
  migrations: LoadedMigration[],
  applied: string[] = [],
  more: Partial<PlanInput> & { failed?: string[] } = {},
): PlanInput {
  const record = (status: string) => (revision: string): [string, VersionRecord] => [
    revision,
    { revision, status, appliedAt: "2026-01-15T10:30:00.000000Z", seconds: 1 },
  ];
  return {
    migrations: new Map(migrations.map((one) => [one.revision, one])),
    parents: new Map(migrations.map(({ revision, dependsOn }) => [revision, dependsOn])),
    records: new Map([...applied.map(record("success")), ...(more.failed ?? []).map(record("failed"))]),
    outdated: new Set(),
    partial: new Set(),
    gate: () => ({ missing: [], tooLate: [] }),
    ...more,
  };
}

const four = [migration("D001"), migration("D002", ["D001"]), migration("D003"), migration("D010", ["D002"])];

function upgrade(given: PlanInput, target: string): string[] {
  return planUpgrade(given, parseTarget(target)).steps.map(({ migration: { revision } }) => revision);
}

Deno.test("planUpgrade() runs what is pending, in the natural order of the ids", () => {
  assert.deepEqual(upgrade(input(four), "head"), ["D001", "D002", "D003", "D010"]);
  assert.deepEqual(upgrade(input(four), "heads"), ["D001", "D002", "D003", "D010"]);
  assert.deepEqual(upgrade(input(four, ["D001"]), "head"), ["D002", "D003", "D010"]);
  assert.deepEqual(upgrade(input(four, ["D001"], { failed: ["D002"] }), "head"), ["D002", "D003", "D010"]);
});

Deno.test("planUpgrade() of a revision runs its own ancestors only", () => {
  assert.deepEqual(upgrade(input(four), "D010"), ["D001", "D002", "D010"]);
  assert.deepEqual(upgrade(input(four), "D01"), ["D001", "D002", "D010"]);
});

Deno.test("planUpgrade() takes +N from what is pending, and ID+N from what builds on it", () => {
  assert.deepEqual(upgrade(input(four, ["D001"]), "+1"), ["D002"]);
  assert.deepEqual(upgrade(input(four, ["D001"]), "+0"), []);
  assert.deepEqual(upgrade(input(four), "D001+1"), ["D001", "D002"]);
  assert.deepEqual(upgrade(input(four), "D001+2"), ["D001", "D002", "D010"]);
  assert.deepEqual(upgrade(input(four), "D010-1"), ["D001", "D002"]);
});

const refused: [string, string, string | undefined][] = [
  ["D999", "Unknown target revision: D999", "Run 'delembic history' to see what there is."],
  ["D0001", "Unknown target revision: D0001", "Did you mean D001? Run 'delembic history' to see what there is."],
  ["D00", "'D00' could be any of 3 revisions: D001, D002, D003", "Write more of the revision."],
  ["base", "Cannot upgrade to base", "Use 'delembic downgrade base'."],
  ["-1", "Cannot upgrade by -1", "Use 'delembic downgrade -1'."],
  ["D003+2", "'D003+2' goes too far: nothing builds on D003", "Use 'head' for all that there is."],
  ["D002-3", "'D002-3' goes below the first revision", "Use 'base' to go there."],
  ["D002-2", "Cannot upgrade to D002-2, which is before the first revision", undefined],
  ["shop@base", "Cannot upgrade to shop@base", "Use 'delembic downgrade shop@base'."],
  ["shop@head", "Unknown target revision: shop", "Run 'delembic history' to see what there is."],
  [
    "D 1",
    "Cannot understand the target 'D 1'",
    "A target is head, a revision, the beginning of one, a label, LABEL@head, +N, LABEL@+N or REVISION+N; for " +
    "downgrade base, LABEL@base, a revision, -N or LABEL@-N.",
  ],
];
for (const [target, message, hint] of refused) {
  Deno.test(`planUpgrade() refuses '${target}' and says what to do`, () => {
    assert.throws(() => upgrade(input(four), target), { message, hint, exitCode: 2, code: "unknown-target" });
  });
}

/** Two branches with labels, from one root, and a merge of both; and a line beside them. */
const forked = [
  migration("root"),
  migration("bill1", ["root"], { labels: ["billing"] }),
  migration("bill2", ["bill1"]),
  migration("shop1", ["root"], { labels: ["shop"] }),
  migration("shop2", ["shop1"]),
  migration("both", ["bill2", "shop2"]),
  migration("aside", [], { labels: ["other"] }),
  migration("aside2", ["aside"]),
];

Deno.test("planUpgrade() goes along branches", () => {
  const up = (target: string, ...applied: string[]) => upgrade(input(forked, applied), target);
  assert.deepEqual(up("billing"), ["root", "bill1"]);
  assert.deepEqual(up("other@head"), ["aside", "aside2"]);
  assert.deepEqual(up("shop@bo"), ["root", "bill1", "bill2", "shop1", "shop2", "both"]);
  assert.deepEqual(up("billing@+1"), ["root"]);
  assert.deepEqual(up("billing@+2"), ["root", "bill1"]);
  assert.deepEqual(up("shop@+2", "root", "bill1"), ["shop1", "shop2"]);
  assert.deepEqual(up("billing@root+2"), ["root", "bill1", "bill2"]);
  assert.deepEqual(up("other@base+1"), ["aside"]);
  assert.deepEqual(up("both-0", "root"), ["bill1", "bill2", "shop1", "shop2", "both"]);
});

const ambiguous: [string, string][] = [
  ["root+1", "'root+1' could be any of 2 revisions: bill1, shop1"],
  ["both-1", "'both-1' could be any of 2 revisions: bill2, shop2"],
  ["base+1", "'base+1' could be any of 2 revisions: root, aside"],
  ["head-1", "'head' could be any of 2 revisions: aside2, both"],
];
for (const [target, message] of ambiguous) {
  Deno.test(`planUpgrade() does not guess what '${target}' is where the graph forks`, () => {
    assert.throws(() => upgrade(input(forked), target), { message, hint: "Name one of them.", code: "unknown-target" });
  });
}

Deno.test("planDowngrade() takes back what builds on the target, and leaves other branches", () => {
  const all = forked.map(({ revision }) => revision);
  const down = (target: string, applied = all) => downgrade(input(forked, applied), target);
  assert.deepEqual(down("root"), ["both", "shop2", "shop1", "bill2", "bill1"]);
  assert.deepEqual(down("shop@root"), ["both", "shop2", "shop1"]);
  assert.deepEqual(down("bill1"), ["both", "bill2"]);
  assert.deepEqual(down("billing"), ["both", "bill2"]);
  assert.deepEqual(down("other@base"), ["aside2", "aside"]);
  assert.deepEqual(down("other@-1"), ["aside2"]);
  assert.deepEqual(down("aside2-1"), ["aside2"]);
  assert.deepEqual(down("aside2"), []);
  assert.deepEqual(down("aside2-2"), ["aside2", "aside"]);
  assert.throws(() => down("both-1"), { message: "'both-1' could be any of 2 revisions: bill2, shop2" });
  const unmerged = ["root", "bill1", "shop1", "aside"];
  assert.deepEqual(down("shop@-1", unmerged), ["shop1"]);
  assert.throws(() => down("billing@-1", ["aside"]), { message: "Nothing of the branch 'billing' is applied" });
  assert.throws(() => down("other@bill1"), { message: "Revision bill1 is not on the branch 'other'" });
  assert.throws(() => down("billing@+1"), { message: "Cannot downgrade by billing@+1" });
});

Deno.test("planUpgrade() says what blocks a step, and what that blocks in turn", () => {
  const given = input(four, [], {
    gate: (id) => id === "D002" ? { missing: ["3d1e3e6abc12"], tooLate: [] } : { missing: [], tooLate: [] },
  });
  assert.deepEqual(
    planUpgrade(given, parseTarget("head")).steps.map(({ migration: { revision }, blocks }) => [revision, blocks]),
    [
      ["D001", []],
      ["D002", [{ kind: "alembic", missing: ["3d1e3e6abc12"] }]],
      ["D003", []],
      ["D010", [{ kind: "data", revisions: ["D002"] }]],
    ],
  );
});

Deno.test("planUpgrade() blocks Python files, partly committed attempts and those that come too late", () => {
  const given = input(
    [migration("D1", [], { kind: "py", upgrade: undefined }), migration("D2"), migration("D3")],
    [],
    { partial: new Set(["D2"]), gate: (id) => ({ missing: [], tooLate: id === "D3" ? ["abc"] : [] }) },
  );
  assert.deepEqual(planUpgrade(given, parseTarget("head")).steps.flatMap(({ blocks }) => blocks), [
    { kind: "python" },
    { kind: "partial" },
    { kind: "too-late", applied: ["abc"] },
  ]);
  assert.deepEqual(planUpgrade({ ...given, runsPython: true }, parseTarget("D1")).steps[0]?.blocks, []);
});

Deno.test("planUpgrade() runs what is to be applied again, and nothing that depends on it", () => {
  const given = (...outdated: string[]) => input(four, ["D001", "D002", "D003"], { outdated: new Set(outdated) });
  assert.deepEqual(upgrade(given("D001"), "head"), ["D001", "D010"]);
  assert.deepEqual(planUpgrade(given("D001"), parseTarget("head")).applied, ["D002", "D003"]);
  assert.deepEqual(upgrade(given("D001", "D003"), "D002"), ["D001"]);
  assert.deepEqual(upgrade(given("D002", "D003"), "+1"), ["D002"]);
  assert.deepEqual(upgrade(given("D002", "D003"), "+2"), ["D002", "D003"]);
  assert.deepEqual(downgrade(given("D001", "D003"), "base"), ["D003", "D002", "D001"]);
});

function downgrade(given: PlanInput, target: string): string[] {
  return planDowngrade(given, parseTarget(target)).map(({ revision }) => revision);
}

Deno.test("planDowngrade() undoes in reverse, back to a revision, by steps, or all", () => {
  const given = input(four, ["D001", "D002", "D010"]);
  assert.deepEqual(downgrade(given, "-1"), ["D010"]);
  assert.deepEqual(downgrade(given, "-2"), ["D010", "D002"]);
  assert.deepEqual(downgrade(given, "D001"), ["D010", "D002"]);
  assert.deepEqual(downgrade(given, "base"), ["D010", "D002", "D001"]);
  assert.throws(() => downgrade(given, "-4"), { message: "Cannot undo 4 migrations: 3 are applied" });
  assert.throws(() => downgrade(given, "D003"), {
    message: "Revision D003 is not applied, so there is no going back to it",
  });
  assert.throws(() => downgrade(given, "head"), { message: "Cannot downgrade to head" });
  assert.throws(() => downgrade(given, "+1"), { message: "Cannot downgrade by +1" });
});

Deno.test("historyOf() tells each state", () => {
  const given = input([...four, migration("D011"), migration("D012")], ["D001", "D002", "gone"], { failed: ["D003"] });
  const entries = historyOf({
    ...given,
    running: new Set(["D011"]),
    changed: new Set(["D002"]),
    gate: (id) => ({ missing: id === "D010" ? ["x"] : [], tooLate: [] }),
  });
  assert.deepEqual(entries.map(({ revision, status }) => [revision, status]), [
    ["D001", "applied"],
    ["D002", "changed"],
    ["D003", "failed"],
    ["D010", "blocked"],
    ["D011", "running"],
    ["D012", "pending"],
    ["gone", "missing"],
  ]);
});

Deno.test("historyOf() shows what is to be applied again as pending, whatever the file has become", () => {
  const given = input(four, ["D001", "D002", "D003"], {
    outdated: new Set(["D001", "D002", "D003"]),
    partial: new Set(["D002"]),
    gate: (id) => ({ missing: id === "D003" ? ["x"] : [], tooLate: [] }),
  });
  const entries = historyOf({ ...given, running: new Set(), changed: new Set() });
  assert.deepEqual(entries.map(({ revision, status }) => [revision, status]), [
    ["D001", "pending"],
    ["D002", "failed"],
    ["D003", "blocked"],
    ["D010", "blocked"],
  ]);
});

Deno.test("resolveRevision() takes a whole id even where it begins another", () => {
  assert.equal(resolveRevision("D1", ["D1", "D10"]), "D1");
});

Deno.test("planUpgrade() of any ledger: what is pending and wanted, after what it needs, once; then nothing is left", () => {
  const graphs = fc.array(
    fc.record({ needs: fc.array(fc.nat(20), { maxLength: 3 }), applied: fc.boolean(), outdated: fc.boolean() }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(fc.property(graphs, fc.nat(20), (nodes, count) => {
    const migrations = nodes.map(({ needs, outdated }, index) =>
      migration(`D${index}`, [...new Set(needs.filter((n) => n < index))].map((n) => `D${n}`), { repeatable: outdated })
    );
    const idsOf = (test: (node: typeof nodes[number]) => boolean) =>
      nodes.flatMap((node, index) => test(node) ? [`D${index}`] : []);
    const applied = idsOf((node) => node.applied), outdated = new Set(idsOf((node) => node.applied && node.outdated));
    const given = input(migrations, applied, { outdated });
    const steps = upgrade(given, "head");
    assert.deepEqual(new Set(steps), new Set(idsOf((node) => !node.applied || node.outdated)));
    assert.equal(new Set(steps).size, steps.length);
    for (const [at, id] of steps.entries()) {
      const later = new Set(steps.slice(at));
      assert.ok((given.parents.get(id) ?? []).every((need) => !later.has(need)));
    }
    const some = upgrade(given, `+${Math.min(count, steps.length)}`);
    assert.deepEqual(some, steps.filter((id) => some.includes(id)));
    assert.ok(some.length >= Math.min(count, steps.length));
    assert.deepEqual(upgrade(input(migrations, [...applied, ...steps]), "head"), []);
  }));
});

Deno.test("planUpgrade() then planDowngrade() of any target come back to where they were", () => {
  const graphs = fc.array(fc.array(fc.nat(20), { maxLength: 3 }), { minLength: 1, maxLength: 20 }).map((needs) =>
    needs.map((one, index) => migration(`D${index}`, [...new Set(one.filter((n) => n < index))].map((n) => `D${n}`)))
  );
  fc.assert(fc.property(graphs, fc.nat(19), (migrations, at) => {
    const target = `D${at % migrations.length}`;
    const given = input(migrations);
    const going = upgrade(given, target);
    assert.deepEqual(new Set(going), ancestorsOf(given.parents, [target]));
    const undone = downgrade(input(migrations, going), "base");
    assert.deepEqual(undone, [...going].reverse());
  }));
});
