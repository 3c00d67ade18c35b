/**
 * A drafted migration as a TypeScript file. Pure.
 *
 * @module
 */

import { tableText } from "./alembic/operation.ts";
import type { DialectName } from "./db/database.ts";
import type { DraftFile } from "./draft_file.ts";
import { choiceLines, comment, headLines, orphanLines } from "./draft_comments.ts";
import type { DraftPlan } from "./draft_files.ts";
import type { FillNeed, Need } from "./draft_need.ts";
import { archiveSql, joinedText, type SqlWriter, tableIn, templateWriter, wrongRows } from "./draft_sql_text.ts";

/** What the parts of a file are collected into. */
class Parts {
  readonly imports = new Set<string>();
  readonly constants: string[] = [];
  readonly work: string[] = [];
  readonly checks: string[] = [];
  readonly write: SqlWriter;
  /** Whether a check tells of something by `run`. */
  usesRun = false;
  /** How many values are chosen, by functions of the connection. */
  choices = 0;
  readonly #taken = new Set<string>();

  constructor(dialect: DialectName) {
    this.write = templateWriter(dialect);
  }

  /** A name for a constant that no other one has. */
  constant(words: string): string {
    const name = /^[A-Za-z]/.test(words) ? words : `of${words}`;
    let free = name;
    for (let number = 2; this.#taken.has(free); number++) free = `${name}${number}`;
    this.#taken.add(free);
    return free;
  }

  sql(text: string): string {
    return `conn.sql\`${text}\``;
  }
}

/** The text of the file. */
export function draftTypeScript(file: DraftFile, plan: DraftPlan, dialect: DialectName): string {
  const parts = new Parts(dialect);
  for (const need of plan.needs) addNeed(parts, need, plan.walk !== undefined);
  const { imports, constants, work, checks } = parts;
  const names = [...imports].sort();
  const types = parts.choices > 0 ? "Connection, Migration" : "Migration";
  const list = (ids: readonly string[]) => `[${ids.map((id) => JSON.stringify(id)).join(", ")}]`;
  const batch = plan.walk === undefined ? undefined : `  batch: ${batchText(plan.walk)},`;
  return [
    ...headLines(plan).map((line) => comment("//", line)),
    ...(names.length === 0 ? [] : [`import { ${names.join(", ")} } from "delembic";`]),
    `import type { ${types} } from "../delembic.d.ts";`,
    "",
    ...constants,
    "export default {",
    `  revision: ${JSON.stringify(file.revision)},`,
    `  dependsOn: ${list(file.dependsOn)},`,
    ...(file.requiresBefore.length === 0 ? [] : [`  requiresBefore: ${list(file.requiresBefore)},`]),
    `  description: ${JSON.stringify(file.description)},`,
    ...(batch === undefined ? [] : [batch]),
    "",
    ...functionText(plan.walk === undefined ? "upgrade(conn)" : "apply(conn, range)", work),
    ...(checks.length === 0
      ? []
      : ["", ...functionText(parts.usesRun ? "validate(conn, run)" : "validate(conn)", checks)]),
    "} satisfies Migration;",
    "",
  ].join("\n");
}

function batchText({ table, key }: NonNullable<DraftPlan["walk"]>): string {
  const keyed = key.length === 0 ? "" : `, key: ${key.length === 1 ? JSON.stringify(key[0]) : JSON.stringify(key)}`;
  return `{ table: ${JSON.stringify(table)}${keyed} }`;
}

function functionText(head: string, lines: readonly string[]): string[] {
  const works = lines.some((line) => line.includes("await "));
  const unused = head.replace(/\(.*\)/, "()");
  return [`  ${works ? `async ${head}` : unused} {`, ...lines.map((line) => line === "" ? "" : `    ${line}`), "  },"];
}

function addNeed(parts: Parts, need: Need, inWalk: boolean): void {
  const { write, work, checks } = parts;
  switch (need.kind) {
    case "fill":
      return addFill(parts, need, inWalk);
    case "archive": {
      const { create, kept, all } = archiveSql(need, write);
      parts.imports.add("assertCount");
      const dropped = [tableText(need.table), ...(need.column === undefined ? [] : [need.column])].join(".");
      work.push(
        comment("//", `${dropped} is kept in a table of its own. CHOOSE: take this out if nobody needs it.`),
        `await ${parts.sql(create)};`,
      );
      checks.push(...callText("await assertCount", [
        "conn",
        parts.sql(kept),
        `Number(await conn.value\`${all}\`)`,
      ]));
      return;
    }
    case "seed":
      return addSeed(parts, need);
    case "orphans":
      work.push(
        ...orphanLines(need, write).map(([text, sql]) =>
          comment("//", sql === undefined ? text : `  await ${parts.sql(sql)};`)
        ),
      );
      return addCheck(parts, need, `rows of ${need.table.name} that refer to nothing`);
    case "duplicates": {
      const by = need.parts.map(({ text, isColumn }) =>
        isColumn ? JSON.stringify(text) : parts.sql(write.foreign(text))
      );
      const merged = `{ table: ${JSON.stringify(tableText(need.table))}, by: [${by.join(", ")}], keep: "first" }`;
      work.push(
        "// CHOOSE what becomes of rows that are alike; until then 'validate' tells of them, and fails. Such as this,",
        '// with mergeDuplicates imported from "delembic":',
        comment("//", `  await mergeDuplicates(conn, ${merged});`),
      );
      return addCheck(parts, need, `rows of ${need.table.name} that are alike`);
    }
    case "conversion": {
      const update = `update ${tableIn(write, need.table)} set ${write.id(need.column)} = … where …`;
      work.push(
        comment("//", `CHOOSE what becomes of values that ${need.to.text} does not take; until then 'validate'`),
        "// tells of them, and fails:",
        comment("//", `  await ${parts.sql(update)};`),
      );
      return addCheck(parts, need, `values of ${need.column} that ${need.to.text} may not take`);
    }
    case "violations": {
      const update = `update ${tableIn(write, need.table)} set … where not (${write.foreign(need.condition)})`;
      work.push(
        "// CHOOSE what becomes of rows that the check refuses; until then 'validate' tells of them, and fails:",
        comment("//", `  await ${parts.sql(update)};`),
      );
      return addCheck(parts, need, `rows of ${need.table.name} that the check refuses`);
    }
  }
}

function addCheck(parts: Parts, need: Need, message: string): void {
  const query = wrongRows(need, parts.write);
  if (query === undefined) return;
  parts.imports.add("assertNoRows");
  parts.checks.push(...callText("await assertNoRows", ["conn", parts.sql(query), JSON.stringify(message)]));
}

/** The widest line that is written, without the indentation within a function. */
const WIDEST = 116;

/** A call in one line, or with a line for each argument. */
function callText(name: string, given: readonly string[]): string[] {
  const line = `${name}(${given.join(", ")});`;
  return line.length <= WIDEST ? [line] : [`${name}(`, ...given.map((text) => `  ${text},`), ");"];
}

/** The name of a member as it stands in an object. */
function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** `person.full_name` → `personFullName` */
function camelCase(need: FillNeed): string {
  const words = `${need.table.name}_${need.column}`.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return words.map((word, at) => at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function addFill(parts: Parts, need: FillNeed, inWalk: boolean): void {
  const { write, work, checks } = parts;
  const table = JSON.stringify(tableText(need.table));
  const missing = parts.sql(`${write.id(need.column)} is null`);
  const fill = (value: string) => {
    const options = [
      `set: { ${memberName(need.column)}: ${value} }`,
      `where: ${missing}`,
      ...(inWalk ? ["range"] : []),
    ];
    const line = `await backfill(conn, ${table}, { ${options.join(", ")} });`;
    return line.length < WIDEST
      ? [line]
      : [`await backfill(conn, ${table}, {`, ...options.map((option) => `  ${option},`), "});"];
  };
  parts.imports.add("backfill");
  const [source] = need.sources;
  if (need.renamed && source !== undefined) {
    work.push(...fill(parts.sql(write.id(source.name))));
    return addCheck(parts, need, `rows of ${need.table.name} without ${need.column}`);
  }
  const name = parts.constant(camelCase(need));
  const example = need.sources.length > 1
    ? joinedText(need.sources.map((column) => column.name), write)
    : source === undefined
    ? "lower(…)"
    : write.id(source.name);
  parts.constants.push(
    ...choiceLines(need, parts.sql(example)).map((line) => comment("//", line)),
    `const ${name} = (conn: Connection): unknown => ${JSON.stringify(need.standard ?? null)};`,
    "",
  );
  parts.choices++;
  const value = parts.choices === 1 ? "value" : `value${parts.choices}`;
  work.push(
    `const ${value} = ${name}(conn);`,
    `if (${value} !== null) {`,
    ...fill(value).map((line) => `  ${line}`),
    "}",
  );
  if (wrongRows(need, write) !== undefined) {
    return addCheck(parts, need, `${tableText(need.table)}.${need.column}: choose what these rows get`);
  }
  parts.imports.add("assertNoRows");
  parts.usesRun = true;
  const key = need.primaryKey.length === 0 ? "*" : need.primaryKey.map((name) => write.id(name)).join(", ");
  const query = parts.sql(`select ${key} from ${tableIn(write, need.table)} where ${write.id(need.column)} is null`);
  checks.push(
    `if (${name}(conn) === null) {`,
    `  run.log(${
      JSON.stringify(`${tableText(need.table)}.${need.column}: no value is chosen, so its rows keep NULL`)
    });`,
    "} else {",
    ...callText("await assertNoRows", ["conn", query]).map((line) => `  ${line}`),
    "}",
  );
}

function addSeed(parts: Parts, need: Extract<Need, { kind: "seed" }>): void {
  const { work, checks, constants, write } = parts;
  const name = parts.constant(`${need.table.name.replace(/[^A-Za-z0-9]+/g, "_").toUpperCase()}_ROWS`);
  const example = need.columns.filter(({ required }) => required).map(({ name, values }) =>
    `${memberName(name)}: ${values === undefined ? "…" : JSON.stringify(values[0])}`
  );
  parts.imports.add("upsertRows").add("assertCount");
  const values = need.columns.flatMap(({ values }) => values ?? []);
  const [only, ...others] = need.columns.filter(({ required }) => required);
  const rows = only?.values !== undefined && others.length === 0
    ? only.values.map((value) => `  { ${memberName(only.name)}: ${JSON.stringify(value)} },`)
    : [];
  constants.push(
    comment("//", `CHOOSE the rows of ${tableText(need.table)}: each with its key, such as { ${example.join(", ")} }.`),
    ...(values.length === 0 ? [] : [comment("//", `Values of its enumeration: ${values.join(", ")}.`)]),
    ...(rows.length === 0
      ? [`const ${name}: Record<string, unknown>[] = [];`]
      : [`const ${name}: Record<string, unknown>[] = [`, ...rows, "];"]),
    "",
  );
  const table = JSON.stringify(tableText(need.table));
  const key = JSON.stringify(need.primaryKey.length === 1 ? need.primaryKey[0] : need.primaryKey);
  work.push(`await upsertRows(conn, ${table}, ${name}, { key: ${key} });`);
  checks.push(
    `await assertCount(conn, ${
      parts.sql(`select count(*) from ${tableIn(write, need.table)}`)
    }, { min: ${name}.length });`,
  );
}
