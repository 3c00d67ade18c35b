/**
 * The values of expressions of a Python migration, as far as they follow from literals.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { partsOf } from "./python_expression.ts";
import { decodeString } from "./python_string.ts";
import {
  countOf,
  float,
  givesOneColumn,
  isWhole,
  keyOf,
  negated,
  NONE,
  number,
  numberOf,
  type Query,
  scalar,
  shownText,
  type Test,
  textOf,
  truth,
  unknown,
  type Value,
} from "./python_convert_value.ts";

/** Where an expression stands. */
export interface Surroundings {
  text(node: SyntaxNode): string;
  lookup(name: string): Value | undefined;
  /** An attribute of the migration itself: `self.NAME`. */
  attribute(name: string): Value | undefined;
  call(node: SyntaxNode): Value;
  /** The items of a comprehension. */
  comprehension(node: SyntaxNode): Value;
  /** Whether nothing ran since the query did. */
  isFresh(query: Query): boolean;
}

export function evaluate(where: Surroundings, node: SyntaxNode): Value {
  switch (node.name) {
    case "String": {
      const found = decodeString(where.text(node));
      return found === undefined ? unknown("bytes, or an escape that cannot be read") : scalar(found);
    }
    case "FormatString":
      return formatted(where, node);
    case "ContinuedString": {
      const texts = partsOf(node).map((part) => textOf(evaluate(where, part)));
      return texts.includes(undefined) ? unknown("a text with computed parts") : scalar(texts.join(""));
    }
    case "Number":
      return numberValue(where.text(node));
    case "Boolean":
      return scalar(where.text(node) === "True");
    case "None":
      return NONE;
    case "VariableName":
      return where.lookup(where.text(node)) ?? { kind: "name", path: where.text(node) };
    case "ParenthesizedExpression": {
      const [only, ...more] = partsOf(node).slice(1, -1);
      return only !== undefined && more.length === 0 ? evaluate(where, only) : unknown("an expression of its own");
    }
    case "TupleExpression":
    case "ArrayExpression":
      return listValue(where, partsOf(node).slice(1, -1));
    case "DictionaryExpression":
      return dictValue(where, partsOf(node).slice(1, -1));
    case "UnaryExpression":
      return unary(where, node);
    case "BinaryExpression":
      return binary(where, node);
    case "MemberExpression":
      return member(where, node);
    case "CallExpression":
      return where.call(node);
    case "ArrayComprehensionExpression":
      return where.comprehension(node);
    default:
      return unknown("an expression of a kind that is not followed");
  }
}

/** Values with commas between them; `*items` is spread. */
export function listValue(where: Surroundings, nodes: readonly SyntaxNode[]): Value {
  const items: Value[] = [];
  for (const [at, node] of nodes.entries()) {
    if (node.name === "," || node.name === "*") continue;
    const value = evaluate(where, node);
    if (nodes[at - 1]?.name !== "*") items.push(value);
    else if (value.kind === "list") items.push(...value.items);
    else return unknown("'*' of something that is not known");
  }
  return { kind: "list", items };
}

function dictValue(where: Surroundings, nodes: readonly SyntaxNode[]): Value {
  const entries = new Map<string, Value>();
  for (const [at, node] of nodes.entries()) {
    const before = nodes[at - 1]?.name;
    if (before === "**") {
      const spread = evaluate(where, node);
      if (spread.kind !== "dict") return unknown("'**' of something that is not known");
      for (const [key, value] of spread.entries) entries.set(key, value);
    } else if (node.name === ":") {
      const [keyNode, valueNode] = [nodes[at - 1], nodes[at + 1]];
      const key = keyNode === undefined ? undefined : keyOf(evaluate(where, keyNode));
      if (key === undefined || valueNode === undefined) return unknown("a dictionary with computed keys");
      entries.set(key, evaluate(where, valueNode));
    }
  }
  return { kind: "dict", entries };
}

