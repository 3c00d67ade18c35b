/**
 * What an `env.py` asks its ini file for, answered: in the text of it, values stand for the calls.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import { IniError } from "../ini.ts";
import { partsOf } from "../python_expression.ts";
import { decodeString } from "../python_string.ts";
import type { Options } from "./options.ts";

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * The source with `config.get_main_option("key")`, `config.get_section("name")["key"]` and the like replaced by what the
 * configuration answers; each line stays where it is. What the source itself sets with `set_main_option` is left alone.
 *
 * @param source normalized
 */
export function withIniAnswers(source: string, options: Options): string {
  if (!/\bget_(?:main_option|section|section_option|alembic_option)\b/.test(source)) return source;
  const edits: Edit[] = [];
  const answers = new Answers(source, options);
  parser.parse(source).iterate({
    enter: ({ node }) => {
      const text = answers.replacement(node);
      if (text === undefined) return true;
      const lines = source.slice(node.from, node.to).split("\n").length - text.split("\n").length;
      edits.push({ from: node.from, to: node.to, text: `(${text}${"\n".repeat(Math.max(0, lines))})` });
      return false;
    },
  });
  let result = "", done = 0;
  for (const { from, to, text } of edits) {
    result += source.slice(done, from) + text;
    done = to;
  }
  return result + source.slice(done);
}

/** What a call asks for: a value of the ini file, and the source of what stands in for a missing one. */
interface Asked {
  readonly value: string | undefined;
  readonly otherwise: string;
}

const SETTER_REGEXP = /\bset_(?:main|section)_option\s*\(([^)]*)\)/g;

/** The answers to the calls in one source. */
class Answers {
  readonly #source: string;
  readonly #options: Options;
  /** Keys that the source sets; `undefined` when it sets some that are not known. */
  readonly #set: ReadonlySet<string> | undefined;
  /** Names that stand for a section: `section = config.get_section("name")`. */
  readonly #sections = new Map<string, string | undefined>();

  constructor(source: string, options: Options) {
    this.#source = source;
    this.#options = options;
    const set = [...source.matchAll(SETTER_REGEXP)].map(([, given = ""]) => given);
    const texts = set.map((given) => [...given.matchAll(/"[^"]*"|'[^']*'/g)].map(([text]) => text.slice(1, -1)));
    this.#set = texts.some((found) => found.length === 0) ? undefined : new Set(texts.flat());
    this.#findSections();
  }

  #findSections(): void {
    parser.parse(this.#source).iterate({
      enter: ({ name, node }) => {
        if (name !== "AssignStatement") return;
        const parts = partsOf(node).filter(({ name }) => name !== "TypeDef");
        const [target, , value] = parts;
        if (target?.name !== "VariableName" || value === undefined) return;
        const variable = this.#text(target);
        const section = parts.length === 3 ? this.#sectionOf(value) : undefined;
        const known = this.#sections.get(variable);
        this.#sections.set(variable, this.#sections.has(variable) && known !== section ? undefined : section);
      },
    });
  }

  /** The source of what an expression gives; `undefined` for one that asks nothing. */
  replacement(node: SyntaxNode): string | undefined {
    if (node.name === "BinaryExpression") {
      const [left, operator, right] = partsOf(node);
      if (left === undefined || right === undefined || operator?.name !== "or") return undefined;
      const asked = this.#asked(left);
      if (asked === undefined || asked.value === undefined && asked.otherwise !== "None") return undefined;
      return asked.value ? JSON.stringify(asked.value) : this.#text(right);
    }
    const asked = this.#asked(node);
    return asked && (asked.value === undefined ? asked.otherwise : JSON.stringify(asked.value));
  }

  #asked(node: SyntaxNode): Asked | undefined {
    // the left side of an assignment asks nothing
    if (node.parent?.name === "AssignStatement" && node.nextSibling?.name === "AssignOp") return undefined;
    if (node.name === "MemberExpression") {
      const [object, , key] = partsOf(node);
      const section = this.#sectionOf(object), name = this.#literal(key);
      return section === undefined || name === undefined ? undefined : this.#ask(section, name);
    }
    const [callee, list] = node.name === "CallExpression" ? partsOf(node) : [];
    const [object, , property] = callee?.name === "MemberExpression" ? partsOf(callee) : [];
    if (list === undefined || property === undefined) return undefined;
    const [first, second, third] = argumentsOf(list);
    switch (this.#text(property)) {
      case "get_main_option":
        return this.#ask(this.#options.ini.main, this.#literal(first), second);
      case "get_alembic_option":
        return this.#ask(undefined, this.#literal(first), second);
      case "get_section_option":
        return this.#ask(this.#sectionName(first), this.#literal(second), third);
      case "get": {
        const section = this.#sectionOf(object);
        return section === undefined ? undefined : this.#ask(section, this.#literal(first), second);
      }
      default:
        return undefined;
    }
  }

  #ask(section: string | undefined, key: string | undefined, otherwise?: SyntaxNode): Asked | undefined {
    if (key === undefined || this.#set === undefined || this.#set.has(key)) return undefined;
    try {
      const value = section === undefined ? this.#options.text(key) : this.#options.ini.get(section, key);
      return { value, otherwise: otherwise === undefined ? "None" : this.#text(otherwise) };
    } catch (error) {
      // what cannot be read concerns whoever needs it
      if (error instanceof IniError) return undefined;
      throw error;
    }
  }

  /** The section that an expression stands for: `config.get_section("name")`, or a name for it. */
  #sectionOf(node: SyntaxNode | undefined): string | undefined {
    if (node?.name === "VariableName") return this.#sections.get(this.#text(node));
    const [callee, list] = node?.name === "CallExpression" ? partsOf(node) : [];
    if (list === undefined || !/\.get_section$/.test(this.#text(callee))) return undefined;
    const name = this.#sectionName(argumentsOf(list)[0]);
    return name !== undefined && this.#options.ini.has(name) ? name : undefined;
  }

  #sectionName(node: SyntaxNode | undefined): string | undefined {
    return /\.config_ini_section$/.test(this.#text(node)) ? this.#options.ini.main : this.#literal(node);
  }

  #literal(node: SyntaxNode | undefined): string | undefined {
    return node?.name === "String" ? decodeString(this.#text(node)) : undefined;
  }

  #text(node: SyntaxNode | undefined): string {
    return node === undefined ? "" : this.#source.slice(node.from, node.to);
  }
}

/** The positional arguments of a call, up to the first that is none. */
function argumentsOf(list: SyntaxNode): SyntaxNode[] {
  const parts = partsOf(list).slice(1, -1);
  const plain = parts.findIndex(({ name }) => ["*", "**", "AssignOp", "for"].includes(name));
  const counted = plain === -1 ? parts : parts.slice(0, plain);
  return counted.filter(({ name }) => name !== ",");
}
