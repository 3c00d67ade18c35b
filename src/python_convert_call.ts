/**
 * Calls in a Python migration: those that reach the database, and those that only make values.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";
import { evaluate, firstColumn, type Surroundings } from "./python_convert_expression.ts";
import { partsOf } from "./python_expression.ts";
import {
  bindsOf,
  countOf,
  type Deed,
  firstOf,
  keyValue,
  number,
  numberOf,
  type Query,
  type Scalar,
  scalar,
  shownText,
  type SqlParts,
  textOf,
  unknown,
  type Value,
} from "./python_convert_value.ts";

/** What a call is given. */
export interface Given {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** The arguments of a call; `undefined` when `*` or `**` hides which there are. */
export function argumentsOf(where: Surroundings, list: SyntaxNode): Given | undefined {
  const nodes = partsOf(list).slice(1, -1);
  const positional: Value[] = [];
  const named = new Map<string, Value>();
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node === undefined || node.name === ",") continue;
    if (node.name === "*" || node.name === "**" || node.name === "for") return undefined;
    const value = nodes[at + 2];
    if (nodes[at + 1]?.name === "AssignOp" && value !== undefined) {
      named.set(where.text(node), evaluate(where, value));
      at += 2;
    } else positional.push(evaluate(where, node));
  }
  return { positional, named };
}

/** What a statement does to the database, and what it gives. */
export interface Execution {
  readonly deed: Deed | undefined;
  readonly value: Value;
}

const READING_REGEXP = /^\s*(?:\/\*[^]*?\*\/\s*|--[^\n]*\n\s*)*(?:select|with|values|show)\b/i;

/**
 * `conn.execute(clause, params)`.
 *
 * @param at how many deeds there are before it
 * @returns what it does, or why it is not known
 */
export function executionOf(
  [clause, params]: readonly Value[],
  { at, line, isPlain }: { readonly at: number; readonly line: number; readonly isPlain: boolean },
): Execution | string {
  const plain = textOf(clause);
  if (clause?.kind === "unknown") return clause.why;
  if (isPlain ? plain === undefined : clause?.kind !== "clause") return "its SQL is not known";
  if (isPlain && plain?.includes("%%")) return "what its '%%' means depends on the driver";
  const parts = isPlain ? [plain ?? ""] : clause?.kind === "clause" ? bindsOf(clause.text) : [];
  const bound = clause?.kind === "clause" ? clause.params : new Map<string, Value>();
  if (params?.kind === "list") {
    if (isPlain) return "its parameters are those of the driver";
    const rows = params.items.map((row) => row.kind === "dict" ? rowOf(parts, row.entries) : undefined);
    if (rows.length === 0 || rows.includes(undefined)) return "its rows are not known";
    const many = rows.filter((row) => row !== undefined);
    return { deed: { kind: "many", sql: parts, rows: many, line }, value: unknown("what many rows gave") };
  }
  if (params !== undefined && (params.kind !== "dict" || isPlain)) return "its parameters are not known";
  const values = rowOf(parts, new Map([...bound, ...(params?.kind === "dict" ? params.entries : [])]));
  if (values === undefined) return "one of its parameters is not known";
  const sql: SqlParts = parts.map((part) => typeof part === "string" ? part : { value: values[part.name] ?? null });
  const query: Query = { sql, at, line, used: false };
  const reads = READING_REGEXP.test(typeof sql[0] === "string" ? sql[0] : "");
  return {
    deed: { kind: "statement", sql, line },
    value: reads ? { kind: "result", query } : unknown("what a statement gave"),
  };
}

/** The values of the names in a statement; `undefined` when one of them is not known. */
function rowOf(
  parts: ReturnType<typeof bindsOf>,
  given: ReadonlyMap<string, Value>,
): Record<string, Scalar> | undefined {
  const row: Record<string, Scalar> = {};
  for (const part of parts) {
    if (typeof part === "string") continue;
    const value = given.get(part.name);
    if (value?.kind !== "scalar") return undefined;
    row[part.name] = value.value;
  }
  return row;
}

