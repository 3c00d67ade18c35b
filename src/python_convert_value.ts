/**
 * What a Python migration does, as far as it can be told without running it; and the values of its expressions.
 *
 * @module
 */

import type { SyntaxNode } from "@lezer/common";

/** A value of a statement. Numbers are kept as they are written: no digit of them is lost. */
export type Scalar = string | boolean | null | { readonly number: string; readonly isFloat?: true };

/** SQL with values in it. */
export type SqlParts = readonly (string | { readonly value: Scalar })[];

/** One thing that `upgrade` or `validate` does; `line` is the Python file's. */
export type Deed =
  | { readonly kind: "statement"; readonly sql: SqlParts; readonly line: number }
  /** The same statement once for each of the rows. */
  | {
    readonly kind: "many";
    readonly sql: readonly (string | { readonly name: string })[];
    readonly rows: readonly Readonly<Record<string, Scalar>>[];
    readonly line: number;
  }
  /** The one value of a query is expected to be so. */
  | { readonly kind: "check"; readonly test: Test; readonly message: string | undefined; readonly line: number }
  | { readonly kind: "comment"; readonly text: string; readonly line: number }
  /** What was not understood, as it stands there. */
  | { readonly kind: "unconverted"; readonly code: string; readonly why: string; readonly line: number };

/** `(query) operator value`, or `(query) is null`. */
export interface Test {
  readonly query: SqlParts;
  readonly operator: "=" | "<>" | "<" | "<=" | ">" | ">=" | "is null" | "is not null" | "is true" | "is not true";
  /** Not used where the operator begins with `is`. */
  readonly value: Scalar;
}

export type Value =
  | { readonly kind: "scalar"; readonly value: Scalar }
  /** Changes in place, and every name for it sees the change. */
  | { readonly kind: "list"; readonly items: Value[] }
  /** By `keyOf` of its keys. */
  | { readonly kind: "dict"; readonly entries: ReadonlyMap<string, Value> }
  /** `text("…")`, with what `bindparams` gave it. */
  | { readonly kind: "clause"; readonly text: string; readonly params: ReadonlyMap<string, Value> }
  /** What a query gave, before it is read; `at` counts the deeds before it, as a later one may change the answer. */
  | { readonly kind: "result" | "row" | "one" | "rows"; readonly query: Query }
  /** Something that the database is to answer; all of them have to be true. */
  | { readonly kind: "tests"; readonly tests: readonly Test[] }
  | { readonly kind: "connection" | "self" | "said" }
  /** `outer`: the names around a function within a function. */
  | { readonly kind: "function"; readonly node: SyntaxNode; readonly isStatic: boolean; readonly outer?: Names }
  | { readonly kind: "name"; readonly path: string }
  | { readonly kind: "unknown"; readonly why: string };

export type Names = ReadonlyMap<string, Value>;

export interface Query {
  sql: SqlParts;
  readonly at: number;
  readonly line: number;
  /** Set once a check runs it. */
  used: boolean;
}

export const NONE: Value = { kind: "scalar", value: null };

export function unknown(why: string): Value {
  return { kind: "unknown", why };
}

export function scalar(value: Scalar): Value {
  return { kind: "scalar", value };
}

export function number(value: number): Value {
  return scalar({ number: String(value) });
}

/** As Python keeps a float, and shows it: `1.10` is 1.1, `1e5` is 100000.0. */
export function float(value: number): Value {
  const [, sign = "", digits = "", exponent = ""] = /^(-?)(.*)e(.*)$/.exec(value.toExponential()) ?? [];
  const at = Number(exponent);
  const figures = digits.replace(".", "");
  const shown = at < -4 || at >= 16
    ? `${digits}e${at < 0 ? "-" : "+"}${String(Math.abs(at)).padStart(2, "0")}`
    : at < 0
    ? `0.${"0".repeat(-at - 1)}${figures}`
    : `${figures.slice(0, at + 1).padEnd(at + 1, "0")}.${figures.slice(at + 1) || "0"}`;
  return scalar({ number: sign + shown, isFloat: true });
}

/** The number of a value, when it is one that is exact in JavaScript. */
export function numberOf(value: Value | undefined): number | undefined {
  if (value?.kind !== "scalar" || value.value === null || typeof value.value !== "object") return undefined;
  const found = Number(value.value.number);
  return Number.isInteger(found) && !Number.isSafeInteger(found) ? undefined : found;
}

export function textOf(value: Value | undefined): string | undefined {
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}

