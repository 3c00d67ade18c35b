/**
 * Goes through the statements of a Python migration, in the order in which Python would.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { branchesOf } from "./python_branches.ts";
import { argumentsOf, executionOf, functionOf, type Given, methodOf } from "./python_convert_call.ts";
import {
  boundBy,
  evaluate,
  hasError,
  isTransaction,
  lineAt,
  listValue,
  messageOf,
  statementsOf,
  type Surroundings,
  testsOf,
} from "./python_convert_expression.ts";
import { KnownNames, usesOf } from "./python_convert_names.ts";
import { type Deed, negated, NONE, type Query, truth, unknown, type Value } from "./python_convert_value.ts";
import { partsOf } from "./python_expression.ts";

const DEEPEST = 20, MOST_DEEDS = 10_000;
const QUIET_REGEXP = /^(?:print|(?:self\.)?_?(?:log|logger|logging|LOG|LOGGER)\.\w+|warnings\.warn)$/;

export class StepReader implements Surroundings {
  readonly #source: string;
  readonly #names: KnownNames;
  /** Where the class stands. */
  readonly #line: number;
  #deeds: Deed[] = [];
  #queries: Query[] = [];
  #depth = 0;
  #returned = false;
  #result: Value = NONE;
  /** Comments are told once, however often a loop goes. */
  #quiet = false;

  /** @param chain the class, behind those that it builds on */
  constructor(source: string, module: SyntaxNode, chain: readonly SyntaxNode[]) {
    this.#source = source;
    this.#line = lineAt(source, chain.at(-1)?.from ?? 0);
    this.#names = new KnownNames((node) => this.text(node));
    for (const node of statementsOf(module)) this.#define(node);
    this.#names.locals = this.#names.attributes;
    for (const node of chain.flatMap((found) => statementsOf(found.getChild("Body")))) this.#define(node);
    this.#names.forgetAttributes();
  }

  /** What a method of the class does; `undefined` when there is none. What another one changed before is so here. */
  readMethod(name: string): readonly Deed[] | undefined {
    const method = this.#names.attributes.get(name);
    if (method?.kind === "unknown") {
      return [{ kind: "unconverted", code: `def ${name}`, why: method.why, line: this.#line }];
    }
    if (method?.kind !== "function") return undefined;
    const [self = "self", connection = "conn"] = this.#names.parametersOf(method.node);
    this.#names.locals = new Map([[self, { kind: "self" }], [connection, { kind: "connection" }]]);
    this.#deeds = [];
    this.#queries = [];
    this.#returned = false;
    this.#block(method.node.getChild("Body"));
    for (const query of this.#queries) if (!query.used) this.#leaveQuery(query);
    return this.#deeds;
  }

  /** What is read and then used in a way that is not followed: its line is told, where the use of it was not. */
  #leaveQuery({ line }: Query): void {
    if (this.#deeds.some((deed) => deed.line === line && deed.kind !== "comment")) return;
    const code = this.#source.split("\n")[line - 1]?.trim() ?? "";
    const why = "what it reads is used in a way that is not followed";
    const next = this.#deeds.findIndex((deed) => deed.line > line);
    this.#deeds.splice(next < 0 ? this.#deeds.length : next, 0, { kind: "unconverted", code, why, line });
  }

  text(node: SyntaxNode): string {
    return this.#source.slice(node.from, node.to);
  }

  lineOf(node: SyntaxNode): number {
    return lineAt(this.#source, node.from);
  }

  lookup(name: string): Value | undefined {
    return this.#names.lookup(name);
  }

  attribute(name: string): Value | undefined {
    return this.#names.attribute(name);
  }

  isFresh(query: Query): boolean {
    return this.#acts() === query.at;
  }

  /** How many deeds there are that change something. */
  #acts(): number {
    return this.#deeds.filter(({ kind }) => kind !== "comment" && kind !== "check").length;
  }

  #define(node: SyntaxNode): void {
    if (node.name === "FunctionDefinition") this.#names.define(node);
    else if (node.name === "ImportStatement") this.#names.import(node);
    else if (node.name === "AssignStatement" && this.#assign(node) === undefined) return;
    else if (!/^(?:Class|Type)/.test(node.name)) this.#names.forget(node);
  }

  #block(body: SyntaxNode | null): void {
    for (let node = body?.firstChild ?? null; node !== null && !this.#returned; node = node.nextSibling) {
      if (node.name === "Comment") this.#comment(node);
      else if (node.name !== ":") this.#statement(node.name === "DecoratedStatement" ? node.lastChild ?? node : node);
    }
  }

  #comment(node: SyntaxNode): void {
    const before = this.#source.slice(0, node.from);
    const ownLine = before.slice(before.lastIndexOf("\n") + 1).trim() === "";
    if (ownLine) this.#remark(this.text(node).replace(/^#+ ?/, "").trimEnd(), node);
  }

  #remark(text: string, at: SyntaxNode): void {
    if (!this.#quiet && text !== "") this.#deeds.push({ kind: "comment", text, line: this.lineOf(at) });
  }

  /** Goes through one statement; what is not known of it leaves all of it as it stands. */
  #statement(node: SyntaxNode): void {
    const deeds = [...this.#deeds];
    const queries = this.#queries.length;
    const quiet = this.#quiet;
    const why = hasError(node) ? "it cannot be read" : this.#tryStatement(node);
    this.#quiet = quiet;
    if (why === undefined) return;
    this.#deeds = deeds;
    this.#queries.length = queries;
    const before = this.#source.slice(0, node.from);
    const depth = node.from - before.lastIndexOf("\n") - 1;
    const code = this.text(node).trimEnd().replaceAll(`\n${" ".repeat(depth)}`, "\n");
    this.#deeds.push({ kind: "unconverted", code, why, line: this.lineOf(node) });
    this.#names.forget(node);
  }

  /** @returns why it cannot be converted */
  #tryStatement(node: SyntaxNode): string | undefined {
    if (this.#deeds.length > MOST_DEEDS) return "there are too many statements";
    switch (node.name) {
      case "StatementGroup":
        this.#block(node);
        return undefined;
      case "PassStatement":
      case ";":
        return undefined;
      case "ScopeStatement":
        return "it sets names of elsewhere";
      case "ImportStatement":
        return void this.#names.import(node);
      case "FunctionDefinition":
        return void this.#names.define(node);
      case "ReturnStatement":
        return this.#return(node);
      case "ExpressionStatement":
        return this.#expression(node);
      case "AssignStatement":
        return this.#assign(node);
      case "AssertStatement":
        return this.#assertion(node);
      case "IfStatement":
        return this.#if(node);
      case "ForStatement":
        return this.#for(node);
      case "WithStatement":
        return this.#with(node);
      default:
        return "statements of this kind are not converted";
    }
  }

  #return(node: SyntaxNode): string | undefined {
    const [, ...nodes] = partsOf(node);
    const [first] = nodes;
    this.#returned = true;
    this.#result = first === undefined ? NONE : nodes.length === 1 ? evaluate(this, first) : listValue(this, nodes);
    return this.#result.kind === "unknown" ? this.#result.why : undefined;
  }

  #expression(node: SyntaxNode): string | undefined {
    const [only] = partsOf(node);
    if (only === undefined || /String$/.test(only.name) || this.text(only) === "...") return undefined;
    if (only.name !== "CallExpression") return "it is no call";
    const value = this.#call(only, true);
    return value.kind === "unknown" ? value.why : undefined;
  }

  #assign(node: SyntaxNode): string | undefined {
    const parts = partsOf(node).filter(({ name }) => name !== "TypeDef");
    const operator = parts.findLastIndex(({ name }) => name === "AssignOp");
    if (operator < 0) return undefined;
    const values = parts.slice(operator + 1);
    const [first] = values;
    const value = values.length === 1 && first !== undefined ? evaluate(this, first) : listValue(this, values);
    const targets = parts.slice(0, operator).filter(({ name }) => name !== "," && name !== "AssignOp");
    // what is not known may have done something, which must not get lost
    return this.#bind(targets, value) ?? (value.kind === "unknown" ? value.why : undefined);
  }

  #bind(targets: readonly SyntaxNode[], value: Value): string | undefined {
    const bound = boundBy(this, targets, value);
    if (typeof bound === "string") return bound;
    for (const [name, each] of bound) this.#names.locals.set(name, each);
    return undefined;
  }

  #assertion(node: SyntaxNode): string | undefined {
    const [, condition, , message] = partsOf(node);
    if (condition === undefined) return "it asserts nothing";
    return this.#check(condition, node, { isNegated: false, message: messageOf(this, message) });
  }

  #check(
    condition: SyntaxNode,
    at: SyntaxNode,
    { isNegated, message }: { readonly isNegated: boolean; readonly message: string | undefined },
  ): string | undefined {
    const value = evaluate(this, condition);
    const known = truth(value);
    if (known !== undefined) return known === isNegated ? "it fails always" : undefined;
    const tests = testsOf(this, value);
    if (tests === undefined) return value.kind === "unknown" ? value.why : "what it asserts is not known";
    if (isNegated && tests.length > 1) return "'and' in a condition that raises";
    for (const test of tests) {
      this.#deeds.push({ kind: "check", test: isNegated ? negated(test) : test, message, line: this.lineOf(at) });
    }
    return undefined;
  }

  #if(node: SyntaxNode): string | undefined {
    const branches = branchesOf(node);
    const [first, ...more] = branches;
    const raised = first === undefined ? undefined : statementsOf(first.body);
    const [condition] = first?.head ?? [];
    if (first !== undefined && condition !== undefined && more.length === 0 && raised?.length === 1) {
      const [only] = raised;
      if (only?.name === "RaiseStatement") {
        const list = only.getChild("CallExpression")?.getChild("ArgList");
        const message = messageOf(this, partsOf(list ?? null)[1]);
        return this.#check(condition, node, { isNegated: true, message });
      }
    }
    for (const { keyword, head, body } of branches) {
      const [test] = head;
      const known = keyword === "else" ? true : test === undefined ? undefined : truth(evaluate(this, test));
      if (known === undefined) return "only a run tells which way it goes";
      if (known) return void this.#block(body);
    }
    return undefined;
  }

  #for(node: SyntaxNode): string | undefined {
    const parts = partsOf(node);
    const at = parts.findIndex(({ name }) => name === "in");
    const [iterable, body, ...more] = parts.slice(at + 1);
    if (iterable === undefined || body?.name !== "Body" || more.length > 0) {
      return "loops of this kind are not converted";
    }
    const items = evaluate(this, iterable);
    const list = items.kind === "dict" ? methodOf(items, "keys", NOTHING) : items;
    if (list?.kind !== "list") return "what it goes through is not known";
    const targets = parts.slice(1, at).filter(({ name }) => name !== ",");
    const before = this.#unconverted();
    for (const item of list.items) {
      const why = this.#bind(targets, item);
      if (why !== undefined) return why;
      this.#block(body);
      this.#quiet = true;
      if (this.#unconverted() > before) return "something in it is not converted";
    }
    return undefined;
  }

  #unconverted(): number {
    return this.#deeds.filter(({ kind }) => kind === "unconverted").length;
  }

  #with(node: SyntaxNode): string | undefined {
    const body = node.getChild("Body");
    if (body === null || !isTransaction(this, node)) return "'with' of something that is not known";
    return void this.#block(body);
  }

  comprehension(node: SyntaxNode): Value {
    const parts = partsOf(node).slice(1, -1);
    const [forAt, inAt] = [parts.findIndex(({ name }) => name === "for"), parts.findIndex(({ name }) => name === "in")];
    const [item, iterable] = [parts[0], parts[inAt + 1]];
    if (forAt !== 1 || item === undefined || iterable === undefined || parts.length > inAt + 2) {
      return unknown("a comprehension");
    }
    const source = evaluate(this, iterable);
    if (source.kind !== "list") return unknown("a comprehension of something that is not known");
    const outer = this.#names.locals;
    const items = source.items.map((value) => {
      this.#names.locals = new Map(outer);
      const why = this.#bind(parts.slice(forAt + 1, inAt).filter(({ name }) => name !== ","), value);
      return why === undefined ? evaluate(this, item) : unknown(why);
    });
    this.#names.locals = outer;
    return { kind: "list", items };
  }

  call(node: SyntaxNode): Value {
    return this.#call(node, false);
  }

  /** @param alone whether the call is a statement, so that what it gives is not used */
  #call(node: SyntaxNode, alone: boolean): Value {
    const [callee, list] = partsOf(node);
    if (callee === undefined || list === undefined) return unknown("a call");
    if (QUIET_REGEXP.test(this.text(callee))) return alone ? this.#say(list) : unknown("a call");
    const given = argumentsOf(this, list);
    if (given === undefined) return unknown("a call with '*' or a generator");
    if (callee.name === "MemberExpression" && callee.lastChild?.name === "PropertyName") {
      const object = evaluate(this, callee.firstChild ?? callee);
      const name = this.text(callee.lastChild);
      if (object.kind === "connection") return this.#onConnection(name, given, { node, alone });
      if (object.kind === "self") {
        const method = this.#names.attributes.get(name);
        const isStatic = method?.kind === "function" && method.isStatic;
        return this.#inline(method, [...(isStatic ? [] : [object]), ...given.positional], given.named);
      }
      const found = methodOf(object, name, given);
      if (found !== undefined) return found;
    }
    const value = evaluate(this, callee);
    if (value.kind === "function") return this.#inline(value, given.positional, given.named);
    const made = value.kind === "name" ? functionOf(value.path, given) : undefined;
    const name = callee.name === "MemberExpression" ? callee.lastChild ?? callee : callee;
    return made ?? unknown(`the call of ${this.text(name)}() is not followed`);
  }

  /** What only tells something is left out; what is done to tell it must not be. */
  #say(list: SyntaxNode): Value {
    const [deeds, queries] = [this.#deeds.length, this.#queries.length];
    argumentsOf(this, list);
    const reads = this.#queries.length - queries;
    this.#queries.length = queries;
    const isConnection = (name: SyntaxNode) => {
      const bound = this.lookup(this.text(name));
      return bound?.kind === "connection" || (bound?.kind === "function" && bound.outer !== undefined);
    };
    if (this.#deeds.length === deeds && usesOf(list, isConnection) <= reads) return { kind: "said" };
    return unknown("what it tells may be more than a query gave");
  }

  #onConnection(
    name: string,
    { positional, named }: Given,
    { node, alone }: { readonly node: SyntaxNode; readonly alone: boolean },
  ): Value {
    if (name === "commit" && alone) {
      this.#remark("commit() of the Python migration is left out: all of it is one transaction", node);
      return { kind: "said" };
    }
    if (!["execute", "exec_driver_sql", "scalar"].includes(name)) return unknown(`${name}() of the connection`);
    const [clause = named.get("statement"), params = named.get("parameters")] = positional;
    const context = { at: this.#acts(), line: this.lineOf(node), isPlain: name === "exec_driver_sql" };
    const found = executionOf([clause, params].filter((value) => value !== undefined), context);
    if (typeof found === "string") return unknown(found);
    const { value, deed } = found;
    if (value.kind === "result" && !alone) {
      this.#queries.push(value.query);
      return name === "scalar" ? methodOf(value, "scalar", NOTHING) ?? value : value;
    }
    if (deed !== undefined) this.#deeds.push(deed);
    return { kind: "said" };
  }

  /** A function of the same file, as if its body stood here. */
  #inline(found: Value | undefined, given: readonly Value[], named: ReadonlyMap<string, Value>): Value {
    if (found?.kind !== "function" || this.#depth >= DEEPEST) return unknown("it calls what is not in the file");
    const names = this.#names.parametersOf(found.node);
    if (given.length + named.size !== names.length) return unknown("it calls a function with default values");
    const outer = this.#names.locals;
    const before = this.#unconverted();
    const own = names.map((name, at) => [name, given[at] ?? NONE] as const);
    this.#names.locals = new Map([...(found.outer ?? []), ...own, ...named]);
    this.#depth++;
    this.#block(found.node.getChild("Body"));
    this.#depth--;
    const result = this.#returned ? this.#result : NONE;
    this.#returned = false;
    this.#names.locals = outer;
    return this.#unconverted() > before && result.kind !== "scalar"
      ? unknown("a function that is not converted")
      : result;
  }
}

const NOTHING: Given = { positional: [], named: new Map() };
