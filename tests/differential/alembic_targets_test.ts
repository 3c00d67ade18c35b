/**
 * What targets mean on generated graphs of data migrations, beside what Alembic's own resolver makes of the same graph
 * as schema revisions: every form of its documentation, up, down, as ranges and to be shown.
 *
 * @module
 */

import { deepStrictEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { DelembicError } from "../../src/errors.ts";
import { ancestorsOf, headsOf, type Parents } from "../../src/graph.ts";
import { planDowngrade, type PlanInput, planUpgrade } from "../../src/plan.ts";
import { resolveSpan, revisionsIn } from "../../src/span.ts";
import { graphOf, parseTarget, type RevisionGraph } from "../../src/target.ts";
import { plainMigration } from "../plain_migration.ts";
import { outside, run, testWith } from "../support.ts";

const GRAPHS = 1500;
const SEED = Number(Deno.env.get("DELEMBIC_TEST_SEED") ?? 20260115);

interface Node {
  readonly id: string;
  readonly down: readonly string[];
  readonly labels: readonly string[];
}

type Kind = "up" | "down" | "range" | "show";

interface Question {
  readonly kind: Kind;
  readonly text: string;
  /** The heads of what is applied. */
  readonly current: readonly string[];
}

interface Case {
  readonly nodes: readonly Node[];
  readonly questions: readonly Question[];
}

/** A case whose graph was made. */
interface Asked {
  readonly nodes: readonly Node[];
  readonly graph: RevisionGraph;
}

const LABELS = ["billing", "shop", "bills"];

interface Drawn {
  readonly prefix: string;
  readonly down: readonly number[];
  readonly label: boolean;
}

/** Graphs with forks, merges and several bases; ids of which one is not told from another by its first letters. */
const graphs = fc.array(
  fc.record<Drawn>({
    prefix: fc.constantFrom("abcd", "abce", "f0f0"),
    // more lines than knots, so that most steps lead somewhere
    down: fc.oneof(
      { weight: 6, arbitrary: fc.constant<number[]>([0]) },
      { weight: 2, arbitrary: fc.array(fc.nat(9), { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(fc.nat(9), { minLength: 2, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant<number[]>([]) },
    ),
    label: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  }),
  { minLength: 1, maxLength: 10 },
).map((drawn): Node[] => {
  const left = [...LABELS];
  const ids = drawn.map(({ prefix }, index) => `${prefix}${index}`);
  return drawn.map(({ down, label }, index) => ({
    id: ids[index] ?? "",
    // counted back from the one before
    down: [...new Set(down.flatMap((back) => ids[index - 1 - back] ?? []))],
    labels: label ? left.splice(0, 1) : [],
  }));
});

/** Names of revisions and branches as people write them, right and wrong. */
function symbols(nodes: readonly Node[]): fc.Arbitrary<string> {
  const ids = nodes.map(({ id }) => id), labels = nodes.flatMap((node) => node.labels);
  return fc.constantFrom(...ids, ...ids, ...ids.map((id) => id.slice(0, 4)), ...labels, ...labels, "bill", "nosuch1");
}

function steps(sign: "+" | "-"): fc.Arbitrary<string> {
  return fc.constantFrom("1", "1", "2", "3", "5").map((count) => sign + count);
}

/** Every form of "Relative", "Partial" and "Branch" identifiers. */
function targets(nodes: readonly Node[]): fc.Arbitrary<string> {
  const symbol = symbols(nodes);
  const sign = fc.oneof(steps("+"), steps("-"));
  const join = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(""));
  return fc.oneof(
    symbol,
    fc.constantFrom("head", "heads", "base"),
    sign,
    join(symbol, sign),
    join(fc.constantFrom("head", "heads"), sign),
    join(fc.constant("base"), steps("+")),
    join(symbol, fc.constant("@"), symbol),
    join(symbol, fc.constantFrom("@head", "@heads", "@base")),
    join(symbol, fc.constant("@"), sign),
    join(symbol, fc.constant("@"), symbol, sign),
    join(symbol, fc.constant("@head"), sign),
    join(symbol, fc.constant("@base"), steps("+")),
  );
}

function ranges(nodes: readonly Node[]): fc.Arbitrary<string> {
  const symbol = symbols(nodes);
  const word = (words: readonly string[]) => fc.constantFrom(...words);
  const at = (words: readonly string[]) => fc.tuple(symbol, word(words)).map((parts) => parts.join(""));
  const from = fc.oneof(symbol, symbol, word(["", "base", "current"]), at(["@base"]), steps("-"));
  const to = fc.oneof(symbol, symbol, word(["", "head", "heads", "current"]), at(["@head", "@heads"]), steps("+"));
  return fc.tuple(from, to).map((sides) => sides.join(":"));
}

const questioned: fc.Arbitrary<Case> = graphs.chain((nodes) => {
  const parents = parentsOf(nodes);
  const question = (kind: Kind, texts: fc.Arbitrary<string>) =>
    fc.tuple(texts, fc.subarray(nodes.map(({ id }) => id))).map(([text, some]): Question => ({
      kind,
      text,
      current: headsOf(parents, ancestorsOf(parents, some)),
    }));
  const all = fc.oneof(
    question("up", targets(nodes)),
    question("down", targets(nodes)),
    question("range", ranges(nodes)),
    question("show", targets(nodes)),
  );
  return fc.array(all, { minLength: 30, maxLength: 30 }).map((questions) => ({ nodes, questions }));
});

function parentsOf(nodes: readonly Node[]): Parents {
  return new Map(nodes.map(({ id, down }) => [id, down]));
}

function answerOf({ nodes, graph }: Asked, { kind, text, current }: Question): string[] {
  const applied = ancestorsOf(graph.parents, current);
  switch (kind) {
    case "up":
      return planUpgrade(planInput(nodes, applied), parseTarget(text)).steps.map(({ migration }) => migration.revision)
        .sort();
    case "down":
      return planDowngrade(planInput(nodes, applied), parseTarget(text)).map(({ revision }) => revision).sort();
    case "range":
      return [...revisionsIn(resolveSpan(text, graph, applied), graph)].sort();
    case "show":
      return graph.names.resolve(text).sort();
  }
}

function planInput(nodes: readonly Node[], applied: ReadonlySet<string>): PlanInput {
  const record = (revision: string) => ({ revision, status: "success", appliedAt: null, seconds: null });
  return {
    migrations: new Map(nodes.map((node) => [node.id, plainMigration(node.id, node.down, node.labels)])),
    parents: parentsOf(nodes),
    records: new Map([...applied].map((id) => [id, record(id)])),
    outdated: new Set(),
    partial: new Set(),
    gate: () => ({ missing: [], tooLate: [] }),
  };
}

function ourAnswer(asked: Asked, question: Question): string[] | null {
  try {
    return answerOf(asked, question);
  } catch (error) {
    if (error instanceof DelembicError) return null;
    throw error;
  }
}

async function askAlembic(asked: readonly Case[]): Promise<(string[] | null)[][]> {
  const program = new URL("alembic_targets.py", import.meta.url).pathname;
  const { code, out, err } = await run(outside.python ?? "", [program], { stdin: JSON.stringify(asked) });
  equal(code, 0, err);
  return JSON.parse(out);
}

/** Why we mean to differ from Alembic in what comes; `undefined` where we do not. */
function exception(asked: Asked, question: Question, ours: string[] | null): string | undefined {
  const { graph } = asked;
  const { text, current } = question;
  switch (question.kind) {
    case "up":
      if (text === "head" && graph.names.heads.length > 1) return "'head' is all heads";
      if (/(^|@)base$/.test(text)) return "there is no upgrade to the base, which Alembic passes over";
      return /^[+-]\d+$/.test(text) ? stepsException(asked, ours, Number(text)) : undefined;
    case "down":
      if (/^heads?$/.test(text)) return "there is no downgrade to the heads";
      if (/^[+-]\d+$/.test(text)) return stepsException(asked, ours, Number(text));
      if (/@heads?$/.test(text)) return "the head of a branch is one, though there are other branches";
      if (text.includes("@") && ours === null) return "what is not on the branch is refused, as for an upgrade";
      if (/^\w+-\d+$/.test(text) && endsAtBase(graph, text)) return "below a revision is the base of its own line";
      return isBeginning(graph, text) ? "a beginning is looked for on the branch" : undefined;
    case "show":
      if (/\w[+-]\d+$/.test(text)) return "steps from a name are shown, too";
      if (!/-\d+$/.test(text)) return undefined;
      if (!isOnLabel(graph, text)) return "the branch of an id is a branch";
      if (!ours?.length) return "what is below the first revision is refused";
      return waysDown(graph, text);
    case "range":
      return rangeException(graph, text, current);
  }
}

/** Steps without a name go along the order of the plan: on a graph that is one line, as Alembic does. */
function stepsException({ graph, nodes }: Asked, ours: string[] | null, steps: number): string | undefined {
  const isLine = graph.names.bases.length === 1 &&
    [...graph.names.children.values()].every(({ length }) => length <= 1);
  if (!isLine) return "steps from what is applied are those of the plan";
  return steps > 0 && ours !== null && ours.length < steps && nodes.length > 0
    ? "'+N' is all, where fewer are pending"
    : undefined;
}

function rangeException(graph: RevisionGraph, text: string, current: readonly string[]): string | undefined {
  const [start = "", end = ""] = text.split(":");
  if (text.includes("current") && current.length === 0) return "where nothing is applied, 'current' is nothing";
  if (start.includes("@") && !isOnLabel(graph, start)) return "the branch of an id is a branch";
  if (!start.startsWith("-")) return undefined;
  // Alembic counts from the heads whatever the end is
  if (end !== "" && !/^heads?$/.test(end)) return "'-N' counts from the end of the range";
  return waysDown(graph, start);
}

function isOnLabel({ names }: RevisionGraph, text: string): boolean {
  const at = text.indexOf("@");
  return at === -1 || names.isLabel(text.slice(0, at));
}

function endsAtBase({ names }: RevisionGraph, text: string): boolean {
  try {
    return names.resolve(text).length === 0;
  } catch (error) {
    if (error instanceof DelembicError) return false;
    throw error;
  }
}

/** What becomes of `-N` from several heads, where Alembic fails. */
function waysDown({ names, parents }: RevisionGraph, text: string): string | undefined {
  const [, branch, steps] = /^(?:(\w+)@)?(-\d+)$/.exec(text) ?? [];
  const onBranch = branch === undefined ? undefined : names.onBranch(branch);
  const heads = names.heads.filter((id) => onBranch?.has(id) ?? true);
  try {
    const ends = heads.map((head) => names.walk(head, Number(steps), { name: text, stays: true }));
    if (ends.includes(undefined)) return "the way down may end at the base, or below";
    const known = new Set(ends.filter((id) => id !== undefined));
    return headsOf(parents, known).length < known.size ? "the ways down may end on one line" : undefined;
  } catch (error) {
    if (error instanceof DelembicError) return undefined;
    throw error;
  }
}

/** Whether `billing@abcd` has the beginning of an id behind the branch. */
function isBeginning({ parents, names }: RevisionGraph, text: string): boolean {
  const [, symbol = ""] = /^\w+@(\w+)/.exec(text) ?? [];
  return symbol !== "" && !/^(head|heads|base)$/.test(symbol) && !parents.has(symbol) && !names.isLabel(symbol);
}

testWith(["python"], `targets mean what they mean to Alembic, on ${GRAPHS} graphs (seed ${SEED})`, async () => {
  const cases = fc.sample(questioned, { numRuns: GRAPHS, seed: SEED }).sort((a, b) => a.nodes.length - b.nodes.length);
  const theirs = await askAlembic(cases);
  const counts = new Map<string, number>();
  const different: unknown[] = [];
  for (const [index, { nodes, questions }] of cases.entries()) {
    const graph = graphOf(new Map(nodes.map(({ id, labels }) => [id, { labels }])), parentsOf(nodes));
    for (const [at, question] of questions.entries()) {
      const expected = theirs[index]?.[at] ?? null;
      const actual = ourAnswer({ nodes, graph }, question);
      const reason = exception({ nodes, graph }, question, actual) ??
        `${question.kind} ${expected === null ? "refused" : expected.length === 0 ? "nothing" : "the same"}`;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      const isCompared = /^(up|down|range|show) /.test(reason);
      if (isCompared && !equals(actual, expected)) different.push({ nodes, question, actual, expected });
    }
  }
  // the smallest graphs come first
  deepStrictEqual(different.slice(0, 3), []);
  for (const kind of ["up", "down", "range", "show"]) ok((counts.get(`${kind} the same`) ?? 0) > 500, kind);
});

function equals(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
