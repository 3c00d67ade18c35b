/**
 * Loads of what people really have: values that mean something else elsewhere, tables that are not plain ones, faults in
 * the migration's own code.
 *
 * @module
 */

import assert from "node:assert/strict";
import { loadTable } from "../../src/bulk_load.ts";
import type { LoadOptions, LoadReport, LoadRow } from "../../src/bulk_options.ts";
import { openConnection } from "../../src/connection.ts";
import { DatabaseError, type Session } from "../../src/db/database.ts";
import { DelembicError, formatPlace } from "../../src/errors.ts";
import { archiveRows, copyTable } from "../../src/recipe_copy.ts";
import { upsertRows } from "../../src/recipe_upsert.ts";
import { type Kind, onEachDatabase, temporaryFolder, testWith } from "../support.ts";
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
    return this.loadFile(table, typeof source === "string" ? file : source, options);
  }

  /** Loads rows, or a file that is there. */
  loadFile(
    table: string,
    source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>,
    options: LoadOptions = {},
  ): Promise<LoadReport> {
    return soon(loadTable(this.session, {
      folder: this.folder.path,
      shownFrom: this.folder.path,
      signal: new AbortController().signal,
      progress: () => {},
      warn: (message) => this.warnings.push(message),
      record: () => {},
    }, { table, source, options }));
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

/** JSON as text, so that what is stored is seen and not what a driver makes of it. */
const AS_TEXT: Readonly<Record<Kind, { readonly type: string; readonly text: string }>> = {
  postgresql: { type: "jsonb", text: "doc::text" },
  mysql: { type: "json", text: "cast(doc as char)" },
  sqlite: { type: "json", text: "doc" },
};

const DOCUMENTS = ["5", "true", "null", "some text", "", '{"a":1}', 5, true, false, { a: "1" }, ["1", 1.5], null];

onEachDatabase("values of JSON arrive as what they are: a text stays a text, true stays true", async (kind) => {
  const { type, text } = AS_TEXT[kind];
  const rows = DOCUMENTS.map((doc, id) => ({ id, doc }));
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  await using loads = await Loads.make(kind, `create table t (id integer primary key, doc ${type})`);
  const stored = async () => (await loads.rows(`select ${text} as doc from t order by id`)).map(compact);
  const expected = DOCUMENTS.map((doc) => doc === null ? "null" : JSON.stringify(doc));

  await loads.load("t", rows);
  assert.deepEqual(await stored(), expected, "rows of code");
  for (
    const [file, source] of [["p.ndjson", lines], ["p.json", JSON.stringify(rows)]] as const
  ) {
    await loads.load("t", source, { file, replace: true });
    assert.deepEqual(await stored(), expected, file);
    await loads.load("t", source, { file, onConflict: "update" });
    assert.deepEqual(await stored(), expected, `${file}, over what is there`);
    await loads.load("t", source, { file, replace: true, map: (row) => row });
    assert.deepEqual(await stored(), expected, `${file}, mapped`);
  }
  // in CSV it is JSON
  await loads.load("t", 'id,doc\n1,5\n2,"""5"""\n3,"{""a"":1}"\n4,\n', { replace: true });
  assert.deepEqual(await stored(), ["5", '"5"', '{"a":1}', "null"]);
});

/** Without the spaces that databases write behind `:` and `,`; the texts of these tests have none. */
function compact(json: string): string {
  return json.replace(/([:,]) /g, "$1");
}

onEachDatabase("upsertRows keeps texts in JSON what they are, too", async (kind) => {
  const { type, text } = AS_TEXT[kind];
  await using loads = await Loads.make(kind, `create table t (id integer primary key, doc ${type})`);
  const { connection } = openConnection(loads.session);
  const rows = DOCUMENTS.map((doc, id) => ({ id, doc }));
  await upsertRows(connection, "t", rows);
  assert.deepEqual(
    (await loads.rows(`select ${text} as doc from t order by id`)).map(compact),
    DOCUMENTS.map((doc) => doc === null ? "null" : JSON.stringify(doc)),
  );
  assert.equal((await upsertRows(connection, "t", rows)).unchanged, rows.length);
});

onEachDatabase("JSON goes from database to database as it is", async (kind) => {
  const { type, text } = AS_TEXT[kind];
  for (const from of ["sqlite", "postgresql", "mysql"] as const) {
    await using source = await Ground.make(from);
    const session = await source.open();
    await session.query(`create table t (id integer primary key, doc ${AS_TEXT[from].type})`);
    await session.query(`insert into t values (1, '"5"'), (2, '{"a":["1"]}'), (3, '"true"'), (4, null)`);
    await using loads = await Loads.make(kind, `create table t (id integer primary key, doc ${type})`);
    await loads.load("t", openConnection(session).connection.stream`select id, doc from t order by id`);
    assert.deepEqual(
      (await loads.rows(`select ${text} as doc from t order by id`)).map(compact),
      ['"5"', '{"a":["1"]}', '"true"', "null"],
      `${from} → ${kind}`,
    );
  }
});

onEachDatabase("what is no JSON is told so, and what was refused loads again when it is mended", async (kind) => {
  const { type } = AS_TEXT[kind];
  await using loads = await Loads.make(kind, `create table t (id integer primary key, doc ${type})`);
  assert.match(await loads.failure("t", "id,doc\n1,{}\n2,{x}\n"), /^p\.csv:3: Column doc: "\{x\}" is not valid JSON/);
  const lines = '{"id":1,"doc":"5"}\n{"id":1,"doc":"say \\"x\\""}\n';
  await loads.load("t", lines, { file: "p.ndjson", onBadRow: "collect" });
  const rejected = await Deno.readTextFile(`${loads.folder.path}/p.ndjson.rejected`);
  assert.deepEqual(JSON.parse(rejected), { id: 1, doc: 'say "x"' });
  await loads.load("t", rejected.replace(":1", ":2"), { file: "p.ndjson" });
  assert.deepEqual(await loads.rows(`select ${AS_TEXT[kind].text} as doc from t order by id`), [
    '"5"',
    '"say \\"x\\""',
  ]);
});

onEachDatabase("what 'map' throws is a bad row, with its line; what is no row is told as its mistake", async (kind) => {
  await using loads = await Loads.make(kind, "create table t (id integer primary key, name varchar(20))");
  const map: LoadOptions["map"] = (row) => {
    if (row["name"] === "odd") throw new Error("who is that?");
    return row["name"] === "none" ? undefined : row;
  };
  const text = "id,name\n1,none\n2,odd\n3,Ada\n4,odd\n";
  assert.equal(await loads.failure("t", text, { map }), "p.csv:3: 'map' failed: who is that?");
  const { read, loaded, skipped, rejected } = await loads.load("t", text, { map, onBadRow: "collect" });
  assert.deepEqual([read, loaded, skipped, rejected], [4, 1, 1, 2]);
  assert.equal(await Deno.readTextFile(`${loads.folder.path}/p.csv.rejected`), "id,name\n2,odd\n4,odd\n");

  const wrong = (map: unknown) => loads.failure("t", "id,name\n7,x\n", { map: map as () => undefined });
  assert.equal(await wrong(async () => await undefined), "p.csv:2: The option 'map' of a load gave a promise");
  assert.equal(await wrong(() => null), "p.csv:2: The option 'map' of a load gave null");
  assert.equal(await wrong(() => [1]), "p.csv:2: The option 'map' of a load gave an array");
  assert.deepEqual(await loads.rows("select id from t"), ["3"]);
});

onEachDatabase("rows that 'map' leaves out are counted, be they all, and the first thousands", async (kind) => {
  await using loads = await Loads.make(kind, "create table t (id integer primary key)");
  const rows = Array.from({ length: 5_000 }, (_, id) => ({ id }));
  const nothing = await loads.load("t", rows, { map: () => undefined });
  assert.deepEqual([nothing.read, nothing.loaded, nothing.skipped], [5_000, 0, 5_000]);
  const places: number[] = [];
  const few = await loads.load("t", rows, {
    map: (row, { row: number }) => {
      if (number < 4_500) return undefined;
      places.push(number);
      return row;
    },
  });
  assert.deepEqual([few.read, few.loaded, few.skipped], [5_000, 501, 4_499]);
  assert.deepEqual(places, Array.from({ length: 501 }, (_, index) => index + 4_500), "each is mapped once");
});

testWith(
  ["postgres"],
  "postgresql: what no row is to blame for is no bad row, and none is put aside for it",
  async () => {
    await using loads = await Loads.make(
      "postgresql",
      "create table t (id integer primary key)",
      "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$",
      "create trigger slow before insert on t for each row when (new.id = 3) execute function slow()",
    );
    await loads.session.query("set local statement_timeout = 300");
    await loads.session.query("savepoint before_it");
    for (const onBadRow of ["error", "collect"] as const) {
      await assert.rejects(
        loads.load("t", "id\n1\n2\n3\n", { onBadRow }),
        (error) => error instanceof DatabaseError && error.kind === "cancelled",
      );
      await loads.session.query("rollback to before_it");
    }
  },
);

onEachDatabase("a compressed file whose name does not say so is told as that", async (kind) => {
  await using loads = await Loads.make(kind, "create table t (id integer primary key)");
  const gzip = new Blob(["id\n1\n"]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${loads.folder.path}/plain.csv`, gzip);
  await assert.rejects(
    loads.loadFile("t", "plain.csv"),
    (error) =>
      error instanceof DelembicError && error.message === "The file is gzip data, and its name does not say so",
  );
  assert.equal((await loads.loadFile("t", "plain.csv", { compression: "gzip" })).loaded, 1);
});

onEachDatabase("a table that others refer to cannot be replaced, and what to do is told", async (kind) => {
  await using loads = await Loads.make(
    kind,
    "create table parent (id integer primary key)",
    "create table child (id integer primary key, parent integer, foreign key (parent) references parent (id))",
    "insert into parent values (1)",
    "insert into child values (1, 1)",
  );
  for (const onBadRow of ["error", "collect"] as const) {
    assert.match(
      await loads.failure("parent", "id\n1\n2\n", { replace: true, onBadRow }),
      /^Cannot empty the table parent for the load: .*foreign key/i,
    );
  }
  await loads.load("parent", "id\n1\n2\n", { onConflict: "update" });
  assert.deepEqual(await loads.rows("select id from parent order by id"), ["1", "2"]);
});

testWith(
  ["postgres"],
  "postgresql: recipes keep the numbers of identities that the table would give by itself",
  async () => {
    const person = "id integer generated always as identity primary key, name text";
    await using loads = await Loads.make(
      "postgresql",
      `create table person (${person})`,
      `create table person_new (${person})`,
      `create table person_old (${person})`,
    );
    const { connection: conn } = openConnection(loads.session);
    await upsertRows(conn, "person", [{ id: 7, name: "Ada" }, { id: 9, name: "Grace" }]);
    assert.equal(await copyTable(conn, { from: "person", to: "person_new" }), 2);
    assert.equal(await copyTable(conn, { from: "person", to: "person_new", onConflict: "skip" }), 0);
    assert.equal(await archiveRows(conn, { from: "person", to: "person_old", where: conn.sql`id = 7` }), 1);
    for (const [table, ids] of [["person", ["9"]], ["person_new", ["7", "9"]], ["person_old", ["7"]]] as const) {
      assert.deepEqual(await loads.rows(`select id from ${table} order by id`), ids, table);
    }
  },
);
