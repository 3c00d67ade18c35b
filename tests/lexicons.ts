/** How the texts of each database are read, without loading a driver. */

import type { SqlLexicon } from "../src/db/database.ts";
import { mysqlDialect } from "../src/db/mysql_dialect.ts";
import { postgresDialect } from "../src/db/postgres_dialect.ts";
import { sqliteDialect } from "../src/db/sqlite_dialect.ts";
import type { Kind } from "./support.ts";

export const LEXICONS: Readonly<Record<Kind, SqlLexicon>> = {
  sqlite: sqliteDialect.lexicon,
  postgresql: postgresDialect.lexicon,
  mysql: mysqlDialect.lexicon,
};