const ROW_METHODS = new Set(["fetchone", "first", "one", "one_or_none"]);
const VALUE_METHODS = new Set(["scalar", "scalar_one", "scalar_one_or_none"]);

/** Those that take the first row, and not the only one. */
const FIRST_METHODS = new Set(["fetchone", "first", "scalar"]);

/** A method of a value: of what a query gave, of a text, of a list or a dictionary. */
export function methodOf(object: Value, name: string, { positional, named }: Given): Value | undefined {
  if (object.kind === "result" && (VALUE_METHODS.has(name) || ROW_METHODS.has(name))) {
    if (FIRST_METHODS.has(name)) object.query.sql = firstOf(object.query.sql);
    return VALUE_METHODS.has(name) ? firstColumn(object.query) : { kind: "row", query: object.query };
  }
  if (object.kind === "result" && (name === "fetchall" || name === "all")) return { kind: "rows", query: object.query };
  if (object.kind === "result" && name === "scalars") return { kind: "row", query: object.query };
  if (object.kind === "row" && ROW_METHODS.has(name)) return firstColumn(object.query);
  if (object.kind === "clause" && name === "bindparams") {
    return positional.length > 0
      ? unknown("bindparam(…)")
      : { kind: "clause", text: object.text, params: new Map([...object.params, ...named]) };
  }
  const [only] = positional;
  if (object.kind === "list" && only !== undefined && positional.length === 1) {
    if (name !== "append" && (name !== "extend" || only.kind !== "list")) return undefined;
    object.items.push(...(name === "extend" && only.kind === "list" ? only.items : [only]));
    return { kind: "said" };
  }
  if (object.kind === "dict" && positional.length === 0) return methodOfDict(object.entries, name);
  const text = textOf(object);
  return text === undefined ? undefined : methodOfText(text, name, { positional, named });
}

function methodOfDict(entries: ReadonlyMap<string, Value>, name: string): Value | undefined {
  if (name === "items") {
    return {
      kind: "list",
      items: [...entries].map(([key, value]) => ({ kind: "list", items: [keyValue(key), value] })),
    };
  }
  if (name === "keys") return { kind: "list", items: [...entries.keys()].map(keyValue) };
  return name === "values" ? { kind: "list", items: [...entries.values()] } : undefined;
}

/** Space for one of Python and JavaScript, and none for the other. */
const ODD_SPACES = ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\ufeff"];

function methodOfText(text: string, name: string, { positional, named }: Given): Value | undefined {
  if (positional.length + named.size === 0) {
    if (name === "strip") return ODD_SPACES.some((each) => text.includes(each)) ? undefined : scalar(text.trim());
    if (name === "upper") return scalar(text.toUpperCase());
    if (name === "lower") return scalar(text.toLowerCase());
  }
  const [only] = positional;
  if (name === "join" && only?.kind === "list") {
    const texts = only.items.map(textOf);
    return texts.includes(undefined) ? undefined : scalar(texts.join(text));
  }
  return name === "format" ? formatOf(text, { positional, named }) : undefined;
}

/** `"… {} {0} {name} …".format(…)`, without format specifications. */
function formatOf(text: string, { positional, named }: Given): Value | undefined {
  let next = 0, known = true;
  const filled = text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (found, field: string | undefined) => {
    if (field === undefined) return found.charAt(0);
    const value = field === ""
      ? positional[next++]
      : /^\d+$/.test(field)
      ? positional[Number(field)]
      : named.get(field);
    const shown = value === undefined ? undefined : shownText(value);
    if (shown === undefined) known = false;
    return shown ?? "";
  });
  return known ? scalar(filled) : undefined;
}

const LONGEST_RANGE = 10_000;

