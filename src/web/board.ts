/**
 * What the pages are made of: the project as its files are now, and one look at its database for each request. Reads
 * only.
 *
 * @module
 */

import { appliedRevisions } from "../alembic/gate.ts";
import type { AlembicTree } from "../alembic/tree.ts";
import { readVersionRows } from "../alembic/version_table.ts";
import type { Database, Queryable } from "../db/database.ts";
import { DelembicError } from "../errors.ts";
import type { Project } from "../project.ts";
import { RunMemory } from "../run_memory.ts";
import { type HistoryEntry, historyOf } from "../state.ts";
import { type Survey, survey, withReading } from "../survey.ts";
import { fingerprintOf, type Watched, watchedOf } from "./fingerprint.ts";
import { Turnstile } from "./turnstile.ts";

/** A project and its database, not connected to. */
export interface Opened {
  readonly project: Project;
  readonly database: Database;
}

/** What is known of Alembic. */
export interface Schema {
  readonly tree: AlembicTree;
  /** The rows of its version table. */
  readonly rows: readonly string[];
  /** What is in the database; `undefined` where that cannot be told, for {@link Sight.troubles} to tell why. */
  readonly applied: ReadonlySet<string> | undefined;
}

/** One look at everything. */
export interface Sight extends Opened {
  readonly db: Queryable;
  readonly seen: Survey;
  readonly entries: readonly HistoryEntry[];
  /** `undefined` without `alembic_config`, or where the scripts cannot be read. */
  readonly schema: Schema | undefined;
  /** What could not be found out, and is no fault in a migration file. */
  readonly troubles: readonly DelembicError[];
}

/** How long files are taken to be as they were, in milliseconds: one answer asks several times. */
const FRESH_MS = 50;

/** So many connections the page takes at a time, and one more for what is live. */
const MOST_CONNECTIONS = 6;

export class Board {
  readonly #open: () => Promise<Opened>;
  #opened: Promise<Opened> | undefined;
  #watched: Watched | undefined;
  #treeWatched: AlembicTree | undefined;
  #fingerprint = "";
  #lookedAt = -Infinity;
  #memory = new RunMemory();
  readonly #turnstile = new Turnstile(MOST_CONNECTIONS);

  /** @param open reads configuration and files as they are now */
  constructor(open: () => Promise<Opened>) {
    this.#open = open;
  }

  /** The project, read anew when a file of it has changed. @throws {DelembicError} when it cannot be read */
  async opened(): Promise<Opened> {
    if (this.#opened !== undefined && this.#hasChanged()) this.#opened = undefined;
    this.#opened ??= this.#openNow();
    try {
      return await this.#opened;
    } catch (error) {
      // the next request tries again
      this.#opened = undefined;
      throw error;
    }
  }

  /** Connects, looks, and calls `tell`. @throws {DelembicError} when there is nothing to look at */
  async look<T>(tell: (sight: Sight) => Promise<T> | T): Promise<T> {
    const { project, database } = await this.opened();
    return await this.#turnstile.pass(() =>
      withReading(database, async (db) => {
        const seen = await survey(project, db, { memory: this.#memory });
        const entries = historyOf(seen);
        const { schema, error } = await this.#schema(project, db);
        const troubles = [seen.alembicError, error].filter((one) => one !== undefined);
        const told = new Map(troubles.map((trouble) => [trouble.message, trouble]));
        return await tell({ project, database, db, seen, entries, schema, troubles: [...told.values()] });
      })
    );
  }

  async #openNow(): Promise<Opened> {
    const opened = await this.#open();
    // it may be another database
    this.#memory = new RunMemory();
    this.#watch(watchedOf(opened.project, undefined));
    return opened;
  }

  #watch(watched: Watched): void {
    this.#watched = watched;
    this.#fingerprint = fingerprintOf(watched);
    this.#lookedAt = performance.now();
  }

  #hasChanged(): boolean {
    if (this.#watched === undefined || performance.now() - this.#lookedAt < FRESH_MS) return false;
    this.#lookedAt = performance.now();
    return fingerprintOf(this.#watched) !== this.#fingerprint;
  }

  async #schema(
    project: Project,
    db: Queryable,
  ): Promise<{ schema: Schema | undefined; error: DelembicError | undefined }> {
    if (project.config.alembic === undefined) return { schema: undefined, error: undefined };
    let tree: AlembicTree | undefined;
    let rows: readonly string[] = [];
    try {
      tree = await this.#tree(project);
      rows = await readVersionRows(db, tree.versionTable);
      return { schema: { tree, rows, applied: appliedRevisions(tree, rows) }, error: undefined };
    } catch (error) {
      if (!(error instanceof DelembicError)) throw error;
      return { schema: tree === undefined ? undefined : { tree, rows, applied: undefined }, error };
    }
  }

  async #tree(project: Project): Promise<AlembicTree> {
    const tree = await project.alembic();
    // from now on the scripts count, too; they were read a moment ago
    if (tree !== this.#treeWatched) this.#watch(watchedOf(project, tree));
    this.#treeWatched = tree;
    return tree;
  }
}
