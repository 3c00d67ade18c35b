/**
 * Text that GitHub takes as text: its runner reads commands out of what a step prints, and its pages read Markdown.
 * Whatever a description, an error or the name of a file holds, it is neither. Pure.
 *
 * @module
 */

import { formatPlace, type Place } from "../errors.ts";
import { visible } from "../visible.ts";

/** What GitHub shows on the page of a build and, where it has a place, beside the line of the change. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly title: string;
  /** May have several lines. */
  readonly message: string;
  /** With the file's absolute name, or one relative to the repository. */
  readonly place?: Place | undefined;
}

/** GitHub cuts longer ones. */
const LONGEST_MESSAGE = 4000;

/** The command by which the runner is told of an annotation. */
export function annotationLine({ level, title, message, place }: Annotation): string {
  const { file, line, column } = place ?? {};
  const properties = Object.entries({ file, line, col: line === undefined ? undefined : column, title })
    .flatMap(([name, value]) => value === undefined ? [] : [`${name}=${property(String(value))}`]);
  const text = message.split(/\r\n|\n|\r/).map(visible).join("\n");
  return `::${level} ${properties.join(",")}::${escaped(cut(text, LONGEST_MESSAGE))}`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(visible(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** A line in which the runner finds no command: neither `::error::…` at its beginning nor `##[error]…` anywhere. */
export function withoutCommands(line: string): string {
  return line.replace(/^(\s*):(?=:)/, "$1\\x3a").replaceAll("##[", "#\\x23[");
}

const MARKDOWN_REGEXP = /[\\`*_<>&|[\]!#~@:$"]/g;

/** A text within a line or a cell of Markdown, without any markup of its own; lines become `<br>`. */
export function markdownText(text: string, longest = 300): string {
  const lines = cut(text, longest).split(/\r\n|\n|\r/).map(visible);
  return lines.map((line) => line.replace(MARKDOWN_REGEXP, (mark) => `&#${mark.charCodeAt(0)};`)).join("<br>");
}

/** The same as code: for names that are typed. */
export function markdownCode(text: string): string {
  return `<code>${markdownText(text)}</code>`;
}

/** A place as code, with what is known of it. */
export function markdownPlace(place: Place): string {
  return markdownCode(formatPlace(place));
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // not in the middle of a character that takes two units
  return `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
