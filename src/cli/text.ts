/**
 * Lines for a terminal: text with styles as values. Pure.
 *
 * @module
 */

import { visible } from "../visible.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface Styled {
  readonly style: Style;
  readonly text: string;
}

/** One line, without its end. Whatever it holds is made harmless when it is printed. */
export type Line = string | readonly (string | Styled)[];

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export function styled(style: Style, text: string): Styled {
  return { style, text };
}

/** The line as it is printed: secrets taken out, foreign characters harmless, with colours or without. */
export function paint(
  line: Line,
  options: { readonly colour: boolean; readonly redact: (text: string) => string },
): string {
  const pieces = typeof line === "string" ? [line] : line;
  return pieces.map((piece) => {
    if (typeof piece === "string") return visible(options.redact(piece));
    const text = visible(options.redact(piece.text));
    const [on, off] = CODES[piece.style];
    return options.colour && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  }).join("");
}

/** The lines of a text that may have several, of any convention; an ending line break adds no empty one. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}

/** The lines behind so many blanks; empty ones stay empty. */
export function indented(lines: readonly Line[], by = 2): Line[] {
  const blanks = " ".repeat(by);
  return lines.map((line) => line === "" ? "" : typeof line === "string" ? blanks + line : [blanks, ...line]);
}

/** Cells in columns, two blanks apart, each column as wide as its widest cell; no blanks at the end of a line. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, visible(cell).length));
  }
  return rows.map((row) =>
    row.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - visible(cell).length)).join("  ").trimEnd()
  );
}

/** The text in lines of at most `width` characters, broken at blanks. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
