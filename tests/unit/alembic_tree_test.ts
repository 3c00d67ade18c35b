import { deepStrictEqual, equal, throws } from "node:assert/strict";
import { AlembicAheadError, alembicGate } from "../../src/alembic/gate.ts";
import { AlembicNameError } from "../../src/alembic/names.ts";
import type { AlembicScript } from "../../src/alembic/script.ts";
import { AlembicTree } from "../../src/alembic/tree.ts";
import { type Fault, FaultsError } from "../../src/errors.ts";

interface Written {
  readonly down?: readonly string[] | Fault;
  readonly dependsOn?: readonly string[] | Fault;
  readonly labels?: readonly string[];
  readonly file?: string;
  readonly id?: Fault;
}

function treeOf(revisions: Record<string, Written>): AlembicTree {
  return new AlembicTree(scriptsOf(revisions), { table: "alembic_version", schema: undefined });
}

function scriptsOf(revisions: Record<string, Written>): AlembicScript[] {
  return Object.entries(revisions).map(([name, { down = [], dependsOn = [], labels = [], file, id }]) => ({
    file: file ?? `versions/${name}.py`,
    revision: id ?? name,
    down,
    dependsOn,
    labels,
    message: `make ${name}`,
    lines: { revision: 1, down: 2, dependsOn: 3 },
    warnings: [],
  }));
}

function faultIn(file: string, message: string): Fault {
  return { code: "alembic-unreadable", message, place: { file, line: 9 } };
}

/** What the faults say that something throws. */
function faultsOf(work: () => unknown): string[] {
  let messages: string[] = [];
  throws(work, (error) => {
    if (!(error instanceof FaultsError)) throw error;
    messages = error.faults.map(({ message, place }) => `${place.file}:${place.line} ${message}`);
    equal(error.exitCode, 2);
    return true;
  });
  return messages;
}

/** a1 ← b2 ← merge ← head; a1 ← c3 ← merge; other base x0 ← x1, which depends on c3. */
const FOREST: Record<string, Written> = {
  a1: { labels: ["main"] },
  b2: { down: ["a1"] },
  c3: { down: ["a1"] },
  merge: { down: ["b2", "c3"] },
  tip: { down: ["merge"] },
  x0: { labels: ["side"] },
  x1: { down: ["x0"], dependsOn: ["c3"] },
};

Deno.test("AlembicTree knows heads, bases, order and ancestors over both kinds of parents", () => {
  const tree = treeOf(FOREST);
  deepStrictEqual(tree.heads(), ["tip", "x1"]);
  deepStrictEqual(tree.knownHeads(), ["tip", "x1"]);
  deepStrictEqual(tree.bases(), ["a1", "x0"]);
  deepStrictEqual(tree.history().map(({ revision }) => revision), ["a1", "b2", "c3", "merge", "tip", "x0", "x1"]);
  deepStrictEqual(tree.ancestorsInOrder(["x1"]), ["a1", "c3", "x0", "x1"]);
  deepStrictEqual(tree.ancestorsInOrder(["merge"]), ["a1", "b2", "c3", "merge"]);
  deepStrictEqual(tree.branchesOf("tip"), ["main"]);
  deepStrictEqual(tree.branchesOf("x1"), ["side"]);
});

Deno.test("AlembicTree counts a revision that others only depend on as a head of its own line", () => {
  const tree = treeOf({ a: {}, b: { dependsOn: ["a"] } });
  deepStrictEqual(tree.heads(), ["a", "b"]);
  deepStrictEqual(tree.resolve("heads"), ["b"]);
});

