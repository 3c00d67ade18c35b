/**
 * The texts of the sources as patterns: what a program can print is one of them, with something in its gaps.
 *
 * @module
 */

import { readSources } from "./error_codes.ts";

/** Fewer characters say nothing. */
const MIN_FIXED = 4;

/** Patterns of whole texts, each of a literal or of several that are joined by `+`. */
export async function textsOfSources(): Promise<readonly RegExp[]> {
  const patterns = new Map<string, RegExp>();
  for (const [file, text] of await readSources()) {
    const add = (node: Deno.lint.Node) => {
      const parts = partsOf(node);
      if (parts.join("").replaceAll(/\s/g, "").length < MIN_FIXED) return;
      const source = `^${parts.map((part) => RegExp.escape(part)).join("[^]*?")}$`;
      if (!patterns.has(source)) patterns.set(source, new RegExp(source));
    };
    const create = (): Deno.lint.LintVisitor => ({ Literal: add, TemplateLiteral: add, BinaryExpression: add });
    Deno.lint.runPlugin({ name: "texts", rules: { texts: { create } } }, file, text);
  }
  return [...patterns.values()];
}

/** The fixed parts of a text; between them stands what is not known. */
function partsOf(node: Deno.lint.Node): string[] {
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" ? [node.value] : ["", ""];
    case "TemplateLiteral":
      return node.quasis.map(({ cooked }) => cooked);
    case "BinaryExpression": {
      if (node.operator !== "+") return ["", ""];
      const [left, right] = [partsOf(node.left), partsOf(node.right)];
      return [...left.slice(0, -1), `${left.at(-1)}${right[0]}`, ...right.slice(1)];
    }
    default:
      return ["", ""];
  }
}
