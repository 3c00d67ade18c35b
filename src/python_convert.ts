/**
 * Reads what the `upgrade` and `validate` of a Python migration do, without running them: the SQL that they execute, the
 * values that they give it, and what they assert of the answers. What does not follow from literals is kept as it stands.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import { lineAt, statementsOf } from "./python_convert_expression.ts";
import { StepReader } from "./python_convert_reader.ts";
import type { Deed } from "./python_convert_value.ts";
import { partsOf } from "./python_expression.ts";

/** What a migration does, in order. */
export interface ReadSteps {
  readonly upgrade: readonly Deed[];
  readonly validate: readonly Deed[];
}

/**
 * @param source as `normalizeSource` of `src/python_outline.ts` gives it
 * @param line where its class stands, from 1
 */
export function readSteps(source: string, line: number): ReadSteps {
  const module = parser.parse(source).topNode;
  const classes = statementsOf(module).filter(({ name }) => name === "ClassDefinition");
  const found = classes.find((node) => lineAt(source, node.from) === line);
  if (found === undefined) return { upgrade: [], validate: [] };
  const { chain, isWhole } = chainOf(found, classes, source);
  const reader = new StepReader(source, module, chain);
  const steps = (name: string, isNeeded: boolean): readonly Deed[] => {
    const deeds = reader.readMethod(name);
    if (deeds !== undefined) return deeds;
    const code = source.slice(found.from).split("\n")[0] ?? "";
    const why = `its ${name}() is not in the file`;
    return isNeeded ? [{ kind: "unconverted", code, why, line }] : [];
  };
  return { upgrade: steps("upgrade", true), validate: steps("validate", !isWhole) };
}

/** Bases that have no methods of a migration's own. */
const PLAIN_BASES = new Set(["DataMigration", "ABC", "object"]);

/** A class behind the classes that it builds on, and whether all of them are in the file. */
function chainOf(
  found: SyntaxNode,
  classes: readonly SyntaxNode[],
  source: string,
): { readonly chain: readonly SyntaxNode[]; readonly isWhole: boolean } {
  const chain: SyntaxNode[] = [];
  let isWhole = true;
  const add = (node: SyntaxNode) => {
    if (chain.includes(node)) return;
    // the first base wins, so it comes last
    for (const base of partsOf(node.getChild("ArgList")).slice(1, -1).reverse()) {
      if (base.name === ",") continue;
      const name = source.slice(base.from, base.to);
      const own = classes.find((other) => other.from < node.from && nameOf(other, source) === name);
      if (own !== undefined) add(own);
      else if (!PLAIN_BASES.has(name.slice(name.lastIndexOf(".") + 1))) isWhole = false;
    }
    chain.push(node);
  };
  add(found);
  return { chain, isWhole };
}

function nameOf(node: SyntaxNode, source: string): string {
  const name = node.getChild("VariableName");
  return name === null ? "" : source.slice(name.from, name.to);
}
