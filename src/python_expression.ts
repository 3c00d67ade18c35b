/**
 * The value of a Python expression, where it follows from literals.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { decodeString } from "./python_string.ts";
import { items, NONE, type PyItems, type PyValue, text, unknown } from "./python_value.ts";

/** Where an expression stands: what its names mean, and what it may change. */
export interface Expressions {
  text(node: SyntaxNode): string;
  lookup(name: string): PyValue | undefined;
  /** The value behind an import; any other value as it is. */
  follow(value: PyValue): PyValue;
  /** Adds values to a list or set; `undefined` when it is not known which. */
  change(list: PyItems, added: readonly PyValue[] | undefined): void;
}

const COMPUTED = unknown("it is computed");
const CALL = unknown("it is the result of a call");
const BUILDERS: Readonly<Record<string, PyItems["type"]>> = {
  tuple: "tuple",
  list: "list",
  set: "set",
  frozenset: "set",
};
const CHANGING_METHODS = new Set(
  ["insert", "remove", "discard", "pop", "clear", "sort", "reverse", "__setitem__", "__delitem__", "__iadd__"],
);

/** The value of one expression; what only a run would tell is unknown. */
export function evaluate(where: Expressions, node: SyntaxNode): PyValue {
  switch (node.name) {
    case "String":
    case "FormatString":
      return stringValue(where.text(node));
    case "ContinuedString":
      return partsOf(node).map((part) => evaluate(where, part)).reduce(add);
    case "None":
      return NONE;
    case "Number":
      return numberValue(where.text(node));
    case "VariableName":
      return where.lookup(where.text(node)) ?? unknown(`nothing in the file binds '${where.text(node)}'`);
    case "ParenthesizedExpression":
      return evaluateOnly(where, partsOf(node).slice(1, -1));
    case "NamedExpression":
      return evaluateOnly(where, partsOf(node).slice(2));
    case "TupleExpression":
      return sequence(where, "tuple", node);
    case "ArrayExpression":
      return sequence(where, "list", node);
    case "SetExpression":
      return sequence(where, "set", node);
    case "BinaryExpression":
      return binary(where, node);
    case "UnaryExpression":
      return unary(where, node);
    case "MemberExpression":
      return member(where, node);
    case "CallExpression":
      return call(where, node);
    case "Boolean":
    case "DictionaryExpression":
    case "LambdaExpression":
      return { kind: "other", what: OTHER_WORDS[node.name] ?? "a value" };
    default:
      return COMPUTED;
  }
}

const OTHER_WORDS: Readonly<Record<string, string>> = {
  Boolean: "a boolean",
  DictionaryExpression: "a dictionary",
  LambdaExpression: "a function",
};

/** The children of a node that are not comments. */
export function partsOf(node: SyntaxNode | null): SyntaxNode[] {
  const parts: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== "Comment") parts.push(child);
  }
  return parts;
}

function evaluateOnly(where: Expressions, nodes: readonly SyntaxNode[]): PyValue {
  const [only] = nodes;
  return nodes.length === 1 && only !== undefined ? evaluate(where, only) : COMPUTED;
}

function stringValue(literal: string): PyValue {
  const value = decodeString(literal);
  if (value !== undefined) return text(value);
  return /^[A-Za-z]?[bB]/.test(literal)
    ? { kind: "other", what: "bytes" }
    : unknown("it is a string with computed parts");
}

function numberValue(literal: string): PyValue {
  return /^\d[\d_]*$/.test(literal)
    ? { kind: "integer", value: Number(literal.replaceAll("_", "")) }
    : { kind: "other", what: "a number" };
}

/** Items in brackets, or of a tuple that has none. */
export function sequence(where: Expressions, type: PyItems["type"], node: SyntaxNode): PyValue {
  return items(type, listOf(where, partsOf(node)) ?? [unknown("it holds '*' of something unknown")]);
}

/** The values of `a, b, *c`; `undefined` when a starred one is not known. */
export function listOf(where: Expressions, nodes: readonly SyntaxNode[]): PyValue[] | undefined {
  const values: PyValue[] = [];
  let starred = false;
  for (const node of nodes) {
    if (node.name === "*") starred = true;
    if ("()[]{},*".includes(node.name)) continue;
    const value = evaluate(where, node);
    const spread = starred ? where.follow(value) : undefined;
    starred = false;
    if (spread === undefined) values.push(value);
    else if (spread.kind === "items" && spread.spoiled === undefined) values.push(...spread.items);
    else return undefined;
  }
  return values;
}

