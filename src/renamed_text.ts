/**
 * The text of a migration's file with another id in it: where the file declares its revision, or what it needs. All else
 * stays as it is, byte for byte. Pure.
 *
 * @module
 */

import { parseText } from "./header_value.ts";
import type { MigrationKind } from "./migration.ts";
import { maskOf } from "./source_mask.ts";

export interface IdChange {
  readonly from: string;
  readonly to: string;
}

/** Where an id is declared. */
export type DeclaredIn = "revision" | "dependsOn";

/** @returns `undefined` where the id is not found, or in more than one place: then only its author knows */
export function renamedText(
  text: string,
  kind: MigrationKind,
  { where, change }: { readonly where: DeclaredIn; readonly change: IdChange },
): string | undefined {
  const places = kind === "sql" ? sqlPlaces(text, where, change.from) : codePlaces(text, kind, where, change.from);
  const [declaration, ...others] = places;
  if (declaration === undefined || others.length > 0) return undefined;
  let renamed = text;
  // from behind, so that the places before stay where they are
  for (const { start, end } of [...declaration].reverse()) {
    const old = text.slice(start, end);
    const isQuoted = kind === "sql" && old.startsWith('"');
    renamed = renamed.slice(0, start) + (isQuoted ? JSON.stringify(change.to) : change.to) + renamed.slice(end);
  }
  return renamed;
}

/** A part of the text that is the id. */
interface Place {
  readonly start: number;
  readonly end: number;
}

const SECTION_REGEXP = /^[ \t]*--[ \t]*delembic[ \t]+(?:upgrade|validate|downgrade)\b/im;
const HEADER_REGEXP = /^(\ufeff?[ \t]*--[ \t]*delembic[ \t]+([\w-]+)[ \t]*:[ \t]*)(.*?)[ \t\r]*$/gim;
const ITEM_REGEXP = /[ \t]*("(?:[^"\\]|\\.)*")[ \t]*(?=,|$)|([^,]+)/g;

/** For each line of the header that has the id, where it has it. */
function sqlPlaces(text: string, where: DeclaredIn, id: string): Place[][] {
  const header = text.slice(0, SECTION_REGEXP.exec(text)?.index);
  const name = where === "revision" ? "revision" : "depends_on";
  const lines = [...header.matchAll(HEADER_REGEXP)].filter(([, , found]) => found === name);
  const places = lines.map(({ index, 1: before = "", 3: value = "" }) => {
    const at = index + before.length;
    if (where === "revision") return parseText(value) === id ? [{ start: at, end: at + value.length }] : [];
    return [...value.matchAll(ITEM_REGEXP)].flatMap((item): Place[] => {
      const found = (item[1] ?? item[2] ?? "").trim();
      const start = at + item.index + item[0].indexOf(found);
      return parseText(found) === id ? [{ start, end: start + found.length }] : [];
    });
  });
  return places.filter((found) => found.length > 0);
}

/** For each declaration that has the id, where it has it. */
function codePlaces(text: string, kind: MigrationKind, where: DeclaredIn, id: string): Place[][] {
  const isPython = kind === "py";
  const mask = maskOf(text, isPython ? "python" : "script");
  const name = isPython && where === "dependsOn" ? "depends_on" : where;
  const places = valuesOf(text, mask, name).map((start) => {
    const end = where === "revision" ? endOfString(mask, start) : endOfValue(mask, start);
    return stringsIn(mask, start, end).filter((place) => text.slice(place.start, place.end) === id);
  });
  return places.filter((found) => found.length > 0);
}

/** Where the values begin that are bound to a name: `name: value`, `"name": value`, `name = value`, `name: type = value`. */
function valuesOf(text: string, mask: string, name: string): number[] {
  const bound = new RegExp(
    `(?<![\\w$.#])${name}[?!]?\\s*(?::[^=,;{}()"'\`\\n]*=|[:=])(?![=>])\\s*[uUrRbBfF]{0,2}(?=["'\`[({])`,
    "g",
  );
  const quoted = new RegExp(`(["'])${" ".repeat(name.length)}\\1\\s*:\\s*(?=["'\`[])`, "g");
  const keys = [...mask.matchAll(quoted)].filter(({ index }) =>
    text.slice(index + 1, index + 1 + name.length) === name
  );
  return [...mask.matchAll(bound), ...keys].map((found) => found.index + found[0].length);
}

const QUOTE_REGEXP = /"""|'''|["'`]/y;

/** The strings between two places, without their quotes. */
function stringsIn(mask: string, start: number, end: number): Place[] {
  const places: Place[] = [];
  for (let at = start; at < end; at++) {
    const quote = quoteAt(mask, at);
    if (quote === undefined) continue;
    const close = mask.indexOf(quote, at + quote.length);
    if (close === -1) break;
    places.push({ start: at + quote.length, end: close });
    at = close + quote.length - 1;
  }
  return places;
}

function quoteAt(mask: string, at: number): string | undefined {
  QUOTE_REGEXP.lastIndex = at;
  return QUOTE_REGEXP.exec(mask)?.[0];
}

function endOfString(mask: string, start: number): number {
  const quote = quoteAt(mask, start);
  const close = quote === undefined ? -1 : mask.indexOf(quote, start + quote.length);
  return close === -1 || quote === undefined ? start : close + quote.length;
}

/** The end of a string, or of a list in brackets. */
function endOfValue(mask: string, start: number): number {
  if (quoteAt(mask, start) !== undefined) return endOfString(mask, start);
  let depth = 0;
  for (let at = start; at < mask.length; at++) {
    const character = mask[at] ?? "";
    if ("[({".includes(character)) depth++;
    else if ("])}".includes(character) && --depth === 0) return at + 1;
  }
  return start;
}

/** The name of a file with another id, where the id stands in it by itself; else as it is. */
export function renamedFile(name: string, { from, to }: IdChange): string {
  const id = from.replace(/[.*+?^${}()|[\]\\-]/g, "\\$&");
  return name.replace(new RegExp(`(?<![A-Za-z0-9])${id}(?![A-Za-z0-9])`), () => to);
}
