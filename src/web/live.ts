/**
 * What goes on, as server-sent events: one look at the database each second for everybody who listens, none when nobody
 * does.
 *
 * @module
 */

import { readUndoneWalks } from "../batch_ledger.ts";
import type { Queryable } from "../db/database.ts";
import { messageOf } from "../errors.ts";
import { readRuns } from "../ledger.ts";
import { walkNumbers } from "../walk_numbers.ts";
import { walkTold } from "./pieces.ts";
import type { SteadyReader } from "./steady_reader.ts";

const LOOK_MS = 1_000;
/** Proxies close what is silent for long. */
const ALIVE_MS = 15_000;
/** A change in one of so many latest attempts is noticed. */
const WATCHED_RUNS = 20;
const MOST_LISTENERS = 200;

type Listener = ReadableStreamDefaultController<Uint8Array>;

export interface LiveOptions {
  readonly reader: SteadyReader;
  readonly redact: (text: string) => string;
}

/** All who listen. */
export class Live implements Disposable {
  readonly #options: LiveOptions;
  readonly #listeners = new Set<Listener>();
  readonly #encoder = new TextEncoder();
  #isLooking = false;
  /** Ends the rest between two looks. */
  #wake = () => {};
  #last = "";
  #sentAt = 0;
  #isClosed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** A stream of events, until whoever reads it goes away; `undefined` when there are too many. */
  listen(): ReadableStream<Uint8Array> | undefined {
    if (this.#isClosed || this.#listeners.size >= MOST_LISTENERS) return undefined;
    let own: Listener | undefined;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.#listeners.add(controller);
        controller.enqueue(this.#encoder.encode(`retry: 2000\n\n${this.#last}`));
        void this.#look();
      },
      cancel: () => {
        if (own !== undefined) this.#listeners.delete(own);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#wake();
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
  }

  /** Looks and tells, as long as somebody listens. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#listeners.size > 0 && !this.#isClosed) {
      await this.#tell();
      await this.#pause();
    }
    this.#isLooking = false;
    await this.#options.reader.rest();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #tell(): Promise<void> {
    const event = `data: ${await this.#state()}\n\n`;
    if (event !== this.#last) this.#send(event);
    else if (performance.now() - this.#sentAt > ALIVE_MS) this.#send(":\n\n");
    this.#last = event;
  }

  #send(text: string): void {
    this.#sentAt = performance.now();
    const bytes = this.#encoder.encode(text);
    for (const listener of this.#listeners) {
      // who does not read is not waited for, nor kept in memory
      if ((listener.desiredSize ?? 0) < -32) this.#drop(listener);
      else listener.enqueue(bytes);
    }
  }

  #drop(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.close();
  }

  /** One line of JSON: how far each walk is, and a mark that differs when a page should be drawn anew. */
  async #state(): Promise<string> {
    try {
      return await this.#options.reader.read(async (db: Queryable) => {
        const stories = await readUndoneWalks(db);
        const runs = await readRuns(db, { limit: WATCHED_RUNS });
        const walks = stories.map((story) => ({
          revision: story.walk.revision,
          fraction: walkNumbers(story).fraction ?? null,
          told: walkTold(story),
        }));
        const mark = [
          ...runs.map(({ id, status, endedAt }) => `${id} ${status} ${endedAt === null}`),
          ...stories.map(({ walk }) => `${walk.revision} ${walk.status} ${walk.pauseWanted}`),
        ].join();
        return this.#json({ mark, walks });
      });
    } catch (error) {
      return this.#json({ mark: "", walks: [], error: messageOf(error) });
    }
  }

  #json(value: unknown): string {
    const { redact } = this.#options;
    return JSON.stringify(value, (_, member) => typeof member === "string" ? redact(member) : member);
  }
}
