/**
 * Lines for a terminal: text with styles as values. Pure.
 *
 * @module
 */

import { textWidth } from "../text_width.ts";
import { visible } from "../visible.ts";
import { type Flexible, narrowed } from "./narrow.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface Styled {
  readonly style: Style;
  readonly text: string;
}

/** One line, without its end. Whatever it holds is made harmless when it is printed. */
export type Line = string | readonly (string | Styled | Flexible)[];

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

/**
 * The line as it is printed: secrets taken out, foreign characters harmless, with colours or without, and in as many
 * columns as there are, where its pieces can give way. One that is wrapped has line breaks.
 */
export function paint(
  line: Line,
  options: {
    readonly colour: boolean;
    readonly redact: (text: string) => string;
    /** Of the terminal; without one nothing is cut. */
    readonly width?: number | undefined;
  },
): string {
  const { colour, width } = options;
  if (typeof line === "string") return visible(options.redact(line));
  const pieces = line.map((piece): Partial<Styled & Flexible> & { readonly text: string } =>
    typeof piece === "string"
      ? { text: visible(options.redact(piece)) }
      : { ...piece, text: visible(options.redact(piece.text)) }
  );
  const isFlexible = pieces.some(({ narrow }) => narrow !== undefined);
  const shown = isFlexible && width !== undefined ? narrowed(pieces, width) : pieces;
  const text = shown.map(({ style, text }) => style !== undefined && colour ? coloured(style, text) : text).join("");
  return isFlexible ? text.trimEnd() : text;
}

function coloured(style: Style, text: string): string {
  const [on, off] = CODES[style];
  return text === "" ? "" : `\x1b[${on}m${text}\x1b[${off}m`;
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

/**
 * Cells in columns, two blanks apart, each column as wide as its widest cell, in lines that fit a terminal.
 *
 * @param flexible which columns give way, the last of them first: how, or down to how many columns they are cut
 */
export function columns(
  rows: readonly (readonly string[])[],
  flexible: Readonly<Record<number, "wrap" | number>>,
): Line[] {
  return padCells(rows).map((cells) =>
    cells.flatMap((cell, at): Exclude<Line, string> => {
      const how = flexible[at];
      const between = at === 0 ? [] : ["  "];
      if (how === undefined) return [...between, cell];
      return [
        ...between,
        how === "wrap" ? { text: cell.trimEnd(), narrow: how } : { text: cell, narrow: "cut", least: how },
      ];
    })
  );
}

function padCells(rows: readonly (readonly string[])[]): string[][] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, shownWidth(cell)));
  }
  return rows.map((row) => row.map((cell, at) => padded(cell, widths[at] ?? 0)));
}

/** The columns that the text takes when it is printed. */
export function shownWidth(text: string): number {
  return textWidth(visible(text));
}

/** The text with blanks behind it, so that it takes so many columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - shownWidth(text)));
}
