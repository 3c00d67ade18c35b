/**
 * Goes through `upgrade()` of an Alembic script, and what it calls in its own module, and keeps what it does to the
 * schema. Nothing is run: loops over literals are unrolled, of an `if` all branches are taken that may happen, and what
 * cannot be known is kept as that, with its line.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import { branchesOf, truthOf } from "../python_branches.ts";
import { partsOf } from "../python_expression.ts";
import type { SchemaChange, SchemaOperation, ScriptOperations } from "./operation.ts";
import { bindImports, bindParameters, bindTarget } from "./operation_binding.ts";
import { changeOf } from "./operation_call.ts";
import { inOneLine, listOf, type OpContext, valueOf } from "./operation_expression.ts";
import {
  NO_ARGUMENTS,
  NO_VALUE,
  type OpArguments,
  type OpCall,
  type OpFunction,
  OpNames,
  type OpValue,
  truthOfValue,
  unknownValue,
} from "./operation_value.ts";
import { foreignChange, operationName } from "./operation_foreign.ts";
import { ScriptNotes } from "./operation_notes.ts";

/** A script to be read. */
export interface ScriptSource {
  /** Normalized. */
  readonly source: string;
  /** As it is shown. */
  readonly file: string;
  /** By SQLAlchemy's names. */
  readonly dialect: "postgresql" | "mysql" | "sqlite";
  /** What a name stands for that another module of the project has; `undefined` when it is not known. */
  readonly imported: (path: string) => OpValue | undefined;
}

/** More than any script does, so that one that calls itself has an end. */
const MOST_OPERATIONS = 20_000;
const MOST_STEPS = 200_000;
const DEEPEST = 12;
/** The version table of our ledger: a script that names it looks at what was applied. */
const GUARD_REGEXP = /\bdelembic_version\b/;

/** What a script's `upgrade()` does. Never throws: what is no Python is among what was not read. */
export function readOperations(script: ScriptSource): ScriptOperations {
  return new OperationReader(script).read();
}

class OperationReader implements OpContext {
  readonly source: string;
  readonly dialect: string;
  readonly imported: (path: string) => OpValue | undefined;
  nesting = 0;
  readonly #file: string;
  readonly #operations: SchemaOperation[] = [];
  readonly #notes: ScriptNotes;
  readonly #conditions: string[] = [];
  #lineStarts: number[] | undefined;
  #depth = 0;
  #steps = 0;
  /** Set while a function is gone through whose `return` was met. */
  #returned: OpValue | undefined;
  /** The condition under which a `return` was met. */
  #mayHaveEnded: string | undefined;

  constructor({ source, file, dialect, imported }: ScriptSource) {
    this.source = source;
    this.dialect = dialect;
    this.imported = imported;
    this.#file = file;
    this.#notes = new ScriptNotes(source);
  }

  read(): ScriptOperations {
    const tree = parser.parse(this.source).topNode;
    const names = new OpNames();
    this.#moduleNames(tree, names);
    const upgrade = names.get("upgrade");
    if (upgrade?.kind === "function") {
      this.#unreadSyntax(upgrade.node);
      this.#call(upgrade, NO_ARGUMENTS);
    }
    return { operations: this.#operations, guarded: GUARD_REGEXP.test(this.source) };
  }

  /** Imports, functions and values of the module; what it does besides is not looked at. */
  #moduleNames(body: SyntaxNode, names: OpNames): void {
    for (const statement of partsOf(body)) {
      if (statement.name === "IfStatement" || statement.name === "TryStatement") {
        for (const branch of branchesOf(statement)) this.#moduleNames(branch.body, names);
      } else if (MODULE_STATEMENTS.has(statement.name)) this.#statement(statement, names);
    }
    // a call at the top of a module is none of `upgrade`
    this.#operations.length = 0;
  }

