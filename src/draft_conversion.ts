/**
 * Which values a change of type cannot take, or would change: as a condition in SQL. Pure.
 *
 * @module
 */

import type { ColumnType } from "./alembic/operation.ts";
import type { DialectName } from "./db/database.ts";
import { textLiteral } from "./draft_literal.ts";

/** `safe`: every value stays what it is; `unknown`: nobody can tell from the types. */
export type Conversion = "safe" | "unknown" | { readonly lost: string };

/** What differs between databases. */
interface Words {
  readonly length: (column: string) => string;
  readonly text: (column: string) => string;
  /** Whether a text is not of a form. */
  readonly isNot: Readonly<Record<"integer" | "number" | "date" | "datetime" | "uuid", (column: string) => string>>;
  readonly truths: string;
  readonly hasTime: (column: string) => string;
  readonly notJson: ((column: string) => string) | undefined;
}

const FORMS = {
  integer: "^[-+]?[0-9]+$",
  number: "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)$",
  date: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
  datetime: "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}.*)?$",
  uuid: "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$",
};

function byPattern(operator: string): Words["isNot"] {
  const isNot = (form: keyof typeof FORMS) => (column: string) => `${column} ${operator} '${FORMS[form]}'`;
  return {
    integer: isNot("integer"),
    number: isNot("number"),
    date: isNot("date"),
    datetime: isNot("datetime"),
    uuid: isNot("uuid"),
  };
}

const WORDS: Readonly<Record<DialectName, Words>> = {
  postgresql: {
    length: (column) => `char_length(${column})`,
    text: (column) => `cast(${column} as text)`,
    isNot: byPattern("!~"),
    truths: "'t', 'true', 'f', 'false', 'y', 'yes', 'n', 'no', 'on', 'off', '1', '0'",
    hasTime: (column) => `${column} <> date_trunc('day', ${column})`,
    notJson: undefined,
  },
  mysql: {
    length: (column) => `char_length(${column})`,
    text: (column) => `cast(${column} as char)`,
    isNot: byPattern("not regexp"),
    truths: "'1', '0'",
    hasTime: (column) => `${column} <> date(${column})`,
    notJson: (column) => `not json_valid(${column})`,
  },
  sqlite: {
    length: (column) => `length(${column})`,
    text: (column) => `cast(${column} as text)`,
    isNot: {
      integer: (column) => `(ltrim(${column}, '+-') = '' or ltrim(${column}, '+-') glob '*[^0-9]*')`,
      number: (column) => `(ltrim(${column}, '+-.') = '' or ltrim(${column}, '+-') glob '*[^0-9.]*')`,
      date: (column) => `(${column} is not null and date(${column}) is null)`,
      datetime: (column) => `(${column} is not null and datetime(${column}) is null)`,
      uuid: (column) => `length(replace(${column}, '-', '')) <> 32`,
    },
    truths: "'1', '0'",
    hasTime: (column) => `time(${column}) <> '00:00:00'`,
    notJson: (column) => `not json_valid(${column})`,
  },
};

/**
 * @param column as it stands in SQL
 * @param from `undefined` where it is not known
 */
export function conversionOf(
  from: ColumnType | undefined,
  to: ColumnType,
  { column, dialect }: { readonly column: string; readonly dialect: DialectName },
): Conversion {
  const words = WORDS[dialect];
  const lost = (condition: string): Conversion => ({ lost: condition });
  if (from !== undefined && from.text === to.text) return "safe";
  switch (to.kind) {
    case "text":
      return toText(from, to, words, column);
    case "integer":
      return toInteger(from, to, words, column);
    case "decimal":
    case "float":
      return toNumber(from, to, words, column);
    case "boolean":
      if (from?.kind === "text") return lost(`lower(${column}) not in (${words.truths})`);
      return from?.kind === "integer" ? lost(`${column} not in (0, 1)`) : sameKind(from, to);
    case "enum":
      return toEnum(from, to, { words, column, dialect });
    case "date":
      if (from?.kind === "text") return lost(words.isNot.date(column));
      return from?.kind === "datetime" ? lost(words.hasTime(column)) : sameKind(from, to);
    case "datetime":
      if (from?.kind === "text") return lost(words.isNot.datetime(column));
      return from?.kind === "date" ? "safe" : sameKind(from, to);
    case "uuid":
      return from?.kind === "text" ? lost(words.isNot.uuid(column)) : sameKind(from, to);
    case "json":
      return from?.kind === "text" && words.notJson !== undefined ? lost(words.notJson(column)) : sameKind(from, to);
    default:
      return sameKind(from, to);
  }
}

