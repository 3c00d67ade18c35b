/** How the texts of each database are read, without loading a driver. */

import type { SqlLexicon } from "../src/db/database.ts";
import type { Kind } from "./support.ts";

const STANDARD: SqlLexicon = {
  backslashEscapes: false,
  dollarQuotes: false,
  nestedComments: false,
  hashComments: false,
  dashNeedsSpace: false,
  identifierQuotes: "",
  delimiterCommand: false,
  compoundBodies: true,
};

export const LEXICONS: Readonly<Record<Kind, SqlLexicon>> = {
  sqlite: { ...STANDARD, identifierQuotes: "`[" },
  postgresql: { ...STANDARD, dollarQuotes: true, nestedComments: true },
  mysql: {
    ...STANDARD,
    backslashEscapes: true,
    hashComments: true,
    dashNeedsSpace: true,
    identifierQuotes: "`",
    delimiterCommand: true,
  },
};
