/**
 * The codes of all errors and faults that the sources can give, read from their syntax trees: no list is kept by hand.
 *
 * A code is what stands as `code` in an error's or a fault's object, or at the place of a parameter that is called `code`
 * and handed on into such an object. What cannot be read (a code that is computed) is a problem, so that none is missed.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
const CODE_REGEXP = /^[a-z]+(?:-[a-z0-9]+)*$/;

export interface FoundCodes {
  /** Each code with where it is given first. */
  readonly codes: ReadonlyMap<string, string>;
  /** Codes that this reader cannot make out: `file:line  text`. */
  readonly problems: readonly string[];
}

/** Reads `src/` and `mod.ts`. */
export async function codesOfSources(): Promise<FoundCodes> {
  return codesOf(await readSources());
}

/** The text of each source, by its path. */
export async function readSources(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>([["mod.ts", await Deno.readTextFile(new URL("mod.ts", ROOT))]]);
  await readFolder("src/", texts);
  return texts;
}

async function readFolder(folder: string, texts: Map<string, string>): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) await readFolder(`${folder}${name}/`, texts);
    else if (name.endsWith(".ts")) {
      texts.set(folder + name, await Deno.readTextFile(fileURLToPath(new URL(folder + name, ROOT))));
    }
  }
}

type Node = Deno.lint.Node;
type Parameters = readonly Deno.lint.Parameter[];

/** What is known of all files before codes are read from them. */
interface Known {
  /** Classes whose constructor has a `code` that it hands on: at which place. */
  readonly classes: Map<string, number>;
  /** The same for functions and methods, by `file name`. */
  readonly functions: Map<string, number>;
  /** Unions of texts, by the name of the type. */
  readonly unions: Map<string, readonly string[]>;
}

/** @param texts by the name of the file */
export function codesOf(texts: ReadonlyMap<string, string>): FoundCodes {
  const known: Known = { classes: new Map(), functions: new Map(), unions: new Map() };
  for (const [file, text] of texts) visit(file, text, (context) => firstLook(file, context, known));
  const codes = new Map<string, string>();
  const problems: string[] = [];
  for (const [file, text] of texts) {
    visit(file, text, (context) =>
      secondLook(file, known, (node, value) => {
        const at = `${file}:${text.slice(0, node.range[0]).split("\n").length}`;
        const found = textsOf(value, context.sourceCode, known);
        if (found === undefined || found.some((code) => !CODE_REGEXP.test(code))) {
          problems.push(`${at}  ${context.sourceCode.getText(value)}`);
        } else {
          for (const code of found) if (!codes.has(code)) codes.set(code, at);
        }
      }));
  }
  return { codes, problems };
}

function visit(file: string, text: string, create: (context: Deno.lint.RuleContext) => Deno.lint.LintVisitor): void {
  Deno.lint.runPlugin({ name: "codes", rules: { codes: { create } } }, file, text);
}

