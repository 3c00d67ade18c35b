/**
 * A drafted migration as a SQL file. Pure.
 *
 * @module
 */

import { tableText } from "./alembic/operation.ts";
import type { DialectName } from "./db/database.ts";
import { choiceLines, comment, headLines, orphanLines } from "./draft_comments.ts";
import type { DraftFile } from "./draft_file.ts";
import type { DraftPlan } from "./draft_files.ts";
import { textLiteral } from "./draft_literal.ts";
import type { FillNeed, Need } from "./draft_need.ts";
import { archiveSql, joinedText, plainWriter, type SqlWriter, tableIn, wrongRows } from "./draft_sql_text.ts";
import { formatList, formatText } from "./header_value.ts";

/** The text of the file. */
export function draftSql(file: DraftFile, plan: DraftPlan, dialect: DialectName): string {
  const write = plainWriter(dialect);
  const walk = plan.walk !== undefined && fitsLine(plan.walk) ? plan.walk : undefined;
  const work = plan.needs.flatMap((need) => workLines(need, write, walk !== undefined));
  const checks = plan.needs.flatMap((need) => checkLines(need, write));
  return [
    `-- delembic revision: ${file.revision}`,
    `-- delembic depends_on: ${formatList(file.dependsOn)}`.trimEnd(),
    ...(file.requiresBefore.length === 0 ? [] : [`-- delembic requires_before: ${formatList(file.requiresBefore)}`]),
    `-- delembic description: ${formatText(file.description)}`,
    ...(walk === undefined ? [] : [`-- delembic batch: ${batchLine(walk)}`]),
    "",
    ...headLines(plan).map((line) => comment("--", line)),
    "",
    "-- delembic upgrade",
    ...work,
    ...(checks.length === 0 ? [] : ["", "-- delembic validate", ...checks]),
    "",
  ].join("\n");
}

/** Whether the line of a batch has a place for the names; where it has none, the table is done in one go. */
function fitsLine({ table, key }: NonNullable<DraftPlan["walk"]>): boolean {
  return [...table.split("."), ...key].every((name) => /^\w+$/.test(name));
}

function batchLine({ table, key }: NonNullable<DraftPlan["walk"]>): string {
  return key.length === 0 ? table : `${table} by ${key.join(", ")}`;
}

function workLines(need: Need, write: SqlWriter, inWalk: boolean): string[] {
  const table = tableIn(write, need.table);
  switch (need.kind) {
    case "fill":
      return fillLines(need, write, inWalk);
    case "archive":
      return ["-- CHOOSE: take this out if nobody needs what is dropped.", `${archiveSql(need, write).create};`];
    case "orphans":
      return orphanLines(need, write).map(([text, sql]) => comment("--", sql === undefined ? text : `  ${sql};`));
    case "duplicates":
      return [
        "-- CHOOSE what becomes of rows that are alike; until then the query of 'validate' fails. mergeDuplicates(…) of a",
        "-- migration in TypeScript merges them, with all that refers to them.",
      ];
    case "conversion":
      return [
        comment(
          "--",
          `CHOOSE what becomes of values that ${need.to.text} does not take; until then the query of 'validate' fails:`,
        ),
        comment("--", `  update ${table} set ${write.id(need.column)} = … where …;`),
      ];
    case "violations":
      return [
        "-- CHOOSE what becomes of rows that the check refuses; until then the query of 'validate' fails:",
        comment("--", `  update ${table} set … where not (${need.condition.replace(/\s+/g, " ")});`),
      ];
    case "seed": {
      const names = need.columns.map(({ name }) => write.id(name)).join(", ");
      const values = need.columns.flatMap(({ values }) => values ?? []);
      const enumeration = values.length === 0 ? "" : ` (its enumeration: ${values.join(", ")})`;
      return [
        comment("--", `CHOOSE the rows of ${tableText(need.table)}${enumeration}:`),
        comment("--", `  insert into ${table} (${names}) values (…);`),
      ];
    }
  }
}

function fillLines(need: FillNeed, write: SqlWriter, inWalk: boolean): string[] {
  const column = write.id(need.column);
  const [source] = need.sources;
  const range = inWalk ? " and :range" : "";
  const update = (value: string) =>
    `update ${tableIn(write, need.table)} set ${column} = ${value} where ${column} is null${range};`;
  if (need.renamed && source !== undefined) return [update(write.id(source.name))];
  const example = need.sources.length > 1
    ? joinedText(need.sources.map(({ name }) => name), write)
    : source === undefined
    ? "lower(…)"
    : write.id(source.name);
  return [
    ...choiceLines(need, example).map((line) => comment("--", line)),
    update(literal(need.standard, write.dialect)),
  ];
}

function literal(value: string | number | boolean | undefined, dialect: DialectName): string {
  if (value === undefined) return "null";
  return typeof value === "string" ? textLiteral(value, dialect) : String(value);
}

function checkLines(need: Need, write: SqlWriter): string[] {
  if (need.kind === "archive") {
    const { kept, all } = archiveSql(need, write);
    return [`select (${kept}) = (${all});`];
  }
  const query = wrongRows(need, write);
  return query === undefined ? [] : [`select count(*) = 0 from (${query}) wrong;`];
}
