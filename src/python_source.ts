/**
 * Reads a Python module without running it: which names it binds to which values, as far as they are literals or
 * follow from literals. Everything else is unknown, with the reason; never a guess.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import { partsOf } from "./python_expression.ts";
import { type OutlineError, outlineModule, type TopLine } from "./python_outline.ts";
import { type Imports, PythonScope } from "./python_scope.ts";
import { decodeString } from "./python_string.ts";
import { type Binding, type Names, type PyValue, unknown } from "./python_value.ts";

/** What a module binds once it has run to its end. */
export interface PyModule {
  readonly names: Names;
  /** The module's docstring, as it stands. */
  readonly doc: string | undefined;
  /** A name's binding, with an import followed; `undefined` when nothing binds it. */
  get(name: string): Binding | undefined;
  /** The value behind an import; any other value as it is. */
  follow(value: PyValue): PyValue;
}

/** Imports that lead nowhere, for a module that is read by itself. */
export const NO_IMPORTS: Imports = {
  value: ({ level, module }) => unknown(`it comes from the module ${".".repeat(level)}${module.join(".")}`),
  star: () => undefined,
};

/**
 * Reads a module.
 *
 * @param source as `normalizeSource` of `src/python_outline.ts` gives it
 * @param file only to tell where its relative imports begin
 * @returns what it binds, or where it is no Python
 */
export function readModule(source: string, file: string, imports: Imports): PyModule | OutlineError {
  const outline = outlineModule(source);
  if (!Array.isArray(outline)) return outline;
  const skeleton = skeletonOf(source, outline);
  const tree = parser.parse(skeleton).topNode;
  const error = syntaxError(tree, skeleton);
  if (error !== undefined) return error;
  const scope = new PythonScope(skeleton, file, imports);
  scope.run(tree);
  return {
    names: scope.names,
    doc: docOf(tree, skeleton),
    get: (name) => scope.get(name),
    follow: (value) => scope.follow(value),
  };
}

const FUNCTION_REGEXP = /(?:async\s+)?def\b/y;

/**
 * The source without decorators and without the bodies of its functions, each line where it was. They bind nothing in
 * the module, and what the parser would not understand in them is no obstacle.
 */
function skeletonOf(source: string, outline: readonly TopLine[]): string {
  let result = "", done = 0;
  const blank = (from: number, to: number, statement: string) => {
    result += source.slice(done, from) + statement + source.slice(from + statement.length, to).replace(/[^\n]/g, " ");
    done = to;
  };
  for (const { from, to, blockFrom, blockTo } of outline) {
    FUNCTION_REGEXP.lastIndex = from;
    if (source.charAt(from) === "@" && !source.slice(from, to).includes(":=")) blank(from, to, "");
    else if (blockFrom < blockTo && FUNCTION_REGEXP.test(source)) blank(blockFrom, blockTo, "0");
  }
  return result + source.slice(done);
}

/** The first place that the parser could not make sense of; functions within classes do not count. */
function syntaxError(tree: SyntaxNode, source: string): OutlineError | undefined {
  let at: number | undefined;
  tree.cursor().iterate((node) => {
    if (node.type.isError) at ??= node.from;
    return node.name !== "Body" || node.node.parent?.name !== "FunctionDefinition";
  });
  if (at === undefined) return undefined;
  return { line: source.slice(0, at).split("\n").length, message: "invalid syntax" };
}

function docOf(tree: SyntaxNode, source: string): string | undefined {
  const [statement] = partsOf(tree);
  const expression = statement?.name === "ExpressionStatement" ? statement.firstChild : undefined;
  const literals = expression?.name === "ContinuedString" ? partsOf(expression) : [expression];
  const texts = literals.map((literal) => {
    return literal?.name === "String" ? decodeString(source.slice(literal.from, literal.to)) : undefined;
  });
  return texts.includes(undefined) ? undefined : texts.join("");
}
