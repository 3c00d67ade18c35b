import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type DataNeeds, planPipeline, type Turn, type TwoGraphs } from "../../src/pipeline_plan.ts";

type Needs = Partial<DataNeeds>;

function graphs(schema: Record<string, string[]>, data: Record<string, Needs>): TwoGraphs {
  const whole = Object.entries(data).map(([id, needs]) =>
    [id, { data: [], schema: [], before: [], ...needs }] as const
  );
  return { schema: new Map(Object.entries(schema)), data: new Map(whole) };
}

/** `aaa | D001 | bbb`: the turns, as they come. */
function planned(schema: Record<string, string[]>, data: Record<string, Needs>): string {
  const plan = planPipeline(graphs(schema, data));
  if ("rings" in plan) return plan.rings.map((ring) => ring.map(({ revision }) => revision).join(" → ")).join("; ");
  return plan.turns.map(({ revisions }) => revisions.join(" ")).join(" | ");
}

const CHAIN = { aaa: [], bbb: ["aaa"], ccc: ["bbb"] };

Deno.test("planPipeline() stops the schema where each migration has what it needs, and goes on to the heads", () => {
  equal(
    planned(CHAIN, { D001: { schema: ["aaa"] }, D002: { schema: ["bbb"], data: ["D001"] } }),
    "aaa | D001 | bbb | D002 | ccc | ",
  );
  equal(planned(CHAIN, {}), "aaa bbb ccc | ");
  equal(planned({}, { D001: {} }), " | D001");
});

Deno.test("planPipeline() takes what a migration needs through others for its own need (peer 44)", () => {
  equal(
    planned(CHAIN, { D001: { schema: ["ccc"] }, D002: { schema: ["aaa"], data: ["D001"] }, D003: { data: ["D002"] } }),
    "aaa bbb ccc | D001 D002 D003 |  | ",
  );
});

Deno.test("planPipeline() waits for every branch that a migration needs (peer 45)", () => {
  const branches = { aaa: [], ccc: ["aaa"], eee: ["aaa"], fff: ["ccc", "eee"] };
  equal(planned(branches, { D001: { schema: ["eee", "ccc"] } }), "aaa ccc eee | D001 | fff | ");
});

Deno.test("planPipeline() goes up several branches in one turn, and no branch further than a migration asks", () => {
  const two = { a1: [], a2: ["a1"], b1: [], b2: ["b1"] };
  equal(planned(two, { D001: { schema: ["a1"] }, D002: { schema: ["b1"] } }), "a1 b1 | D001 D002 | a2 b2 | ");
  equal(planned(two, { D001: { schema: ["a1"] }, D002: { schema: ["a2"] } }), "a1 | D001 | a2 | D002 | b1 b2 | ");
});

Deno.test("planPipeline() runs a migration before the revision that it has to precede", () => {
  equal(planned(CHAIN, { D001: { schema: ["aaa"], before: ["ccc"] } }), "aaa | D001 | bbb ccc | ");
  // without a revision that it needs: right before
  equal(planned(CHAIN, { D001: { before: ["ccc"] } }), "aaa bbb | D001 | ccc | ");
  equal(planned(CHAIN, { D001: { before: ["aaa"] } }), "D001 | aaa bbb ccc | ");
});

Deno.test("planPipeline() leaves a migration that names no revision to the end, or to those that depend on it", () => {
  equal(planned(CHAIN, { D001: { schema: ["aaa"] }, D002: {} }), "aaa | D001 | bbb ccc | D002");
  equal(planned(CHAIN, { D001: { schema: ["bbb"], data: ["D002"] }, D002: {} }), "aaa bbb | D002 D001 | ccc | ");
});

Deno.test("planPipeline() gives way where two migrations would each come before what the other one needs", () => {
  const two = { a1: [], a2: ["a1"], b1: [], b2: ["b1"], m: ["a2", "b2"] };
  equal(
    planned(two, { D001: { schema: ["a1", "b2"] }, D002: { schema: ["a2", "b1"] } }),
    "a1 a2 b1 b2 | D001 D002 | m | ",
  );
  // a third one, between them, has nothing to give way to
  const long = { a1: [], a2: ["a1"], a3: ["a2"], b1: [], b2: ["b1"], b3: ["b2"] };
  equal(
    planned(long, { D001: { schema: ["a1", "b3"] }, D002: { schema: ["a3", "b1"] }, D003: { schema: ["a2"] } }),
    "a1 a2 b1 b2 b3 | D001 D003 | a3 | D002 |  | ",
  );
});

Deno.test("planPipeline() names the ring when a migration has to precede what it needs", () => {
  equal(planned(CHAIN, { D001: { schema: ["bbb"], before: ["bbb"] } }), "D001 → bbb → D001");
  equal(
    planned(CHAIN, { D001: { schema: ["ccc"] }, D002: { data: ["D001"], before: ["bbb"] } }),
    "D001 → ccc → bbb → D002 → D001",
  );
});

