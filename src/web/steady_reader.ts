/**
 * A connection for looking time and again: kept between the looks, so that a server does not see a new client each second.
 * A SQLite file is opened each time: that costs nothing, and it may not be there yet.
 *
 * @module
 */

import type { Database, Queryable, Session } from "../db/database.ts";
import { withReading } from "../survey.ts";

export class SteadyReader {
  readonly #database: () => Promise<Database>;
  #session: Session | undefined;
  /** What the session is connected to. */
  #of: Database | undefined;

  /** @param database as the configuration has it now */
  constructor(database: () => Promise<Database>) {
    this.#database = database;
  }

  /** One look at a time. @throws {DelembicError} */
  async read<T>(read: (db: Queryable) => Promise<T>): Promise<T> {
    const database = await this.#database();
    if (this.#session?.lost !== false || this.#of !== database) await this.rest();
    if (database.target.dialect === "sqlite") return await withReading(database, read);
    this.#of = database;
    this.#session ??= await database.connect("read");
    try {
      return await read(this.#session);
    } catch (error) {
      await this.rest();
      throw error;
    }
  }

  /** Gives the connection back until the next look. */
  async rest(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}
