/**
 * Texts as literals of SQL. Pure.
 *
 * @module
 */

import type { DialectName } from "./db/database.ts";

/** A text with its quotes. MySQL takes a backslash for the beginning of an escape. */
export function textLiteral(text: string, dialect: DialectName): string {
  const escaped = dialect === "mysql" ? text.replaceAll("\\", "\\\\") : text;
  return `'${escaped.replaceAll("'", "''")}'`;
}
