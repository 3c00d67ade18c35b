/**
 * `revision --autogenerate`: drafts of what the data needs because of schema changes.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { SchemaDraft } from "../draft.ts";
import type { DraftFile } from "../draft_file.ts";
import { type DraftPlan, planFiles } from "../draft_files.ts";
import { DelembicError, EXIT, type ExitCode } from "../errors.ts";
import { fileNameOf, nextRevisionId, slugOf } from "../file_name.ts";
import { createFile, type NewFileKind } from "../new_file.ts";
import { loadProject, type Project } from "../project.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./command_line.ts";
import { dependenciesOf, dialectFor, requireNewId } from "./new_migration.ts";
import { openDatabaseOf, tellFileFaults } from "./open_project.ts";
import { shownFile } from "./project_view.ts";
import { draftDocument, needDocument, readingLines, spanLine } from "./schema_lines.ts";

/** What was asked for. */
export interface DraftWish {
  readonly kind: NewFileKind;
  readonly message: string | undefined;
  readonly revId: string | undefined;
  readonly dependsOn: readonly string[];
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** A file that is to be made. */
interface PlannedFile extends DraftFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly plan: DraftPlan;
}

/** Drafts what is needed, and tells what was seen. */
export async function autogenerate(context: Context, config: Config, wish: DraftWish): Promise<ExitCode> {
  const { output } = context;
  const dialect = await dialectFor(context, config);
  const project = await loadProject(config, dialect);
  tellFileFaults(context, { config, project });
  const { readSchemaDraft } = await import("../draft.ts");
  const draft = await readSchemaDraft(project, { wish, start: "last", dialect: dialect.name });
  const files = await planned(context, { project, draft, wish, dialect: dialect.name });
  const shown = (file: string) => shownFile(context, config, file);
  output.progress([spanLine(draft)]);
  output.note(readingLines(draft, shown));
  for (const { message, place, hint } of draft.obstacles) {
    output.warn(`${message} (${shown(place.file)}:${place.line})`, hint);
  }
  for (const { path, text } of files) await createFile(path, text);
  output.result(
    files.length === 0
      ? [nothingLine(draft)]
      : files.flatMap((file) => [`Created ${shown(file.path)}`, `  ${windowText(file)}`]),
  );
  await warnWhenLate(context, project, files);
  output.document({
    ...draftDocument(draft, shown),
    created: files.map(({ path, text: _, plan, ...file }) => ({
      ...file,
      file: shown(path),
      needs: plan.needs.map((need) => needDocument(need, shown)),
    })),
  });
  return EXIT.done;
}

/** A draft that has to come before what this database has already can run in others alone. */
async function warnWhenLate(context: Context, project: Project, files: readonly PlannedFile[]): Promise<void> {
  if (files.every(({ requiresBefore }) => requiresBefore.length === 0)) return;
  const { output } = context;
  try {
    const { readVersionRows } = await import("../alembic/version_table.ts");
    const { appliedRevisions } = await import("../alembic/gate.ts");
    const { withReading } = await import("../survey.ts");
    const tree = await project.alembic();
    const database = await openDatabaseOf(context, project.config);
    const rows = await withReading(database, (db) => readVersionRows(db, tree.versionTable));
    const applied = appliedRevisions(tree, rows);
    for (const { revision, requiresBefore } of files) {
      const late = requiresBefore.filter((id) => applied.has(id));
      if (late.length === 0) continue;
      output.warn(
        `${revision} has to come before ${late.join(", ")}, which this database has already`,
        "It runs where the schema is older; here only behind 'alembic downgrade'.",
      );
    }
  } catch (error) {
    // the drafts are made of files; a database that cannot be asked is no obstacle
    if (!(error instanceof DelembicError)) throw error;
    output.detail([`Could not see what the database has: ${error.message}`]);
  }
}

function nothingLine({ revisions, covered }: SchemaDraft): string {
  if (revisions.length === 0) return "Nothing to draft: there is no Alembic revision in the span.";
  return covered.length === 0
    ? "Nothing to draft: no schema change there needs data work."
    : "Nothing to draft: what the schema changes need is there.";
}

/** When it may run. */
function windowText({ plan }: PlannedFile): string {
  const behind = plan.after.length === 0 ? "" : `behind ${plan.after.join(", ")}`;
  const before = plan.before.length === 0 ? "" : `before ${plan.before.join(", ")}`;
  const window = [behind, before].filter((part) => part !== "").join(", ");
  return `${window === "" ? "at any schema" : window}: ${plan.title}`;
}

async function planned(
  context: Context,
  { project, draft, wish, dialect }: {
    readonly project: Project;
    readonly draft: SchemaDraft;
    readonly wish: DraftWish;
    readonly dialect: Parameters<typeof import("../draft_sql.ts").draftSql>[2];
  },
): Promise<PlannedFile[]> {
  const { draftSql } = await import("../draft_sql.ts");
  const { draftTypeScript } = await import("../draft_typescript.ts");
  const plans = planFiles(draft.needs, draft.order);
  if (wish.revId !== undefined) requireOne(wish.revId, plans.length, project);
  const { config } = project;
  const now = context.io.now();
  const existing = [...project.migrations.keys(), ...project.broken];
  const files: PlannedFile[] = [];
  for (const plan of plans) {
    const revision = wish.revId ?? nextRevisionId(existing, config.revisionIds, now);
    existing.push(revision);
    const description = descriptionOf(wish.message, plan, plans.length);
    const behind = plan.behind.flatMap((at) => files[at]?.revision ?? []);
    const own = behind.length > 0 ? [...wish.dependsOn, ...behind] : dependenciesOf(wish, config, project);
    const file: DraftFile = {
      revision,
      dependsOn: [...new Set([...own, ...plan.after.map((id) => alembicName(id, existing))])],
      requiresBefore: plan.before,
      description,
    };
    const name = fileNameOf(config.filenameTemplate, {
      revision,
      slug: slugOf(description),
      now,
      extension: wish.kind,
    });
    files.push({
      ...file,
      path: `${config.versionsFolder}/${name}`,
      text: (wish.kind === "sql" ? draftSql : draftTypeScript)(file, plan, dialect),
      plan,
    });
  }
  return files;
}

/** An id that a data migration has too is told apart. */
function alembicName(id: string, data: readonly string[]): string {
  return data.includes(id) ? `alembic:${id}` : id;
}

function descriptionOf(message: string | undefined, { title }: DraftPlan, count: number): string {
  if (message === undefined) return title;
  return count === 1 ? message : `${message}: ${title}`;
}

function requireOne(revId: string, count: number, project: Project): void {
  requireNewId(revId, project);
  if (count <= 1) return;
  throw new UsageError(
    "invalid-revision",
    `--rev-id ${revId} is one id, and ${count} migrations would be drafted`,
    "Leave it out, or say a smaller span with --from and --to.",
  );
}