function sameKind(from: ColumnType | undefined, to: ColumnType): Conversion {
  return from !== undefined && from.kind === to.kind && to.kind !== "other" ? "safe" : "unknown";
}

/** Digits of the largest number of a type, with its sign and point; a text that is not shorter holds all of them. */
const LONGEST_NUMBER = 66;

function toText(from: ColumnType | undefined, to: ColumnType, words: Words, column: string): Conversion {
  const { length } = to;
  if (length === undefined) return "safe";
  if (from?.kind === "text") {
    if (from.length !== undefined && from.length <= length) return "safe";
    return { lost: `${words.length(column)} > ${length}` };
  }
  const isShort = from?.kind === "enum" ? (from.values ?? []).every((value) => value.length <= length) : false;
  if (isShort && from?.values !== undefined) return "safe";
  return length >= LONGEST_NUMBER ? "safe" : { lost: `${words.length(words.text(column))} > ${length}` };
}

function toInteger(from: ColumnType | undefined, to: ColumnType, words: Words, column: string): Conversion {
  const bits = to.bits ?? 64;
  const limit = 2n ** BigInt(bits - 1);
  const outside = `${column} not between ${-limit} and ${limit - 1n}`;
  switch (from?.kind) {
    case "integer":
      return (from.bits ?? 64) <= bits ? "safe" : { lost: outside };
    case "decimal":
    case "float":
      return { lost: `(${column} <> round(${column}) or ${outside})` };
    case "text":
      return { lost: words.isNot.integer(column) };
    case "boolean":
      return "safe";
    default:
      return "unknown";
  }
}

function toNumber(from: ColumnType | undefined, to: ColumnType, words: Words, column: string): Conversion {
  if (from?.kind === "text") return { lost: words.isNot.number(column) };
  if (from === undefined || !["integer", "decimal", "float"].includes(from.kind)) return "unknown";
  const { precision, scale = 0 } = to;
  if (to.kind === "float" || precision === undefined) return "safe";
  const before = precision - scale;
  const mine = from.kind === "integer"
    ? Math.ceil((from.bits ?? 64) * 0.302)
    : (from.precision ?? Infinity) - (from.scale ?? 0);
  const fits = mine <= before;
  const exact = from.kind === "integer" || (from.kind === "decimal" && (from.scale ?? Infinity) <= scale);
  const lost = [
    ...(fits ? [] : [`abs(${column}) >= 1${"0".repeat(Math.max(before, 0))}`]),
    ...(exact ? [] : [`${column} <> round(${column}, ${scale})`]),
  ];
  return lost.length === 0 ? "safe" : { lost: lost.length === 1 ? lost.join("") : `(${lost.join(" or ")})` };
}

function toEnum(
  from: ColumnType | undefined,
  to: ColumnType,
  { words, column, dialect }: { readonly words: Words; readonly column: string; readonly dialect: DialectName },
): Conversion {
  const { values } = to;
  if (values === undefined) return "unknown";
  if (from?.kind === "enum" && from.values !== undefined && from.values.every((value) => values.includes(value))) {
    return "safe";
  }
  const list = values.map((value) => textLiteral(value, dialect)).join(", ");
  return { lost: `${words.text(column)} not in (${list})` };
}