Deno.test("AlembicTree.resolve() understands what Alembic's command line does", () => {
  const tree = treeOf({
    ...FOREST,
    "12345": { down: ["x1"] },
    "123456": { down: ["12345"] },
    abcdef: { down: ["tip"] },
  });
  const cases: readonly (readonly [name: string, expected: readonly string[]])[] = [
    ["a1", ["a1"]],
    ["12345", ["12345"]],
    ["abc", ["abcdef"]],
    ["merg", ["merge"]],
    ["main", ["a1"]],
    ["mai", ["a1"]],
    ["heads", ["123456", "abcdef"]],
    ["base", []],
    ["main@head", ["abcdef"]],
    ["side@heads", ["123456"]],
    ["x0@head", ["123456"]],
    ["main@merge", ["merge"]],
    ["main@base", []],
    ["tip-1", ["merge"]],
    ["tip+1", ["abcdef"]],
    ["x1-1", ["x0"]],
    ["x0-1", []],
    ["side@base+1", ["x0"]],
    ["side@head-2", ["x1"]],
    ["side@-1", ["12345"]],
    ["-1", ["12345", "tip"]],
  ];
  for (const [name, expected] of cases) deepStrictEqual(tree.resolve(name), expected, name);
});

Deno.test("AlembicTree.resolve() refuses what means nothing or several things", () => {
  const tree = treeOf({ ...FOREST, "1234ab": {}, "1234cd": {} });
  const cases: readonly (readonly [name: string, code: string, message: string])[] = [
    ["zz", "alembic-unknown-revision", "There is no Alembic revision or branch 'zz'"],
    ["", "alembic-unknown-revision", "There is no Alembic revision or branch ''"],
    ["1234", "alembic-ambiguous-revision", "'1234' could be several Alembic revisions: 1234ab, 1234cd"],
    ["head", "alembic-ambiguous-revision", "'head' could be several Alembic revisions: 1234ab, 1234cd, tip, …"],
    ["side@tip", "alembic-unknown-revision", "Alembic revision tip is not on the branch 'side'"],
    ["zz@head", "alembic-unknown-revision", "There is no Alembic revision or branch 'zz'"],
    ["merge-1", "alembic-ambiguous-revision", "'merge-1' could be several Alembic revisions: b2, c3"],
    ["a1-2", "alembic-unknown-revision", "'a1-2' lies outside of the Alembic revisions"],
    ["tip+1", "alembic-unknown-revision", "'tip+1' lies outside of the Alembic revisions"],
    ["+1", "alembic-unknown-revision", "'+1' does not say from which Alembic revision it counts"],
    ["base-1", "alembic-unknown-revision", "'base-1' lies outside of the Alembic revisions"],
  ];
  for (const [name, code, message] of cases) {
    throws(() => tree.resolve(name), (error) => {
      if (!(error instanceof AlembicNameError)) throw error;
      deepStrictEqual([error.code, error.message, error.exitCode], [code, message, 2], name);
      return true;
    });
  }
});

Deno.test("AlembicTree.parents resolve labels, beginnings and steps in depends_on", () => {
  const tree = treeOf({
    ...FOREST,
    y1: { dependsOn: ["main"] },
    y2: { dependsOn: ["main@head", "tip-1"] },
    y3: { dependsOn: ["merg"] },
  });
  deepStrictEqual(tree.faults, []);
  deepStrictEqual(tree.parents.get("y1"), ["a1"]);
  deepStrictEqual(tree.parents.get("y2"), ["tip", "merge"]);
  deepStrictEqual(tree.parents.get("y3"), ["merge"]);
});

Deno.test("AlembicTree raises a missing parent only where an answer depends on it", () => {
  const tree = treeOf({
    a: {},
    b: { down: ["a"] },
    bad: { down: ["gone"], dependsOn: ["lost"] },
    worse: { down: ["bad"] },
  });
  deepStrictEqual(tree.ancestorsInOrder(["b"]), ["a", "b"]);
  deepStrictEqual(tree.resolve("b"), ["b"]);
  deepStrictEqual(tree.knownHeads(), []);
  const faults = [
    "versions/bad.py:2 The down_revision of Alembic revision bad is 'gone', which no script has",
    "versions/bad.py:3 The depends_on of Alembic revision bad is 'lost', which no script has",
  ];
  for (
    const work of [
      () => tree.ancestorsInOrder(["worse"]),
      () => tree.heads(),
      () => tree.history(),
      () => tree.resolve("heads"),
    ]
  ) deepStrictEqual(faultsOf(work), faults);
});

