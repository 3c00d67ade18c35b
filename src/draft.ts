/**
 * What the Alembic scripts of a span mean for the data, and which of it no migration of the project sees to.
 *
 * @module
 */

import { AlembicNameError } from "./alembic/names.ts";
import { readScriptOperations } from "./alembic/operation_scripts.ts";
import type { AlembicTree } from "./alembic/tree.ts";
import type { DialectName } from "./db/database.ts";
import { readChanges } from "./draft_changes.ts";
import { coverOf, type KnownMigration } from "./draft_cover.ts";
import type { Need, SchemaReading } from "./draft_need.ts";
import { ancestorsOf, topologicalOrder } from "./graph.ts";
import { type Project, withoutPrefix } from "./project.ts";

/** Names of Alembic revisions, as people write them. */
export interface SpanWish {
  /** Up to and with these, nothing is looked at. @default what the data migrations depend on */
  readonly from: readonly string[];
  /** What lies behind these is not looked at. @default the heads */
  readonly to: readonly string[];
}

/** From where on is looked, when nobody says it: behind what the first or the last data migration depends on. */
export type SpanStart = "first" | "last";

export interface SchemaDraft extends Omit<SchemaReading, "needs"> {
  /** What no data migration sees to. */
  readonly needs: readonly Need[];
  /** What one does, with its revision. */
  readonly covered: readonly { readonly need: Need; readonly by: string }[];
  /** The revisions that were looked at, in order. */
  readonly revisions: readonly string[];
  /** What the span begins behind: full ids; empty at the base. */
  readonly from: readonly string[];
  /** All revisions that matter, each after what it needs. */
  readonly order: readonly string[];
}

/**
 * Reads the scripts of a span.
 *
 * @throws {DelembicError} when there is no Alembic, a name is not known, or a script that matters cannot be read
 */
export async function readSchemaDraft(
  project: Project,
  { wish, start, dialect }: { readonly wish: SpanWish; readonly start: SpanStart; readonly dialect: DialectName },
): Promise<SchemaDraft> {
  const tree = await project.alembic();
  const migrations = await knownMigrations(project, tree);
  const to = wish.to.length > 0 ? wish.to.flatMap((name) => tree.resolve(name)) : tree.heads();
  const order = tree.ancestorsInOrder(to);
  const from = wish.from.length > 0
    ? wish.from.flatMap((name) => tree.resolve(name))
    : startOf(migrations, { start, tree, known: new Set(order) });
  const before = tree.ancestors(from);
  const revisions = order.flatMap((id) => tree.revisions.get(id) ?? []);
  const scripts = await readScriptOperations(revisions, project.config, dialect);
  const steps = order.map((revision) => ({
    revision,
    down: tree.revisions.get(revision)?.down ?? [],
    inSpan: !before.has(revision),
    ...scripts.get(revision) ?? { operations: [], guarded: false },
  }));
  const reading = readChanges(steps, dialect);
  const met = reading.needs.map((need) => ({ need, by: coverOf(need, migrations, tree.parents)?.revision }));
  return {
    ...reading,
    needs: met.filter(({ by }) => by === undefined).map(({ need }) => need),
    covered: met.flatMap(({ need, by }) => by === undefined ? [] : [{ need, by }]),
    revisions: steps.filter(({ inSpan }) => inSpan).map(({ revision }) => revision),
    from,
    order,
  };
}

/** The data migrations with what each needs of Alembic, by itself or by those before it. */
async function knownMigrations(project: Project, tree: AlembicTree): Promise<KnownMigration[]> {
  const own = new Map<string, readonly string[]>();
  for (const [revision, names] of project.external) own.set(revision, resolved(names, tree));
  const known: KnownMigration[] = [];
  for (const { revision, requiresBefore, file } of project.migrations.values()) {
    const line = ancestorsOf(project.parents, [revision]);
    known.push({
      revision,
      after: [...new Set([...line].flatMap((id) => own.get(id) ?? []))],
      before: resolved(requiresBefore.map(withoutPrefix), tree),
      text: await Deno.readTextFile(`${project.config.folder}/${file}`),
    });
  }
  return known;
}

/** Full ids; what no script has is told by other commands. */
function resolved(names: readonly string[], tree: AlembicTree): string[] {
  return names.flatMap((name) => {
    try {
      return tree.resolve(name);
    } catch (error) {
      if (error instanceof AlembicNameError) return [];
      throw error;
    }
  });
}

function startOf(
  migrations: readonly KnownMigration[],
  { start, tree, known }: {
    readonly start: SpanStart;
    readonly tree: AlembicTree;
    readonly known: ReadonlySet<string>;
  },
): string[] {
  const reached = migrations.map(({ after }) => after).filter((after) => after.length > 0)
    .map((after) => tree.ancestors(after));
  const [first] = reached;
  if (first === undefined) return [];
  const ids = start === "last"
    ? reached.flatMap((ids) => [...ids])
    : [...first].filter((id) => reached.every((ids) => ids.has(id)));
  const within = new Set(ids.filter((id) => known.has(id)));
  const parents = new Map([...within].map((id) => [id, (tree.parents.get(id) ?? []).filter((up) => within.has(up))]));
  const needed = new Set([...parents.values()].flat());
  return topologicalOrder(parents).filter((id) => !needed.has(id));
}
