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
