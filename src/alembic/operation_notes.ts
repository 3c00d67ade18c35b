/**
 * What an Alembic script says to Delembic in comments: `# delembic: no data`.
 *
 * @module
 */

const COMMENT_REGEXP = /#\s*delembic:\s*no data\b/i;
const DOC_REGEXP = /^[ \t]*delembic:\s*no data\b/im;
const COMMENT_LINE_REGEXP = /^\s*#/;

/** The notes of one script. */
export class ScriptNotes {
  readonly #lines: readonly string[];
  readonly #whole: boolean;

  constructor(source: string) {
    const hasAny = /delembic:\s*no data\b/i.test(source);
    this.#lines = hasAny ? source.split("\n") : [];
    this.#whole = hasAny && DOC_REGEXP.test(source);
  }

  /**
   * Whether a statement needs no data work: the note stands in the docstring, in one of the statement's lines, or among
   * the comments right above it.
   */
  sayNoData(from: number, to: number): boolean {
    if (this.#whole) return true;
    if (this.#lines.slice(from - 1, to).some((line) => COMMENT_REGEXP.test(line))) return true;
    for (let at = from - 2; COMMENT_LINE_REGEXP.test(this.#lines[at] ?? ""); at--) {
      if (COMMENT_REGEXP.test(this.#lines[at] ?? "")) return true;
    }
    return false;
  }
}
