/**
 * Reads the scripts that Alembic's templates and the usual formatters write, without a parser: fifty thousand of them
 * in a second. Whatever is not exactly of these shapes it leaves to `src/python_source.ts`, so that the two never
 * differ.
 *
 * @module
 */

import type { TopLine } from "../python_outline.ts";
import type { Binding, Names } from "../python_value.ts";
import { readLiteral } from "./literal.ts";

export interface Header {
  readonly names: Names;
  readonly doc: string | undefined;
}

const KEYWORDS = "and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|" +
  "import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield";
const WORD = String.raw`(?!(?:${KEYWORDS})\b)[A-Za-z_]\w*`;
const NAME = String.raw`${WORD}(?:\.${WORD})*`;
const INNER_TYPE = String.raw`${NAME}(?:\[${NAME}(?:, (?:${NAME}|\.\.\.))*\])?`;
const TYPE = String.raw`${NAME}(?:\[${INNER_TYPE}(?:, (?:${INNER_TYPE}|\.\.\.))*\])?(?: \| ${INNER_TYPE})*`;
const STRING = String.raw`"[^"\\\n]*"|'[^'\\\n]*'`;
const ALIAS = String.raw`${WORD}(?: as ${WORD})?`;
const PARAMETER = String.raw`${WORD}(?:: ${TYPE})?(?: ?= ?(?:${NAME}|\d+|${STRING}))?`;
const SMALL_VALUE = String.raw`${STRING}|\d+|${NAME}(?:\((?:${NAME}|${STRING})?\))?`;

const IMPORT_REGEXP = new RegExp(
  String
    .raw`^(?:import ${NAME}(?: as ${WORD})?|from ${NAME} import (?:${ALIAS}(?:, ${ALIAS})*|\(\s*${ALIAS}(?:,\s*${ALIAS})*,?\s*\)))$`,
);
const FUNCTION_REGEXP = new RegExp(
  String.raw`^(?:async )?def ${WORD}\((?:${PARAMETER}(?:, ${PARAMETER})*)?\)(?: -> ${TYPE})?:( ?(?:pass|\.\.\.))?$`,
);
const DOC_REGEXP = /^(?:"""(?:[^"\\]|"(?!""))*"""|'''(?:[^'\\]|'(?!''))*'''|"[^"\\\n]*"|'[^'\\\n]*')$/;
const ASSIGNMENT_REGEXP = new RegExp(
  String.raw`^(revision|down_revision|branch_labels|depends_on)(?: ?: ?(?:${TYPE}|${STRING}))? *=(?!=)`,
);
const OTHER_ASSIGNMENT_REGEXP = new RegExp(String.raw`^${WORD}(?:: ${TYPE})? = (?:${SMALL_VALUE})$`);
const RELEVANT_REGEXP = /\b(?:revision|down_revision|branch_labels|depends_on)\b/;

/** What a script binds; `undefined` when it is not of a shape that is known here. */
export function readHeader(source: string, outline: readonly TopLine[]): Header | undefined {
  const names = new Map<string, Binding>();
  let doc: string | undefined;
  for (const [index, { from, to, line, blockFrom, blockTo }] of outline.entries()) {
    const statement = source.slice(from, to);
    const assignment = ASSIGNMENT_REGEXP.exec(statement);
    const hasBlock = blockFrom < blockTo;
    if (assignment !== null) {
      const value = readLiteral(statement.slice(assignment[0].length));
      if (value === undefined || hasBlock) return undefined;
      names.set(assignment[1] ?? "", { value, line });
    } else if (DOC_REGEXP.test(statement)) {
      if (hasBlock) return undefined;
      if (index === 0) doc = withoutQuotes(statement);
    } else if (!isHarmless(statement, hasBlock)) return undefined;
  }
  return { names, doc };
}

/** Whether a statement surely binds none of the names that matter. */
function isHarmless(statement: string, hasBlock: boolean): boolean {
  if (RELEVANT_REGEXP.test(statement)) return false;
  const header = FUNCTION_REGEXP.exec(statement);
  // a body stands either behind the colon or below
  if (header !== null) return (header[1] !== undefined) !== hasBlock;
  return !hasBlock && (IMPORT_REGEXP.test(statement) || OTHER_ASSIGNMENT_REGEXP.test(statement));
}

function withoutQuotes(literal: string): string {
  const width = /^(?:"""|''')/.test(literal) ? 3 : 1;
  return literal.slice(width, -width);
}
