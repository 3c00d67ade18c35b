/**
 * Lines for a terminal: text with styles as values, and what makes foreign text harmless to print. Pure.
 *
 * @module
 */

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

// control characters but the tab; what turns the direction of the text around it, or is an invisible break
const HARMFUL_REGEXP = /(?!\t)[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** The text with everything that could move the cursor, recolour or reorder a terminal's line written as `\x1b`. */
export function visible(text: string): string {
  return text.replace(HARMFUL_REGEXP, (character) => {
    const code = character.charCodeAt(0);
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
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