function formatted(where: Surroundings, node: SyntaxNode): Value {
  const literal = where.text(node);
  const [, prefix = "", quote = ""] = /^([A-Za-z]+)("""|'''|"|')/.exec(literal) ?? [];
  let text = "", end = node.from + prefix.length + quote.length;
  const plainPrefix = prefix.replace(/[fF]/, "");
  const piece = (from: number, to: number): string | undefined => {
    const body = literal.slice(from - node.from, to - node.from).replace(/\{\{|\}\}/g, (pair) => pair.charAt(0));
    return decodeString(`${plainPrefix}${quote}${body}${quote}`);
  };
  for (const part of node.getChildren("FormatReplacement")) {
    const [inner, ...more] = partsOf(part).slice(1, -1);
    const value = inner === undefined || more.length > 0 ? undefined : shownText(evaluate(where, inner));
    const before = piece(end, part.from);
    if (value === undefined || before === undefined) return unknown("an f-string with something that is not known");
    text += before + value;
    end = part.to;
  }
  const rest = piece(end, node.to - quote.length);
  return rest === undefined ? unknown("a text that cannot be read") : scalar(text + rest);
}

function numberValue(literal: string): Value {
  const digits = literal.replaceAll("_", "");
  if (/^\d+$/.test(digits)) return scalar({ number: digits.replace(/^0+(?=\d)/, "") });
  if (/^(\d+\.\d*|\.\d+|\d+)(e[+-]?\d+)?$/i.test(digits)) {
    return Number.isFinite(Number(digits)) ? float(Number(digits)) : unknown("a number");
  }
  return /^0[xob][0-9a-f]+$/i.test(digits) ? scalar({ number: String(BigInt(digits)) }) : unknown("a number");
}

function unary(where: Surroundings, node: SyntaxNode): Value {
  const [operator, operand] = partsOf(node);
  if (operator === undefined || operand === undefined) return unknown("an expression");
  const value = evaluate(where, operand);
  if (where.text(operator) === "not") {
    const known = truth(value);
    if (known !== undefined) return scalar(!known);
    const [test, ...more] = testsOf(where, value) ?? [];
    return test !== undefined && more.length === 0 ? { kind: "tests", tests: [negated(test)] } : unknown("'not'");
  }
  const found = value.kind === "scalar" && value.value !== null && typeof value.value === "object"
    ? value.value
    : undefined;
  if (where.text(operator) !== "-" || found === undefined) return unknown("an expression");
  return scalar({ ...found, number: found.number.startsWith("-") ? found.number.slice(1) : `-${found.number}` });
}

/** What has to be true of the database for the value to be true; `undefined` when it is no such value. */
export function testsOf(where: Surroundings, value: Value): readonly Test[] | undefined {
  if (value.kind === "tests") return value.tests;
  if (value.kind === "rows" && where.isFresh(value.query)) {
    value.query.used = true;
    return [{ query: countOf(value.query.sql), operator: "<>", value: { number: "0" } }];
  }
  if (value.kind !== "one" || !where.isFresh(value.query)) return undefined;
  const query = value.query.sql;
  const [, word] = /^\s*select\s+(count|exists|not\s+exists)\s*\(/i.exec(String(query[0])) ?? [];
  // what Python takes for true of other values is not what a database does
  if (word === undefined) return undefined;
  value.query.used = true;
  const isCount = word.toLowerCase() === "count";
  return [{ query, operator: isCount ? "<>" : "is true", value: { number: "0" } }];
}

const COMPARISONS: Readonly<Record<string, Test["operator"]>> = {
  "==": "=",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};
const TURNED: Partial<Record<Test["operator"], Test["operator"]>> = {
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
  "=": "=",
  "<>": "<>",
};

function binary(where: Surroundings, node: SyntaxNode): Value {
  const parts = partsOf(node);
  const [left, right] = [parts[0], parts.at(-1)];
  if (left === undefined || right === undefined) return unknown("an expression");
  const operator = parts.slice(1, -1).map((part) => where.text(part)).join(" ");
  const a = evaluate(where, left), b = evaluate(where, right);
  if (operator === "and") {
    const tests = [testsOf(where, a), testsOf(where, b)];
    return tests.includes(undefined)
      ? unknown("'and' of something that is not known")
      : { kind: "tests", tests: tests.flatMap((some) => some ?? []) };
  }
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined || operator === "is" || operator === "is not") {
    return compared(where, { a, b, operator: comparison ?? (operator === "is" ? "is null" : "is not null") });
  }
  // `n or 0` is what the database has, but for NULL, of which no comparison with a number is true
  if (operator === "or" && a.kind === "one" && numberOf(b) === 0) return a;
  if (operator === "%" && b.kind === "list" && right.name !== "TupleExpression") return unknown("a '%' of a list");
  return computed(operator, a, b);
}

function compared(
  where: Surroundings,
  { a, b, operator }: { readonly a: Value; readonly b: Value; readonly operator: Test["operator"] },
): Value {
  const isNull = operator === "is null" || operator === "is not null";
  if (a.kind === "scalar" && b.kind === "scalar" && !isNull) return literally(a, b, operator);
  // `3 == n` is `n == 3`
  const turned = TURNED[operator];
  if (a.kind === "scalar" && b.kind === "one" && turned !== undefined) {
    return compared(where, { a: b, b: a, operator: turned });
  }
  if (a.kind === "unknown" || b.kind === "unknown") return a.kind === "unknown" ? a : b;
  if (a.kind !== "one" || b.kind !== "scalar") return unknown("a comparison of something that is not known");
  if (isNull && b.value !== null) return unknown("'is' of something else than None");
  if (!where.isFresh(a.query)) return unknown("what it compares was read before other statements ran");
  a.query.used = true;
  const toNull = b.value === null && !isNull ? (operator === "=" ? "is null" : "is not null") : operator;
  return { kind: "tests", tests: [{ query: a.query.sql, operator: toNull, value: b.value }] };
}

function literally(a: Value, b: Value, operator: Test["operator"]): Value {
  const [x, y] = [numberOf(a) ?? textOf(a), numberOf(b) ?? textOf(b)];
  if (x === undefined || y === undefined || typeof x !== typeof y) return ofOtherKinds(a, b, operator);
  switch (operator) {
    case "=":
      return scalar(x === y);
    case "<>":
      return scalar(x !== y);
    case "<":
      return scalar(x < y);
    case "<=":
      return scalar(x <= y);
    case ">":
      return scalar(x > y);
    default:
      return scalar(x >= y);
  }
}

/** A text is equal to texts alone, and None to None. */
function ofOtherKinds(a: Value, b: Value, operator: Test["operator"]): Value {
  const kinds = [a, b].map((each) => textOf(each) !== undefined ? "text" : isNone(each) ? "none" : "");
  const isKnown = operator === "=" || operator === "<>";
  if (!isKnown || (kinds[0] === "" && kinds[1] === "")) return unknown("a comparison");
  return scalar((kinds[0] === kinds[1]) === (operator === "="));
}

function isNone(value: Value): boolean {
  return value.kind === "scalar" && value.value === null;
}

function computed(operator: string, a: Value, b: Value): Value {
  const [first, second] = [textOf(a), textOf(b)];
  if (operator === "+" && first !== undefined && second !== undefined) return scalar(first + second);
  if (operator === "+" && a.kind === "list" && b.kind === "list") {
    return { kind: "list", items: [...a.items, ...b.items] };
  }
  if (operator === "%" && first !== undefined) return percent(first, b);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined || !isWhole(a) || !isWhole(b)) return unknown("a computation");
  const result = operator === "+" ? x + y : operator === "-" ? x - y : operator === "*" ? x * y : undefined;
  return result === undefined || !Number.isSafeInteger(result) ? unknown("a computation") : number(result);
}

/** `"… %s …" % value`, with `%s` and `%d` alone. */
function percent(text: string, given: Value): Value {
  const values = given.kind === "list" ? given.items : [given];
  let at = 0, known = true;
  const filled = text.replace(/%([^])/g, (_, sign: string) => {
    if (sign === "%") return "%";
    const next = "sd".includes(sign) ? values[at++] : undefined;
    const value = next === undefined || (sign === "d" && !isWhole(next)) ? undefined : shownText(next);
    if (value === undefined) known = false;
    return value ?? "";
  });
  return known && at === values.length ? scalar(filled) : unknown("a '%' of something that is not known");
}

/** The first column of the row that a query gives. */
export function firstColumn(query: Query): Value {
  return givesOneColumn(query.sql) ? { kind: "one", query } : unknown("it takes one of several columns");
}

function member(where: Surroundings, node: SyntaxNode): Value {
  const [object, mark, key] = partsOf(node);
  if (object === undefined || key === undefined) return unknown("an expression");
  const value = evaluate(where, object);
  if (mark?.name === ".") {
    const name = where.text(key);
    if (value.kind === "self") return where.attribute(name) ?? unknown(`an attribute that is not known: ${name}`);
    if (value.kind === "row") return firstColumn(value.query);
    return value.kind === "name" ? { kind: "name", path: `${value.path}.${name}` } : unknown(`an attribute: ${name}`);
  }
  if (partsOf(node).length !== 4) return unknown("a slice");
  const index = evaluate(where, key);
  if (value.kind === "row" && numberOf(index) === 0) return firstColumn(value.query);
  if (value.kind === "dict") return value.entries.get(keyOf(index) ?? "\0") ?? unknown("a key that is not there");
  const at = numberOf(index);
  return (value.kind === "list" && at !== undefined ? value.items.at(at) : undefined) ??
    unknown("an item that is not known");
}

/** The text of a message, with `…` for what is computed in it. */
export function messageOf(where: Surroundings, node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  const known = textOf(evaluate(where, node));
  if (known !== undefined) return known;
  const [, , body] = /^[fFrR]+("""|'''|"|')([^]*)\1$/.exec(where.text(node)) ?? [];
  return body?.replace(/\{[^{}]*\}/g, "…");
}

/** Whether a `with` is a transaction or a savepoint: whatever fails in it undoes all of the migration. */
export function isTransaction(where: Surroundings, node: SyntaxNode): boolean {
  const [, call] = partsOf(node);
  const [callee] = call?.name === "CallExpression" ? partsOf(call) : [];
  const [object, , method] = partsOf(callee ?? null);
  return object !== undefined && method !== undefined && evaluate(where, object).kind === "connection" &&
    ["begin", "begin_nested"].includes(where.text(method));
}

/** The names that an assignment or a loop binds to a value; or why it is not known which. */
export function boundBy(
  where: Surroundings,
  targets: readonly SyntaxNode[],
  value: Value,
): readonly (readonly [string, Value])[] | string {
  const [first] = targets;
  if (targets.length === 1 && first?.name === "VariableName") return [[where.text(first), value]];
  const names = targets.length === 1 && first !== undefined && /^(Tuple|Array)/.test(first.name)
    ? partsOf(first).slice(1, -1).filter(({ name }) => name !== ",")
    : targets;
  if (names.some(({ name }) => name !== "VariableName")) return "it sets something else than a name";
  if (value.kind !== "list" || value.items.length !== names.length) return "what is unpacked is not known";
  return names.map((name, at) => [where.text(name), value.items[at] ?? NONE]);
}

/** Whether the parser could not make sense of a part of it: Python's grammar is larger, and a file may be damaged. */
export function hasError(node: SyntaxNode): boolean {
  let found = false;
  node.cursor().iterate(({ type }) => {
    found ||= type.isError;
    return !found;
  });
  return found;
}

/** The statements of a block or module; a decorated one as what it decorates. */
export function statementsOf(body: SyntaxNode | null): SyntaxNode[] {
  return partsOf(body).filter(({ name }) => name !== ":").map((node) =>
    node.name === "DecoratedStatement" ? node.lastChild ?? node : node
  );
}

export function lineAt(source: string, at: number): number {
  return source.slice(0, at).split("\n").length;
}