function firstLook(file: string, { sourceCode }: Deno.lint.RuleContext, known: Known): Deno.lint.LintVisitor {
  const placeOf = (params: Parameters, body: Node | null | undefined): number | undefined => {
    const place = params.findIndex((param) => param.type === "Identifier" && param.name === "code");
    const param = params[place];
    if (param?.type !== "Identifier" || !body || param.typeAnnotation?.typeAnnotation.type === "TSNumberKeyword") {
      return undefined;
    }
    // handed on: as a member by that name, or to another one that takes it
    return /[{,]\s*code\s*[,}]|\(.*\bcode,/s.test(sourceCode.getText(body)) ? place : undefined;
  };
  return {
    MethodDefinition(node) {
      const { kind, value, key } = node;
      const place = placeOf(value.params, value.body);
      if (place === undefined) return;
      if (kind === "constructor") {
        const owner = node.parent.parent;
        if (owner.type === "ClassDeclaration" && owner.superClass !== null && owner.id !== null) {
          if (!isPlainError(owner.superClass)) known.classes.set(owner.id.name, place);
        }
      } else if (key.type === "Identifier" || key.type === "PrivateIdentifier") {
        known.functions.set(`${file} ${key.name}`, place);
      }
    },
    FunctionDeclaration(node) {
      const place = placeOf(node.params, node.body);
      if (place !== undefined && node.id) known.functions.set(`${file} ${node.id.name}`, place);
    },
    VariableDeclarator({ id, init }) {
      if (id.type !== "Identifier" || init?.type !== "ArrowFunctionExpression") return;
      const place = placeOf(init.params, init.body);
      if (place !== undefined) known.functions.set(`${file} ${id.name}`, place);
    },
    TSTypeAliasDeclaration({ id, typeAnnotation }) {
      if (typeAnnotation.type !== "TSUnionType") return;
      const texts = typeAnnotation.types.map((one) => one.type === "TSLiteralType" ? sourceCode.getText(one) : "");
      if (texts.every((one) => one.startsWith('"'))) known.unions.set(id.name, texts.map((one) => one.slice(1, -1)));
    },
  };
}

/** An error of the system's own, whose `code` is none of ours. */
function isPlainError(superClass: Node): boolean {
  return superClass.type === "Identifier" && superClass.name === "Error";
}

/** Calls `take` with each expression that is to be a code. */
function secondLook(
  file: string,
  known: Known,
  take: (at: Node, value: Node) => void,
): Deno.lint.LintVisitor {
  const fromCall = (at: Node, args: readonly Node[], place: number | undefined) => {
    const value = place === undefined ? undefined : args[place];
    if (value !== undefined) take(at, value);
  };
  return {
    Property(node) {
      const { key, value, parent } = node;
      if (key.type !== "Identifier" || key.name !== "code" || parent.type !== "ObjectExpression") return;
      const names = parent.properties.flatMap((one) =>
        one.type === "Property" && one.key.type === "Identifier" ? [one.key.name] : []
      );
      const isOptions = parent.parent.type === "NewExpression" ||
        (parent.parent.type === "CallExpression" && parent.parent.callee.type === "Super");
      if (isOptions || names.includes("message")) take(node, value);
    },
    NewExpression(node) {
      if (node.callee.type === "Identifier") fromCall(node, node.arguments, known.classes.get(node.callee.name));
    },
    CallExpression(node) {
      const { callee } = node;
      if (callee.type === "Super") fromCall(node, node.arguments, known.classes.get(superNameOf(node)));
      const called = callee.type === "MemberExpression" ? callee.property : callee;
      if (called.type === "Identifier" || called.type === "PrivateIdentifier") {
        fromCall(node, node.arguments, known.functions.get(`${file} ${called.name}`));
      }
    },
  };
}

function superNameOf(node: Node): string {
  let at: Node = node;
  while (at.type !== "ClassDeclaration" && "parent" in at && at.parent !== null) at = at.parent as Node;
  return at.type === "ClassDeclaration" && at.superClass?.type === "Identifier" ? at.superClass.name : "";
}

/** All that the expression can be; `[]` where it hands on what is read elsewhere, `undefined` where it is not known. */
function textsOf(value: Node, source: Deno.lint.SourceCode, known: Known): readonly string[] | undefined {
  switch (value.type) {
    case "Literal":
      return typeof value.value === "string" ? [value.value] : undefined;
    case "ConditionalExpression": {
      const both = [textsOf(value.consequent, source, known), textsOf(value.alternate, source, known)];
      return both.every((one) => one !== undefined) ? both.flat() : undefined;
    }
    case "TemplateLiteral": {
      const [before, after] = value.quasis.map(({ cooked }) => cooked);
      const [kind, ...more] = value.expressions;
      if (kind?.type !== "Identifier" || more.length > 0) return undefined;
      return known.unions.get(typeOfParameter(kind, source))?.map((text) => `${before}${text}${after}`);
    }
    case "Identifier":
      return value.name === "code" ? [] : undefined;
    case "MemberExpression":
      // `error.code`, and the members of enumerations of packages, which are no texts
      return value.property.type === "Identifier" && /^(?:code|[A-Z]+)$/.test(value.property.name) ? [] : undefined;
    default:
      return undefined;
  }
}

/** The name of the type of the parameter that a name within a function stands for, or an empty text. */
function typeOfParameter(name: Deno.lint.Identifier, source: Deno.lint.SourceCode): string {
  for (let at: Node = name; "parent" in at && at.parent !== null; at = at.parent as Node) {
    if (!("params" in at) || !Array.isArray(at.params)) continue;
    const param = (at.params as Parameters).find((one) => one.type === "Identifier" && one.name === name.name);
    if (param?.type === "Identifier" && param.typeAnnotation) {
      return source.getText(param.typeAnnotation.typeAnnotation);
    }
  }
  return "";
}
