/**
 * Which version table a project's `env.py` sets, read from its text.
 *
 * @module
 */

import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@lezer/python";
import type { Fault } from "../errors.ts";
import { truthOf } from "../python_branches.ts";
import { partsOf } from "../python_expression.ts";
import type { PythonImports } from "../python_imports.ts";
import { withIniAnswers } from "./env_ini.ts";
import { EnvValues, type Known } from "./env_value.ts";
import type { Options } from "./options.ts";

/** One option: its value, `undefined` when it is not set or is `None`, or why it is not known. */
export type EnvOption = string | undefined | Fault;

/** What an `env.py` may get its values from. */
export interface EnvSurroundings {
  readonly imports: PythonImports;
  readonly options: Options;
  /** The file and text of a module by its dotted name, normalized; `undefined` when there is none. */
  module(dotted: string): { readonly file: string; readonly source: string } | undefined;
}

/**
 * What `context.configure(NAME=…)` is given, wherever it stands, also in a dictionary that is spread there, of whatever
 * module. What only the offline mode is given does not count where there is an online one. A file that calls no
 * `configure` leaves that to the modules that it imports.
 *
 * @param source normalized
 */
export function readEnvOption(source: string, file: string, name: string, around: EnvSurroundings): EnvOption {
  return readFile(source, file, name, around, MAX_IMPORTS) ?? undefined;
}

/** How many imports, one from another, are followed. */
const MAX_IMPORTS = 2;

