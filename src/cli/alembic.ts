/** `delembic alembic heads`, `current`, `history` and `ancestors` */

import type { AlembicRevision, AlembicTree } from "../alembic/tree.ts";
import type { Config } from "../config.ts";
import { EXIT, type ExitCode } from "../errors.ts";
import { command, type Context } from "./command.ts";
import { required } from "./command_line.ts";
import type { Line } from "./text.ts";

/** The configuration and the scripts, with warnings for what could not be read of them. */
async function openTree(context: Context): Promise<{ config: Config; tree: AlembicTree }> {
  const { openConfig } = await import("./open_project.ts");
  const { readAlembic } = await import("../project.ts");
  const { formatPlace } = await import("../errors.ts");
  const { shownFile } = await import("./project_view.ts");
  const config = await openConfig(context);
  const tree = await readAlembic(config);
  for (const { message, place, hint } of tree.warnings) {
    const where = formatPlace({ ...place, file: shownFile(context, config, place.file) });
    context.output.warn(`${message} (${where})`, hint);
  }
  return { config, tree };
}

export const heads = command({
  description: [
    "Lists the heads of the Alembic scripts, as 'alembic heads' does, but without Python: the scripts are read, not run.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "alembic heads", text: "See where the schema's history ends." },
    { line: "-n prod alembic heads", text: "The same for the section [prod] of both ini files." },
  ],
  async run(context): Promise<ExitCode> {
    const { tree } = await openTree(context);
    const found = tree.heads();
    const marks = headMarks(tree);
    context.output.result(found.map((id) => `${labelled(tree, id)}${marks.get(id) ?? ""}`));
    context.output.document({ heads: found });
    return EXIT.done;
  },
});

export const current = command({
  description: [
    "Lists the Alembic revisions that the database's version table has, as 'alembic current' does, but without Python.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "alembic current", text: "See which schema the database has." },
    { line: "alembic current --json", text: "The same for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { config, tree } = await openTree(context);
    const { openDatabaseOf, withReading } = await import("./open_project.ts");
    const { readVersionRows } = await import("../alembic/version_table.ts");
    const database = await openDatabaseOf(context, config);
    const rows = await withReading(context, database, (db) => readVersionRows(db, tree.versionTable));
    const marks = headMarks(tree);
    for (const id of rows.filter((id) => !tree.revisions.has(id))) {
      context.output.warn(
        `The database has Alembic revision ${id}, which no script here has`,
        "The database is ahead of this checkout, or belongs to another project.",
      );
    }
    context.output.result(rows.map((id) => `${labelled(tree, id)}${marks.get(id) ?? ""}`));
    context.output.document({ heads: rows });
    return EXIT.done;
  },
});

export const history = command({
  description: [
    "Lists all Alembic scripts, the latest first, as 'alembic history' does, but without Python.",
  ],
  arguments: {},
  options: {},
  examples: [
    { line: "alembic history", text: "See what there is to depend on." },
    { line: "alembic history --json", text: "With files, labels and dependencies, for a script." },
  ],
  async run(context): Promise<ExitCode> {
    const { config, tree } = await openTree(context);
    const { shownFile } = await import("./project_view.ts");
    const revisions = tree.history();
    context.output.result(scriptLines(tree, revisions.toReversed()));
    context.output.document({
      revisions: revisions.map(({ revision, down, dependsOn, labels, file, message }) => ({
        revision,
        down,
        dependsOn,
        labels,
        file: shownFile(context, config, file),
        message,
      })),
    });
    return EXIT.done;
  },
});

export const ancestors = command({
  description: [
    "Lists a revision and all that it needs, by down_revision and depends_on, in the order in which Alembic would run " +
    "them. A data migration that depends on the revision waits until all of these are applied.",
  ],
  arguments: {
    id: required("a revision, the beginning of one, or a label, as Alembic takes them"),
  },
  options: {},
  examples: [
    { line: "alembic ancestors 3d1e3e6abc12", text: "What must be applied before a migration that depends on this?" },
    { line: "alembic ancestors billing@head --json", text: "The same of a branch, for a script." },
  ],
  async run(context, { arguments: { id } }): Promise<ExitCode> {
    const { tree } = await openTree(context);
    const ids = tree.resolve(id);
    const found = tree.ancestorsInOrder(ids);
    context.output.result(
      scriptLines(tree, found.map((id) => tree.revisions.get(id)).filter((one) => one !== undefined)),
    );
    context.output.document({ revision: ids.length === 1 ? ids[0] : ids, ancestors: found });
    return EXIT.done;
  },
});

/** `3d1e3e6abc12 (billing)` */
function labelled(tree: AlembicTree, id: string): string {
  const labels = tree.revisions.has(id) ? tree.branchesOf(id) : [];
  return labels.length === 0 ? id : `${id} (${labels.join(", ")})`;
}

/** ` (head)`, or ` (effective head)` for one that another revision depends on; none where heads are unsure. */
function headMarks(tree: AlembicTree): ReadonlyMap<string, string> {
  const needed = new Set([...tree.parents.values()].flat());
  return new Map(tree.knownHeads().map((id) => [id, needed.has(id) ? " (effective head)" : " (head)"]));
}

/** As Alembic writes them: `aaa -> bbb (head), load person`. */
function scriptLines(tree: AlembicTree, revisions: readonly AlembicRevision[]): Line[] {
  const marks = headMarks(tree);
  const children = new Map<string, number>();
  for (const { down } of tree.revisions.values()) {
    for (const id of new Set(down)) children.set(id, (children.get(id) ?? 0) + 1);
  }
  return revisions.map(({ revision, down, dependsOn, message }) => {
    const from = down.length === 0 ? "<base>" : down.join(", ");
    const also = dependsOn.length === 0 ? "" : ` (${dependsOn.join(", ")})`;
    const branches = (children.get(revision) ?? 0) > 1 ? " (branchpoint)" : "";
    const merges = down.length > 1 ? " (mergepoint)" : "";
    const to = `${labelled(tree, revision)}${marks.get(revision) ?? ""}${branches}${merges}`;
    return `${from}${also} -> ${to}, ${message === "" ? "empty message" : message}`;
  });
}
