/**
 * The ids and file names of new migrations. Pure.
 *
 * @module
 */

import { compareIds } from "./graph.ts";

/** How ids are made; `revision_ids` in the ini. */
export type RevisionIds = "sequential" | "hex" | "timestamp";

const NUMBERED_REGEXP = /^(\D*)(\d{1,9})$/;
const FIRST_ID = "D001";
const SECOND_MS = 1000;

/**
 * An id that is not among the existing ones. `sequential` goes on from the highest of the most usual prefix, with as
 * many digits (`D001`, `D002`; `M9`, `M10`); `hex` is 12 random digits, as the Python tool makes them; `timestamp` is
 * `20260115103000`, UTC.
 */
export function nextRevisionId(existing: Iterable<string>, mode: RevisionIds, now: Date): string {
  const taken = new Set(existing);
  switch (mode) {
    case "sequential":
      return nextNumber([...taken]);
    case "hex":
      return firstFree(taken, () => crypto.randomUUID().replaceAll("-", "").slice(0, 12));
    case "timestamp":
      return firstFree(taken, (attempt) => timestampOf(new Date(now.getTime() + attempt * SECOND_MS)));
  }
}

function firstFree(taken: ReadonlySet<string>, make: (attempt: number) => string): string {
  for (let attempt = 0;; attempt++) {
    const id = make(attempt);
    if (!taken.has(id)) return id;
  }
}

function timestampOf(time: Date): string {
  return time.toISOString().replace(/\..*$/, "").replace(/\D/g, "");
}

function nextNumber(existing: readonly string[]): string {
  const series = new Map<string, string[]>();
  for (const id of existing.toSorted(compareIds)) {
    const [, prefix, digits] = NUMBERED_REGEXP.exec(id) ?? [];
    if (prefix === undefined || digits === undefined) continue;
    series.set(prefix, [...series.get(prefix) ?? [], digits]);
  }
  let usual: readonly [string, readonly string[]] | undefined;
  for (const one of series) if (usual === undefined || one[1].length >= usual[1].length) usual = one;
  if (usual === undefined) return FIRST_ID;
  const [prefix, numbers] = usual;
  const last = numbers.at(-1) ?? "";
  return prefix + String(Number(last) + 1).padStart(last.length, "0");
}

/**
 * A message as a part of a file name, as the Python tool makes it: lower case, all but `a-z0-9` as `_`. Accents are
 * taken off first (`été` gives `ete`). Empty when nothing is left, as of `日本語`.
 */
export function slugOf(message: string): string {
  return message.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

/** The longest file name that is made, in bytes; file systems take 255, archives and other tools often less. */
const MAX_NAME_LENGTH = 100;

/** As `parseFilenameTemplate` lets them pass: flag, width, precision and type as Python's `%` has them. */
const FIELD_REGEXP = /%%|%\((\w+)\)([-0 ]?)(\d*)(?:\.(\d+))?([sd])/g;

export interface NameParts {
  readonly revision: string;
  /** As {@link slugOf} gives it; cut at a word so that the name does not get too long. */
  readonly slug: string;
  readonly now: Date;
  /** Without the dot. */
  readonly extension: "ts" | "sql";
}

/**
 * A file's name by a template that `parseFilenameTemplate` found right: `%(revision)s`, `%(slug)s`, and the local time's
 * `%(year)s`, `%(month)s`, `%(day)s`, `%(hour)s`, `%(minute)s`, `%(second)s`, which `s` pads as the Python tool does
 * (`01`), and `d` writes as Python would: `%(month)d` is `1`, `%(month).2d` is `01`. `%%` is a `%`.
 */
export function fileNameOf(template: string, { revision, slug, now, extension }: NameParts): string {
  const fields = new Map([["revision", revision], ["slug", ""], ...timeFields(now)]);
  // a separator that would join the name to nothing goes with the empty slug
  const used = slug === "" ? template.replace(EMPTY_SLUG_REGEXP, "") : template;
  const room = MAX_NAME_LENGTH - new TextEncoder().encode(format(used, fields)).length - extension.length - 1;
  fields.set("slug", cutSlug(slug, Math.max(room, 1)));
  return `${format(used, fields)}.${extension}`;
}

const EMPTY_SLUG_REGEXP = /[_-]%\(slug\)[^a-z]*s|%\(slug\)[^a-z]*s[_-]?/;

function timeFields(now: Date): [string, string][] {
  const two = (value: number) => String(value).padStart(2, "0");
  return [
    ["year", String(now.getFullYear())],
    ["month", two(now.getMonth() + 1)],
    ["day", two(now.getDate())],
    ["hour", two(now.getHours())],
    ["minute", two(now.getMinutes())],
    ["second", two(now.getSeconds())],
  ];
}

function format(template: string, fields: ReadonlyMap<string, string>): string {
  return template.replace(FIELD_REGEXP, (found, name: string | undefined, flag, width, precision, type) => {
    if (name === undefined) return "%";
    const value = fields.get(name) ?? found;
    const text = type === "d"
      ? String(Number(value)).padStart(Number(precision ?? 0), "0")
      : value.slice(0, precision === undefined ? undefined : Number(precision));
    if (flag === "-") return text.padEnd(Number(width));
    return text.padStart(Number(width), flag === "0" && type === "d" ? "0" : " ");
  });
}

/** At the last word that fits. */
function cutSlug(slug: string, length: number): string {
  if (slug.length <= length) return slug;
  const cut = slug.slice(0, length + 1);
  const end = cut.lastIndexOf("_");
  return end > 0 ? cut.slice(0, end) : slug.slice(0, length);
}
