/**
 * Lets only so many through at a time: many readers of the page must not take the database's connections from those who
 * need them.
 *
 * @module
 */

export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Does the work as soon as there is a place; who came first goes first. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // the place goes from hand to hand
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
