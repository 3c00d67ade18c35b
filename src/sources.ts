/**
 * The other databases that a migration reads from: `[delembic.source.NAME]`, opened at the first use, closed with the
 * attempt.
 *
 * @module
 */

import { type Connection, openConnection } from "./connection.ts";
import { DatabaseError, type Session } from "./db/database.ts";
import { DelembicError, EXIT } from "./errors.ts";
import type { RunContext } from "./open_run.ts";
import { closest } from "./suggest.ts";

/** What sources need of a run. */
type Ground = Pick<RunContext, "openSource" | "signal"> & {
  readonly project: { readonly config: Pick<RunContext["project"]["config"], "file" | "sources"> };
};

interface OpenSource {
  readonly session: Session;
  readonly connection: Connection;
}

export class Sources implements AsyncDisposable {
  readonly #context: Ground;
  readonly #signal: AbortSignal;
  readonly #open = new Map<string, Promise<OpenSource>>();
  readonly #onAbort = () => void this.#cancel();

  /** @param signal stops what runs on the sources when it is aborted. @default the run's own */
  constructor(context: Ground, signal: AbortSignal = context.signal) {
    this.#context = context;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
  }

  /**
   * A read-only connection, the same one for the same name.
   *
   * @throws {DelembicError} for an unknown name; {ConfigError} for a URL that cannot be used; {DatabaseError} when the
   * source cannot be connected to
   */
  async open(name: string): Promise<Connection> {
    const known = [...this.#context.project.config.sources.keys()];
    if (!known.includes(name)) throw unknownSource(name, known, this.#context.project.config.file);
    let opening = this.#open.get(name);
    if (opening === undefined) {
      opening = this.#connect(name);
      this.#open.set(name, opening);
      // one that could not be opened may be tried again
      opening.catch(() => this.#open.delete(name));
    }
    return (await opening).connection;
  }

  async #connect(name: string): Promise<OpenSource> {
    const database = await this.#context.openSource?.(name);
    if (database === undefined) throw unknownSource(name, [], this.#context.project.config.file);
    this.#signal.throwIfAborted();
    try {
      const session = await database.connect("read");
      return { session, connection: openConnection(session).connection };
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      const hint = error.kind === "missing-database" ? `Correct 'url' in [delembic.source.${name}].` : error.hint;
      throw new DatabaseError(error.kind, `Source ${name}: ${error.message}`, {
        details: error.details,
        hint,
        cause: error,
      });
    }
  }

  /** Those that are open, or about to be. */
  async #opened(): Promise<Session[]> {
    const settled = await Promise.allSettled(this.#open.values());
    return settled.flatMap((one) => one.status === "fulfilled" ? [one.value.session] : []);
  }

  async #cancel(): Promise<void> {
    await Promise.allSettled((await this.#opened()).map((session) => session.cancel()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#onAbort);
    const sessions = await this.#opened();
    this.#open.clear();
    await Promise.all(sessions.map((session) => session.close()));
  }
}

function unknownSource(name: string, known: readonly string[], file: string): DelembicError {
  const similar = closest(name, known);
  const listed = known.length === 0
    ? `Write a section [delembic.source.${name}] with 'url = …' into it.`
    : `There ${known.length === 1 ? "is" : "are"} ${
      known.join(", ")
    }; another one is a section [delembic.source.${name}] with 'url = …'.`;
  return new DelembicError(`There is no source '${name}' in ${file}`, {
    code: "unknown-source",
    exitCode: EXIT.usage,
    hint: `${similar === undefined ? "" : `Did you mean '${similar}'? `}${listed}`,
    data: { source: name, known },
  });
}
