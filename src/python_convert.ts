/**
 * Reads what the `upgrade` and `validate` of a Python migration do, without running them: the SQL that they execute, the
 * values that they give it, and what they assert of the answers. What does not follow from literals is kept as it stands.
 *
 * @module
 */

import { parser } from "@lezer/python";
import { lineAt, statementsOf, StepReader } from "./python_convert_reader.ts";
import type { Deed } from "./python_convert_value.ts";

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
  const tree = parser.parse(source).topNode;
  const top = statementsOf(tree);
  const found = top.find((node) => node.name === "ClassDefinition" && lineAt(source, node.from) === line);
  const deeds = (name: string): readonly Deed[] => {
    const reader = new StepReader(source);
    reader.readModule(top);
    return found === undefined ? [] : reader.readMethod(found, name);
  };
  return { upgrade: deeds("upgrade"), validate: deeds("validate") };
}
