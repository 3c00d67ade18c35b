/**
 * What sets and changes names in a Python migration, beside the assignments that are followed.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { type Names, unknown, type Value } from "./python_convert_value.ts";
import { partsOf } from "./python_expression.ts";

/** The names that a migration's module, its class and its methods have, as far as their values are known. */
export class KnownNames {
  readonly module = new Map<string, Value>();
  readonly attributes = new Map<string, Value>();
  /** Of the block that is read. */
  locals: Map<string, Value> = this.module;
  /** Lists and dictionaries that were changed by what is not followed, whatever their names. */
  readonly #changed = new Set<Value>();
  readonly #textOf: TextOf;

  constructor(textOf: TextOf) {
    this.#textOf = textOf;
  }

  lookup(name: string): Value | undefined {
    return this.#unlessChanged(this.#bound(name));
  }

  attribute(name: string): Value | undefined {
    return this.#unlessChanged(this.attributes.get(name));
  }

  #bound(name: string): Value | undefined {
    return this.locals.get(name) ?? this.module.get(name);
  }

  #unlessChanged(value: Value | undefined): Value | undefined {
    if (value === undefined || this.#changed.size === 0 || !reaches(value, this.#changed)) return value;
    return unknown("it is changed");
  }

  define(node: SyntaxNode): void {
    const name = node.getChild("VariableName");
    const isInner = this.locals !== this.module && this.locals !== this.attributes;
    if (name === null) return;
    this.locals.set(this.#textOf(name), functionValue(node, this.#textOf, isInner ? this.locals : undefined));
  }

  import(node: SyntaxNode): void {
    const names = importedNames(node, this.#textOf);
    for (const name of names ?? this.locals.keys()) {
      this.locals.set(name, names === undefined ? unknown("it may be imported") : { kind: "name", path: name });
    }
  }

  parametersOf(node: SyntaxNode): string[] {
    const names = node.getChild("ParamList")?.getChildren("VariableName") ?? [];
    return names.filter(({ prevSibling }) => prevSibling?.name !== "AssignOp").map(this.#textOf);
  }

  /** What was not followed may have changed whatever it names, and so may the functions that it names. */
  forget(node: SyntaxNode, seen: Set<Value> = new Set()): void {
    node.cursor().iterate(({ name, node: inner }) => {
      const key = name === "VariableName" ? this.#textOf(inner) : undefined;
      const bound = key === undefined ? undefined : this.#bound(key);
      if (key === undefined || bound === undefined) return;
      if (bound.kind === "list" || bound.kind === "dict") {
        for (const part of withParts(bound)) this.#changed.add(part);
      }
      if (isSet(inner)) this.locals.set(key, unknown("it is changed"));
      if (bound.kind !== "function" || seen.has(bound)) return;
      seen.add(bound);
      const body = bound.node.getChild("Body");
      if (body !== null) this.forget(body, seen);
    });
  }

  /** What `__init__` sets is not known. */
  forgetAttributes(): void {
    const init = this.attributes.get("__init__");
    if (init?.kind !== "function") return;
    for (const name of attributesSetIn(init.node, this.#textOf)) {
      this.attributes.set(name, unknown("it is set by code"));
    }
  }
}

type TextOf = (node: SyntaxNode) => string;

/** The names that an import sets; `undefined` when these are all of a module. */
function importedNames(node: SyntaxNode, textOf: TextOf): readonly string[] | undefined {
  const words = partsOf(node);
  const names = words.slice(words.findIndex(({ name }) => name === "import") + 1);
  if (names.some(({ name }) => name === "*")) return undefined;
  return names.filter(({ name }) => name === "VariableName").map(textOf);
}

/** Those that say something about a function, and change nothing of what it does. */
const QUIET_DECORATORS = new Set(["staticmethod", "override", "final", "abstractmethod"]);

/** @param outer the names around a function within a function */
function functionValue(node: SyntaxNode, textOf: TextOf, outer: Names | undefined): Value {
  const decorators = node.parent?.name === "DecoratedStatement" ? node.parent.getChildren("Decorator") : [];
  const names = decorators.map((each) => textOf(each).trim().replace(/^@(?:\w+\.)*/, ""));
  if (names.some((name) => !QUIET_DECORATORS.has(name))) return unknown("a function that is changed by a decorator");
  if (node.firstChild?.name === "async") return unknown("an asynchronous function");
  if (partsOf(node.getChild("ParamList")).some(({ name }) => name.startsWith("*"))) {
    return unknown("a function that takes any number of values");
  }
  const value = { kind: "function", node, isStatic: names.includes("staticmethod") } as const;
  return outer === undefined ? value : { ...value, outer };
}

/** The attributes of `self` that a method sets. */
function attributesSetIn(method: SyntaxNode, textOf: TextOf): readonly string[] {
  const names: string[] = [];
  method.cursor().iterate(({ name, node }) => {
    const isTarget = node.parent !== null && /^(?:Assign|Update)Statement$/.test(node.parent.name) &&
      partsOf(node.parent).findLastIndex((part) => part.name.endsWith("Op")) > indexIn(node);
    if (name === "MemberExpression" && isTarget && node.lastChild !== null) names.push(textOf(node.lastChild));
  });
  return names;
}

function indexIn(node: SyntaxNode): number {
  return partsOf(node.parent).findIndex(({ from }) => from === node.from);
}

/** Whether a name stands where it is set, and not where it is read. */
function isSet(node: SyntaxNode): boolean {
  const before = node.prevSibling?.name;
  if (before === "as" || before === "for" || before === "del" || before === "def" || before === "class") return true;
  for (let at: SyntaxNode | null = node; at !== null; at = at.parent) {
    const { parent } = at;
    if (parent === null || /^(?:Body|ArgList|MemberExpression|CallExpression)$/.test(parent.name)) return false;
    if (/^(?:AssignStatement|UpdateStatement|NamedExpression)$/.test(parent.name)) {
      return partsOf(parent).findLastIndex((part) => part.name.endsWith("Op")) > indexIn(at);
    }
    if (parent.name === "ForStatement") {
      return partsOf(parent).findIndex((part) => part.name === "in") > indexIn(at);
    }
    if (/^(?:ImportStatement|WithStatement|DeleteStatement)$/.test(parent.name)) return true;
  }
  return false;
}

/** Whether one of these is a part of a value. */
function reaches(value: Value, wanted: ReadonlySet<Value>): boolean {
  if (wanted.has(value)) return true;
  return partsOfValue(value).some((part) => reaches(part, wanted));
}

/** A value with all that is in it. */
function withParts(value: Value): readonly Value[] {
  return [value, ...partsOfValue(value).flatMap(withParts)];
}

function partsOfValue(value: Value): readonly Value[] {
  return value.kind === "list" ? value.items : value.kind === "dict" ? [...value.entries.values()] : [];
}

/** How often something is called on a connection, or is given it. */
export function usesOf(nodes: SyntaxNode, isConnection: (name: SyntaxNode) => boolean): number {
  let uses = 0;
  nodes.cursor().iterate(({ name, node }) => {
    if (name !== "VariableName" || !isConnection(node)) return;
    let at = node;
    while (at.parent?.name === "MemberExpression" && at.parent.firstChild?.from === at.from) at = at.parent;
    if (at.parent?.name === "CallExpression" || at.parent?.name === "ArgList") uses++;
  });
  return uses;
}
