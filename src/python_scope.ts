/**
 * The names of one Python module or class while its statements are gone through in order.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { alwaysRaises, branchesOf, isCertain, merge, targetsOf, truthOf } from "./python_branches.ts";
import { add, evaluate, type Expressions, listOf, partsOf } from "./python_expression.ts";
import {
  type Binding,
  items,
  type Names,
  type PyItems,
  type PyValue,
  type Reference,
  unknown,
} from "./python_value.ts";

/** Follows the imports of the modules that are read. */
export interface Imports {
  value(reference: Reference): PyValue;
  /** All the names of a module, for `import *`; `undefined` when it is not found. */
  star(reference: Reference): Names | undefined;
}

const CONDITION = unknown("it is bound under a condition");
const LOOP = unknown("it is bound in a loop");
const BY_CODE = unknown("the names of its module are set by code");
/** Code that may bind any name of the module. */
const DYNAMIC_REGEXP =
  /^(?:exec\s*\(|(?:globals|locals|vars)\s*\(\s*\)\s*[.[]|setattr\s*\(\s*(?:sys\s*\.\s*)?modules\b)/;

/** Goes through statements as far as this can be done without running anything. */
export class PythonScope implements Expressions {
  readonly #source: string;
  readonly #file: string;
  readonly #imports: Imports;
  readonly #outer: PythonScope | undefined;
  #names = new Map<string, Binding>();
  /** What a name that is not bound stands for, once something happened that may bind any. */
  #unbound: Binding | undefined;
  #conditional = 0;
  /** What a class declares `global`. */
  readonly #globals: string[] = [];

  constructor(source: string, file: string, imports: Imports, outer?: PythonScope) {
    this.#source = source;
    this.#file = file;
    this.#imports = imports;
    this.#outer = outer;
  }

  get names(): Names {
    return this.#names;
  }

  /** A name's binding, with an import followed; `undefined` when nothing binds it. */
  get(name: string): Binding | undefined {
    const binding = this.#names.get(name) ?? this.#unbound;
    return binding && { value: this.follow(binding.value), line: binding.line };
  }

  lookup(name: string): PyValue | undefined {
    return (this.#names.get(name) ?? this.#unbound)?.value ?? this.#outer?.lookup(name);
  }

  follow(value: PyValue): PyValue {
    return value.kind === "reference" ? this.#imports.value(value.reference) : value;
  }

  text(node: SyntaxNode): string {
    return this.#source.slice(node.from, node.to);
  }

  change(list: PyItems, added: readonly PyValue[] | undefined): void {
    if (added === undefined || this.#conditional > 0) list.spoiled = "its items are changed by code";
    else list.items.push(...added);
  }

  /** Goes through the statements of a module, a class or a block. */
  run(body: SyntaxNode): void {
    for (const statement of partsOf(body)) this.#statement(statement);
  }

  #statement(node: SyntaxNode): void {
    switch (node.name) {
      case "StatementGroup":
        return this.run(node);
      case "AssignStatement":
        return this.#assign(node);
      case "UpdateStatement":
        return this.#update(node);
      case "ExpressionStatement":
        return this.#expression(node);
      case "DeleteStatement":
        return this.#delete(node);
      case "ImportStatement":
        return this.#import(node);
      case "FunctionDefinition":
      case "ClassDefinition":
      case "TypeDefinition":
        return this.#define(node);
      case "DecoratedStatement":
        return this.#decorated(node);
      case "IfStatement":
        return this.#if(node);
      case "TryStatement":
        return this.#try(node);
      case "WithStatement":
        return this.#with(node);
      case "ForStatement":
      case "WhileStatement":
      case "MatchStatement":
        return this.#loop(node);
      case "ScopeStatement":
        this.#globals.push(...node.getChildren("VariableName").map((name) => this.text(name)));
        return;
      default:
        return this.#walruses(node);
    }
  }

  #lineOf(node: SyntaxNode): number {
    return lineAt(this.#source, node.from);
  }

  #bind(name: string, value: PyValue, at: SyntaxNode): void {
    this.#names.set(name, { value, line: this.#lineOf(at) });
  }

  #assign(node: SyntaxNode): void {
    this.#walruses(node);
    const segments: SyntaxNode[][] = [[]];
    for (const part of partsOf(node)) {
      if (part.name === "AssignOp") segments.push([]);
      else if (part.name !== "TypeDef") segments.at(-1)?.push(part);
    }
    const last = segments.pop() ?? [];
    // an annotation alone binds nothing
    if (segments.length === 0) return;
    const value = this.#values(last);
    for (const target of segments) this.#bindTarget(target, value, node);
  }

  /** The value of one expression, or the tuple of several with commas. */
  #values(nodes: readonly SyntaxNode[]): PyValue {
    const [first] = nodes;
    if (nodes.length === 1 && first !== undefined) return evaluate(this, first);
    return items("tuple", listOf(this, nodes) ?? [unknown("it holds '*' of something unknown")]);
  }

  #bindTarget(target: readonly SyntaxNode[], value: PyValue, at: SyntaxNode): void {
    const [first] = target;
    if (first === undefined) return;
    if (target.length > 1) return this.#unpack(target, value, at);
    const inner = partsOf(first).slice(1, -1);
    switch (first.name) {
      case "VariableName":
        return this.#bind(this.text(first), value, at);
      case "ParenthesizedExpression":
        return this.#bindTarget(inner, value, at);
      case "TupleExpression":
      case "ArrayExpression":
        return this.#unpack(inner, value, at);
      case "MemberExpression":
        return this.#setMember(first, value, at);
    }
  }

  #unpack(targets: readonly SyntaxNode[], value: PyValue, at: SyntaxNode): void {
    const known = this.follow(value);
    const places = targets.filter(({ name }) => name !== ",");
    const fits = known.kind === "items" && known.spoiled === undefined && known.type !== "set" &&
      known.items.length === places.length;
    const missing = known.kind === "unknown" ? known : unknown("it is unpacked from something unknown");
    places.forEach((place, i) => {
      if (place.name !== "*") this.#bindTarget([place], (fits ? known.items[i] : undefined) ?? missing, at);
    });
  }

  /** `a[0] = …`, `A.b = …`, and `del` of such. */
  #setMember(node: SyntaxNode, value: PyValue, at: SyntaxNode): void {
    if (DYNAMIC_REGEXP.test(this.text(node))) return this.#anythingMayBeBound(at);
    const [object] = partsOf(node);
    const holder = object === undefined ? CONDITION : this.follow(evaluate(this, object));
    if (holder.kind === "items") this.change(holder, undefined);
    if (holder.kind !== "class" || node.lastChild?.name !== "PropertyName") return;
    const names = holder.names as Map<string, Binding>;
    names.set(this.text(node.lastChild), { value: this.#conditional > 0 ? CONDITION : value, line: this.#lineOf(at) });
  }

  #update(node: SyntaxNode): void {
    this.#walruses(node);
    const [target, operator, ...rest] = partsOf(node);
    if (target === undefined || operator === undefined) return;
    if (target.name !== "VariableName") return this.#setMember(target, unknown("it is computed"), node);
    const before = this.follow(evaluate(this, target));
    const added = this.follow(this.#values(rest));
    const name = this.text(target);
    const inPlace = before.kind === "items" && before.type === (this.text(operator) === "+=" ? "list" : "set");
    if (inPlace) {
      this.change(before, added.kind === "items" && added.spoiled === undefined ? added.items : undefined);
      this.#bind(name, before, node);
    } else this.#bind(name, this.text(operator) === "+=" ? add(before, added) : unknown("it is computed"), node);
  }

  #expression(node: SyntaxNode): void {
    if (DYNAMIC_REGEXP.test(this.text(node))) return this.#anythingMayBeBound(node);
    this.#walruses(node);
    // for what a call such as `depends_on.append(…)` changes
    if (node.firstChild?.name === "CallExpression") evaluate(this, node.firstChild);
  }

  #anythingMayBeBound(at: SyntaxNode): void {
    this.#names.clear();
    this.#unbound = { value: BY_CODE, line: this.#lineOf(at) };
  }

  /** Binds the names of `:=` anywhere in a statement. */
  #walruses(node: SyntaxNode): void {
    if (!this.text(node).includes(":=")) return;
    node.cursor().iterate(({ name, node: operator }) => {
      const { prevSibling: target, nextSibling: value } = operator;
      if (name !== "AssignOp" || this.text(operator) !== ":=" || target === null || value === null) return;
      this.#bind(this.text(target), isCertain(operator.parent, node) ? evaluate(this, value) : CONDITION, node);
    });
  }

  #delete(node: SyntaxNode): void {
    for (const part of partsOf(node)) {
      if (part.name === "MemberExpression") this.#setMember(part, unknown("it is deleted"), node);
      else if (part.name === "VariableName") this.#names.delete(this.text(part));
    }
  }

  #import(node: SyntaxNode): void {
    const words = partsOf(node).filter(({ name }) => !"()".includes(name));
    const importAt = words.findIndex(({ name }) => name === "import");
    const path = words.slice(1, importAt);
    const module = path.filter(({ name }) => name !== ".").map((word) => this.text(word));
    // the dots between the names of the path are one fewer than the names
    const level = path.length - Math.max(0, 2 * module.length - 1);
    for (const clause of clausesOf(words.slice(importAt + 1))) {
      const [first] = clause, last = clause.at(-1);
      if (first === undefined || last === undefined) continue;
      if (importAt === 0) this.#importModule(clause, node);
      else if (first.name === "*") this.#importStar({ module, level, name: undefined, from: this.#file }, node);
      else {
        const reference = { module, level, name: this.text(first), from: this.#file };
        this.#bind(this.text(last), { kind: "reference", reference }, node);
      }
    }
  }

  /** `a.b.c` binds `a`; `a.b.c as d` binds the innermost module. */
  #importModule(clause: readonly SyntaxNode[], at: SyntaxNode): void {
    const aliasAt = clause.findIndex(({ name }) => name === "as") + 1;
    const path = clause.slice(0, aliasAt === 0 ? undefined : aliasAt - 1).filter(({ name }) => name !== ".");
    const names = path.map((word) => this.text(word));
    const alias = aliasAt === 0 ? undefined : clause[aliasAt];
    const module = alias === undefined ? names.slice(0, 1) : names;
    const reference = { module, level: 0, name: undefined, from: this.#file };
    this.#bind(alias === undefined ? names[0] ?? "" : this.text(alias), { kind: "reference", reference }, at);
  }

  #importStar(reference: Reference, at: SyntaxNode): void {
    const names = this.#imports.star(reference);
    const line = this.#lineOf(at);
    if (names === undefined) {
      const module = ".".repeat(reference.level) + reference.module.join(".");
      this.#unbound = { value: unknown(`it may come from ${module} by 'import *'`), line };
      return;
    }
    for (const [name, { value }] of names) if (!name.startsWith("_")) this.#names.set(name, { value, line });
  }

  #define(node: SyntaxNode): void {
    const head = node.getChild("ArgList") ?? node.getChild("ParamList");
    if (head !== null) this.#walruses(head);
    const name = node.getChild("VariableName");
    if (name === null) return;
    const what = node.name === "FunctionDefinition" ? "a function" : "a type";
    this.#bind(this.text(name), node.name === "ClassDefinition" ? this.#class(node) : { kind: "other", what }, node);
  }

  #class(node: SyntaxNode): PyValue {
    const inner = new PythonScope(this.#source, this.#file, this.#imports, this);
    const body = node.getChild("Body");
    if (body !== null) inner.run(body);
    // what the body declared global it may have bound here
    for (const name of inner.#globals) this.#bind(name, BY_CODE, node);
    const bases = partsOf(node.getChild("ArgList")).filter(({ name }) => !"(),".includes(name));
    return {
      kind: "class",
      name: node.getChild("VariableName") === null ? "" : this.text(node.getChild("VariableName") ?? node),
      line: this.#lineOf(node),
      bases: bases.map((base) => evaluate(this, base)),
      names: inner.names,
    };
  }

  #decorated(node: SyntaxNode): void {
    for (const decorator of node.getChildren("Decorator")) this.#walruses(decorator);
    const definition = node.getChild("FunctionDefinition") ?? node.getChild("ClassDefinition");
    if (definition !== null) this.#define(definition);
  }

  /** Goes through blocks of which one happens, or none, each from the same start; keeps what they agree on. */
  #either(blocks: readonly (() => void)[], mayNotHappen: boolean, at: SyntaxNode): void {
    const before = this.#names;
    const ends: Map<string, Binding>[] = mayNotHappen ? [before] : [];
    this.#conditional++;
    for (const block of blocks) {
      this.#names = new Map(before);
      block();
      ends.push(this.#names);
    }
    this.#conditional--;
    this.#names = merge(ends, this.#lineOf(at));
  }

  #if(node: SyntaxNode): void {
    const blocks: (() => void)[] = [];
    for (const { head: [condition], body } of branchesOf(node)) {
      const truth = condition === undefined ? true : truthOf(this.text(condition));
      if (condition !== undefined) this.#walruses(condition);
      if (truth === false) continue;
      blocks.push(() => this.run(body));
      if (truth === undefined) continue;
      return blocks.length === 1 ? this.run(body) : this.#either(blocks, false, node);
    }
    this.#either(blocks, true, node);
  }

  #try(node: SyntaxNode): void {
    const branches = branchesOf(node);
    const main = branches.filter(({ keyword }) => keyword === "try" || keyword === "else");
    const handlers = branches.filter(({ keyword, body }) => keyword === "except" && !alwaysRaises(body));
    const whole = () => main.forEach(({ body }) => this.run(body));
    if (handlers.length === 0) whole();
    else {
      const partly = () => this.#either([whole], true, node);
      this.#either([whole, ...handlers.map(({ body }) => () => (partly(), this.run(body)))], false, node);
    }
    for (const { keyword, body } of branches) if (keyword === "finally") this.run(body);
  }

  #with(node: SyntaxNode): void {
    const body = node.getChild("Body");
    this.#bindTargets(node, unknown("it is bound by 'with'"));
    if (body === null) return;
    const maySwallow = this.#source.slice(node.from, body.from).includes("suppress");
    if (maySwallow) this.#either([() => this.run(body)], true, node);
    else this.run(body);
  }

  /** What a loop or a case of `match` binds is not known afterwards. */
  #loop(node: SyntaxNode): void {
    const before = new Map(this.#names);
    this.#conditional++;
    node.cursor().iterate((cursor) => {
      if (cursor.name === "Body") this.run(cursor.node);
      else this.#bindTargets(cursor.node, LOOP);
      return cursor.name !== "Body";
    });
    this.#conditional--;
    for (const name of new Set([...before.keys(), ...this.#names.keys()])) {
      if (this.#names.get(name) !== before.get(name)) this.#bind(name, LOOP, node);
    }
  }

  #bindTargets(node: SyntaxNode, value: PyValue): void {
    for (const target of targetsOf(node)) this.#bind(this.text(target), value, node);
    if (node.name === "WithStatement" || node.name === "ForStatement" || node.name === "WhileStatement") {
      for (const part of partsOf(node)) if (part.name !== "Body") this.#walruses(part);
    }
  }
}

function clausesOf(words: readonly SyntaxNode[]): SyntaxNode[][] {
  const clauses: SyntaxNode[][] = [[]];
  for (const word of words) {
    if (word.name === ",") clauses.push([]);
    else clauses.at(-1)?.push(word);
  }
  return clauses;
}

/** The line of an offset, from 1. */
function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at !== -1 && at < offset; at = source.indexOf("\n", at + 1)) line++;
  return line;
}
