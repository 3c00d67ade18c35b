/** `delembic init` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command, type Context } from "./command.ts";
import { flag, optional } from "./command_line.ts";
import type { Line } from "./text.ts";

export const init = command({
  description: [
    "Sets up a project: delembic.ini here, and beside it the folder DIR with env.ts, the types for your editor " +
    "(delembic.d.ts: there is nothing to install) and versions/, where the migrations go. Files that are there already " +
    "are kept as they are.",
    "With -n NAME a further section is added to an ini file that is there, for another database or another set of " +
    "migrations; its comments stay.",
    "The tables are created by the first 'upgrade'. With --sql they are printed, with the grants that a role needs, for " +
    "those whose role may not create tables.",
  ],
  arguments: {
    dir: optional("the folder of the migrations, relative to the ini file (default: delembic)"),
  },
  options: {
    sql: flag("print the SQL of Delembic's tables and the grants that are needed; write nothing"),
  },
  examples: [
    { line: "init", text: "Set up a project in this folder." },
    { line: "-n prod init", text: "Add a section [prod], with the same migrations; run it with -n prod." },
    { line: "-c conf/my.ini init migrations", text: "Put the migrations into conf/migrations." },
    { line: "init --sql > tables.sql", text: "For the administrator of the database." },
  ],
  async run(context, { options, arguments: { dir = "delembic" } }): Promise<ExitCode> {
    if (options.sql) return await printTables(context);
    const { setUp } = await import("./set_up.ts");
    const { shownPath } = await import("./paths.ts");
    const done = await setUp({
      file: context.globals.config ?? "delembic.ini",
      cwd: context.io.cwd(),
      section: context.globals.name ?? "delembic",
      folder: dir,
    });
    const shown = (file: string) => shownPath(context.io.cwd(), file);
    const { output } = context;
    output.progress([
      ...done.extended.map((file) => `Added [${done.section}] to ${shown(file)}`),
      ...done.created.map((file) => `Created ${shown(file)}`),
      ...done.kept.map((file) => `Kept ${shown(file)}, which was there already`),
      "",
      ...done.next.map((step): Line => `Next: ${step}`),
    ]);
    output.document({
      created: done.created.map(shown),
      extended: done.extended.map(shown),
      kept: done.kept.map(shown),
    });
    return EXIT.done;
  },
});

async function printTables(context: Context): Promise<ExitCode> {
  const { openConfig, openDatabaseOf } = await import("./open_project.ts");
  const { dialect: { name, title, ledger } } = await openDatabaseOf(context, await openConfig(context));
  const statements = Object.values(ledger.create).flat();
  const { output } = context;
  output.result([
    `-- Delembic's tables on ${title}`,
    ...statements.flatMap((statement) => `${statement};`.split("\n")),
    ...(ledger.grants.length === 0 ? [] : ["", "-- What a role needs to run Delembic; write its name for ROLE"]),
    ...ledger.grants.map((grant) => `${grant};`),
  ]);
  output.document({ dialect: name, statements, grants: ledger.grants });
  return EXIT.done;
}
