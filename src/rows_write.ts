/**
 * Rows as text, in the formats that are read.
 *
 * @module
 */

import { jsonText } from "./db/json_value.ts";
import type { RowTexts } from "./rows.ts";

/** CSV as it is read with the same delimiter and the same text for NULL. */
export function csvTexts(
  options: { readonly columns: readonly string[] | undefined; readonly delimiter: string; readonly null: string },
): RowTexts {
  const { columns, delimiter } = options;
  const unsafe = (text: string) =>
    text === options.null || text.includes(delimiter) || /["\r\n]/.test(text) || text.startsWith("\uFEFF");
  const field = (value: unknown) => {
    if (value === null || value === undefined) return options.null;
    const text = textOf(value);
    return unsafe(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const row = (values: readonly unknown[]) => values.map(field).join(delimiter);
  return { opening: columns === undefined ? "" : `${row(columns)}\n`, separator: "\n", closing: "\n", textOf: row };
}

const ESCAPED_REGEXP = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** TSV as `COPY` writes it. */
export function tsvTexts(
  options: { readonly columns: readonly string[] | undefined; readonly null: string },
): RowTexts {
  const { columns } = options;
  const escaped = (text: string) => text.replace(ESCAPED_REGEXP, (character) => ESCAPES[character] ?? character);
  const field = (value: unknown) => value === null || value === undefined ? options.null : escaped(textOf(value));
  const row = (values: readonly unknown[]) => values.map(field).join("\t");
  return { opening: columns === undefined ? "" : `${row(columns)}\n`, separator: "\n", closing: "\n", textOf: row };
}

/** A row a line; an object where the columns have names. */
export function ndjsonTexts(columns: readonly string[] | undefined): RowTexts {
  return { opening: "", separator: "\n", closing: "\n", textOf: (values) => jsonRow(values, columns) };
}

export function jsonTexts(columns: readonly string[] | undefined): RowTexts {
  return { opening: "[\n", separator: ",\n", closing: "\n]\n", textOf: (values) => jsonRow(values, columns) };
}

function jsonRow(values: readonly unknown[], columns: readonly string[] | undefined): string {
  if (columns === undefined) return jsonText(values);
  return jsonText(Object.fromEntries(columns.map((name, index) => [name, values[index] ?? null])));
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${value.toHex()}`;
  return typeof value === "object" ? jsonText(value) : String(value);
}