/** @returns `null` when neither the file nor what it imports configures anything */
function readFile(raw: string, file: string, name: string, around: EnvSurroundings, depth: number): EnvOption | null {
  const source = withIniAnswers(raw, around.options);
  const tree = parser.parse(source);
  const { given, calls } = new EnvReader(source, tree, name, around.options).read();
  if (given.length > 0 || calls.length > 0) {
    const decided = () => decide(effective(given, calls), name, new EnvValues(source, file, tree, around.imports));
    if (given.length > 0 || !calls.some(({ spreads }) => spreads)) return decided();
    return spreadFromElsewhere(importedBy(tree, source), name, around) ?? decided();
  }
  if (depth === 0) return null;
  for (const dotted of importedBy(tree, source)) {
    const module = around.module(dotted);
    if (module === undefined) continue;
    const found = readFile(module.source, module.file, name, around, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

/** What a dictionary that comes by import, or is made by what is imported, may hold; `null` when no module names it. */
function spreadFromElsewhere(modules: readonly string[], name: string, around: EnvSurroundings): EnvOption | null {
  for (const dotted of modules) {
    const module = around.module(dotted);
    if (!module?.source.includes(name)) continue;
    const source = withIniAnswers(module.source, around.options);
    const tree = parser.parse(source);
    const { given } = new EnvReader(source, tree, name, around.options).read();
    if (given.length > 0) {
      return decide(effective(given, []), name, new EnvValues(source, module.file, tree, around.imports));
    }
  }
  return null;
}

/** A value that stands in the file: its expression, or what the ini file has. */
interface Given {
  readonly node: SyntaxNode;
  readonly known?: Known;
  readonly offline: boolean;
  /** Whether `context.configure` itself is given it, not a dictionary or another function. */
  readonly direct: boolean;
  /** Whether it may as well not be set. */
  readonly conditional: boolean;
}

/** A call of `context.configure`. */
interface Call {
  readonly node: SyntaxNode;
  readonly offline: boolean;
  readonly spreads: boolean;
}

/** What decides: values, and calls that leave the default. */
function effective(given: readonly Given[], calls: readonly Call[]): (Given | undefined)[] {
  const online = calls.some(({ offline }) => !offline) ? calls.filter(({ offline }) => !offline) : calls;
  const orNot = (found: readonly Given[]) => found.flatMap((one) => one.conditional ? [one, undefined] : [one]);
  if (online.length === 0) return orNot(given);
  const indirect = orNot(given.filter(({ direct, offline }) => !direct && (!offline || online[0]?.offline)));
  return online.flatMap(({ node, spreads }): (Given | undefined)[] => {
    const own = given.filter((one) => one.direct && one.node.from >= node.from && one.node.to <= node.to);
    if (own.length > 0) return own;
    return spreads && indirect.length > 0 ? indirect : [undefined];
  });
}

function decide(given: readonly (Given | undefined)[], name: string, values: EnvValues): EnvOption {
  const found = new Set<string | undefined>();
  let line = 1;
  for (const one of given) {
    if (one === undefined) {
      found.add(undefined);
      continue;
    }
    line = values.source.slice(0, one.node.from).split("\n").length;
    const value = one.known ?? values.of(one.node);
    if (value === undefined) {
      const text = values.source.slice(one.node.from, one.node.to).replace(/\s+/g, " ");
      return notKnown(name, { file: values.file, line }, `it is ${text}`);
    }
    found.add(value.text);
  }
  const [first] = found;
  if (found.size <= 1) return first;
  const why = given.some((one) => one?.conditional) ? "it is set under a condition" : "it is set to several values";
  return notKnown(name, { file: values.file, line }, why);
}

function notKnown(name: string, place: Fault["place"], why: string): Fault {
  return {
    code: "alembic-version-table",
    message: `The ${name} that env.py sets cannot be known without running it: ${why}`,
    place,
    hint: `Set 'alembic_${name === "version_table" ? name : "version_schema"}' in delembic.ini.`,
  };
}

/** Finds what is given, and the calls of `configure`. */
class EnvReader {
  readonly #given: Given[] = [];
  readonly #calls: Call[] = [];
  /** Functions that are called where the mode is offline. */
  readonly #offline = new Set<string>();

  constructor(
    readonly source: string,
    readonly tree: Tree,
    readonly name: string,
    readonly options: Options,
  ) {}

  read(): { given: readonly Given[]; calls: readonly Call[] } {
    this.tree.iterate({
      enter: ({ name, node }) => {
        if (name === "CallExpression" && this.#isOffline(node)) this.#offline.add(this.#text(node.firstChild));
      },
    });
    this.tree.iterate({
      enter: ({ name, node }) => {
        if (name === "ArgList") this.#arguments(node);
        else if (name === "DictionaryExpression") this.#pairs(node, ":", (text) => text.slice(1, -1), false);
        else if (name === "AssignStatement") this.#item(node);
      },
    });
    return { given: this.#given, calls: this.#calls };
  }

  #arguments(list: SyntaxNode): void {
    const parts = partsOf(list);
    const direct = this.#isConfigure(list);
    if (direct) this.#calls.push(this.#callOf(list, parts));
    this.#pairs(list, "AssignOp", (text) => text, direct);
    const callee = list.prevSibling;
    const [first, , second] = parts.slice(1, -1);
    const method = /\.(setdefault|pop)$/.exec(this.#text(callee))?.[1];
    if (method !== undefined && callee?.parent && this.#text(first).slice(1, -1) === this.name) {
      // what was taken out of a dictionary is not known to be in it
      if (method === "setdefault" && second !== undefined) this.#take(second, false);
      else this.#take(callee.parent, false);
    }
    parts.forEach((part, i) => {
      if (part.name === "**") this.#section(parts[i + 1], direct);
    });
  }

  #callOf(list: SyntaxNode, parts: readonly SyntaxNode[]): Call {
    const has = (name: string) =>
      parts.some((part, i) => this.#text(part) === name && parts[i + 1]?.name === "AssignOp");
    const spreads = parts.some(({ name }) => name === "**");
    // the online mode needs a connection
    const withoutOne = has("url") && !has("connection") && !spreads;
    return { node: list, offline: withoutOne || this.#isOffline(list), spreads };
  }

  /** `NAME=value` or `"NAME": value` */
  #pairs(node: SyntaxNode, mark: string, key: (text: string) => string, direct: boolean): void {
    const parts = partsOf(node);
    parts.forEach((part, i) => {
      const value = parts[i + 2];
      if (key(this.#text(part)) === this.name && parts[i + 1]?.name === mark && value) this.#take(value, direct);
    });
  }

  /** `options["NAME"] = value` */
  #item(node: SyntaxNode): void {
    const [target, , value, ...more] = partsOf(node);
    const [, bracket, key] = target?.name === "MemberExpression" ? partsOf(target) : [];
    const isItem = bracket?.name === "[" && key !== undefined && this.#text(key).slice(1, -1) === this.name;
    if (isItem && value !== undefined && more.length === 0) this.#take(value, false);
  }

  /** `**config.get_section("name")` */
  #section(node: SyntaxNode | undefined, direct: boolean): void {
    const [, dotted = "", text = ""] = /^([\w.]*)\.get_section\(\s*["']([^"']*)["']/.exec(this.#text(node)) ?? [];
    if (node === undefined || dotted === "" || !this.options.ini.has(text)) return;
    const value = this.options.ini.get(text, this.name);
    if (value === undefined) return;
    this.#given.push({
      node,
      known: { text: value || undefined },
      offline: this.#isOffline(node),
      direct,
      conditional: false,
    });
  }

  #take(node: SyntaxNode, direct: boolean): void {
    this.#given.push({
      node,
      offline: this.#isOffline(node),
      direct,
      conditional: !direct && this.#isConditional(node),
    });
  }

  #isConfigure(list: SyntaxNode): boolean {
    const callee = this.#text(list.prevSibling);
    if (/(?:^|\.)context\.configure$/.test(callee)) return true;
    const parts = partsOf(list);
    // functools.partial(context.configure, …)
    if (parts.some((part) => /(?:^|\.)context\.configure$/.test(this.#text(part)))) return true;
    const names = parts.filter((_, i) => parts[i + 1]?.name === "AssignOp").map((part) => this.#text(part));
    const mayBe = /\.configure$/.test(callee) || callee === "configure" && IMPORT_REGEXP.test(this.source);
    return mayBe && names.some((name) => OWN_NAMES.has(name));
  }

  #isOffline(node: SyntaxNode): boolean {
    for (let child = node, at = node.parent; at !== null; child = at, at = at.parent) {
      if (at.name === "FunctionDefinition") {
        const name = this.#text(at.getChild("VariableName"));
        if (/offline/i.test(name) || this.#offline.has(name)) return true;
      } else if (this.#asksForMode(at) && at.getChild("Body")?.from === child.from) return true;
    }
    return false;
  }

  /** Whether what stands there may not happen at all, in whatever mode. */
  #isConditional(node: SyntaxNode): boolean {
    for (let child = node, at = node.parent; at !== null; child = at, at = at.parent) {
      if (child.name !== "Body") continue;
      if (at.name === "ForStatement" || at.name === "WhileStatement" || at.name === "MatchStatement") return true;
      const condition = at.name === "IfStatement" ? this.#text(partsOf(at)[1]) : undefined;
      if (condition !== undefined && !this.#asksForMode(at) && truthOf(condition) === undefined) return true;
    }
    return false;
  }

  /** `if context.is_offline_mode():` */
  #asksForMode(statement: SyntaxNode): boolean {
    return statement.name === "IfStatement" &&
      /^(?:\w+\.)*is_offline_mode\(\)$/.test(this.#text(partsOf(statement)[1]));
  }

  #text(node: SyntaxNode | null | undefined): string {
    return node ? this.source.slice(node.from, node.to) : "";
  }
}

const IMPORT_REGEXP = /^[ \t]*from alembic\.context import .*\bconfigure\b/m;
/** What tells Alembic's `configure` from those of other libraries. */
const OWN_NAMES: ReadonlySet<string> = new Set(["connection", "target_metadata", "dialect_name"]);

/** The dotted names that may be modules: `from a import b` may mean `a.b`. */
function importedBy(tree: Tree, source: string): string[] {
  const found: string[] = [];
  tree.iterate({
    enter: ({ name, node }) => {
      if (name !== "ImportStatement") return;
      const text = source.slice(node.from, node.to).replace(/#.*|[()\\]/g, " ").replace(/\s+/g, " ");
      const [, from, names = ""] = /^(?:from ([\w.]+) )?import (.*)$/.exec(text.trim()) ?? [];
      const each = names.split(",").map((one) => one.trim().split(" ")[0] ?? "").filter((one) => one !== "");
      found.push(...from === undefined ? each : [...each.map((one) => `${from}.${one}`), from]);
    },
  });
  return [...new Set(found)].filter((dotted) => !/^(?:alembic|sqlalchemy)(?:\.|$)/.test(dotted));
}
