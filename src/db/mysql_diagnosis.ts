/**
 * What MySQL and MariaDB say of a connection and of its role.
 *
 * @module
 */

import { DatabaseError, type Queryable } from "./database.ts";
import { type Diagnosis, rightsOf } from "./diagnosis.ts";

/** A column of each table, to be set to itself. */
const COLUMNS: Readonly<Record<string, string>> = {
  delembic_version: "revision",
  delembic_run_history: "revision",
  delembic_lock: "holder",
  delembic_checksum: "revision",
  delembic_batch: "revision",
};

/** A statement that needs the right: explained, it changes nothing, but is refused as if it were run. */
function needing(right: string, table: string): string {
  const column = COLUMNS[table];
  switch (right) {
    case "insert":
      return `insert into ${table} (${column}) values ('')`;
    case "update":
      return `update ${table} set ${column} = '' where 1 = 0`;
    case "delete":
      return `delete from ${table} where 1 = 0`;
    default:
      return `select * from ${table}`;
  }
}

export const mysqlDiagnosis: Diagnosis = {
  server: async (db) => {
    const { rows: [row] } = await db.query("select version() as version");
    const version = String(row?.["version"]);
    const name = /mariadb/i.test(version) ? "MariaDB" : "MySQL";
    return `${name} ${/^[\d.]+/.exec(version)?.[0] ?? version}`;
  },
  encryption: async (db) => {
    const { rows } = await db.query("show session status where variable_name in ('Ssl_version', 'Ssl_cipher')");
    const values = new Map(rows.map((row) => Object.values(row).map(String) as [string, string]));
    const version = values.get("Ssl_version");
    return version ? `${version}, ${values.get("Ssl_cipher")}` : undefined;
  },
  rights: async (db, _target, tables) => {
    const { rows: [state] } = await db.query("select @@global.read_only as read_only");
    const missing: string[] = [];
    for (const { right, name } of rightsOf(db.dialect.ledger.grants).filter(({ name }) => tables.has(name))) {
      if (!await isAllowed(db, `explain ${needing(right, name)}`)) missing.push(`${right} on ${name}`);
    }
    const readOnly = String(state?.["read_only"]);
    return {
      readOnly: readOnly === "0" || readOnly === "OFF" ? undefined : "the server is read-only (read_only)",
      mayCreate: await mayCreate(db),
      missing,
    };
  },
};

async function isAllowed(db: Queryable, statement: string): Promise<boolean> {
  try {
    await db.query(statement);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === "privilege") return false;
    throw error;
  }
}

const GRANT_REGEXP = /^GRANT (.+) ON (?:TABLE )?(\*|`(?:[^`]|``)+`)\.\* TO /;

/** By what `SHOW GRANTS` says; what a role has is not in it. */
async function mayCreate(db: Queryable): Promise<boolean | undefined> {
  const { rows: [at] } = await db.query("select database() as name");
  const { rows } = await db.query("show grants");
  const grants = rows.map((row) => String(Object.values(row)[0]));
  const found = grants.some((grant) => {
    const [, rights = "", on = ""] = GRANT_REGEXP.exec(grant) ?? [];
    const covers = on === "*" || patternOf(on.slice(1, -1).replaceAll("``", "`")).test(String(at?.["name"]));
    return covers && (rights === "ALL PRIVILEGES" || rights.split(", ").includes("CREATE"));
  });
  const hasRoles = grants.some((grant) => / TO /.test(grant) && !/ ON /.test(grant));
  return found || (hasRoles ? undefined : false);
}

/** A database's name in a grant: `%` and `_` stand for others, unless there is a `\` before them. */
function patternOf(name: string): RegExp {
  const source = name.replace(/\\?[^]/g, (part) => {
    if (part === "%") return ".*";
    if (part === "_") return ".";
    return (part.length === 2 ? part.slice(1) : part).replace(/[^\w]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "i");
}
