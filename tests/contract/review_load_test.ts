/**
 * Loads of what people really have: values that mean something else elsewhere, tables that are not plain ones, faults in
 * the migration's own code.
 *
 * @module
 */

import assert from "node:assert/strict";
import { loadTable } from "../../src/bulk_load.ts";
import type { LoadOptions, LoadReport, LoadRow } from "../../src/bulk_options.ts";
import { DatabaseError, type Session } from "../../src/db/database.ts";
import { DelembicError, formatPlace } from "../../src/errors.ts";
import { type Kind, temporaryFolder, testWith } from "../support.ts";
import { Ground, soon } from "./contract_ground.ts";

/** A session in a transaction, with tables of its own, and loads as a migration makes them. */
class Loads implements AsyncDisposable {
  readonly warnings: string[] = [];

  private constructor(
    readonly ground: Ground,
    readonly session: Session,
    readonly folder: AsyncDisposable & { readonly path: string },
  ) {}

  static async make(kind: Kind, ...statements: readonly string[]): Promise<Loads> {
    const ground = await Ground.make(kind);
    const session = await ground.open();
    for (const statement of statements) await session.query(statement);
    await session.begin();
    return new Loads(ground, session, await temporaryFolder());
  }

  /** Loads rows, or a file with this text. */
  load(
    table: string,
    source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>,
    { file = "p.csv", ...options }: LoadOptions & { readonly file?: string } = {},
  ): Promise<LoadReport> {
    if (typeof source === "string") Deno.writeTextFileSync(`${this.folder.path}/${file}`, source);
    return soon(loadTable(this.session, {
      folder: this.folder.path,
      shownFrom: this.folder.path,
      signal: new AbortController().signal,
      progress: () => {},
      warn: (message) => this.warnings.push(message),
      record: () => {},
    }, { table, source: typeof source === "string" ? file : source, options }));
  }

  /** `place: message` of a load that fails. */
  async failure(...args: Parameters<Loads["load"]>): Promise<string> {
    try {
      await this.load(...args);
    } catch (error) {
      if (!(error instanceof DelembicError)) throw error;
      return `${error.place === undefined ? "" : `${formatPlace(error.place)}: `}${error.message}`;
    }
    return "loaded";
  }

  async rows(query: string): Promise<string[]> {
    const { rows } = await this.session.query(query);
    return rows.map((row) => Object.values(row).map(String).join(" | "));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.rollback();
    await this.ground[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

testWith(
  ["postgres"],
  "postgresql: a table that takes no COPY after all is told at once, and the session goes on",
  async () => {
    await using loads = await Loads.make(
      "postgresql",
      "create table base (id integer primary key)",
      "create view seen as select * from base",
      "create table guarded (id integer primary key)",
      "create function refuse() returns trigger language plpgsql as $$ begin raise 'not on a Sunday'; end $$",
      "create trigger guard before insert on guarded execute function refuse()",
    );
    for (const source of ["id\n1\n", [{ id: 1 }]]) {
      await assert.rejects(
        loads.load("seen", source),
        (error) => error instanceof DatabaseError && error.message === 'cannot copy to view "seen"',
      );
      assert.match(await loads.failure("guarded", source), /not on a Sunday/);
    }
    await loads.load("base", "id\n1\n");
    assert.deepEqual(await loads.rows("select id from base"), ["1"]);
  },
);

testWith(["postgres"], "postgresql: what the server says of JSON is not taken for the place of the row", async () => {
  await using loads = await Loads.make("postgresql", "create table data (id integer primary key, doc jsonb)");
  assert.equal(
    await loads.failure("data", "id,doc\n1,1\n2,{x}\n"),
    'p.csv:3: Column doc: "{x}" is not valid JSON (jsonb)',
  );
});