export function isWhole(value: Value): boolean {
  return value.kind === "scalar" && value.value !== null && typeof value.value === "object" &&
    /^-?\d+$/.test(value.value.number);
}

const NUMBER_KEY = "\0";

/** What a dictionary knows a key by: 1 and "1" are two. `undefined` for keys of kinds that are equal to others. */
export function keyOf(value: Value): string | undefined {
  const text = textOf(value);
  if (text !== undefined) return text.startsWith(NUMBER_KEY) ? undefined : text;
  return isWhole(value) ? NUMBER_KEY + shownText(value) : undefined;
}

export function keyValue(key: string): Value {
  return scalar(key.startsWith(NUMBER_KEY) ? { number: key.slice(1) } : key);
}

/** As `str()` gives it; `undefined` for what is no plain value. */
export function shownText(value: Value): string | undefined {
  if (value.kind !== "scalar") return undefined;
  const { value: found } = value;
  if (found === null) return "None";
  if (typeof found === "boolean") return found ? "True" : "False";
  return typeof found === "string" ? found : found.number;
}

/** Whether Python takes it for true; `undefined` when only a run would tell. */
export function truth(value: Value): boolean | undefined {
  if (value.kind === "list") return value.items.length > 0;
  if (value.kind === "dict") return value.entries.size > 0;
  if (value.kind !== "scalar") return undefined;
  const { value: found } = value;
  if (found === null || typeof found === "boolean") return found === true;
  return typeof found === "string" ? found !== "" : Number(found.number) !== 0;
}

const NEGATED = {
  "=": "<>",
  "<>": "=",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
  "is null": "is not null",
  "is not null": "is null",
  "is true": "is not true",
  "is not true": "is true",
} as const;

export function negated(test: Test): Test {
  return { ...test, operator: NEGATED[test.operator] };
}

/** Whether a query is known to give one column; of several, the first one alone is not asked for in SQL. */
export function givesOneColumn(sql: SqlParts): boolean {
  const text = textIn(sql).replace(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`|--[^\n]*|\/\*[^]*?\*\//g, "x");
  let depth = 0;
  const [, list = ""] = /^\s*select\b([^]*)$/i.exec(text) ?? [];
  for (const [token] of list.matchAll(/[(),*]|\bfrom\b/gi)) {
    if (token === "(") depth++;
    else if (token === ")") depth--;
    else if (depth > 0) continue;
    else if (token === ",") return false;
    else if (token === "*") return /^\s*select\s+[^*]*\w\s*\*\s*\w/i.test(text);
    else return true;
  }
  return list !== "";
}

/** How many rows a query gives. */
export function countOf(sql: SqlParts): SqlParts {
  const last = sql.at(-1);
  const end = typeof last === "string" ? last.trimEnd().replace(/;$/, "").trimEnd() : "";
  return ["select count(*) from (", ...(typeof last === "string" ? sql.slice(0, -1) : sql), `${end}\n) as counted`];
}

/** The first row of a query that may give several. */
export function firstOf(sql: SqlParts): SqlParts {
  const text = textIn(sql);
  const isOne = /^\s*select\s+(?:distinct\s+)?(?:count|max|min|sum|avg|coalesce|exists|not\s+exists)\s*\(/i.test(text);
  if (isOne || /\b(?:limit|fetch|union|for\s+update)\b/i.test(text) || !/\bfrom\b/i.test(text)) return sql;
  const last = sql.at(-1);
  const end = typeof last === "string" ? last.trimEnd().replace(/;$/, "").trimEnd() : "";
  const rest = typeof last === "string" ? sql.slice(0, -1) : sql;
  return [...rest, `${end}${text.includes("\n") || text.includes("--") ? "\n" : " "}limit 1`];
}

function textIn(sql: SqlParts): string {
  return sql.map((part) => typeof part === "string" ? part : "x").join("");
}

// as SQLAlchemy reads them: `::text` is a cast, `\:` a colon
const BIND_REGEXP = /(?<![:\w\\]):([\w$]+)(?![:\w$])/g;

/** The SQL of a `text()`, with the names of its parameters apart. */
export function bindsOf(text: string): (string | { readonly name: string })[] {
  const parts: (string | { readonly name: string })[] = [];
  let end = 0;
  for (const match of text.matchAll(BIND_REGEXP)) {
    parts.push(plain(text.slice(end, match.index)), { name: match[1] ?? "" });
    end = match.index + match[0].length;
  }
  return [...parts, plain(text.slice(end))];
}

function plain(text: string): string {
  return text.replace(/\\(:[\w$]*)(?![:\w$])/g, "$1");
}
