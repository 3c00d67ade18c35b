/**
 * The value of an expression in an Alembic script, without running anything.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { partsOf } from "../python_expression.ts";
import { decodeString } from "../python_string.ts";
import {
  equalValues,
  isSpoiled,
  NO_VALUE,
  type OpArguments,
  type OpNames,
  type OpValue,
  spoil,
  truthOfValue,
  unknownValue,
} from "./operation_value.ts";

/** Where expressions stand, and what happens when one of them calls something. */
export interface OpContext {
  readonly source: string;
  /** By SQLAlchemy's names: `postgresql`, `mysql`, `sqlite`. */
  readonly dialect: string;
  /** What a call gives; this is where operations happen. */
  call(callee: OpValue, given: OpArguments, node: SyntaxNode): OpValue;
  /** A name that another module has. */
  imported(path: string): OpValue | undefined;
  /** How deep within expressions we are. */
  nesting: number;
}

/** Nobody writes expressions that are nested deeper; a file that is so must not exhaust the stack. */
const DEEPEST_EXPRESSION = 400;

/** The value of one expression. */
export function valueOf(context: OpContext, node: SyntaxNode, names: OpNames): OpValue {
  if (context.nesting >= DEEPEST_EXPRESSION) return unknownValue(inOneLine(context.source, node));
  context.nesting++;
  const value = shallowValue(context, node, names);
  context.nesting--;
  return value;
}

function shallowValue(context: OpContext, node: SyntaxNode, names: OpNames): OpValue {
  const unknown = () => unknownValue(inOneLine(context.source, node));
  const parts = partsOf(node);
  switch (node.name) {
    case "String": {
      const text = decodeString(textAt(context, node));
      return text === undefined ? unknown() : { kind: "text", text };
    }
    case "FormatString":
      return formatString(context, node, names);
    case "ContinuedString":
      return joined(parts.map((part) => valueOf(context, part, names))) ?? unknown();
    case "None":
      return NO_VALUE;
    case "Boolean":
      return { kind: "boolean", value: textAt(context, node) === "True" };
    case "Number": {
      const value = Number(textAt(context, node).replaceAll("_", ""));
      return Number.isNaN(value) ? unknown() : { kind: "number", value };
    }
    case "VariableName":
      return followed(context, names.get(textAt(context, node))) ?? unknown();
    case "ParenthesizedExpression":
      return parts[1] === undefined ? unknown() : valueOf(context, parts[1], names);
    case "NamedExpression":
      return named(context, parts, names) ?? unknown();
    case "TupleExpression":
    case "ArrayExpression":
    case "SetExpression":
      return listOf(context, parts.slice(1, -1), names) ?? unknown();
    case "DictionaryExpression":
      return dictOf(context, parts.slice(1, -1), names) ?? unknown();
    case "UnaryExpression":
    case "BinaryExpression":
      return operated(context, parts, names) ?? unknown();
    case "ConditionalExpression":
      return chosen(context, parts, names) ?? unknown();
    case "MemberExpression":
      return member(context, node, names) ?? unknown();
    case "AwaitExpression":
      return parts[1] === undefined ? unknown() : valueOf(context, parts[1], names);
    case "CallExpression":
      return called(context, node, names) ?? unknown();
    default:
      // what is called in a comprehension or a lambda is not followed, but its calls are to be seen
      return unknown();
  }
}

function textAt({ source }: Pick<OpContext, "source">, node: SyntaxNode): string {
  return source.slice(node.from, node.to);
}

