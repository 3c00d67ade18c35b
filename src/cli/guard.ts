/** `delembic guard` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { flag, required, UsageError, value } from "./command_line.ts";

const DIALECTS: Readonly<Record<string, "postgresql" | "mysql" | "sqlite">> = {
  postgresql: "postgresql",
  postgres: "postgresql",
  mysql: "mysql",
  mariadb: "mysql",
  sqlite: "sqlite",
};

export const guard = command({
  description: [
    "Prints lines for 'upgrade()' of an Alembic script that make it fail unless a data migration is applied: for a schema " +
    "revision that must not come before its data, as one that drops a column which is to be copied first. They are plain " +
    "'op.execute(…)' and also work in Alembic's offline mode.",
    "Where the migration itself can say it, 'requiresBefore' is the other half: it keeps the migration from running too " +
    "late, the guard keeps the schema from going ahead.",
    "The lines are for one kind of database: that of the project's URL, or of --dialect. They need the table " +
    "delembic_version in the schema where the script looks for tables, and without it they fail as well.",
  ],
  arguments: {
    id: required("a data migration's revision, or the beginning of one"),
  },
  options: {
    sql: flag("print the bare SQL"),
    dialect: value("NAME", "postgresql, mysql (also for MariaDB) or sqlite; else that of the database's URL"),
  },
  examples: [
    { line: "guard D003", text: "Lines to paste at the top of upgrade()." },
    { line: "guard D003 --sql --dialect postgresql", text: "The SQL itself, for PostgreSQL." },
  ],
  async run(context, { arguments: { id }, options }): Promise<ExitCode> {
    const { openConfig } = await import("./open_project.ts");
    const { dialectFor } = await import("./new_migration.ts");
    const { loadProject } = await import("../project.ts");
    const { graphOf, resolveOne } = await import("../target.ts");
    const { guardPython, guardSql, guardStatements } = await import("../guard.ts");
    const config = await openConfig(context);
    const given = options.dialect === undefined ? undefined : DIALECTS[options.dialect.toLowerCase()];
    if (options.dialect !== undefined && given === undefined) {
      throw new UsageError(
        "invalid-value",
        `There is no dialect '${options.dialect}'`,
        "Write postgresql, mysql, mariadb or sqlite.",
      );
    }
    const project = await loadProject(config, await dialectFor(context, config));
    const dialect = given ?? (await dialectFor(context, config)).name;
    const revision = resolveOne(graphOf(project.migrations, project.parents), id);
    const python = guardPython(revision, dialect);
    context.output.result(options.sql ? guardSql(revision, dialect).split("\n") : python);
    context.output.document({
      revision,
      dialect,
      statements: guardStatements(revision, dialect),
      python: `${python.join("\n")}\n`,
    });
    return EXIT.done;
  },
});
