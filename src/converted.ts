/**
 * A Python migration as one of ours: in SQL, or in TypeScript, with the same revision. Pure.
 *
 * @module
 */

import type { SqlLexicon } from "./db/database.ts";
import { formatList, formatText } from "./header_value.ts";
import type { Deed, Scalar, SqlParts, Test } from "./python_convert_value.ts";
import type { ReadSteps } from "./python_convert.ts";
import { splitSql } from "./sql_text.ts";

/** What is to be written. */
export interface Conversion extends ReadSteps {
  readonly revision: string;
  readonly dependsOn: readonly string[];
  readonly labels: readonly string[];
  readonly description: string;
  /** The Python file's name, for the places that are named in comments. */
  readonly file: string;
}

/** What is left to be done by hand. */
export function unconvertedOf({ upgrade, validate }: ReadSteps): readonly Extract<Deed, { kind: "unconverted" }>[] {
  return [...upgrade, ...validate].filter((deed) => deed.kind === "unconverted");
}

/** Whether SQL has all the words for it: statements in `upgrade`, checks in `validate`. */
export function fitsSql({ upgrade, validate }: ReadSteps): boolean {
  return upgrade.every(({ kind }) => kind === "statement" || kind === "many" || kind === "comment") &&
    validate.every(({ kind }) => kind === "check" || kind === "comment");
}

/** The migration as far as SQL has words for it: a check between statements would be a query that nobody looks at. */
export function fittedToSql(conversion: Conversion, lexicon: SqlLexicon): Conversion {
  const upgrade = conversion.upgrade.map((deed): Deed => {
    if (deed.kind !== "check") return deed;
    const why = "SQL checks in 'validate' only; --ts does it here";
    return { kind: "unconverted", code: sqlOf(deed, conversion.file, lexicon), why, line: deed.line };
  });
  return { ...conversion, upgrade };
}

/**
 * The migration in SQL. What could not be converted is a comment, and a statement that fails.
 *
 * @param lexicon how the database reads its texts
 */
export function convertedSql(conversion: Conversion, lexicon: SqlLexicon): string {
  const { revision, dependsOn, labels, description } = conversion;
  const header = [
    `-- delembic revision: ${revision}`,
    ...(dependsOn.length === 0 ? [] : [`-- delembic depends_on: ${formatList(dependsOn)}`]),
    ...(labels.length === 0 ? [] : [`-- delembic labels: ${formatList(labels)}`]),
    ...(description === "" ? [] : [`-- delembic description: ${formatText(description)}`]),
  ];
  const section = (name: string, deeds: readonly Deed[]) =>
    `\n-- delembic ${name}\n${deeds.map((deed) => `${sqlOf(deed, conversion.file, lexicon)}\n`).join("")}`;
  const validate = conversion.validate.length === 0 ? "" : section("validate", conversion.validate);
  return `${header.join("\n")}\n${section("upgrade", conversion.upgrade)}${validate}`;
}

function sqlOf(deed: Deed, file: string, lexicon: SqlLexicon): string {
  const value = (found: Scalar) => sqlLiteral(found, lexicon);
  const text = (sql: SqlParts) => harmless(sqlText(sql, value), lexicon);
  switch (deed.kind) {
    case "statement":
      return ended(text(deed.sql));
    case "many":
      return deed.rows.map((row) => ended(text(filled(deed.sql, row)))).join("\n");
    case "check":
      return `${deed.message === undefined ? "" : `${remark(oneLine(deed.message))}\n`}select ${
        testText(deed.test, text, value)
      };`;
    case "comment":
      return remark(deed.text);
    case "unconverted":
      return `-- Not converted (${deed.why}), ${file} line ${deed.line}:\n${indented(deed.code, "--   ")}\n` +
        `select not_converted_yet_see_line_${deed.line}();`;
  }
}

/** What begins with this word is read as an instruction. */
function remark(text: string): string {
  return /^\s*delembic\b/i.test(text) ? `-- # ${text}` : `-- ${text}`;
}

const DIRECTIVE_REGEXP = /^--[ \t]*delembic\b/i;

/** With the comments of a statement that would be read as an instruction made plain. */
function harmless(sql: string, lexicon: SqlLexicon): string {
  if (!/--[ \t]*delembic\b/i.test(sql)) return sql;
  const { items } = splitSql(sql, lexicon, { file: "", isMark: (comment) => DIRECTIVE_REGEXP.test(comment) });
  const lines = sql.split("\n");
  for (const item of items) {
    if (item.kind !== "mark") continue;
    const { line, column } = item.mark;
    const text = lines[line - 1] ?? "";
    lines[line - 1] = `${text.slice(0, column - 1)}-- #${text.slice(column + 1)}`;
  }
  return lines.join("\n");
}

