/**
 * Which version table a project's `env.py` sets, read from its text.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import type { Fault } from "../errors.ts";
import type { PythonImports } from "../python_imports.ts";
import { partsOf } from "../python_expression.ts";

/** One option: its value, `undefined` when it is not set or is `None`, or why it is not known. */
export type EnvOption = string | undefined | Fault;

/**
 * What `context.configure(NAME=…)` is given, wherever it stands; also by way of `dict(NAME=…)` and `{"NAME": …}`.
 *
 * @param source normalized
 */
export function readEnvOption(source: string, file: string, name: string, imports: PythonImports): EnvOption {
  if (!source.includes(name)) return undefined;
  const given = new Map<string, number>();
  for (const { text, at } of givenTo(source, name)) {
    if (!given.has(text)) given.set(text, source.slice(0, at).split("\n").length);
  }
  const values = new Set<string | undefined>();
  for (const [expression, line] of given) {
    const value = valueOf(source, file, expression, imports);
    if (value === undefined) return notKnown(name, { file, line }, `it is ${expression}`);
    values.add(value.text);
  }
  const [first] = values;
  if (values.size <= 1) return first;
  return notKnown(name, { file, line: [...given.values()].at(-1) ?? 1 }, "it is set to several values");
}

interface Given {
  readonly text: string;
  readonly at: number;
}

function givenTo(source: string, name: string): Given[] {
  const found: Given[] = [];
  const take = (node: SyntaxNode | null | undefined) => {
    if (node) found.push({ text: source.slice(node.from, node.to), at: node.from });
  };
  parser.parse(source).iterate({
    enter: ({ name: type, node }) => {
      if (type !== "ArgList" && type !== "DictionaryExpression") return;
      const parts = partsOf(node);
      const mark = type === "ArgList" ? "AssignOp" : ":";
      parts.forEach((part, i) => {
        const text = source.slice(part.from, part.to);
        const isName = type === "ArgList" ? text === name : text.slice(1, -1) === name;
        if (isName && parts[i + 1]?.name === mark) take(parts[i + 2]);
      });
    },
  });
  return found;
}

/** The value of an expression as the module's last line; `undefined` when it is not known. */
function valueOf(source: string, file: string, expression: string, imports: PythonImports) {
  const module = imports.read(`${source}\n__delembic_value__ = (${expression})\n`, file);
  const value = "get" in module ? module.get("__delembic_value__")?.value : undefined;
  if (value?.kind === "text") return { text: value.text };
  return value?.kind === "none" ? { text: undefined } : undefined;
}

function notKnown(name: string, place: Fault["place"], why: string): Fault {
  return {
    code: "alembic-version-table",
    message: `The ${name} that env.py sets cannot be known without running it: ${why}`,
    place,
    hint: `Set 'alembic_${name === "version_table" ? name : "version_schema"}' in delembic.ini.`,
  };
}
