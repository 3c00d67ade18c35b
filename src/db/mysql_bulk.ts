/**
 * The words of MySQL and MariaDB for rows that they refuse, and their SQL for rows whose key may be there.
 *
 * @module
 */

import type { BulkSql, Merge, Refusal, RowFault, ServerWords } from "./bulk_sql.ts";
import { quoteId as quoted } from "./mysql_name.ts";

const FAULTS: ReadonlyMap<number, RowFault> = new Map([
  [1366, "syntax"], // incorrect integer, decimal or string value
  [1367, "syntax"], // a number that is none
  [1292, "syntax"], // incorrect date or time
  [1265, "syntax"], // data truncated: no value of an ENUM, something behind a number
  [1411, "syntax"],
  [3140, "syntax"], // JSON
  [4038, "syntax"], // JSON (MariaDB)
  [1264, "range"],
  [1690, "range"],
  [1406, "too-long"],
  [1300, "encoding"],
  [3854, "encoding"],
  [1048, "null"],
  [1263, "null"], // in LOAD DATA
  [1364, "null"], // no default value
  [1566, "null"],
  [1022, "unique"],
  [1062, "unique"],
  [1586, "unique"],
  [1452, "foreign-key"],
  [1216, "foreign-key"],
  [3819, "check"],
  [4025, "check"], // MariaDB
  [1261, "width"], // fewer fields than columns
  [1262, "width"],
  [1644, "other"], // SIGNAL in a trigger
]);

const WRONG_TEXT_REGEXP = /^Incorrect string value/;
/** `column 'age'`, ``column `db`.`person`.`age` ``, `Field 'age'`. */
const COLUMN_REGEXP = /(?:column|Field) (?:[`'][^`']*[`']\.)*[`']([^`']+)[`']/;
const VALUE_REGEXP = /^(?:Incorrect|Truncated incorrect) \w+ value: '(.*?)'(?: for |$)/s;
const KEY_REGEXP = /for key '(?:[^'.]*\.)?([^']*)'/;
const FOREIGN_KEY_REGEXP = /CONSTRAINT [`'](.*?)[`'] FOREIGN KEY \((.*?)\)/;
const CHECK_REGEXP = /(?:constraint|CONSTRAINT) [`'](?:.*\.)?(.*?)[`'] (?:is violated|failed)/;

function refusal({ message, details: { errno = 0 } }: ServerWords): Refusal | undefined {
  const known = FAULTS.get(errno);
  if (known === undefined) return undefined;
  const fault = known === "syntax" && WRONG_TEXT_REGEXP.test(message) ? "encoding" : known;
  const column = COLUMN_REGEXP.exec(message)?.[1];
  const value = VALUE_REGEXP.exec(message)?.[1];
  const [, foreign, columns] = FOREIGN_KEY_REGEXP.exec(message) ?? [];
  if (columns !== undefined) {
    return { fault, columns: columns.split(", ").map(unquoted), value: undefined, constraint: foreign };
  }
  const constraint = fault === "unique" ? KEY_REGEXP.exec(message)?.[1] : CHECK_REGEXP.exec(message)?.[1];
  return { fault, columns: column === undefined ? [] : [column], value, constraint };
}

function unquoted(name: string): string {
  return name.replace(/^`|`$/g, "").replaceAll("``", "`");
}

function list(names: readonly string[]): string {
  return names.map(quoted).join(", ");
}

function path(names: readonly string[]): string {
  return names.map(quoted).join(".");
}

const ROW = "delembic_row";

/** The first or the last row of each key; a temporary table can be named only once in a statement. */
function chosen({ stage, key }: Merge, order: "asc" | "desc"): string {
  const nullable = key.filter((column) => column.nullable).map(({ name }) => `${quoted(name)} is null`);
  // keys with a NULL are never the same
  const same = [
    ...key.map(({ name }) => quoted(name)),
    ...(nullable.length > 0 ? [`case when ${nullable.join(" or ")} then ${ROW} end`] : []),
  ].join(", ");
  return `(select *, row_number() over (partition by ${same} order by ${ROW} ${order}) as delembic_rank
    from ${quoted(stage)}) s`;
}

function matches({ key }: Merge): string {
  return key.map(({ name }) => `t.${quoted(name)} = s.${quoted(name)}`).join(" and ");
}

/** Not `IGNORE`, which makes warnings of all that is wrong with a row. */
function insertMissing(merge: Merge, order: "asc" | "desc"): string {
  const { table, columns } = merge;
  return `insert into ${path(table)} (${list(columns)})
    select ${list(columns)} from ${chosen(merge, order)}
    where delembic_rank = 1 and not exists (select 1 from ${path(table)} t where ${matches(merge)})
    order by ${ROW}`;
}

function update(merge: Merge): readonly string[] {
  const { table, columns, key, stage } = merge;
  const rest = columns.filter((name) => !key.some((column) => column.name === name)).map(quoted);
  if (rest.length === 0) return [insertMissing(merge, "desc")];
  // ON DUPLICATE KEY would change a row that another unique key finds
  if (merge.otherKeys) {
    return [
      `update ${path(table)} t join ${chosen(merge, "desc")} on ${matches(merge)} and s.delembic_rank = 1
        set ${rest.map((name) => `t.${name} = s.${name}`).join(", ")}`,
      insertMissing(merge, "desc"),
    ];
  }
  return [
    `insert into ${path(table)} (${list(columns)}) select ${list(columns)} from ${quoted(stage)} order by ${ROW}
      on duplicate key update ${rest.map((name) => `${name} = values(${name})`).join(", ")}`,
  ];
}

export const mysqlBulk: BulkSql = {
  refusal,
  looseTypes: false,
  countsLines: false,
  tables: "select table_name as name from information_schema.tables where table_schema = database()",
  createStage: ({ stage, table, columns }) => [
    // with TEMPORARY, and made from a query, it does not commit
    `create temporary table ${quoted(stage)} (${ROW} bigint unsigned not null auto_increment primary key)
      engine = InnoDB select ${list(columns)} from ${path(table)} limit 0`,
  ],
  dropStage: (stage) => `drop temporary table ${quoted(stage)}`,
  skip: (merge) => [insertMissing(merge, "asc")],
  update,
};