/** With the semicolon where no comment swallows it. */
function ended(sql: string): string {
  return /--|#/.test(sql.slice(sql.lastIndexOf("\n") + 1)) ? `${sql}\n;` : `${sql};`;
}

/** SQL with values in their places, which the tidying does not touch. */
function sqlText(sql: SqlParts, literal: (found: Scalar) => string): string {
  const values = sql.flatMap((part) => typeof part === "string" ? [] : [literal(part.value)]);
  return tidy(sql.map((part) => typeof part === "string" ? part : PLACE).join("")).replaceAll(
    PLACE,
    (_, at: number, all: string) => behind(all.slice(0, at), values.shift() ?? ""),
  );
}

/** Two minus signs would begin a comment. */
function behind(before: string, literal: string): string {
  return before.endsWith("-") && literal.startsWith("-") ? `(${literal})` : literal;
}

/** Stands for a value while a text is tidied. */
const PLACE = "\0";

/** A test as a query of one true value. */
function testText(
  { query, operator, value }: Test,
  text: (sql: SqlParts) => string,
  literal: (found: Scalar) => string,
) {
  const wrapped = inParentheses(text(query));
  return operator.startsWith("is") ? `${wrapped} ${operator}` : `${wrapped} ${operator} ${literal(value)}`;
}

function sqlLiteral(value: Scalar, { backslashEscapes }: SqlLexicon): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value !== "string") return value.number;
  return `'${(backslashEscapes ? value.replaceAll("\\", "\\\\") : value).replaceAll("'", "''")}'`;
}

/** As a part of a query; a comment at its end must not swallow the parenthesis. */
function inParentheses(sql: string): string {
  if (!sql.includes("\n") && !sql.includes("--")) return `(${sql})`;
  return `(\n${isRigid(sql) ? sql : indented(sql, "  ")}\n)`;
}

/** Whether a quoted text goes over several lines, so that their indentation is a part of the data. */
function isRigid(sql: string): boolean {
  if (!sql.includes("\n")) return false;
  const isOpen = (line: string) => ["'", '"', "`"].some((quote) => line.split(quote).length % 2 === 0);
  return /\$\w*\$/.test(sql) || sql.split("\n").some(isOpen);
}

/** Without the semicolon at its end and the indentation that it has in Python. */
function tidy(sql: string): string {
  if (isRigid(sql)) return sql.trim().replace(/;$/, "").trimEnd();
  const lines = sql.replace(/^(?:[ \t]*\n)+/, "").trimEnd().replace(/;$/, "").trimEnd().split("\n");
  const depths = lines.slice(/^\s/.test(lines[0] ?? "") ? 0 : 1).filter((line) => line.trim() !== "")
    .map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const depth = depths.length === 0 ? 0 : Math.min(...depths);
  return lines.map((line) => line.slice(Math.min(depth, /^ */.exec(line)?.[0].length ?? 0)).trimEnd()).join("\n")
    .trim();
}

