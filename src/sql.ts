/**
 * SQL with values: fragments that compose, and their translation into one text with placeholders. Pure; the same
 * fragment gives the right text on every database.
 *
 * @module
 */

import type { Dialect } from "./db/database.ts";

/** A piece of SQL: text parts, and between them values, names, lists or other fragments. */
export class Fragment {
  /** Made by {@link sql}. */
  constructor(readonly parts: readonly string[], readonly values: readonly unknown[]) {}
}

/** A quoted name, with its qualifiers: `sql.id("staging", "person")`. */
export class Identifier {
  /** Made by `sql.id()`. */
  constructor(readonly path: readonly string[]) {}
}

/** Values with commas between them, for `in (…)` and `values (…)`. */
export class List {
  /** Made by `sql.list()`. */
  constructor(readonly items: readonly unknown[]) {}
}

/** A text with the dialect's placeholders, and the values for them in order. */
export interface Compiled {
  readonly text: string;
  readonly params: readonly unknown[];
}

/**
 * Translates a fragment for one database.
 *
 * @throws {TypeError} when a value is `undefined` or a list is empty; both would be silent mistakes in SQL
 */
export function compile(fragment: Fragment, dialect: Dialect): Compiled {
  const params: unknown[] = [];
  const text = compileInto(fragment, dialect, params);
  return { text, params };
}

function compileInto(fragment: Fragment, dialect: Dialect, params: unknown[]): string {
  let text = fragment.parts[0] ?? "";
  fragment.values.forEach((value, index) => {
    text += compileValue(value, dialect, params) + (fragment.parts[index + 1] ?? "");
  });
  return text;
}

function compileValue(value: unknown, dialect: Dialect, params: unknown[]): string {
  if (value instanceof Fragment) return compileInto(value, dialect, params);
  if (value instanceof Identifier) return value.path.map((name) => dialect.quoteId(name)).join(".");
  if (value instanceof List) {
    if (value.items.length === 0) throw new TypeError("Cannot use an empty list in SQL: guard for it before the query");
    return value.items.map((item) => compileValue(item, dialect, params)).join(", ");
  }
  if (value === undefined) throw new TypeError("Cannot use undefined as a value in SQL: pass null for NULL");
  params.push(value);
  return dialect.placeholder(params.length);
}
