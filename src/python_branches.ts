/**
 * Statements of Python that choose: which parts they have, and what is known after them.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { partsOf } from "./python_expression.ts";
import { type Binding, sameValue, unknown } from "./python_value.ts";

/** One block of a statement: the word that opens it, what stands between, and its body. */
export interface Branch {
  readonly keyword: string;
  readonly head: readonly SyntaxNode[];
  readonly body: SyntaxNode;
}

/** `if … elif … else`, `try … except … else … finally`, each with its body. */
export function branchesOf(node: SyntaxNode): Branch[] {
  const branches: Branch[] = [];
  let head: SyntaxNode[] = [];
  for (const part of partsOf(node)) {
    if (part.name !== "Body") {
      head.push(part);
      continue;
    }
    branches.push({ keyword: head[0]?.name ?? "", head: head.slice(1), body: part });
    head = [];
  }
  return branches;
}

const FALSE_REGEXP = /^(?:False|0|None|(?:\w+\s*\.\s*)*TYPE_CHECKING|__name__\s*==\s*["']__main__["'])$/;
const TRUE_REGEXP = /^(?:True|1|not\s+(?:\w+\s*\.\s*)*TYPE_CHECKING|__name__\s*!=\s*["']__main__["'])$/;

/** Whether a condition holds when Alembic, or anyone else, imports the module; `undefined` when only a run tells. */
export function truthOf(condition: string): boolean | undefined {
  if (FALSE_REGEXP.test(condition)) return false;
  return TRUE_REGEXP.test(condition) ? true : undefined;
}

/** Whether a block ends by raising, so that nothing after it happens. */
export function alwaysRaises(body: SyntaxNode): boolean {
  return body.lastChild?.name === "RaiseStatement";
}

/** What all ways through a statement agree on; what they do not is unknown. */
export function merge(ends: readonly ReadonlyMap<string, Binding>[], line: number): Map<string, Binding> {
  const merged = new Map<string, Binding>();
  const condition = { value: unknown("it is bound under a condition"), line };
  for (const name of new Set(ends.flatMap((end) => [...end.keys()]))) {
    const first = ends[0]?.get(name);
    const agreed = first !== undefined && ends.every((end) => {
      const other = end.get(name);
      return other !== undefined && sameValue(first.value, other.value);
    });
    merged.set(name, agreed ? first : condition);
  }
  return merged;
}

/** The names that a statement's head, or a pattern of `match`, binds; some more where that is simpler. */
export function targetsOf(node: SyntaxNode): SyntaxNode[] {
  const parts = partsOf(node);
  switch (node.name) {
    case "ForStatement":
      return namesIn(parts.slice(0, parts.findIndex(({ name }) => name === "in")));
    case "WithStatement":
      return namesIn(parts.filter((_, i) => parts[i - 1]?.name === "as"));
    default:
      return node.name.endsWith("Pattern") ? parts.filter(({ name }) => name === "VariableName") : [];
  }
}

function namesIn(nodes: readonly SyntaxNode[]): SyntaxNode[] {
  const names: SyntaxNode[] = [];
  for (const node of nodes) {
    if (node.name === "VariableName") names.push(node);
    else if (node.name !== "MemberExpression") names.push(...namesIn(partsOf(node)));
  }
  return names;
}

const CERTAIN_PARENTS = new Set([
  "NamedExpression",
  "ParenthesizedExpression",
  "TupleExpression",
  "ArrayExpression",
]);

/** Whether `:=` below `statement` is reached whenever the statement is. */
export function isCertain(named: SyntaxNode | null, statement: SyntaxNode): boolean {
  if (statement.name !== "AssignStatement" && statement.name !== "ExpressionStatement") return false;
  let node = named;
  while (node !== null && CERTAIN_PARENTS.has(node.name)) node = node.parent;
  return node !== null && node.from === statement.from && node.to === statement.to;
}
