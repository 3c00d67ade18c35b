/**
 * What the migration in batches goes over, opened: see `src/walkable.ts`.
 *
 * @module
 */

import type { Queryable } from "./db/database.ts";
import type { LoadedMigration } from "./migration.ts";
import type { RunContext } from "./open_run.ts";
import type { Walkable } from "./walkable.ts";

/** @throws {TypeError} for a migration without batches; {WalkTableError}; what is wrong with the file */
export async function openGround(
  db: Queryable,
  migration: LoadedMigration,
  { project: { config } }: Pick<RunContext, "project">,
): Promise<Walkable> {
  const { batch, revision } = migration;
  if (batch === undefined) throw new TypeError(`${revision} has no batches`);
  if (batch.load === undefined) {
    const { openWalkTable } = await import("./walk_table.ts");
    return await openWalkTable(db, batch, migration);
  }
  const { openWalkFile } = await import("./walk_file.ts");
  return await openWalkFile(db, batch.load, {
    ...{ migration, folder: config.scriptLocation, shownFrom: config.folder, parallel: batch.plan.parallel },
  });
}
