/**
 * Reads what the graph is drawn of.
 *
 * @module
 */

import { appliedRevisions } from "./alembic/gate.ts";
import { readVersionRows } from "./alembic/version_table.ts";
import type { Queryable } from "./db/database.ts";
import { DelembicError } from "./errors.ts";
import { type GraphView, graphView } from "./graph_view.ts";
import type { Project } from "./project.ts";
import { historyOf } from "./state.ts";
import type { Survey } from "./survey.ts";

/** The graph, and why the state of Alembic's revisions is not known, where it is not. */
export interface ReadGraph {
  readonly view: GraphView;
  readonly schemaError: DelembicError | undefined;
}

/**
 * @param options.schema Alembic's revisions too
 * @throws {DelembicError} when they are wanted and the scripts cannot be read
 */
export async function readGraph(
  { project, seen, db }: { readonly project: Project; readonly seen: Survey; readonly db: Queryable },
  { schema }: { readonly schema: boolean },
): Promise<ReadGraph> {
  const entries = historyOf(seen);
  if (!schema) return { view: graphView({ project, entries }), schemaError: undefined };
  const tree = await project.alembic();
  let applied: ReadonlySet<string> | undefined;
  let schemaError: DelembicError | undefined;
  try {
    applied = appliedRevisions(tree, await readVersionRows(db, tree.versionTable));
  } catch (error) {
    if (!(error instanceof DelembicError)) throw error;
    schemaError = error;
  }
  return { view: graphView({ project, entries, schema: { tree, applied } }), schemaError };
}
