/**
 * The value of an expression where it stands, in whatever function of an `env.py`, without running it.
 *
 * @module
 */

import type { SyntaxNode, Tree } from "@lezer/common";
import { partsOf } from "../python_expression.ts";
import type { PythonImports } from "../python_imports.ts";
import { targetsOf } from "../python_branches.ts";

/** `text` is `undefined` for `None`. */
export interface Known {
  readonly text: string | undefined;
}

interface Parameter {
  readonly name: string;
  readonly index: number;
  readonly fallback: SyntaxNode | undefined;
}

const VALUE = "__delembic_value__";
/** A call, of which nothing is known. */
const UNKNOWN = "__delembic_unknown__()";
/** How many functions that hand a value on are followed. */
const MAX_DEPTH = 4;

/** Values of the expressions of one file. */
export class EnvValues {
  constructor(
    readonly source: string,
    readonly file: string,
    readonly tree: Tree,
    readonly imports: PythonImports,
  ) {}

  /**
   * What the expression gives where it stands; `undefined` when that is not known.
   */
  of(expression: SyntaxNode, depth = 0): Known | undefined {
    const { module, before } = this.#before(expression, depth);
    const read = this.imports.read(`${module}\n${before}${VALUE} = (${this.#text(expression)})\n`, this.file);
    const value = "get" in read ? read.get(VALUE)?.value : undefined;
    if (value?.kind === "text") return { text: value.text === "" ? undefined : value.text };
    return value?.kind === "none" ? { text: undefined } : undefined;
  }

  /**
   * What happens before a node is reached: in the module, up to the last call of the function around the node, and then
   * in the functions and blocks around it.
   */
  #before(node: SyntaxNode, depth: number): { module: string; before: string } {
    let before = "", outermost: SyntaxNode | undefined, top = node;
    for (let child = node, at = node.parent; at !== null; child = at, at = at.parent) {
      top = child;
      if (at.name === "Body") before = this.#statements(at, child) + before;
      else if (at.name === "FunctionDefinition") {
        before = this.#parameters(at, before + this.#text(node), depth) + before;
        outermost = at;
      } else if (child.name === "Body") {
        const names = targetsOf(at).map((name) => `${this.#text(name)} = ${UNKNOWN}\n`);
        before = names.join("") + before;
      }
    }
    const end = outermost === undefined ? top.from : this.#lastCall(outermost, depth);
    return { module: this.source.slice(0, end), before };
  }

  /** Where the last statement of the module ends by which a function may be called; that of the module where none is. */
  #lastCall(definition: SyntaxNode, depth: number): number {
    const ends = this.#mentions(definition).map((mention) => {
      let top = mention, caller: SyntaxNode | undefined;
      for (let at = mention.parent; at !== null && at.parent !== null; at = at.parent) {
        top = at;
        if (at.name === "FunctionDefinition") caller = at;
      }
      if (caller === undefined) return top.to;
      return depth < MAX_DEPTH ? this.#lastCall(caller, depth + 1) : this.source.length;
    });
    return ends.length === 0 ? this.source.length : Math.max(...ends);
  }

  /** Where a function's name stands, but for its definition. */
  #mentions(definition: SyntaxNode): SyntaxNode[] {
    const name = this.#text(definition.getChild("VariableName"));
    const found: SyntaxNode[] = [];
    this.tree.iterate({
      enter: ({ name: type, node }) => {
        const isMention = type === "VariableName" && node.parent?.name !== "FunctionDefinition";
        if (isMention && this.#text(node) === name) found.push(node);
      },
    });
    return found;
  }

  #statements(body: SyntaxNode, until: SyntaxNode): string {
    const statements: string[] = [];
    for (const statement of partsOf(body)) {
      if (statement.from >= until.from) break;
      if (statement.name === ":") continue;
      const line = this.source.lastIndexOf("\n", statement.from - 1) + 1;
      const indent = this.source.slice(line, statement.from);
      statements.push(`if True:\n${/^\s+$/.test(indent) ? indent : " "}${this.#text(statement)}\n`);
    }
    return statements.join("");
  }

  /** A line for each parameter that is used. */
  #parameters(definition: SyntaxNode, use: string, depth: number): string {
    const words = new Set(use.match(/[\p{L}\p{N}_]+/gu));
    return parametersOf(definition).map(({ name, ...others }) => ({ name: this.#text(name), ...others }))
      .filter(({ name }) => words.has(name)).map((parameter) => {
        const known = depth < MAX_DEPTH ? this.#argument(definition, parameter, depth + 1) : undefined;
        const value = known === undefined ? UNKNOWN : known.text === undefined ? "None" : JSON.stringify(known.text);
        return `${parameter.name} = ${value}\n`;
      }).join("");
  }

  /** What all calls of a function in this file give to a parameter; `undefined` when they differ or are not known. */
  #argument(definition: SyntaxNode, parameter: Parameter, depth: number): Known | undefined {
    const given = this.#mentions(definition).map((mention) => this.#argumentAt(mention, parameter));
    if (given.length === 0) given.push(parameter.fallback);
    const values = given.map((node) => node && this.of(node, depth));
    const [first] = values;
    return first !== undefined && values.every((value) => value?.text === first.text && value !== undefined)
      ? first
      : undefined;
  }

  /** What a mention of a function gives to a parameter: in a call of it, or of something that calls it. */
  #argumentAt(mention: SyntaxNode, { name, index, fallback }: Parameter): SyntaxNode | undefined {
    const called = mention.parent?.name === "CallExpression" && mention.nextSibling?.name === "ArgList";
    const list = called ? mention.nextSibling : mention.parent;
    if (list?.name !== "ArgList") return undefined;
    const parts = partsOf(list).slice(1, -1);
    const named = parts.findIndex((part, i) => this.#text(part) === name && parts[i + 1]?.name === "AssignOp");
    if (named !== -1) return parts[named + 2];
    if (parts.some(({ name }) => name === "*" || name === "**")) return undefined;
    const positional = positionalOf(parts);
    // connection.run_sync(function, argument): the connection comes first
    const at = called ? index : positional.findIndex(({ from }) => from === mention.from) + index;
    return positional[at] ?? fallback;
  }

  #text(node: SyntaxNode | null): string {
    return node === null ? "" : this.source.slice(node.from, node.to);
  }
}

function positionalOf(parts: readonly SyntaxNode[]): SyntaxNode[] {
  return parts.filter(({ name }, i) =>
    name !== "," && name !== "AssignOp" && parts[i + 1]?.name !== "AssignOp" && parts[i - 1]?.name !== "AssignOp"
  );
}

function parametersOf(definition: SyntaxNode) {
  const parts = partsOf(definition.getChild("ParamList")).slice(1, -1).filter(({ name }) => name !== "TypeDef");
  let index = 0;
  return parts.flatMap((part, i) => {
    if (part.name !== "VariableName" || parts[i - 1]?.name === "AssignOp") return [];
    const fallback = parts[i + 1]?.name === "AssignOp" ? parts[i + 2] : undefined;
    return [{ name: part, index: index++, fallback }];
  });
}
