/**
 * PostgreSQL's literals. Pure.
 *
 * @module
 */

import { Parameter, writeValue } from "./postgres_types.ts";

const JSON_OID = 114;

/**
 * A value in the place of a placeholder: a text without a type, of which the server finds out the type as it does of a
 * placeholder's. Blanks around it keep it from what stands beside it.
 *
 * @param json whether the server would take it for JSON
 * @throws {TypeError} for what cannot be a value
 */
export function postgresLiteral(value: unknown, json = false): string {
  const { value: checked } = new Parameter(value);
  return checked === null ? " null " : ` ${postgresText(writeValue(checked, json ? JSON_OID : 0))} `;
}

/** A text in quotes, whatever `standard_conforming_strings` is. @throws {TypeError} for a NUL */
export function postgresText(text: string): string {
  if (text.includes("\0")) throw new TypeError("Cannot write a NUL character as text: PostgreSQL has none");
  const doubled = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

/** A text in dollar quotes with a tag that it does not hold. */
export function dollarQuoted(text: string, tag = "delembic"): string {
  for (let number = 0;; number++) {
    const quote = `$${tag}${number === 0 ? "" : number}$`;
    // the text may end with the beginning of the quote
    if (!`${text}$`.includes(quote.slice(0, -1))) return `${quote}${text}${quote}`;
  }
}
