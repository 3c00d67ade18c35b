/**
 * What can be known of a Python value without running the program.
 *
 * @module
 */

/** A name that a module gets by `import`; looked up only when it is needed. */
export interface Reference {
  /** The dotted path: `["app", "ids"]`; empty in `from . import ids`. */
  readonly module: readonly string[];
  /** How many dots stand before the path: 0 for an absolute import. */
  readonly level: number;
  /** The name within the module; `undefined` for the module itself. */
  readonly name: string | undefined;
  /** The file that imports it; relative imports begin there. */
  readonly from: string;
}

export type PyValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "none" }
  | { readonly kind: "integer"; readonly value: number }
  | PyItems
  | PyClass
  | PyModuleValue
  | { readonly kind: "reference"; readonly reference: Reference }
  /** Something that is known to be neither text nor a sequence of values: a function, a dictionary, bytes. */
  | { readonly kind: "other"; readonly what: string }
  | PyUnknown;

/** A value that only a run would tell; `why` continues "cannot be known without running it: ". */
export interface PyUnknown {
  readonly kind: "unknown";
  readonly why: string;
}

/** A tuple, list or set. Lists and sets change in place, and every name for one sees the change. */
export interface PyItems {
  readonly kind: "items";
  readonly type: "tuple" | "list" | "set";
  readonly items: PyValue[];
  /** Why the items are not known any more, once they were changed in a way that was not followed. */
  spoiled?: string;
}

export interface PyClass {
  readonly kind: "class";
  readonly name: string;
  /** Of the word `class`, from 1. */
  readonly line: number;
  readonly bases: readonly PyValue[];
  readonly names: Names;
}

/** A module that was imported and found. */
export interface PyModuleValue {
  readonly kind: "module";
  /** One of its names; `undefined` when nothing binds it. */
  readonly get: (name: string) => PyValue | undefined;
}

/** What a name was bound to last, and on which line. */
export interface Binding {
  readonly value: PyValue;
  readonly line: number;
}

export type Names = ReadonlyMap<string, Binding>;

export const NONE: PyValue = { kind: "none" };

export function text(value: string): PyValue {
  return { kind: "text", text: value };
}

export function unknown(why: string): PyUnknown {
  return { kind: "unknown", why };
}

export function items(type: PyItems["type"], values: PyValue[]): PyItems {
  return { kind: "items", type, items: values };
}

/** Whether two values are known to be equal. */
export function sameValue(a: PyValue, b: PyValue): boolean {
  if (a === b) return true;
  if (a.kind === "text") return b.kind === "text" && a.text === b.text;
  if (a.kind === "integer") return b.kind === "integer" && a.value === b.value;
  if (a.kind === "items") {
    return b.kind === "items" && a.type === b.type && a.spoiled === undefined && b.spoiled === undefined &&
      a.items.length === b.items.length && a.items.every((item, i) => sameValue(item, b.items[i] ?? NONE));
  }
  if (a.kind === "reference") {
    return b.kind === "reference" && JSON.stringify(a.reference) === JSON.stringify(b.reference);
  }
  return a.kind === "none" && b.kind === "none";
}