  #unreadSyntax(node: SyntaxNode): void {
    let at: SyntaxNode | undefined;
    node.cursor().iterate((cursor) => {
      if (cursor.type.isError) at ??= cursor.node;
    });
    if (at !== undefined) this.#keep({ kind: "unread", what: "upgrade()", why: "a part of it is no Python" }, at);
  }

  /** The line of an offset, from 1. */
  #lineAt(offset: number): number {
    this.#lineStarts ??= [...this.source.matchAll(/\n/g)].map(({ index }) => index + 1);
    let low = 0, high = this.#lineStarts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? Infinity) <= offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }

  #keep(change: SchemaChange, node: SyntaxNode): void {
    if (this.#operations.length >= MOST_OPERATIONS) return;
    const line = this.#lineAt(node.from);
    this.#operations.push({
      ...change,
      place: { file: this.#file, line },
      onlyIf: this.#conditions.at(-1),
      noData: this.#notes.sayNoData(line, this.#lineAt(node.to)),
    });
  }

  #body(body: SyntaxNode, names: OpNames): void {
    let conditions = 0;
    for (const statement of partsOf(body)) {
      if (this.#returned !== undefined) break;
      this.#statement(statement, names);
      if (this.#mayHaveEnded === undefined) continue;
      // what comes behind `if …: return` may not happen
      this.#conditions.push(`not '${this.#mayHaveEnded}'`);
      this.#mayHaveEnded = undefined;
      conditions++;
    }
    for (; conditions > 0; conditions--) this.#conditions.pop();
  }

  #statement(node: SyntaxNode, names: OpNames): void {
    if (this.#steps++ > MOST_STEPS) return;
    switch (node.name) {
      case "StatementGroup":
        return this.#body(node, names);
      case "ImportStatement":
        return bindImports(this.source, node, names);
      case "FunctionDefinition":
        return this.#define(node, names);
      case "DecoratedStatement":
        return partsOf(node).filter(({ name }) => name === "FunctionDefinition").forEach((inner) =>
          this.#define(inner, names)
        );
      case "AssignStatement":
        return this.#assign(node, names);
      case "UpdateStatement":
        return this.#update(node, names);
      case "ExpressionStatement":
        return partsOf(node).forEach((part) => this.#expression(part, names));
      case "WithStatement":
        return this.#with(node, names);
      case "ForStatement":
        return this.#for(node, names);
      case "IfStatement":
        return this.#if(node, names);
      case "ReturnStatement":
        return this.#return(node, names);
      case "TryStatement":
        return this.#try(node, names);
      case "WhileStatement":
      case "MatchStatement":
        return this.#mayHappen(node, names);
    }
  }

  #expression(node: SyntaxNode, names: OpNames): void {
    if (node.name.endsWith("ComprehensionExpression") || node.name === "ComprehensionExpression") {
      return this.#comprehension(node, names);
    }
    valueOf(this, node, names);
  }

  /** `[op.drop_column("a", name) for name in NAMES]` */
  #comprehension(node: SyntaxNode, names: OpNames): void {
    const parts = partsOf(node).slice(1, -1);
    const at = parts.findIndex(({ name }) => name === "for"), from = parts.findIndex(({ name }) => name === "in");
    const [result] = parts, list = parts[from + 1];
    if (result === undefined || list === undefined || at < 1) return;
    const filtered = parts[from + 2] !== undefined;
    const work = () => this.#expression(result, names);
    this.#each(parts.slice(at + 1, from), valueOf(this, list, names), { names, node, filtered, work });
  }

  #text(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }

  #define(node: SyntaxNode, names: OpNames): void {
    const name = node.getChild("VariableName");
    if (name === null) return;
    names.set(this.#text(name), { kind: "function", name: this.#text(name), node, names });
  }

  #assign(node: SyntaxNode, names: OpNames): void {
    const segments: SyntaxNode[][] = [[]];
    for (const part of partsOf(node)) {
      if (part.name === "AssignOp") segments.push([]);
      else if (part.name !== "TypeDef") segments.at(-1)?.push(part);
    }
    const last = segments.pop() ?? [];
    if (segments.length === 0) return;
    const [first] = last;
    const value = last.length === 1 && first !== undefined
      ? valueOf(this, first, names)
      : listOf(this, last, names) ?? unknownValue("");
    for (const target of segments) bindTarget(this.source, target, value, names);
  }

  #update(node: SyntaxNode, names: OpNames): void {
    const [target, operator, ...rest] = partsOf(node);
    if (target?.name !== "VariableName" || operator === undefined) return;
    const before = names.get(this.#text(target));
    const added = listOf(this, rest, names);
    const first = added?.kind === "list" ? added.items[0] : undefined;
    const isList = before?.kind === "list" && first?.kind === "list" && this.#text(operator) === "+=";
    const value: OpValue = isList ? { kind: "list", items: [...before.items, ...first.items] } : unknownValue("");
    names.set(this.#text(target), value);
  }

  #with(node: SyntaxNode, names: OpNames): void {
    const body = node.getChild("Body");
    const parts = partsOf(node).filter((part) => part.name !== "Body");
    for (const [at, part] of parts.entries()) {
      if (part.name === "with" || part.name === "as" || part.name === "," || parts[at - 1]?.name === "as") continue;
      const value = valueOf(this, part, names);
      const target = parts[at + 1]?.name === "as" ? parts[at + 2] : undefined;
      if (target !== undefined) bindTarget(this.source, [target], value, names);
    }
    if (body !== null) this.#body(body, names);
  }

  #for(node: SyntaxNode, names: OpNames): void {
    const parts = partsOf(node);
    const at = parts.findIndex(({ name }) => name === "in");
    const body = node.getChild("Body"), list = parts.slice(at + 1, parts.findIndex(({ name }) => name === "Body"));
    const [first] = list;
    if (body === null || first === undefined) return;
    const several = list.length === 1 ? valueOf(this, first, names) : listOf(this, list, names) ?? unknownValue("");
    const work = () => this.#body(body, names);
    this.#each(parts.slice(1, at), several, { names, node, filtered: false, work });
  }

  /** Does the work once for each item, or once for an unknown one where the list is not known. */
  #each(
    target: readonly SyntaxNode[],
    list: OpValue,
    { names, node, filtered, work }: {
      readonly names: OpNames;
      readonly node: SyntaxNode;
      readonly filtered: boolean;
      readonly work: () => void;
    },
  ): void {
    const items = list.kind === "list"
      ? list.items
      : list.kind === "dict"
      ? list.entries.map(([key]) => key)
      : undefined;
    if (items !== undefined && !filtered) {
      for (const item of items) {
        if (this.#returned !== undefined || this.#steps > MOST_STEPS) return;
        bindTarget(this.source, target, item, names);
        work();
      }
      return;
    }
    for (const place of target) {
      if (place.name === "VariableName") bindTarget(this.source, [place], unknownValue(this.#text(place)), names);
    }
    this.#under(this.#headOf(node), work);
  }

  /** The first line of a statement, as it is shown. */
  #headOf(node: SyntaxNode): string {
    const body = node.getChild("Body");
    const head = this.source.slice(node.from, body?.from ?? node.to).replace(/\s+/g, " ").trim();
    return head.length > 60 ? `${head.slice(0, 57)}…` : head;
  }

  #under(condition: string, work: () => void): void {
    this.#conditions.push(condition);
    work();
    this.#conditions.pop();
    if (this.#returned === undefined) return;
    this.#returned = undefined;
    this.#mayHaveEnded = condition;
  }

  #if(node: SyntaxNode, names: OpNames): void {
    let mayBeDone = false, shown = "";
    for (const { head: [condition], body, keyword } of branchesOf(node)) {
      const known = condition === undefined ? true : this.#truth(condition, names);
      if (condition !== undefined) shown = `${keyword} ${inOneLine(this.source, condition)}`;
      if (known === false) continue;
      if (known === true && !mayBeDone) return this.#body(body, names);
      this.#under(condition === undefined ? `else of '${shown}'` : shown, () => this.#body(body, names));
      if (known === true) return;
      mayBeDone = true;
    }
  }

  #truth(condition: SyntaxNode, names: OpNames): boolean | undefined {
    return truthOf(this.#text(condition)) ?? truthOfValue(valueOf(this, condition, names));
  }

  #try(node: SyntaxNode, names: OpNames): void {
    for (const { keyword, body } of branchesOf(node)) {
      if (keyword === "except") this.#under("except", () => this.#body(body, names));
      else this.#body(body, names);
    }
  }

  #mayHappen(node: SyntaxNode, names: OpNames): void {
    const head = this.#headOf(node);
    node.cursor().iterate((cursor) => {
      if (cursor.name !== "Body") return true;
      this.#under(head, () => this.#body(cursor.node, names));
      return false;
    });
  }

  #return(node: SyntaxNode, names: OpNames): void {
    const [, first] = partsOf(node);
    this.#returned = first === undefined ? NO_VALUE : valueOf(this, first, names);
  }

  call(callee: OpValue, given: OpArguments, node: SyntaxNode): OpValue {
    if (callee.kind === "function") return this.#call(callee, given);
    const text = inOneLine(this.source, node);
    const result: OpCall = { kind: "call", callee, given, text };
    const name = callee.kind === "method" ? callee.name : operationName(callee);
    if (name === undefined) {
      const change = node.parent?.name === "ExpressionStatement" ? foreignChange(result) : undefined;
      if (change !== undefined) this.#keep(change, node);
      return result;
    }
    if (name === "f") return given.positional[0] ?? result;
    if (name === "batch_alter_table") {
      const table = given.named.get("table_name") ?? given.positional[0] ?? unknownValue(text);
      return { kind: "batch", table, schema: given.named.get("schema") ?? given.positional[1] ?? NO_VALUE };
    }
    const change = changeOf(name, given, callee.kind === "method" ? callee.batch : undefined);
    if (change !== undefined) this.#keep(change, node);
    return result;
  }

  /** Goes through a function with what it is given. */
  #call(callee: OpFunction, given: OpArguments): OpValue {
    const body = callee.node.getChild("Body");
    const unknown = unknownValue(`${callee.name}(…)`);
    if (body === null || this.#depth >= DEEPEST) return unknown;
    const names = new OpNames(callee.names);
    bindParameters(this, callee.node.getChild("ParamList"), given, names);
    const before = this.#returned;
    this.#returned = undefined;
    this.#depth++;
    this.#body(body, names);
    this.#depth--;
    const result = this.#returned as OpValue | undefined;
    this.#returned = before;
    return result ?? NO_VALUE;
  }
}

const MODULE_STATEMENTS = new Set(["ImportStatement", "FunctionDefinition", "DecoratedStatement", "AssignStatement"]);
