/**
 * The lines of many rows, in little memory: most rows take one line, so only those that take more are written down.
 *
 * @module
 */

/** Rows in their order, from 1, and the line on which each begins. */
export class LineNumbers {
  readonly #firstLine: number;
  /** Pairs of numbers of seven bits a byte: rows since the last pair, and lines too many before that row. */
  #pairs = new Uint8Array(64);
  #length = 0;
  #lastRow = 0;

  /** @param firstLine the line of row 1, as long as nothing else is added */
  constructor(firstLine: number) {
    this.#firstLine = firstLine;
  }

  /** Notes that more lines than one lie between a row and the row before it; rows are given in their order. */
  add(row: number, extraLines: number): void {
    this.#write(row - this.#lastRow);
    this.#write(extraLines);
    this.#lastRow = row;
  }

  lineOf(row: number): number {
    let line = this.#firstLine + row - 1;
    let at = 0;
    const read = () => {
      let value = 0, scale = 1;
      for (;; scale *= 128) {
        const byte = this.#pairs[at++] ?? 0;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    for (let noted = 0; at < this.#length;) {
      noted += read();
      if (noted > row) break;
      line += read();
    }
    return line;
  }

  #write(value: number): void {
    if (this.#length + 8 > this.#pairs.length) {
      const larger = new Uint8Array(this.#pairs.length * 2);
      larger.set(this.#pairs);
      this.#pairs = larger;
    }
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#pairs[this.#length++] = 0x80 | rest % 128;
    this.#pairs[this.#length++] = rest;
  }
}
