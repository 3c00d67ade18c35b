/** `delembic revision` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag, list, requiredValue, value } from "./command_line.ts";

export const revision = command({
  description: [
    "Makes a new migration file from the template, with the next revision id. Where Alembic is configured, the heads " +
    "that the database has now are written into its dependencies, so that it will never run before that schema is " +
    "there. When the database cannot be reached, that list is left empty, with a warning.",
    "With random ids (revision_ids = hex), which give migrations no order, and without --depends-on, those that no " +
    "other one needs yet are written there too.",
    "A file migration.ts.txt or migration.sql.txt in the script location is used in place of the built-in template.",
  ],
  arguments: {},
  options: {
    message: requiredValue("TEXT", "what the migration does; becomes its description and file name", "m"),
    sql: flag("make a .sql file instead of a .ts file"),
    revId: value("ID", "the revision id, instead of the next one"),
    dependsOn: list("ID", "a revision that must be applied first; may be repeated"),
  },
  examples: [
    { line: 'revision -m "load person"', text: "Make a migration in TypeScript." },
    { line: 'revision --sql -m "normalise emails" --depends-on D002', text: "Make one in SQL, that needs D002." },
    { line: 'revision -m "fix visits" --rev-id VISITS-7', text: "With a revision id of your own." },
  ],
  async run(context, { options: { message, sql, revId, dependsOn } }): Promise<ExitCode> {
    const { openConfig } = await import("./open_project.ts");
    const { planNewFile } = await import("./new_migration.ts");
    const { createFile, readTemplate, renderTemplate } = await import("../new_file.ts");
    const { shownFile } = await import("./project_view.ts");
    const { quoted } = await import("../runner.ts");
    const config = await openConfig(context);
    const kind = sql ? "sql" : "ts";
    const { file, migration, captured } = await planNewFile(context, config, { kind, message, revId, dependsOn });
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
