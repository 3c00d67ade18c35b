/**
 * What scripts for `mariadb` are made of: procedures, and where tables are. Pure.
 *
 * @module
 */

import type { TablePath } from "./catalog.ts";
import { mysqlText } from "./mysql_literal.ts";

/** A procedure of the script's own, made anew: an earlier script may have left it. */
export function procedure(name: string, parameters: string, body: string): string {
  const create = `create procedure ${name}(${parameters})\nbegin\n${body}\nend`;
  return `drop procedure if exists ${name};\n${delimited(create)}`;
}

/** A statement with a `;` in it: another delimiter ends it, which it does not hold. */
export function delimited(statement: string): string {
  for (let number = 1;; number++) {
    const delimiter = `//delembic${number}//`;
    if (statement.includes(delimiter.slice(0, -2))) continue;
    return `delimiter ${delimiter}\n${statement}\n${delimiter}\ndelimiter ;`;
  }
}

/** Where a table is, as information_schema names it. */
export function inSchema(table: TablePath): string {
  const [name = "", schema] = [...table].reverse();
  return `table_schema = ${schema === undefined ? "database()" : mysqlText(schema)} and table_name = ${
    mysqlText(name)
  }`;
}
