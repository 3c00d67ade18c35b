/**
 * A walk in batches where there are no loops: all of the table in the one transaction that is open, and in the ledger the
 * ranges that a run would have had.
 *
 * @module
 */

import type { ScriptGuard, ScriptStatement, ScriptWalk } from "./offline_sql.ts";
import { UTC_NOW } from "./sqlite_clock.ts";
import { sqliteText } from "./sqlite_literal.ts";
import { quoted } from "./sqlite_text.ts";

/** A row whose key is NULL stands in no range. */
export function sqliteWalkGuards({ table, key }: Pick<ScriptWalk, "table" | "key">): ScriptGuard[] {
  return [{
    condition: `not exists (select 1 from ${table.map(quoted).join(".")} where ${
      key.map((column) => `${quoted(column)} is null`).join(" or ")
    })`,
    message: `The table ${table.join(".")} has rows whose key is NULL, which no range of keys holds`,
  }];
}

export function sqliteWalk(walk: ScriptWalk): readonly string[] {
  const table = walk.table.map(quoted).join(".");
  const columns = walk.key.map(quoted).join(", ");
  const named = walk.key.map((column, index) => `${quoted(column)} as delembic_${index + 1}`).join(", ");
  return [
    `create temp table delembic_walk as
  select *, ${encoded(walk.key.length)} as delembic_key from (
    select row_number() over (order by ${columns}) as delembic_number, ${named} from ${table});`,
    ...walk.preludes.map((prelude) => `${prelude};`),
    ...walk.statements.map((statement) => `${withKeys(statement, walk)}\n;`),
    ledgerRows(walk),
    "drop table temp.delembic_walk;",
  ];
}

/** The keys up to the last one, as it was when the walk began. */
function withKeys({ texts, aliases }: ScriptStatement, { key }: ScriptWalk): string {
  const condition = (alias: string | undefined) => {
    const columns = key.map((column) => (alias === undefined ? "" : `${quoted(alias)}.`) + quoted(column)).join(", ");
    const last = key.map((_, index) => `delembic_${index + 1}`).join(", ");
    return `((${columns}) <= (select ${last} from temp.delembic_walk order by delembic_number desc limit 1))`;
  };
  return texts.map((part, index) => index === 0 ? part : condition(aliases[index - 1]) + part).join("");
}

function ledgerRows({ revision, size, rangeSize }: ScriptWalk): string {
  const keyAt = (number: string) => `(select delembic_key from temp.delembic_walk where delembic_number = ${number})`;
  const last = "(select max(delembic_number) from temp.delembic_walk)";
  return `update delembic_batch set upper_key = ${keyAt(last)}, cursor_key = ${keyAt(last)}
  where revision = ${sqliteText(revision)} and part = 0;
insert into delembic_batch (revision, part, kind, status, lower_key, upper_key, cursor_key, rows_done, batches, batch_size,
    fence, expires_at, started_at, updated_at, ended_at)
  select ${sqliteText(revision)}, part, 'range', 'done', ${keyAt(`(part - 1) * ${rangeSize}`)}, ${keyAt("last")},
    ${keyAt("last")}, rows, (rows + ${size} - 1) / ${size}, ${size}, 1, ${UTC_NOW}, ${UTC_NOW}, ${UTC_NOW}, ${UTC_NOW}
  from (select (delembic_number - 1) / ${rangeSize} + 1 as part, count(*) as rows, max(delembic_number) as last
    from temp.delembic_walk group by 1);`;
}

/** The key as the ledger keeps it: see `src/batch_key.ts`. */
function encoded(columns: number): string {
  const parts = Array.from({ length: columns }, (_, index) => {
    const value = `delembic_${index + 1}`;
    return `case typeof(${value})
      when 'integer' then case when ${value} between -9007199254740991 and 9007199254740991 then cast(${value} as text)
        else '{"bigint":"' || ${value} || '"}' end
      when 'real' then cast(${value} as text)
      when 'blob' then '{"bytes":"' || lower(hex(${value})) || '"}'
      else json_quote(${value}) end`;
  });
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}
