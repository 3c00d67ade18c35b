/**
 * What Delembic reads of Alembic's scripts, beside what real Alembic says of them after running them.
 *
 * @module
 */

import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { dirname } from "node:path";
import { AlembicNameError } from "../../src/alembic/names.ts";
import { loadAlembic } from "../../src/alembic/load.ts";
import type { AlembicTree } from "../../src/alembic/tree.ts";
import { outside, run, temporaryFolder, testWith, writeFiles } from "../support.ts";
import { Chance, type GeneratedTree, generateTree } from "./alembic_trees.ts";

/** What `alembic_answers.py` prints for one folder. */
interface Answer {
  readonly error?: string;
  readonly heads: string[];
  readonly bases: string[];
  readonly history: Record<string, Record<"down" | "dependsOn" | "labels" | "branches" | "message", unknown>>;
  readonly ancestors: Record<string, string[]>;
  readonly resolved: Record<string, string[] | null>;
}

const TREES = 500;
const SEED = Number(Deno.env.get("DELEMBIC_TEST_SEED") ?? 20260115);

/** Asks real Alembic about all folders in one process. */
async function askAlembic(
  questions: readonly (readonly [config: string, names: readonly string[]])[],
): Promise<Answer[]> {
  const program = new URL("alembic_answers.py", import.meta.url).pathname;
  const { code, out, err } = await run(outside.python ?? "", [program], {
    stdin: JSON.stringify(questions),
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  equal(code, 0, err);
  return JSON.parse(out);
}

function answerOf(tree: AlembicTree, names: readonly string[]): Omit<Answer, "error"> {
  const history = tree.history();
  return {
    heads: tree.heads().sort(),
    bases: tree.bases().sort(),
    history: Object.fromEntries(history.map(({ revision, down, dependsOn, labels, message }) => [revision, {
      down: [...down].sort(),
      dependsOn: [...dependsOn].sort(),
      labels: [...labels].sort(),
      branches: tree.branchesOf(revision).sort(),
      message,
    }])),
    ancestors: Object.fromEntries(history.map(({ revision }) => [revision, [...tree.ancestors([revision])].sort()])),
    resolved: Object.fromEntries(names.map((name) => [name, resolved(tree, name)])),
  };
}

function resolved(tree: AlembicTree, name: string): string[] | null {
  try {
    return tree.resolve(name).sort();
  } catch (error) {
    ok(error instanceof AlembicNameError, `${error}`);
    return null;
  }
}

/** Names of all kinds, known and unknown. */
function namesFor({ nodes }: GeneratedTree, chance: Chance): string[] {
  const ids = nodes.map(({ id }) => id), labels = nodes.flatMap((node) => node.labels);
  const beginnings = ids.map((id) => id.slice(0, 1 + chance.below(6)));
  const onBranch = labels.flatMap((
    label,
  ) => [label, `${label}@head`, `${label}@heads`, `${label}@base`, `${label}@${ids[0]}`]);
  const names = [...ids, ...beginnings, ...onBranch, ...ids.map((id) => `${id}@head`), "head", "heads", "base", "zzzz"];
  // which of two branches Alembic takes for steps from several heads is another question
  return [...new Set(names)].filter((name) => !/[+-]\d+$/.test(name));
}

testWith(["python"], `loadAlembic() reads ${TREES} generated folders as Alembic does (seed ${SEED})`, async () => {
  const chance = new Chance(SEED);
  await using folder = await temporaryFolder();
  const trees = Array.from({ length: TREES }, (_, index) => generateTree(chance, index));
  for (const { files } of trees) await writeFiles(folder.path, files);
  const questions = trees.map((tree) => [`${folder.path}/${tree.config}`, namesFor(tree, chance)] as const);
  const answers = await askAlembic(questions);
  let scripts = 0;
  for (const [index, [config, names]] of questions.entries()) {
    const { nodes } = trees[index] as GeneratedTree;
    const answer = answers[index] as Answer;
    equal(answer.error, undefined, config);
    const tree = await loadAlembic({ folder: dirname(config), alembic: { file: config, section: "alembic" } });
    deepStrictEqual(tree.faults, [], config);
    equal(tree.revisions.size, nodes.length, config);
    deepStrictEqual(answerOf(tree, names), answer, config);
    scripts += nodes.length;
  }
  ok(scripts > TREES * 4, `only ${scripts} scripts were compared`);
});
