/**
 * Looks at texts before a database stores them that would take anything in any column. Pure.
 *
 * @module
 */

import { notOfType, outOfRange } from "./bulk_problem.ts";
import type { ColumnShape } from "./db/catalog.ts";
import { looseReader } from "./db/loose_value.ts";

/** Gives what is to be stored, or why the text cannot be. */
export type ValueCheck = (text: string) => { readonly value: unknown } | { readonly problem: string };

/** How a text for the column is looked at; `undefined` where any text will do. */
export function valueCheck(column: ColumnShape): ValueCheck | undefined {
  const read = looseReader(column.kind);
  if (read === undefined) return undefined;
  const problems = { syntax: notOfType(column), range: outOfRange(column) } as const;
  return (text) => {
    const found = read(text);
    return "value" in found ? found : { problem: problems[found.fault] };
  };
}