Deno.test("planPipeline() tells a data revision from an Alembic revision of the same id", () => {
  equal(planned({ x: [] }, { x: { schema: ["x"] } }), "x | x |  | ");
});

/** Pairs of small graphs; any id needs only ids before it, and any revision may have to wait for any migration. */
const pairs = fc.record({ revisions: fc.integer({ min: 0, max: 6 }), migrations: fc.integer({ min: 0, max: 5 }) })
  .chain(({ revisions, migrations }) => {
    const schemaIds = Array.from({ length: revisions }, (_, at) => `r${at}`);
    const dataIds = Array.from({ length: migrations }, (_, at) => `D${at}`);
    const some = (ids: readonly string[]) => fc.subarray([...ids], { maxLength: Math.min(2, ids.length) });
    return fc.record({
      schema: fc.tuple(...schemaIds.map((_, at) => some(schemaIds.slice(0, at)))),
      data: fc.tuple(...dataIds.map((_, at) =>
        fc.record({
          data: some(dataIds.slice(0, at)),
          schema: some(schemaIds),
          before: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, some(schemaIds)),
        })
      )),
    }).map(({ schema, data }): TwoGraphs => ({
      schema: new Map(schemaIds.map((id, at) => [id, schema[at] ?? []])),
      data: new Map(dataIds.map((id, at) => [id, data[at] ?? { data: [], schema: [], before: [] }])),
    }));
  });

/** Who has to come before whom, by the words of the planner's documentation and nothing but sets of pairs. */
class Rules {
  readonly nodes: readonly string[];
  readonly pairs: ReadonlySet<string>;
  /** The graphs have no order at all. */
  readonly contradictory: boolean;
  readonly #hard = new Set<string>();

  constructor(readonly graphs: TwoGraphs) {
    const revisions = [...graphs.schema.keys()], migrations = [...graphs.data.keys()];
    this.nodes = [...revisions, ...migrations, "r-end", "D-end"];
    for (const [id, needs] of graphs.schema) for (const need of needs) this.#add(this.#hard, need, id);
    for (const [id, { data, schema, before }] of graphs.data) {
      for (const need of [...data, ...schema]) this.#add(this.#hard, need, id);
      for (const later of before) this.#add(this.#hard, id, later);
    }
    const hard = this.#closed(this.#hard);
    this.pairs = hard;
    this.contradictory = this.impossible;
    if (this.contradictory) return;
    const has = (set: ReadonlySet<string>, a: string, b: string) => set.has(`${a} ${b}`);
    const checkpoint = (id: string) => revisions.filter((r) => has(hard, r, id));
    const anchored = migrations.filter((id) => checkpoint(id).length > 0);
    const lineage = this.#closed(
      new Set([...graphs.schema].flatMap(([id, needs]) => needs.map((need) => `${need} ${id}`))),
    );
    const ends = (id: string) => {
      const all = [...new Set(checkpoint(id).flatMap((r) => [r, ...revisions.filter((o) => has(lineage, o, r))]))];
      return all.filter((r) => !all.some((other) => has(lineage, r, other)));
    };
    const wishes = anchored.flatMap((id) =>
      revisions.filter((r) => !checkpoint(id).includes(r) && ends(id).some((end) => has(lineage, end, r)))
        .map((r) => [id, r] as const)
    );
    const wished = this.#closed(new Set([...hard, ...wishes.map(([id, r]) => `${id} ${r}`)]));
    const wanted = new Set(hard);
    for (const [id, r] of wishes) {
      const inRing = has(wished, r, id);
      if (!inRing || ends(id).every((end) => has(lineage, end, r))) this.#add(wanted, id, r);
    }
    for (const id of migrations.filter((id) => !anchored.includes(id))) {
      const waiting = [...revisions, ...anchored].filter((node) => has(hard, id, node));
      const common = revisions.filter((r) => waiting.every((node) => has(hard, r, node)));
      for (const r of waiting.length === 0 ? ["r-end"] : common) this.#add(wanted, r, id);
    }
    for (const node of [...revisions, ...anchored]) this.#add(wanted, node, "r-end");
    for (const node of [...migrations, "r-end"]) this.#add(wanted, node, "D-end");
    this.pairs = this.#closed(wanted);
  }

  get impossible(): boolean {
    return this.nodes.some((node) => this.pairs.has(`${node} ${node}`));
  }

  /** The fewest turns of any order at all: every set of nodes that may be done, and who was last. */
  fewestTurns(): number {
    const before = this.nodes.map((node) =>
      this.nodes.reduce((set, other, at) => this.pairs.has(`${other} ${node}`) ? set | 1 << at : set, 0)
    );
    const all = (1 << this.nodes.length) - 1;
    let reached = new Map<string, number>([["0 ", 0]]);
    for (let step = 0; step < this.nodes.length; step++) {
      const next = new Map<string, number>();
      for (const [state, turns] of reached) {
        const [set, last] = [Number(state.split(" ")[0]), state.split(" ")[1]];
        for (const [at, node] of this.nodes.entries()) {
          if (set & 1 << at || (before[at] ?? 0) & ~set) continue;
          const tool = node[0] ?? "";
          const key = `${set | 1 << at} ${tool}`;
          next.set(key, Math.min(next.get(key) ?? Infinity, turns + (tool === last ? 0 : 1)));
        }
      }
      reached = next;
    }
    return Math.min(...[...reached].filter(([state]) => state.startsWith(`${all} `)).map(([, turns]) => turns));
  }

  #add(set: Set<string>, earlier: string, later: string): void {
    set.add(`${earlier} ${later}`);
  }

  #closed(set: ReadonlySet<string>): Set<string> {
    const closed = new Set(set);
    for (const via of this.nodes) {
      for (const from of this.nodes.filter((node) => closed.has(`${node} ${via}`))) {
        for (const to of this.nodes) if (closed.has(`${via} ${to}`)) closed.add(`${from} ${to}`);
      }
    }
    return closed;
  }
}

