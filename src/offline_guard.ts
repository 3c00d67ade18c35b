/**
 * What a script makes sure of before each migration: that it is not applied, that what it needs is. Pure but for reading
 * the Alembic scripts.
 *
 * @module
 */

import type { AlembicTree } from "./alembic/tree.ts";
import type { OfflineSql, ScriptGuard } from "./db/offline_sql.ts";
import { ancestorsOf, childrenOf } from "./graph.ts";
import type { LoadedMigration } from "./migration.ts";
import type { Project } from "./project.ts";

export interface GuardContext {
  readonly project: Project;
  readonly offline: OfflineSql;
  readonly quoteId: (name: string) => string;
  /** Revisions that the script does before. */
  readonly before: ReadonlySet<string>;
}

function isApplied(revision: string, { text }: OfflineSql): string {
  return `exists (select 1 from delembic_version where revision = ${text(revision)} and status = 'success')`;
}

/** Before an upgrade. @throws what is wrong with the Alembic scripts */
export async function upgradeGuards(
  migration: LoadedMigration,
  checksum: string,
  context: GuardContext,
): Promise<ScriptGuard[]> {
  const { revision } = migration;
  const { project, offline, before } = context;
  const needed = (project.parents.get(revision) ?? []).filter((id) => !before.has(id));
  return [
    notApplied(migration, checksum, offline),
    ...settled(migration, offline),
    ...needed.map((id) => ({
      condition: isApplied(id, offline),
      message: `${revision} needs ${id}, which is not applied: print a script that begins before ${id}`,
    })),
    ...await alembicGuards(migration, context),
  ];
}

function notApplied({ revision, repeatable }: LoadedMigration, checksum: string, offline: OfflineSql): ScriptGuard {
  const { text } = offline;
  const again = `not exists (select 1 from delembic_version v left join delembic_checksum c on c.revision = v.revision
    where v.revision = ${text(revision)} and v.status = 'success'
      and (c.checksum is null or c.checksum = ${text(checksum)}))`;
  return {
    condition: repeatable ? again : `not ${isApplied(revision, offline)}`,
    message: `${revision} is applied already, by this script or by a run: print a new script that begins after it`,
  };
}

/** What an earlier attempt left that only people, or a run, can go on with. */
function settled({ revision, batch }: LoadedMigration, { text }: OfflineSql): ScriptGuard[] {
  const id = text(revision);
  return [
    {
      condition: `not exists (select 1 from delembic_run_history h where h.revision = ${id} and h.status = 'partial'
    and not exists (select 1 from delembic_run_history later where later.revision = h.revision and later.id > h.id
      and coalesce(later.status, '') not in ('paused', 'resumed')))`,
      message: `${revision} was interrupted in the middle: settle it with 'delembic repair ${revision}'`,
    },
    ...(batch === undefined ? [] : [{
      condition: `not exists (select 1 from delembic_batch where revision = ${id} and part = 0 and kind = 'walk'
    and (status not in ('new', 'done') or wanted is not null))`,
      message: `The batches of ${revision} were begun, or paused: 'delembic upgrade' goes on with them`,
    }]),
  ];
}

const ALEMBIC_PREFIX = "alembic:";

async function alembicGuards(
  { revision, requiresBefore }: LoadedMigration,
  { project, offline, quoteId }: GuardContext,
): Promise<ScriptGuard[]> {
  const required = project.external.get(revision) ?? [];
  if (required.length === 0 && requiresBefore.length === 0) return [];
  const tree = await project.alembic();
  const { table, schema } = tree.versionTable;
  const path = schema === undefined ? [table] : [schema, table];
  const isThere = (ids: readonly string[]) =>
    `exists (select 1 from ${path.map(quoteId).join(".")} where version_num in (${ids.map(offline.text).join(", ")}))`;
  const needed = idsOf(tree, required).map((id) => ({
    condition: isThere(withDescendants(tree, id)),
    message: `${revision} needs Alembic revision ${id}: run 'alembic upgrade head', then this script again`,
  }));
  const later = idsOf(tree, requiresBefore).map((id) => ({
    condition: `not ${isThere(withDescendants(tree, id))}`,
    message:
      `${revision} had to run before Alembic revision ${id}, which is applied already: downgrade the schema first`,
  }));
  return [
    {
      condition: offline.hasTable(path),
      message: `There is no table ${
        path.join(".")
      }, by which ${revision} knows the schema: run 'alembic upgrade head' first`,
    },
    ...needed,
    ...later,
  ];
}

function idsOf(tree: AlembicTree, names: readonly string[]): string[] {
  const plain = names.map((name) => name.startsWith(ALEMBIC_PREFIX) ? name.slice(ALEMBIC_PREFIX.length) : name);
  return [...new Set(plain.flatMap((name) => tree.resolve(name)))];
}

/** The rows of the version table by which a revision is in the database. */
function withDescendants(tree: AlembicTree, id: string): string[] {
  const behind = ancestorsOf(childrenOf(tree.parents), [id]);
  return [...tree.revisions.keys()].filter((row) => behind.has(row));
}

/** Before a downgrade. */
export function downgradeGuards(
  { revision }: LoadedMigration,
  { project, offline, before }: GuardContext,
): ScriptGuard[] {
  const dependants = [...project.parents].flatMap(([id, needs]) =>
    needs.includes(revision) && !before.has(id) ? [id] : []
  );
  return [
    {
      condition: isApplied(revision, offline),
      message:
        `${revision} is not applied, so there is nothing to undo: print a script that begins where the database is`,
    },
    ...dependants.map((id) => ({
      condition: `not ${isApplied(id, offline)}`,
      message: `${id} needs ${revision} and is applied: print a script that undoes ${id} first`,
    })),
  ];
}
