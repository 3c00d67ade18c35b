/**
 * SQL that fails unless a data migration is applied: for an Alembic script that must not come before it. Pure.
 *
 * @module
 */

import type { DialectName } from "./db/database.ts";

/** Statements to be run one after another in one session, none with a semicolon at its end. */
export function guardStatements(revision: string, dialect: DialectName): readonly string[] {
  return GUARDS[dialect](revision);
}

/** Revision ids have no character that a literal would have to escape. */
function applied(revision: string): string {
  return `select 1 from delembic_version where revision = '${revision}' and status = 'success'`;
}

// no colon in either, which SQLAlchemy would take for a parameter, and no percent sign, which drivers would
function problem(revision: string): string {
  return `Data migration ${revision} is not applied`;
}

function plainRemedy(revision: string): string {
  return `run delembic upgrade ${revision} first`;
}

/** As a literal, with the quotes. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const GUARDS: Readonly<Record<DialectName, (revision: string) => string[]>> = {
  postgresql: (revision) => {
    const raise = `raise exception using message = ${literal(problem(revision))},
      hint = ${literal(`Run 'delembic upgrade ${revision}' first.`)};`;
    return [`do $delembic$
begin
  if to_regclass('delembic_version') is null then
    ${raise}
  end if;
  if not exists (${applied(revision)}) then
    ${raise}
  end if;
end
$delembic$`];
  },
  // a path of JSON that is none is an error which shows the path: SQLite has no other in words of one's own
  sqlite: (revision) => {
    const message = literal(`${problem(revision)}, ${plainRemedy(revision)}`);
    const fail = (exists: string) =>
      `select json_extract('{}', case when exists (
  ${exists}
) then '$' else
  ${message}
end)`;
    return [
      fail("select 1 from sqlite_master where type in ('table', 'view') and name = 'delembic_version'"),
      fail(applied(revision)),
    ];
  },
  // SIGNAL cannot be prepared on MySQL, and stands by itself nowhere else: the error is of a table that is not there
  mysql: (revision) => {
    const message = `${problem(revision)}, ${plainRemedy(revision)}`;
    const count = applied(revision).replace("select 1", "select count(*) into @delembic_applied");
    const run = ["prepare delembic_guard from @delembic_guard", "execute delembic_guard"];
    return [
      "set @delembic_applied = 0",
      `set @delembic_guard = if(exists (
  select 1 from information_schema.tables where table_schema = database() and table_name = 'delembic_version'
),
  ${literal(count)},
  'do 0')`,
      ...run,
      `set @delembic_guard = if(@delembic_applied > 0, 'do 0',
  ${literal(`select 1 from \`${message}\``)})`,
      ...run,
      "deallocate prepare delembic_guard",
    ];
  },
};

/** The statements as a script for a database's own client. */
export function guardSql(revision: string, dialect: DialectName): string {
  return guardStatements(revision, dialect).map((statement) => `${statement};`).join("\n");
}

/** Lines to be pasted into `upgrade()` of an Alembic script; they work in its offline mode too. */
export function guardPython(revision: string, dialect: DialectName): string[] {
  return [
    `    # Fails unless data migration ${revision} is applied: 'delembic guard ${revision}'`,
    ...guardStatements(revision, dialect).flatMap((statement) => pythonLines(statement)),
  ];
}

function pythonLines(statement: string): string[] {
  const lines = statement.split("\n");
  if (lines.length === 1) return [`    op.execute("${statement}")`];
  return ['    op.execute("""', ...lines.map((line) => `        ${line}`), '    """)'];
}