function nodesOf(turns: readonly Turn[]): string[] {
  const nodes = turns.map(({ revisions }) => [...revisions]);
  nodes.at(-2)?.push("r-end");
  nodes.at(-1)?.push("D-end");
  return nodes.flat();
}

Deno.test("planPipeline() on random pairs of graphs: nothing is left out, all is in order, in the fewest turns", () => {
  let knots = 0;
  fc.assert(
    fc.property(pairs, (pair) => {
      const plan = planPipeline(pair);
      const rules = new Rules(pair);
      equal("rings" in plan, rules.contradictory, "a ring is named exactly where there is one");
      if ("rings" in plan) {
        knots++;
        for (const ring of plan.rings) equal(ring[0]?.revision, ring.at(-1)?.revision);
        return;
      }
      ok(!rules.impossible, "the rules that give way never contradict each other");
      const nodes = nodesOf(plan.turns);
      deepEqual([...nodes].sort(), [...rules.nodes].sort(), "nothing is left out, nothing comes twice");
      const at = new Map(nodes.map((node, at) => [node, at]));
      for (const rule of rules.pairs) {
        const [earlier = "", later = ""] = rule.split(" ");
        ok((at.get(earlier) ?? 0) < (at.get(later) ?? 0), `${earlier} comes before ${later}`);
      }
      plan.turns.forEach(({ tool }, turn) => ok(tool !== plan.turns[turn + 1]?.tool, "the tools take turns"));
      equal(plan.turns.length, rules.fewestTurns());
    }),
    { numRuns: 1500 },
  );
  ok(knots > 0, "some of the pairs have a ring");
});

Deno.test("planPipeline() applies a revision no earlier than a migration, or the end, asks for it", () => {
  fc.assert(
    fc.property(pairs, (pair) => {
      const plan = planPipeline(pair);
      if ("rings" in plan) return;
      const { pairs: rules } = new Rules(pair);
      plan.turns.slice(0, -2).forEach(({ tool, revisions }, turn) => {
        if (tool !== "alembic") return;
        const next = plan.turns[turn + 1]?.revisions ?? [];
        for (const id of revisions) ok(next.some((other) => rules.has(`${id} ${other}`)), `${id} is needed next`);
      });
    }),
    { numRuns: 500 },
  );
});

Deno.test("planPipeline() on one line of revisions runs each migration at exactly the schema that it needs", () => {
  const lines = pairs.map((pair): TwoGraphs => {
    const ids = [...pair.schema.keys()];
    return { ...pair, schema: new Map(ids.map((id, at) => [id, ids.slice(Math.max(0, at - 1), at)])) };
  });
  fc.assert(
    fc.property(lines, (line) => {
      const plan = planPipeline(line);
      if ("rings" in plan) return;
      const { pairs: rules } = new Rules(line);
      const applied: string[] = [];
      for (const { tool, revisions } of plan.turns) {
        if (tool === "alembic") applied.push(...revisions);
        for (const id of revisions) {
          if (tool === "alembic" || plan.floating.has(id)) continue;
          deepEqual(applied, [...line.schema.keys()].filter((revision) => rules.has(`${revision} ${id}`)), id);
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("planPipeline() plans 1,000 revisions on 5 branches with 300 migrations in less than 2 seconds", () => {
  const schema = Object.fromEntries(
    Array.from(
      { length: 1000 },
      (_, at) => [`r${at}`, at < 5 ? [] : at % 97 === 0 ? [`r${at - 5}`, `r${at - 4}`] : [`r${at - 5}`]],
    ),
  );
  const data = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`D${at}`, {
      schema: at % 7 === 0 ? [] : [`r${at * 3}`, ...(at % 11 === 0 ? [`r${at * 3 + 1}`] : [])],
      data: at > 2 && at % 3 === 0 ? [`D${at - 2}`] : [],
    }]),
  );
  const start = performance.now();
  const plan = planPipeline(graphs(schema, data));
  const took = performance.now() - start;
  ok("turns" in plan);
  equal(nodesOf(plan.turns).length, 1302);
  ok(took < 2000, `took ${took} ms`);
});