/** `a + b`, for texts and for sequences of one type. */
export function add(a: PyValue, b: PyValue): PyValue {
  if (a.kind === "text" && b.kind === "text") return text(a.text + b.text);
  const addable = a.kind === "items" && b.kind === "items" && a.type === b.type && a.type !== "set";
  if (addable && a.spoiled === undefined && b.spoiled === undefined) return items(a.type, [...a.items, ...b.items]);
  return a.kind === "unknown" ? a : b.kind === "unknown" ? b : COMPUTED;
}

function binary(where: Expressions, node: SyntaxNode): PyValue {
  const [left, operator, right] = partsOf(node);
  if (left === undefined || right === undefined || operator?.name !== "ArithOp" || where.text(operator) !== "+") {
    return COMPUTED;
  }
  return add(where.follow(evaluate(where, left)), where.follow(evaluate(where, right)));
}

function unary(where: Expressions, node: SyntaxNode): PyValue {
  const [operator, operand] = partsOf(node);
  const value = operand === undefined ? COMPUTED : where.follow(evaluate(where, operand));
  const negative = operator !== undefined && where.text(operator) === "-" && value.kind === "integer";
  return negative ? { kind: "integer", value: -value.value } : COMPUTED;
}

/** `a.b` and `a[i]`. */
function member(where: Expressions, node: SyntaxNode): PyValue {
  const [object, mark, key] = partsOf(node);
  if (object === undefined || key === undefined) return COMPUTED;
  const value = evaluate(where, object);
  if (mark?.name === ".") return attribute(where, value, where.text(key));
  const known = where.follow(value);
  if (known.kind === "unknown") return known;
  const index = partsOf(node).length === 4 ? where.follow(evaluate(where, key)) : COMPUTED;
  const indexable = known.kind === "items" && known.spoiled === undefined && known.type !== "set";
  return indexable && index.kind === "integer" ? known.items.at(index.value) ?? COMPUTED : COMPUTED;
}

function attribute(where: Expressions, object: PyValue, name: string): PyValue {
  if (object.kind === "reference" && object.reference.name === undefined) {
    return { kind: "reference", reference: { ...object.reference, name } };
  }
  const known = where.follow(object);
  if (known.kind === "unknown") return known;
  if (known.kind === "module") return known.get(name) ?? unknown(`its module does not bind '${name}'`);
  if (known.kind !== "class") return COMPUTED;
  // the attribute of an enumeration is a member of it, not the text that stands there
  if (known.bases.some(isEnum)) return unknown(`it is a member of the enumeration ${known.name}`);
  return known.names.get(name)?.value ?? unknown(`the class ${known.name} does not bind '${name}'`);
}

function isEnum(base: PyValue): boolean {
  return base.kind === "reference" && ["Enum", "IntEnum", "Flag", "IntFlag"].includes(base.reference.name ?? "");
}

function call(where: Expressions, node: SyntaxNode): PyValue {
  const [callee, list] = partsOf(node);
  if (callee === undefined || list === undefined) return CALL;
  const given = partsOf(list).slice(1, -1);
  const plain = given.every(({ name }) => ![",", "*", "**", "for", "AssignOp"].includes(name)) && given.length <= 1;
  const argument = plain && given[0] !== undefined ? where.follow(evaluate(where, given[0])) : undefined;
  if (callee.name === "MemberExpression") return method(where, callee, argument);
  const type = callee.name === "VariableName" ? BUILDERS[where.text(callee)] : undefined;
  if (type === undefined || !plain || where.lookup(where.text(callee)) !== undefined) return CALL;
  if (given.length === 0) return items(type, []);
  return argument?.kind === "items" && argument.spoiled === undefined ? items(type, [...argument.items]) : CALL;
}

/** `list.append(…)` and the like, which change what the list's names stand for. */
function method(where: Expressions, callee: SyntaxNode, argument: PyValue | undefined): PyValue {
  const [object, mark, property] = partsOf(callee);
  if (object === undefined || mark?.name !== "." || property === undefined) return CALL;
  const name = where.text(property);
  const list = where.follow(evaluate(where, object));
  if (list.kind !== "items") return CALL;
  if (name === "append" || name === "add") where.change(list, argument === undefined ? undefined : [argument]);
  else if (name === "extend" || name === "update") {
    where.change(list, argument?.kind === "items" && argument.spoiled === undefined ? argument.items : undefined);
  } else if (CHANGING_METHODS.has(name)) where.change(list, undefined);
  return CALL;
}
