/** `delembic rename` */

import { EXIT, type ExitCode } from "../errors.ts";
import type { Recorded } from "../rename.ts";
import type { FileEdit, LeftFile, RenamePlan } from "../rename_plan.ts";
import { command, type Context } from "./command.ts";
import { flag, optional, required, seconds, UsageError } from "./command_line.ts";
import type { OpenProject } from "./open_project.ts";
import { type Line, styled } from "./text.ts";

export const rename = command({
  description: [
    "Gives a migration another id: in its file, in the file's name where the id stands there, and in the 'dependsOn' of " +
    "those that need it. Nothing else in the files changes. It is for two branches that both made D007, and works though " +
    "nothing else does until that is mended.",
    "Where two files have the id, FILE says which is renamed. What others need may then be either: these are listed, and " +
    "left as they are.",
    "A migration that is applied in this database is not renamed, since elsewhere it would be run again. With --applied " +
    "its record gets the new id too, under the lock; every other database that has it must be given the same command, " +
    "with the renamed files, before its next upgrade. --files-only asks no database.",
  ],
  arguments: {
    old: required("the id that it has"),
    new: required("the id that it is to have"),
    file: optional("which file, where two have the id"),
  },
  options: {
    applied: flag("also rename the record of what is applied in this database"),
    filesOnly: flag("change the files alone; do not ask the database what is applied"),
    dryRun: flag("print what would change; change nothing"),
    lockTimeout: seconds("with --applied: how long to wait for another run to end (default: 300)"),
  },
  examples: [
    {
      line: "rename D007 D008 delembic/versions/D007_fix.ts",
      text: "Two files have D007: this one becomes D008.",
    },
    { line: "rename D007 D008 --dry-run", text: "See which files would change." },
    { line: "rename D007 D008 --applied", text: "It is applied here; its record is renamed as well." },
  ],
  async run(context, { options, arguments: { old: from, new: to, file } }): Promise<ExitCode> {
    if (options.applied && options.filesOnly) {
      throw new UsageError("conflicting-options", "Options '--applied' and '--files-only' exclude each other");
    }
    const { openProject } = await import("./open_project.ts");
    const { loadMigrations } = await import("../load.ts");
    const { planRename, requireKnown } = await import("../rename_plan.ts");
    const opened = await openProject(context);
    const { config, database } = opened;
    const loaded = await loadMigrations(config.versionsFolder, {
      relativeTo: config.folder,
      dialect: database.dialect,
    });
    const wished = file === undefined ? undefined : await fileOf(context, opened, file);
    const plan = await planRename(loaded, { from, to, file: wished }, config.folder);
    requireKnown(plan, loaded);
    const recorded = options.filesOnly ? "none" : await askDatabase(context, opened, plan);
    const withRecord = requireAllowed(plan, recorded, options);
    if (!options.dryRun) await change(context, opened, { plan, withRecord, lockTimeoutMs: options.lockTimeout });
    tell(context, { plan, withRecord, dryRun: options.dryRun });
    return EXIT.done;
  },
});

/** A file as people name it, from where they stand, as the project names it. */
async function fileOf({ io }: Context, { config }: OpenProject, file: string): Promise<string> {
  const { absolutePath, shownPath } = await import("./paths.ts");
  const path = absolutePath(io.cwd(), file);
  // its name alone is enough
  return file.includes("/")
    ? shownPath(config.folder, path)
    : shownPath(config.folder, `${config.versionsFolder}/${file}`);
}

async function askDatabase(context: Context, { database }: OpenProject, plan: RenamePlan): Promise<Recorded> {
  const { withReading } = await import("./open_project.ts");
  const { recordOf } = await import("../rename.ts");
  return await withReading(context, database, (db) => recordOf(plan, db));
}

/** @returns whether the record is to be renamed, too @throws {UsageError} when that was not said and must be */
function requireAllowed(
  { migration, change: { from, to }, rivals }: RenamePlan,
  recorded: Recorded,
  { applied }: { readonly applied: boolean },
): boolean {
  if (migration === undefined && (recorded === "none" || !applied)) {
    throw new UsageError(
      "cannot-rename",
      `No file has the revision ${from}; ${to} is there already`,
      recorded === "none"
        ? undefined
        : `To rename the record in this database: delembic rename ${from} ${to} --applied`,
    );
  }
  if (recorded === "own" && !applied) {
    throw new UsageError(
      "revision-applied",
      `Revision ${from} is applied in this database`,
      rivals.length > 0
        ? `Rename the other one: delembic rename ${from} ${to} ${rivals[0]?.file}`
        : "With --applied its record is renamed too; do the same for every other database that has it.",
    );
  }
  if (recorded === "unsure" && !applied) {
    throw new UsageError(
      "revision-applied",
      `Revision ${from} is applied in this database, and nobody can tell from which of its files`,
      `If it was ${migration?.file}, add --applied; if it was not, --files-only.`,
    );
  }
  return applied && (recorded === "own" || recorded === "unsure");
}

interface Work {
  readonly plan: RenamePlan;
  readonly withRecord: boolean;
}

async function change(
  context: Context,
  opened: OpenProject,
  { plan, withRecord, lockTimeoutMs }: Work & { readonly lockTimeoutMs: number | undefined },
): Promise<void> {
  const { renameFiles, renameRecorded } = await import("../rename.ts");
  if (!withRecord) return await renameFiles(plan, opened);
  const { startRun } = await import("./start_run.ts");
  await startRun(context, opened, (run) => renameRecorded(plan, run, { lockTimeoutMs }));
}

function tell(
  { output }: Context,
  { plan, withRecord, dryRun }: Work & { readonly dryRun: boolean },
): void {
  const { change: { from, to }, edits, left } = plan;
  output.result([
    ...edits.map((edit) => editLine(edit, plan, dryRun)),
    ...(withRecord ? [`${dryRun ? "Would rename" : "Renamed"} the record of ${from} to ${to} in this database`] : []),
  ]);
  output.problem(leftLines(left, plan));
  output.document({
    renamed: { from, to },
    dryRun,
    files: edits.map(({ file, newFile, where }) => ({ file, newFile, where })),
    left,
    record: withRecord,
  });
}

function editLine({ file, newFile, where }: FileEdit, { change: { from, to } }: RenamePlan, dryRun: boolean): string {
  if (where === "dependsOn") {
    return `${dryRun ? "Would change" : "Changed"} ${from} to ${to} in the needs of ${newFile}`;
  }
  const moved = newFile === file ? `in ${file}` : `in ${newFile}, which was ${file}`;
  return `${dryRun ? "Would rename" : "Renamed"} ${from} to ${to} ${moved}`;
}

function leftLines(left: readonly LeftFile[], { change: { from } }: RenamePlan): Line[] {
  const [first] = left;
  if (first === undefined) return [];
  const why = first.why === "either"
    ? `These need ${from}, which may mean either; they were left as they are:`
    : `These need ${from} in a way that cannot be changed as text; change them by hand:`;
  return [[styled("yellow", "Note:"), ` ${why}`], ...left.map(({ file }) => `  ${file}`)];
}
