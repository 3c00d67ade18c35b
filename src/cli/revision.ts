/** `delembic revision` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag, list, UsageError, value } from "./command_line.ts";

export const revision = command({
  description: [
    "Makes a new migration file from the template, with the next revision id. Where Alembic is configured, the heads " +
    "that the database has now are written into its dependencies, so that it will never run before that schema is " +
    "there. When the database cannot be reached, that list is left empty, with a warning.",
    "With random ids (revision_ids = hex), which give migrations no order, and without --depends-on or --head, those that " +
    "no other one needs yet are written there too.",
    "--head says on which migration it builds; --label gives the branch that begins with it a name, for 'upgrade " +
    "NAME@head' and the like.",
    "A file migration.ts.txt or migration.sql.txt in the script location is used in place of the built-in template.",
    "--autogenerate drafts what the data will need because of schema changes. It reads what the 'op.…' calls of the " +
    "Alembic scripts do, from what the data migrations depend on up to the heads, or from --from up to --to; nothing is " +
    "run. A new column gets a backfill, a column that becomes NOT NULL a backfill that must come before, a dropped column " +
    "or table is kept first, foreign keys, unique keys, checks and other types are checked for rows that would be in " +
    "their way. Work that has to come behind or before different Alembic revisions is in different files, and so is each " +
    "walk over a table. A draft runs as it is; CHOOSE in it marks what only you can know, and until that is chosen it " +
    "changes nothing, and fails where rows would need it.",
  ],
  arguments: {},
  options: {
    message: value("TEXT", "what the migration does; becomes its description and file name", "m"),
    autogenerate: flag("draft what the schema changes of the Alembic scripts need"),
    from: list("REV", "with --autogenerate: look behind this Alembic revision; may be repeated"),
    to: list("REV", "with --autogenerate: look no further than this Alembic revision; may be repeated"),
    sql: flag("make a .sql file instead of a .ts file"),
    revId: value("ID", "the revision id, instead of the next one"),
    dependsOn: list("ID", "a revision that must be applied first; may be repeated"),
    head: list("REV", "build on this head: D007, billing@head; 'base': on none; may be repeated"),
    splice: flag("with --head: build on a revision that is no head, and begin a branch there"),
    label: list("LABEL", "a name for the branch that begins here; may be repeated"),
    branchLabel: list("LABEL", "the same, as Alembic calls it"),
  },
  examples: [
    { line: 'revision -m "load person"', text: "Make a migration in TypeScript." },
    { line: 'revision --sql -m "normalise emails" --depends-on D002', text: "Make one in SQL, that needs D002." },
    {
      line: 'revision -m "invoices" --head base --label billing',
      text: "Begin a branch; 'upgrade billing@head' runs it alone.",
    },
    { line: "revision --autogenerate", text: "Draft what the newest schema changes need." },
  ],
  async run(context, { options: { message, sql, revId, dependsOn, ...more } }): Promise<ExitCode> {
    const { openConfig } = await import("./open_project.ts");
    const { head: heads, splice, label, branchLabel, ...drafted } = more;
    const labels = [...new Set([...label, ...branchLabel])];
    if (drafted.autogenerate) {
      if (heads.length + labels.length > 0) {
        throw new UsageError(
          "invalid-option",
          "'--head' and '--label' are not for '--autogenerate'",
          "Use --depends-on, or write them into the drafts.",
        );
      }
      const { autogenerate } = await import("./autogenerate.ts");
      const { from, to } = drafted;
      const kind = sql ? "sql" : "ts";
      return await autogenerate(context, await openConfig(context), { kind, message, revId, dependsOn, from, to });
    }
    if (drafted.from.length > 0 || drafted.to.length > 0) {
      throw new UsageError(
        "invalid-option",
        "'--from' and '--to' are for '--autogenerate'",
        "Add it, or leave them out.",
      );
    }
    if (message === undefined) {
      throw new UsageError("missing-option", "Missing option '--message' (-m)", "Write --message TEXT.");
    }
    const { planNewFile } = await import("./new_migration.ts");
    const { createFile, readTemplate, renderTemplate } = await import("../new_file.ts");
    const { shownFile } = await import("./project_view.ts");
    const { quoted } = await import("../runner.ts");
    const config = await openConfig(context);
    const kind = sql ? "sql" : "ts";
    const { file, migration, captured } = await planNewFile(context, config, {
      kind,
      message,
      revId,
      dependsOn,
      heads,
      splice,
      labels,
    });
    const template = await readTemplate(kind, config.scriptLocation);
    await createFile(file, renderTemplate(kind, template, migration));
    const shown = shownFile(context, config, file);
    const { output } = context;
    output.progress(captured.length === 0 ? [] : [`Alembic heads captured: ${quoted(captured)}`]);
    output.result([`Created ${shown}`]);
    output.document({ ...migration, file: shown, alembicHeads: captured });
    return EXIT.done;
  },
});