function indented(text: string, by: string): string {
  return text.split("\n").map((line) => `${by}${line}`.trimEnd()).join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** The migration in TypeScript. What could not be converted is a comment, and throws. */
export function convertedScript(conversion: Conversion, lexicon: SqlLexicon): string {
  const { revision, dependsOn, labels, description, upgrade, validate, file } = conversion;
  const member = (name: string, value: unknown) => `  ${name}: ${JSON.stringify(value).replaceAll('","', '", "')},\n`;
  const step = (name: string, deeds: readonly Deed[]) => {
    const body = deeds.map((deed) => `${indented(scriptOf(deed, file, lexicon), "    ")}\n`).join("");
    const uses = deeds.some(({ kind }) => kind === "statement" || kind === "many" || kind === "check");
    return `\n  async ${name}(${uses ? "conn" : ""}) {\n${body}  },\n`;
  };
  return `import type { Migration } from "../delembic.d.ts";

export default {
${member("revision", revision)}${dependsOn.length === 0 ? "" : member("dependsOn", dependsOn)}${
    labels.length === 0 ? "" : member("labels", labels)
  }${description === "" ? "" : member("description", description)}${step("upgrade", upgrade)}${
    validate.length === 0 ? "" : step("validate", validate)
  }} satisfies Migration;
`;
}

function scriptOf(deed: Deed, file: string, lexicon: SqlLexicon): string {
  switch (deed.kind) {
    case "statement":
      return statementsIn(deed.sql, lexicon).map(statement).join("\n");
    case "many": {
      if (deed.rows.some((row) => Object.values(row).some(isWholeFloat))) {
        return deed.rows.map((row) => statement(filled(deed.sql, row))).join("\n");
      }
      const rows = deed.rows.map((row) =>
        `{ ${Object.entries(row).map(([name, value]) => `${key(name)}: ${scriptLiteral(value)}`).join(", ")} },`
      );
      const sql = templateText(
        deed.sql.map((part) =>
          typeof part === "string" ? part : { code: /^\d/.test(part.name) ? `row["${part.name}"]` : `row.${part.name}` }
        ),
      );
      return `const rows = [\n${indented(rows.join("\n"), "  ")}\n];\nfor (const row of rows) await conn.sql\`${sql}\`;`
        .replace(/^[^]*$/, (all) => `{\n${indented(all, "  ")}\n}`);
    }
    case "check": {
      const { query, operator, value } = deed.test;
      const inner = templateOf(query);
      const wrapped = inParentheses(inner);
      const test = operator.startsWith("is") ? operator : `${operator} \${${scriptLiteral(value)}}`;
      const message = deed.message ?? `${file} line ${deed.line} does not hold`;
      return `if (!await conn.value\`select ${wrapped} ${test}\`) throw new Error(${JSON.stringify(message)});`;
    }
    case "comment":
      return `// ${deed.text}`;
    case "unconverted":
      return `// Not converted (${deed.why}), ${file} line ${deed.line}:\n${indented(deed.code, "//   ")}\n` +
        `throw new Error(${JSON.stringify(`not converted yet: see line ${deed.line} of ${file}`)});`;
  }
}

function statement(sql: SqlParts): string {
  return `await conn.sql\`${templateOf(sql)}\`;`;
}

/** The statement of one row of many. */
function filled(sql: Many["sql"], row: Many["rows"][number]): SqlParts {
  return sql.map((part) => typeof part === "string" ? part : { value: row[part.name] ?? null });
}

type Many = Extract<Deed, { kind: "many" }>;

/** 2.0, which is a whole number in JavaScript, and would be divided by as one. */
function isWholeFloat(value: Scalar): boolean {
  return isFloat(value) && Number.isInteger(Number(value.number));
}

function isFloat(value: Scalar): value is Extract<Scalar, { isFloat?: true }> {
  return typeof value === "object" && value !== null && value.isFloat === true;
}

/** Its statements: in Python several may stand in one text. */
function statementsIn(sql: SqlParts, lexicon: SqlLexicon): readonly SqlParts[] {
  const [only, ...more] = sql;
  if (typeof only !== "string" || more.length > 0) return [sql];
  const statements = splitSql(only, lexicon, { file: "" }).items.flatMap((item) =>
    item.kind === "statement" ? [item.statement.text] : []
  );
  return statements.length < 2 ? [sql] : statements.map((text) => [text]);
}

function templateOf(sql: SqlParts): string {
  return templateText(sql.map((part, at) => {
    if (typeof part === "string") return part;
    // in the text it stays a float, whatever the database makes of a parameter there
    return isFloat(part.value) ? behind(String(sql[at - 1]), part.value.number) : { code: scriptLiteral(part.value) };
  }));
}

function templateText(parts: readonly (string | { readonly code: string })[]): string {
  const codes = parts.flatMap((part) => typeof part === "string" ? [] : [part.code]);
  const text = tidy(parts.map((part) => typeof part === "string" ? part : PLACE).join(""));
  const escaped = text.replace(/[\\`]|\$\{/g, "\\$&");
  return (isRigid(text) ? escaped.replaceAll("\n", "\\n") : escaped).replaceAll(PLACE, () => `\${${codes.shift()}}`);
}

function scriptLiteral(value: Scalar): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const { number } = value;
  if (value.isFloat === true) return String(Number(number));
  if (/^-?\d+$/.test(number)) return Number.isSafeInteger(Number(number)) ? number : `${number}n`;
  // a decimal that JavaScript's numbers would change goes as text, which the database reads
  return String(Number(number)) === number ? number : JSON.stringify(number);
}

function key(name: string): string {
  return /^\d/.test(name) ? JSON.stringify(name) : name;
}
