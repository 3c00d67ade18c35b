/**
 * Names in the SQL of MySQL and MariaDB.
 *
 * @module
 */

/** Quotes one identifier. @throws {TypeError} when it has a NUL */
export function quoteId(name: string): string {
  if (name.includes("\0")) throw new TypeError("A name cannot hold a NUL character");
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Quotes the name of a table, with its database where one is said. */
export function quotePath(table: readonly string[]): string {
  return table.map(quoteId).join(".");
}
