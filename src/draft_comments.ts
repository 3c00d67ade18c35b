/**
 * What a draft says to the person who finishes it. Pure.
 *
 * @module
 */

import { sameTable, tableText } from "./alembic/operation.ts";
import type { DraftPlan } from "./draft_files.ts";
import { type FillNeed, type Need, sentenceOf } from "./draft_need.ts";
import { type SqlWriter, tableIn } from "./draft_sql_text.ts";

/** A comment of one line, whatever stands in the names that it tells of. */
export function comment(mark: "//" | "--", text: string): string {
  return `${mark} ${text.replace(/[\r\n\u2028\u2029]+/g, " ")}`.trimEnd();
}

/** What the draft is, and why it is there. */
export function headLines({ needs }: DraftPlan): string[] {
  return [
    "Drafted by 'delembic revision --autogenerate' from what the Alembic scripts change. CHOOSE marks what to decide.",
    ...needs.map((need) => {
      const condition = need.onlyIf === undefined ? "" : ` (may not happen: ${need.onlyIf})`;
      return `${need.place.file}:${need.place.line}  ${sentenceOf(need)}${condition}`;
    }),
  ];
}

/** What a person has to choose for a column. */
export function choiceLines(need: FillNeed, example: string): string[] {
  const name = `${tableText(need.table)}.${need.column}`;
  const sources = need.sources.map((source) => source.name).join(" and ");
  const made = sources === "" ? "" : `, made of ${sources}`;
  const values = need.type?.values === undefined
    ? ""
    : ` One of ${need.type.values.map((value) => `'${value}'`).join(", ")}.`;
  const unique = need.unique ? " It has to be another one in each row." : "";
  const standard = need.standard === undefined ? "" : " (what stands here is the column's default=)";
  const until = need.notNull !== undefined || need.sources.length > 0
    ? "As long as it is null, nothing is changed, and 'validate' fails if there are such rows."
    : "As long as it is null, nothing is changed.";
  return [
    `CHOOSE what ${name} gets where it is NULL${made}: a value, or SQL such as ${example}${standard}.${values}${unique}`,
    until,
  ];
}

/** What can be done about rows that refer to nothing: sentences, and SQL. */
export function orphanLines(
  need: Extract<Need, { kind: "orphans" }>,
  write: SqlWriter,
): (readonly [string, string | undefined])[] {
  const { columns, target, targetColumns, nullable } = need;
  const table = tableIn(write, need.table);
  const own = columns.map((name) => write.id(name));
  const theirs = targetColumns.map((name) => write.id(name)).join(", ");
  const list = own.length === 1 ? own.join("") : `(${own.join(", ")})`;
  // MySQL takes the table that is changed only by way of another query
  const from = sameTable(need.table, target)
    ? `(select ${theirs} from ${tableIn(write, target)}) p`
    : tableIn(write, target);
  const present = own.map((name) => `${name} is not null`).join(" and ");
  const where = `where ${present} and ${list} not in (select ${theirs} from ${from})`;
  const nulls = own.map((name) => `${name} = null`).join(", ");
  return [
    [
      "CHOOSE what becomes of rows that refer to nothing; until then 'validate' tells of them, and fails. For example:",
      undefined,
    ],
    ["", `delete from ${table} ${where}`],
    ...(nullable ? [["", `update ${table} set ${nulls} ${where}`] as const] : []),
  ];
}
