/**
 * How statements of an Alembic script give names to values.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { partsOf } from "../python_expression.ts";
import { type OpContext, valueOf } from "./operation_expression.ts";
import { type OpArguments, type OpNames, type OpValue, spoil, unknownValue } from "./operation_value.ts";

/** The names that an `import` binds: those of other modules, by their dotted names. */
export function bindImports(source: string, node: SyntaxNode, names: OpNames): void {
  const words = partsOf(node).filter(({ name }) => !"()".includes(name)).map((word) =>
    source.slice(word.from, word.to)
  );
  const at = words.indexOf("import");
  const module = words.slice(1, at).join("");
  const rest = words.slice(at + 1);
  for (const [index, word] of rest.entries()) {
    if (word === "," || word === "as" || word === "." || rest[index - 1] === "as") continue;
    const alias = rest[index + 1] === "as" ? rest[index + 2] : undefined;
    if (at > 0) names.set(alias ?? word, { kind: "name", path: `${module}.${word}` });
  }
  if (at === 0) bindModules(rest, names);
}

/** `import sqlalchemy as sa, alembic.op` */
function bindModules(words: readonly string[], names: OpNames): void {
  for (const clause of words.join(" ").split(" , ")) {
    const [dotted = "", alias] = clause.split(" as ").map((part) => part.replaceAll(" ", ""));
    const [root = ""] = dotted.split(".");
    names.set(alias ?? root, { kind: "name", path: alias === undefined ? root : dotted });
  }
}

/** Binds `a`, or `a, (b, c)`, to a value. */
export function bindTarget(source: string, target: readonly SyntaxNode[], value: OpValue, names: OpNames): void {
  const places = target.filter(({ name }) => name !== ",");
  const [first] = places;
  if (first === undefined) return;
  if (places.length === 1 && places.length === target.length) {
    if (first.name === "MemberExpression") spoilMember(source, first, names);
    else if (first.name === "VariableName") names.set(source.slice(first.from, first.to), value);
    else if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(first.name)) {
      bindTarget(source, partsOf(first).slice(1, -1), value, names);
    }
    return;
  }
  const items = value.kind === "list" && value.items.length === places.length ? value.items : [];
  places.forEach((place, at) =>
    bindTarget(source, [place], items[at] ?? unknownValue(source.slice(place.from, place.to)), names)
  );
}

/** `names["a"] = …`: what the list or dictionary holds is not followed. */
function spoilMember(source: string, target: SyntaxNode, names: OpNames): void {
  const [object] = partsOf(target);
  if (object?.name === "VariableName") spoil(names.get(source.slice(object.from, object.to)));
}

/** Binds the parameters of a function to what it is given. */
export function bindParameters(context: OpContext, list: SyntaxNode | null, given: OpArguments, names: OpNames): void {
  const parts = partsOf(list).slice(1, -1);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (part.name !== "VariableName" || parts[index - 1]?.name === "AssignOp") continue;
    const name = context.source.slice(part.from, part.to), star = parts[index - 1]?.name;
    if (star === "*") {
      names.set(name, given.open ? unknownValue(name) : { kind: "list", items: [...given.positional.slice(at)] });
      at = Infinity;
      continue;
    }
    if (star === "**") {
      names.set(name, unknownValue(name));
      continue;
    }
    const hasType = parts[index + 1]?.name === "TypeDef";
    const mark = parts[index + (hasType ? 2 : 1)], other = parts[index + (hasType ? 3 : 2)];
    const value = given.named.get(name) ?? given.positional[at++];
    const standard = mark?.name === "AssignOp" && other !== undefined ? valueOf(context, other, names) : undefined;
    names.set(name, value ?? (given.open ? undefined : standard) ?? unknownValue(name));
  }
}
