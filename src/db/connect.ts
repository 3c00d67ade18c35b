/**
 * The only way to a driver: loads the one that a target needs, when it is needed.
 *
 * @module
 */

import type { Database, Dialect, DialectName } from "./database.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Target } from "./target.ts";

/** The database of a target. Nothing is connected yet. */
export async function openDatabase(target: Target): Promise<Database> {
  switch (target.dialect) {
    case "postgresql":
      return (await import("./postgres.ts")).openPostgres(target);
    case "mysql":
      return (await import("./mysql.ts")).openMysql(target);
    case "sqlite":
      return (await import("./sqlite.ts")).openSqlite(target);
  }
}

/** What is to be known of a database's SQL, without a driver. */
export async function dialectOf(name: DialectName): Promise<Dialect> {
  switch (name) {
    case "postgresql":
      return (await import("./postgres_dialect.ts")).postgresDialect;
    case "mysql":
      return (await import("./mysql_dialect.ts")).mysqlDialect;
    case "sqlite":
      return (await import("./sqlite_dialect.ts")).sqliteDialect;
  }
}

/** How to ask a database about a connection and its role. */
export async function diagnosisOf(name: DialectName): Promise<Diagnosis> {
  switch (name) {
    case "postgresql":
      return (await import("./postgres_diagnosis.ts")).postgresDiagnosis;
    case "mysql":
      return (await import("./mysql_diagnosis.ts")).mysqlDiagnosis;
    case "sqlite":
      return (await import("./sqlite_diagnosis.ts")).sqliteDiagnosis;
  }
}
