/**
 * What `init` writes into `delembic.ini`. Pure.
 *
 * @module
 */

import { ConfigError } from "./config_values.ts";
import { DelembicError } from "./errors.ts";
import { parseIni } from "./ini.ts";

export interface NewSection {
  /** The section's name: `delembic`, or what `-n` says. */
  readonly section: string;
  /** The folder of the migrations, relative to the ini file. */
  readonly folder: string;
}

/**
 * The text of a new `delembic.ini` with one section.
 *
 * @throws {ConfigError} when the name or the folder cannot stand in an ini file
 */
export function newIni(wanted: NewSection): string {
  requireWritable(wanted);
  const { section } = wanted;
  return `# Configuration of Delembic: data migrations next to Alembic's schema migrations.
# All paths are relative to this file. A comment needs a line of its own.
# \${NAME} takes an environment variable.

[${section}]
# The folder with versions/, where the migrations are.
script_location = ${folderValue(wanted)}

# The database: postgresql://, mysql://, mariadb:// or sqlite:///file.db; SQLAlchemy's URLs are fine.
# --url and the environment variable DELEMBIC_URL come before it. Without this line, databaseUrl() of env.ts is asked.
sqlalchemy.url = \${${variableOf(section)}}

# Where Alembic is configured: alembic.ini or pyproject.toml. Take it out if there is no Alembic.
alembic_config = alembic.ini

# How 'delembic pipeline run' calls Alembic: a path, or a command such as python -m alembic.
# alembic_command = alembic

# Alembic's version table, if its env.py sets another than alembic_version.
# alembic_version_table = alembic_version
# alembic_version_schema = public

# Names of new files, from revision, slug, year, month, day, hour, minute and second.
filename_template = %(revision)s_%(slug)s

# Ids of new migrations: sequential (D001, D002, ...), hex or timestamp.
revision_ids = sequential
`;
}

/**
 * The text of an ini file with one more section at its end; all that is there, comments too, stays as it is.
 *
 * @throws {DelembicError} when the section is there already (exit code 1), or cannot stand in an ini file
 * @throws {IniError} when the text is no ini file
 */
export function addSection(text: string, file: string, wanted: NewSection): string {
  requireWritable(wanted);
  const { section } = wanted;
  const ini = parseIni(text, file);
  if (ini.has(section)) {
    const line = ini.sectionLine(section);
    throw new DelembicError(`[${section}] already exists in ${file}`, {
      code: "section-exists",
      hint: "Give another name with -n.",
      place: { file, ...(line === undefined ? {} : { line }) },
    });
  }
  const added = `
# A further project; run it with -n ${section}. Sections that share a database share its tables, and so all revisions.
[${section}]
script_location = ${folderValue(wanted)}
sqlalchemy.url = \${${variableOf(section)}}
alembic_config = alembic.ini
filename_template = %(revision)s_%(slug)s
revision_ids = sequential
`;
  const lineEnd = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const before = text === "" || /[\r\n]$/.test(text) ? text : text + lineEnd;
  return before + added.replaceAll("\n", lineEnd);
}

const SECTION_REGEXP = /^[^\s\[\]\p{Cc}](?:[^\[\]\p{Cc}]*[^\s\[\]\p{Cc}])?$/u;

function requireWritable({ section, folder }: NewSection): void {
  if (!SECTION_REGEXP.test(section) || section === "DEFAULT" || section.startsWith("delembic.source.")) {
    throw new ConfigError("section-name", `'${section}' cannot be the name of a section`, {
      hint: "Take letters, digits, _ and -; not DEFAULT.",
    });
  }
  if (folder.trim() === "" || /\p{Cc}/u.test(folder)) {
    throw new ConfigError("config-value", "The folder's name is empty or has control characters", {
      hint: "Give another folder.",
    });
  }
}

function folderValue({ folder }: NewSection): string {
  return folder.replaceAll("\\", "/").replaceAll("${", () => "$${");
}

/** `DATABASE_URL`, or `PROD_DATABASE_URL` for the section `prod`. */
function variableOf(section: string): string {
  if (section === "delembic") return "DATABASE_URL";
  const name = section.normalize("NFKD").toUpperCase().replace(/[^A-Z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  if (name === "") return "DATABASE_URL";
  return `${/^\d/.test(name) ? "_" : ""}${name}_DATABASE_URL`;
}
