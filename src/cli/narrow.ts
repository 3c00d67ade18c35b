/**
 * Lines that fit a terminal: which pieces of a line give way, and how. In a pipe nothing does. Pure.
 *
 * @module
 */

import { fitted, textWidth } from "../text_width.ts";

/** A piece of a line that gives way where the terminal is narrower than the line. */
export interface Flexible {
  readonly text: string;
  /** `cut`: its end becomes `…`. `wrap`: it goes on in the next line, below where it began; only the last piece can. */
  readonly narrow: "cut" | "wrap";
  /** The fewest columns that are left of it. @default 1 */
  readonly least?: number;
}

/** What may be cut: never an id, a state, or what an error says first. */
export function cuttable(text: string, least = 1): Flexible {
  return { text, narrow: "cut", least };
}

/** What has to be read to its end. */
export function wrappable(text: string): Flexible {
  return { text, narrow: "wrap" };
}

/** Below so many columns nothing is wrapped: a word a line reads worse than what the terminal makes of it. */
const MIN_WRAPPED = 16;

interface Piece {
  readonly text: string;
  readonly narrow?: Flexible["narrow"];
  readonly least?: number;
}

/**
 * The pieces in so many columns, as far as they can give way; of several the last one does first. A cell that is padded
 * stays so: the lines of a table, whose cells are all padded, are cut alike.
 *
 * @param pieces without harmful characters
 */
export function narrowed<P extends Piece>(pieces: readonly P[], width: number): P[] {
  const result = [...pieces];
  let over = pieces.reduce((sum, { text }) => sum + textWidth(text), 0) - width;
  for (let at = pieces.length - 1; at >= 0 && over > 0; at--) {
    const piece = pieces[at];
    if (piece?.narrow === undefined) continue;
    const own = textWidth(piece.text);
    if (piece.narrow === "wrap") {
      const before = textWidth(pieces.slice(0, at).map(({ text }) => text).join(""));
      result[at] = { ...piece, text: wrapped(piece.text, { before, width }) };
      break;
    }
    const left = Math.max(Math.min(own, piece.least ?? 1), own - over);
    const kept = fitted(piece.text.trimEnd(), left);
    result[at] = { ...piece, text: kept + " ".repeat(left - textWidth(kept)) };
    over -= own - left;
  }
  return result;
}

/** Its lines, each behind as many blanks as stand before the first one. */
function wrapped(text: string, { before, width }: { readonly before: number; readonly width: number }): string {
  const room = width - before;
  return room < MIN_WRAPPED ? text : wrap(text, room).join(`\n${" ".repeat(before)}`);
}

/** The text in lines of at most `width` columns, broken at blanks. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let taken = 0;
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const own = textWidth(word);
    if (line !== "" && taken + 1 + own > width) {
      lines.push(line);
      [line, taken] = [word, own];
    } else {
      [line, taken] = line === "" ? [word, own] : [`${line} ${word}`, taken + 1 + own];
    }
  }
  return line === "" ? lines : [...lines, line];
}
