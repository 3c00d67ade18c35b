/**
 * What the expressions of an Alembic script's `upgrade()` stand for, as far as this is known without running it: unlike
 * the values of `src/python_value.ts` also calls, `sa.Column("id", sa.Integer())`, with what they were given.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import type { PyValue } from "../python_value.ts";

export type OpValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "none" }
  | { readonly kind: "list"; readonly items: OpValue[]; spoiled?: boolean }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [OpValue, OpValue])[]; spoiled?: boolean }
  /** Something of another module, by its dotted name: `sqlalchemy.String`, `alembic.op`. */
  | { readonly kind: "name"; readonly path: string }
  | OpCall
  | OpFunction
  /** What `with op.batch_alter_table(…) as batch_op` gives. */
  | OpBatch
  /** `batch_op.add_column` */
  | { readonly kind: "method"; readonly batch: OpBatch; readonly name: string }
  | OpUnknown;

export interface OpBatch {
  readonly kind: "batch";
  readonly table: OpValue;
  readonly schema: OpValue;
}

/** A call that is no operation by itself: `sa.String(50)`. */
export interface OpCall {
  readonly kind: "call";
  readonly callee: OpValue;
  readonly given: OpArguments;
  /** As it stands, in one line. */
  readonly text: string;
}

/** What a call was given. */
export interface OpArguments {
  readonly positional: readonly OpValue[];
  readonly named: ReadonlyMap<string, OpValue>;
  /** Whether there is more that is not known: `*args`, `**options`. */
  readonly open: boolean;
}

/** A function of the same module. */
export interface OpFunction {
  readonly kind: "function";
  readonly name: string;
  readonly node: SyntaxNode;
  /** The names around it. */
  readonly names: OpNames;
}

export interface OpUnknown {
  readonly kind: "unknown";
  /** The expression as it stands, in one line. */
  readonly text: string;
  /** Of a format string: its text, with a `?` for each part that is not known. */
  readonly template?: string | undefined;
}

/** Whether a list or dictionary was changed in a way that was not followed, so that what is in it is not known. */
export function isSpoiled(value: OpValue): boolean {
  return (value.kind === "list" || value.kind === "dict") && value.spoiled === true;
}

export function spoil(value: OpValue | undefined): void {
  if (value?.kind === "list" || value?.kind === "dict") value.spoiled = true;
}

/** Names and what they stand for; those of a function lie before those of the module. */
export class OpNames {
  readonly #own = new Map<string, OpValue>();
  readonly #outer: OpNames | undefined;

  constructor(outer?: OpNames) {
    this.#outer = outer;
  }

  get(name: string): OpValue | undefined {
    return this.#own.get(name) ?? this.#outer?.get(name);
  }

  set(name: string, value: OpValue): void {
    this.#own.set(name, value);
  }
}

export const NO_VALUE: OpValue = { kind: "none" };
export const NO_ARGUMENTS: OpArguments = { positional: [], named: new Map(), open: false };

export function unknownValue(text: string): OpUnknown {
  return { kind: "unknown", text };
}

/** A value that was read elsewhere, by `src/python_source.ts`. */
export function fromPython(value: PyValue, text: string): OpValue {
  switch (value.kind) {
    case "text":
    case "none":
      return value;
    case "integer":
      return { kind: "number", value: value.value };
    case "items":
      return value.spoiled === undefined
        ? { kind: "list", items: value.items.map((item) => fromPython(item, text)) }
        : unknownValue(text);
    default:
      return unknownValue(text);
  }
}

/** Whether two values are known to be equal, or known not to be; `undefined` where this is not known. */
export function equalValues(a: OpValue, b: OpValue): boolean | undefined {
  if (!isPlain(a) || !isPlain(b)) return undefined;
  return a.kind === b.kind && ("text" in a && "text" in b ? a.text === b.text : sameScalar(a, b));
}

function isPlain(value: OpValue): boolean {
  return value.kind === "text" || value.kind === "number" || value.kind === "boolean" || value.kind === "none";
}

function sameScalar(a: OpValue, b: OpValue): boolean {
  return !("value" in a && "value" in b) || a.value === b.value;
}

/** Whether Python takes a value for true; `undefined` where it is not known. */
export function truthOfValue(value: OpValue): boolean | undefined {
  switch (value.kind) {
    case "boolean":
      return value.value;
    case "none":
      return false;
    case "text":
      return value.text !== "";
    case "number":
      return value.value !== 0;
    case "list":
      return value.items.length > 0;
    default:
      return undefined;
  }
}

export function textOfValue(value: OpValue | undefined): string | undefined {
  return value?.kind === "text" ? value.text : undefined;
}

/** The texts of a list; `undefined` where one of them is not known. */
export function textsOfValue(value: OpValue | undefined): string[] | undefined {
  if (value?.kind === "text") return [value.text];
  if (value?.kind !== "list") return undefined;
  const texts = value.items.map(textOfValue).filter((text) => text !== undefined);
  return texts.length === value.items.length ? texts : undefined;
}

/** The last part of the dotted name of what was called, or is named: `Column` of `sqlalchemy.Column`. */
export function lastName(value: OpValue | undefined): string | undefined {
  if (value?.kind === "call") return lastName(value.callee);
  return value?.kind === "name" ? value.path.slice(value.path.lastIndexOf(".") + 1) : undefined;
}