/** A function that only makes values, by the path with which it is called; `undefined` when it is no such. */
export function functionOf(path: string, { positional, named }: Given): Value | undefined {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const [first] = positional;
  switch (name) {
    case "text": {
      const found = textOf(first);
      return found === undefined || positional.length > 1
        ? unknown("its SQL is not known")
        : { kind: "clause", text: found, params: new Map() };
    }
    case "dict":
      if (first !== undefined && first.kind !== "dict") return undefined;
      return { kind: "dict", entries: new Map([...(first?.entries ?? []), ...named]) };
    case "list":
    case "tuple":
      return first === undefined ? { kind: "list", items: [] } : first.kind === "list" ? copyOf(first) : undefined;
    case "dedent":
    case "cleandoc": {
      const indented = textOf(first);
      // Python makes spaces of tabs by their columns
      if (indented === undefined || /\t/.test(indented)) return undefined;
      return scalar(name === "dedent" ? dedented(indented) : cleaned(indented));
    }
    case "str": {
      const shown = first === undefined ? undefined : shownText(first);
      return shown === undefined ? undefined : scalar(shown);
    }
    case "len":
      if (first?.kind === "dict") return number(first.entries.size);
      if (first?.kind === "rows") return countedRows(first.query);
      return first?.kind === "list" ? number(first.items.length) : undefined;
    case "enumerate":
      if (first?.kind !== "list" || positional.length > 1 || named.size > 0) return undefined;
      return { kind: "list", items: first.items.map((item, at) => ({ kind: "list", items: [number(at), item] })) };
    case "range":
      return rangeOf(positional.map(numberOf));
    case "Decimal": {
      const digits = textOf(first);
      return digits !== undefined && /^-?\d+(\.\d+)?$/.test(digits) ? scalar({ number: digits }) : undefined;
    }
    case "date":
    case "datetime":
      return named.size === 0 ? momentOf(name, positional.map(numberOf)) : undefined;
    default:
      return undefined;
  }
}

/** `len(rows)`: the database counts them. */
export function countedRows(query: Query): Value {
  const { at, line } = query;
  return {
    kind: "one",
    // what is used of it is used of the query
    query: {
      at,
      line,
      sql: countOf(query.sql),
      get used() {
        return query.used;
      },
      set used(used) {
        query.used = used;
      },
    },
  };
}

function copyOf({ items }: Extract<Value, { kind: "list" }>): Value {
  return { kind: "list", items: [...items] };
}

/** As `textwrap.dedent`. */
function dedented(text: string): string {
  const lines = text.split("\n").map((line) => /^ *$/.test(line) ? "" : line);
  return lines.map((line) => line.slice(marginOf(lines))).join("\n");
}

/** As `inspect.cleandoc`. */
function cleaned(text: string): string {
  const [first = "", ...more] = text.split("\n");
  const lines = [first.replace(/^ */, ""), ...more.map((line) => line.slice(marginOf(more)))];
  return lines.join("\n").replace(/^\n+/, "").replace(/\n+$/, "");
}

function marginOf(lines: readonly string[]): number {
  const margins = lines.filter((line) => line.trim() !== "").map((line) => line.search(/[^ ]/));
  return margins.length === 0 ? 0 : Math.min(...margins);
}

function rangeOf(given: readonly (number | undefined)[]): Value | undefined {
  if (given.includes(undefined) || given.length === 0 || given.length > 3) return undefined;
  const [a = 0, b, step = 1] = given;
  const [from, to] = b === undefined ? [0, a] : [a, b];
  const length = step === 0 ? -1 : Math.max(0, Math.ceil((to - from) / step));
  if (length < 0 || length > LONGEST_RANGE) return undefined;
  return { kind: "list", items: Array.from({ length }, (_, at) => number(from + at * step)) };
}

/** `date(2020, 1, 31)` and `datetime(2020, 1, 31, 12, 30)`, as databases read them. */
function momentOf(name: "date" | "datetime", parts: readonly (number | undefined)[]): Value | undefined {
  if (parts.includes(undefined) || parts.length < 3 || parts.length > (name === "date" ? 3 : 6)) return undefined;
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts.map((part) => String(part).padStart(2, "0"));
  const date = `${String(year).padStart(4, "0")}-${month}-${day}`;
  const pair = (part: string | number) => String(part).padStart(2, "0");
  return scalar(name === "date" ? date : `${date} ${pair(hour)}:${pair(minute)}:${pair(second)}`);
}