/** An expression as it is shown: in one line, not too long. */
export function inOneLine(source: string, node: SyntaxNode): string {
  const text = source.slice(node.from, node.to).replace(/\s+/g, " ");
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function followed(context: OpContext, value: OpValue | undefined): OpValue | undefined {
  if (value !== undefined && isSpoiled(value)) return undefined;
  return value?.kind === "name" ? context.imported(value.path) ?? value : value;
}

function formatString(context: OpContext, node: SyntaxNode, names: OpNames): OpValue {
  const whole = textAt(context, node);
  const [, prefix = "", quote = ""] = /^([A-Za-z]*)("""|'''|"|')/.exec(whole) ?? [];
  let text = "", at = node.from + prefix.length + quote.length, isKnown = true;
  const literal = (to: number) => {
    const raw = /r/i.test(prefix) ? "r" : "";
    return decodeString(`f${raw}${quote}${context.source.slice(at, to)}${quote}`) ?? "?";
  };
  for (const part of node.getChildren("FormatReplacement")) {
    const inner = partsOf(part);
    const value = inner.length === 3 && inner[1] !== undefined ? valueOf(context, inner[1], names) : undefined;
    const shown = value?.kind === "text" ? value.text : value?.kind === "number" ? String(value.value) : undefined;
    text += literal(part.from) + (shown ?? "?");
    isKnown &&= shown !== undefined;
    at = part.to;
  }
  text += literal(node.to - quote.length);
  return isKnown ? { kind: "text", text } : { ...unknownValue(inOneLine(context.source, node)), template: text };
}

function joined(values: readonly OpValue[]): OpValue | undefined {
  const parts = values.map((value) => value.kind === "text" ? value.text : templateOf(value));
  if (parts.includes(undefined)) return undefined;
  const text = parts.join("");
  return values.every(({ kind }) => kind === "text")
    ? { kind: "text", text }
    : { ...unknownValue(text.slice(0, 57)), template: text };
}

function templateOf(value: OpValue): string | undefined {
  return value.kind === "unknown" ? value.template : undefined;
}

function named(context: OpContext, parts: readonly SyntaxNode[], names: OpNames): OpValue | undefined {
  const [target, , expression] = parts;
  if (target === undefined || expression === undefined) return undefined;
  const value = valueOf(context, expression, names);
  names.set(textAt(context, target), value);
  return value;
}

/** `a, b, *c`; `undefined` when it is not known what a starred one holds. */
export function listOf(context: OpContext, nodes: readonly SyntaxNode[], names: OpNames): OpValue | undefined {
  const items: OpValue[] = [];
  for (const [at, node] of nodes.entries()) {
    if (node.name === "," || node.name === "*") continue;
    const value = valueOf(context, node, names);
    if (nodes[at - 1]?.name !== "*") items.push(value);
    else if (value.kind === "list") items.push(...value.items);
    else return undefined;
  }
  return { kind: "list", items };
}

function dictOf(context: OpContext, nodes: readonly SyntaxNode[], names: OpNames): OpValue | undefined {
  if (nodes.some(({ name }) => name === "**")) return undefined;
  const entries: [OpValue, OpValue][] = [];
  for (const [at, node] of nodes.entries()) {
    const [key, value] = [nodes[at - 1], nodes[at + 1]];
    if (node.name !== ":" || key === undefined || value === undefined) continue;
    entries.push([valueOf(context, key, names), valueOf(context, value, names)]);
  }
  return { kind: "dict", entries };
}

function operated(context: OpContext, parts: readonly SyntaxNode[], names: OpNames): OpValue | undefined {
  const [left, operator] = parts;
  const right = parts.at(-1);
  if (left === undefined || operator === undefined || right === undefined) return undefined;
  if (parts.length === 2) return unary(textAt(context, left), valueOf(context, operator, names));
  const a = valueOf(context, left, names);
  const word = parts.slice(1, -1).map((part) => textAt(context, part)).join(" ");
  const b = valueOf(context, right, names);
  return binary(word, a, b);
}

function unary(operator: string, value: OpValue): OpValue | undefined {
  if (operator === "-" && value.kind === "number") return { kind: "number", value: -value.value };
  const truth = operator === "not" ? truthOfValue(value) : undefined;
  return truth === undefined ? undefined : { kind: "boolean", value: !truth };
}

function binary(operator: string, a: OpValue, b: OpValue): OpValue | undefined {
  const truth = (value: boolean | undefined): OpValue | undefined =>
    value === undefined ? undefined : { kind: "boolean", value };
  switch (operator) {
    case "+":
      if (a.kind === "text" && b.kind === "text") return { kind: "text", text: a.text + b.text };
      if (a.kind === "list" && b.kind === "list") return { kind: "list", items: [...a.items, ...b.items] };
      return undefined;
    case "%":
      return percent(a, b);
    case "==":
    case "is":
      return truth(equalValues(a, b));
    case "!=":
    case "is not":
      return truth(negated(equalValues(a, b)));
    case "in":
      return truth(isAmong(a, b));
    case "not in":
      return truth(negated(isAmong(a, b)));
    case "and":
      return truthOfValue(a) === false ? a : truthOfValue(a) === true ? b : truthOfValue(b) === false ? b : undefined;
    case "or":
      return truthOfValue(a) === true ? a : truthOfValue(a) === false ? b : truthOfValue(b) === true ? b : undefined;
    default:
      return undefined;
  }
}

function negated(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

function isAmong(value: OpValue, list: OpValue): boolean | undefined {
  if (list.kind !== "list") return undefined;
  const answers = list.items.map((item) => equalValues(value, item));
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
}

/** `"ix_%s" % table` */
function percent(a: OpValue, b: OpValue): OpValue | undefined {
  if (a.kind !== "text") return undefined;
  const values = b.kind === "list" ? [...b.items] : [b];
  let known = true;
  const text = a.text.replace(/%(.)/g, (found, type: string) => {
    if (type === "%") return "%";
    const value = values.shift();
    if (value?.kind === "text" && type === "s") return value.text;
    if (value?.kind === "number" && (type === "s" || type === "d")) return String(value.value);
    known = false;
    return found;
  });
  return known && values.length === 0 ? { kind: "text", text } : undefined;
}

function chosen(context: OpContext, parts: readonly SyntaxNode[], names: OpNames): OpValue | undefined {
  const [then, , condition, , otherwise] = parts;
  if (then === undefined || condition === undefined || otherwise === undefined) return undefined;
  const truth = truthOfValue(valueOf(context, condition, names));
  return truth === undefined ? undefined : valueOf(context, truth ? then : otherwise, names);
}

function member(context: OpContext, node: SyntaxNode, names: OpNames): OpValue | undefined {
  const [object, mark, key] = partsOf(node);
  if (object === undefined || mark === undefined || key === undefined) return undefined;
  const value = valueOf(context, object, names);
  if (mark.name === ".") return attribute(context, value, textAt(context, key));
  const index = valueOf(context, key, names);
  if (value.kind === "list" && index.kind === "number") return value.items.at(index.value);
  return value.kind === "dict" ? value.entries.find(([key]) => equalValues(key, index) === true)?.[1] : undefined;
}

function attribute(context: OpContext, value: OpValue, name: string): OpValue | undefined {
  if (value.kind === "name") {
    const path = `${value.path}.${name}`;
    return context.imported(path) ?? { kind: "name", path };
  }
  // op.get_bind().dialect.name, op.get_context().dialect.name, and so on by way of any variable
  if (value.kind === "call" || value.kind === "unknown") {
    if (name === "name" && /\b(?:dialect|engine)$/.test(value.text)) return { kind: "text", text: context.dialect };
    return unknownValue(`${value.text}.${name}`);
  }
  return value.kind === "batch" ? { kind: "method", batch: value, name } : undefined;
}

function called(context: OpContext, node: SyntaxNode, names: OpNames): OpValue | undefined {
  const [callee, list] = partsOf(node);
  if (callee === undefined || list === undefined) return undefined;
  const own = ownMethod(context, callee, list, names);
  if (own !== undefined) return own;
  const given = argumentsOf(context, list, names);
  return context.call(valueOf(context, callee, names), given, node);
}

/** Methods of texts, lists and dictionaries that scripts use in loops. */
function ownMethod(
  context: OpContext,
  callee: SyntaxNode,
  list: SyntaxNode,
  names: OpNames,
): OpValue | undefined {
  const [object, mark, key] = partsOf(callee);
  const given = partsOf(list).slice(1, -1).filter(({ name }) => name !== ",");
  if (callee.name === "VariableName") return builtIn(context, textAt(context, callee), given, names);
  if (object === undefined || mark?.name !== "." || key === undefined) return undefined;
  if (object.name !== "VariableName" && object.name !== "DictionaryExpression" && object.name !== "String") {
    return undefined;
  }
  const value = valueOf(context, object, names);
  const name = textAt(context, key);
  if (CHANGING_METHODS.has(name)) spoil(value);
  if (value.kind === "list" && given[0] !== undefined && (name === "append" || name === "extend")) {
    const added = valueOf(context, given[0], names);
    value.items.push(...(name === "extend" && added.kind === "list" ? added.items : [added]));
    return NO_VALUE;
  }
  if (value.kind === "dict") return ofDict(value, name);
  if (value.kind === "text" && given.length === 0) {
    if (name === "lower") return { kind: "text", text: value.text.toLowerCase() };
    if (name === "upper") return { kind: "text", text: value.text.toUpperCase() };
    if (name === "strip") return { kind: "text", text: value.text.trim() };
  }
  if (value.kind === "text" && name === "format") {
    return format(value.text, given.map((node) => valueOf(context, node, names)));
  }
  return undefined;
}

/** Methods after which it is not known what is in a list or a dictionary. */
const CHANGING_METHODS = new Set(
  ["setdefault", "update", "pop", "popitem", "clear", "insert", "remove", "sort", "reverse", "add", "discard"],
);

function ofDict({ entries }: Extract<OpValue, { kind: "dict" }>, name: string): OpValue | undefined {
  if (name === "items") return { kind: "list", items: entries.map(([a, b]) => ({ kind: "list", items: [a, b] })) };
  if (name === "keys") return { kind: "list", items: entries.map(([key]) => key) };
  return name === "values" ? { kind: "list", items: entries.map(([, value]) => value) } : undefined;
}

/** `"ix_{}".format(table)` */
function format(text: string, values: OpValue[]): OpValue | undefined {
  if (/\{[^}]/.test(text)) return undefined;
  return percent({ kind: "text", text: text.replaceAll("%", "%%").replaceAll("{}", "%s") }, {
    kind: "list",
    items: values,
  });
}

const COPIES = new Set(["list", "tuple", "sorted", "set"]);

function builtIn(
  context: OpContext,
  name: string,
  given: readonly SyntaxNode[],
  names: OpNames,
): OpValue | undefined {
  const [first] = given;
  if (first === undefined || given.length !== 1 || names.get(name) !== undefined) return undefined;
  if (!COPIES.has(name) && name !== "enumerate" && name !== "str") return undefined;
  const value = valueOf(context, first, names);
  if (name === "str") return value.kind === "text" ? value : undefined;
  if (value.kind !== "list") return undefined;
  if (name !== "enumerate") return value;
  const pairs = value.items.map((item, at): OpValue => ({
    kind: "list",
    items: [{ kind: "number", value: at }, item],
  }));
  return { kind: "list", items: pairs };
}

/** What stands in the brackets of a call. */
export function argumentsOf(context: OpContext, list: SyntaxNode, names: OpNames): OpArguments {
  const nodes = partsOf(list).slice(1, -1);
  const positional: OpValue[] = [], named = new Map<string, OpValue>();
  let open = false;
  for (const [at, node] of nodes.entries()) {
    const before = nodes[at - 1]?.name, after = nodes[at + 1]?.name;
    if (node.name === "," || node.name === "*" || node.name === "**" || node.name === "AssignOp") continue;
    if (after === "AssignOp") continue;
    const value = valueOf(context, node, names);
    const key = nodes[at - 2];
    if (before === "AssignOp" && key !== undefined) named.set(textAt(context, key), value);
    else if (before === "**") open = !spreadNamed(value, named) || open;
    else if (before === "*" && value.kind !== "list") open = true;
    else positional.push(...(before === "*" && value.kind === "list" ? value.items : [value]));
  }
  return { positional, named, open };
}

function spreadNamed(value: OpValue, named: Map<string, OpValue>): boolean {
  if (value.kind !== "dict") return false;
  for (const [key, item] of value.entries) if (key.kind === "text") named.set(key.text, item);
  return value.entries.every(([key]) => key.kind === "text");
}