Deno.test("AlembicTree names cycles, duplicates, clashing labels and scripts without an id", () => {
  const scripts = scriptsOf({
    a: { down: ["c"] },
    b: { down: ["a"] },
    c: { down: ["b"] },
    self: { dependsOn: ["self"] },
    d: { labels: ["l"] },
    e: { labels: ["l", "a"] },
    no: { id: faultIn("versions/no.py", "no id") },
  });
  const again = scriptsOf({ d: { file: "versions/d_again.py" } });
  const tree = new AlembicTree([...scripts, ...again], { table: "alembic_version", schema: undefined });
  deepStrictEqual(faultsOf(() => tree.heads()).sort(), [
    "versions/a.py:2 Alembic revisions need each other in a circle: a → c → b → a",
    "versions/d_again.py:1 Alembic revision d is in two scripts: versions/d.py and versions/d_again.py",
    "versions/e.py:undefined The branch label 'a' of Alembic revision e is taken by a",
    "versions/e.py:undefined The branch label 'l' of Alembic revision e is taken by d",
    "versions/no.py:9 no id",
    "versions/self.py:2 Alembic revision self needs itself",
  ]);
  deepStrictEqual(tree.ancestorsInOrder(["e"]), ["e"]);
  deepStrictEqual(faultsOf(() => tree.ancestorsInOrder(["d"])).length, 1);
  // a name that no known script has may be that of the script without an id
  deepStrictEqual(faultsOf(() => tree.resolve("zz")).length, 3);
});

Deno.test("alembicGate() counts rows and all their ancestors as applied", () => {
  const tree = treeOf(FOREST);
  const gate = (rows: string[], required: string[], before: string[] = []) =>
    alembicGate(tree, rows, { required, before });
  deepStrictEqual(gate([], ["a1"]), { missing: ["a1"], tooLate: [] });
  deepStrictEqual(gate(["merge"], ["a1", "c3", "tip"]), { missing: ["tip"], tooLate: [] });
  // c3 was applied only through depends_on, and has no row of its own
  deepStrictEqual(gate(["x1"], ["c3", "a1", "b2"]), { missing: ["b2"], tooLate: [] });
  deepStrictEqual(gate(["b2", "x1"], ["main", "heads"]), { missing: ["tip"], tooLate: [] });
  deepStrictEqual(gate(["b2"], [], ["tip", "b2", "a1"]), { missing: [], tooLate: ["b2", "a1"] });
  deepStrictEqual(gate([], ["base"]), { missing: [], tooLate: [] });
});

Deno.test("alembicGate() refuses a row that no script knows", () => {
  const tree = treeOf(FOREST);
  throws(() => alembicGate(tree, ["tip", "future"], { required: ["a1"], before: [] }), (error) => {
    if (!(error instanceof AlembicAheadError)) throw error;
    equal(
      error.message,
      "The database is at Alembic revision 'future', which no script here has: it is ahead of this checkout",
    );
    deepStrictEqual([error.code, error.exitCode, error.data], ["alembic-ahead", 1, { revisions: ["future"] }]);
    return true;
  });
  const unreadable = treeOf({ ...FOREST, x: { id: faultIn("versions/x.py", "computed id") } });
  const ask = () => alembicGate(unreadable, ["future"], { required: ["a1"], before: [] });
  deepStrictEqual(faultsOf(ask), ["versions/x.py:9 computed id"]);
});

Deno.test("alembicGate() answers past a script that cannot be read only where it makes no difference", () => {
  const computed = faultIn("versions/m.py", "computed");
  const tree = treeOf({
    a: {},
    b: { down: ["a"] },
    m: { down: ["b"], dependsOn: computed },
    other: {},
    n: { down: ["m"] },
  });
  const gate = (rows: string[], required: string[], before: string[] = []) =>
    alembicGate(tree, rows, { required, before });
  deepStrictEqual(gate(["n"], ["a", "m"]), { missing: [], tooLate: [] });
  deepStrictEqual(gate(["b"], ["other"]), { missing: ["other"], tooLate: [] });
  deepStrictEqual(gate(["n"], [], ["a"]), { missing: [], tooLate: ["a"] });
  // m may depend on it
  deepStrictEqual(faultsOf(() => gate(["n"], ["other"])), ["versions/m.py:9 computed"]);
  deepStrictEqual(faultsOf(() => gate(["n"], [], ["other"])), ["versions/m.py:9 computed"]);
});
