/**
 * What scripts for `mariadb` are made of: procedures, and where tables are. Pure.
 *
 * @module
 */

import type { TablePath } from "./catalog.ts";
import { mysqlText } from "./mysql_literal.ts";

/** A procedure of the script's own, made anew: an earlier script may have left it. */
export function procedure(name: string, parameters: string, body: string): string {
  const delimiter = unusedDelimiter(body);
  return [
    `drop procedure if exists ${name};`,
    `delimiter ${delimiter}`,
    `create procedure ${name}(${parameters})\nbegin\n${body}\nend`,
    delimiter,
    "delimiter ;",
  ].join("\n");
}

/** What ends a statement and is not within it, nor can be made with what stands before it. */
export function unusedDelimiter(text: string): string {
  for (let number = 1;; number++) {
    const delimiter = `//delembic${number}//`;
    if (!text.includes(delimiter.slice(0, -2))) return delimiter;
  }
}

/** Where a table is, as information_schema names it. */
export function inSchema(table: TablePath): string {
  const [name = "", schema] = [...table].reverse();
  return `table_schema = ${schema === undefined ? "database()" : mysqlText(schema)} and table_name = ${
    mysqlText(name)
  }`;
}
