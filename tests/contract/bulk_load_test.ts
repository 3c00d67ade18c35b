/**
 * Loads on each database: what is there already, what is collected, what is counted.
 *
 * @module
 */

import assert from "node:assert/strict";
import { loadTable } from "../../src/bulk_load.ts";
import type { LoadOptions, LoadRecord, LoadReport, LoadRow } from "../../src/bulk_options.ts";
import type { Session } from "../../src/db/database.ts";
import { DelembicError, formatPlace } from "../../src/errors.ts";
import type { Progress } from "../../src/progress.ts";
import { type Kind, onEachDatabase, temporaryFolder } from "../support.ts";
import { Ground } from "./contract_ground.ts";

/** The type of the column `age`, as each database names it. */
const INTEGER: Readonly<Record<Kind, string>> = { sqlite: "INTEGER", postgresql: "integer", mysql: "int(11)" };

/** A table `person`, and loads into it as a migration makes them. */
class People implements AsyncDisposable {
  readonly warnings: string[] = [];
  readonly records: LoadRecord[] = [];
  readonly progress: Progress[] = [];
  readonly stop = new AbortController();

  private constructor(
    readonly ground: Ground,
    readonly session: Session,
    readonly folder: AsyncDisposable & { readonly path: string },
  ) {}

  static async make(kind: Kind, rows: readonly string[] = []): Promise<People> {
    const ground = await Ground.make(kind);
    const session = await ground.open();
    await session.query(
      "create table person (id integer not null primary key, code varchar(20) unique, name varchar(20) not null, age integer)",
    );
    for (const values of rows) await session.query(`insert into person (id, code, name, age) values (${values})`);
    await session.begin();
    return new People(ground, session, await temporaryFolder());
  }

  async load(
    source: string | Iterable<LoadRow> | AsyncIterable<LoadRow>,
    options: LoadOptions = {},
    file = "p.csv",
  ): Promise<LoadReport> {
    if (typeof source === "string") await Deno.writeTextFile(`${this.folder.path}/${file}`, source);
    return await loadTable(this.session, {
      folder: this.folder.path,
      shownFrom: this.folder.path,
      signal: this.stop.signal,
      progress: (progress) => this.progress.push(progress),
      warn: (message) => this.warnings.push(message),
      record: (load) => this.records.push(load),
    }, { table: "person", source: typeof source === "string" ? file : source, options });
  }

  /** `place: message` of a load that fails. */
  async failure(source: string | Iterable<LoadRow>, options: LoadOptions = {}): Promise<string> {
    try {
      await this.load(source, options);
    } catch (error) {
      if (!(error instanceof DelembicError)) throw error;
      return `${error.place === undefined ? "" : `${formatPlace(error.place)}: `}${error.message}`;
    }
    return "loaded";
  }

  async rows(): Promise<string[]> {
    const { rows } = await this.session.query("select id, code, name, age from person order by id");
    return rows.map((row) => [row["id"], row["code"], row["name"], row["age"]].map(String).join(" "));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.rollback();
    await this.ground[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function countsOf({ read, loaded, skipped, rejected }: LoadReport): readonly number[] {
  return [read, loaded, skipped, rejected];
}

const THERE = ["1, 'a', 'Ada', 36", "2, 'b', 'Grace', null"];

onEachDatabase("skip leaves out what is there; of the same key in the source the first is taken", async (kind) => {
  await using people = await People.make(kind, THERE);
  const report = await people.load("id,name\n2,New\n3,First\n3,Second\n4,Four\n", { onConflict: "skip" });
  assert.deepEqual(countsOf(report), [4, 2, 2, 0]);
  assert.deepEqual(await people.rows(), ["1 a Ada 36", "2 b Grace null", "3 null First null", "4 null Four null"]);
});

onEachDatabase(
  "update writes over what is there, only the columns of the source; the last of a key counts",
  async (kind) => {
    await using people = await People.make(kind, THERE);
    const report = await people.load("id,name\n1,Augusta\n3,First\n3,Second\n", { onConflict: "update" });
    assert.deepEqual(countsOf(report), [3, 3, 0, 0]);
    assert.deepEqual(await people.rows(), ["1 a Augusta 36", "2 b Grace null", "3 null Second null"]);
    // and again, with nothing to change
    await people.load("id,name\n3,Second\n", { onConflict: "update" });
    assert.equal((await people.rows()).length, 3);
  },
);

onEachDatabase("a key by name decides; NULL in it is never the same", async (kind) => {
  await using people = await People.make(kind, THERE);
  await people.load("id,code,name\n7,a,Augusta\n8,,Eve\n9,,Eva\n", { onConflict: "update", key: "code" });
  assert.deepEqual(await people.rows(), ["2 b Grace null", "7 a Augusta 36", "8 null Eve null", "9 null Eva null"]);
});

onEachDatabase("what another unique key refuses is an error, and no other row is changed for it", async (kind) => {
  await using people = await People.make(kind, THERE);
  for (const onConflict of ["skip", "update"] as const) {
    assert.equal(
      await people.failure("id,code,name\n3,c,Edsger\n4,a,Thief\n", { onConflict }),
      'p.csv:3: Column code: "a" is there already, and is unique',
    );
    assert.deepEqual(await people.rows(), ["1 a Ada 36", "2 b Grace null"]);
  }
});

onEachDatabase("a key that is none is told with those that there are", async (kind) => {
  await using people = await People.make(kind);
  try {
    await people.load("id,name\n1,Ada\n", { onConflict: "skip", key: ["id", "name"] });
    assert.fail("loaded");
  } catch (error) {
    assert(error instanceof DelembicError);
    assert.equal(error.message, "(id, name) is no unique key of the table person");
    assert.equal(error.hint, "Its unique keys are (id), (code): name one with 'key'.");
  }
});

onEachDatabase("replace empties the table before, in the same transaction", async (kind) => {
  await using people = await People.make(kind, THERE);
  assert.equal(
    await people.failure("id,name\n5,Five\n6,\n", { replace: true }),
    "p.csv:3: Column name: the value is NULL, and the column takes none",
  );
  assert.deepEqual(await people.rows(), ["1 a Ada 36", "2 b Grace null"]);
  await people.load("id,name\n5,Five\n", { replace: true });
  assert.deepEqual(await people.rows(), ["5 null Five null"]);
  assert.deepEqual(people.records.map(({ before, after }) => [before, after]), [
    [{ rows: 2, exact: true }, { rows: 1, exact: true }],
  ]);
});

onEachDatabase(
  "bad rows of every kind are collected in the order of the file, and the others are loaded",
  async (kind) => {
    for (const onConflict of ["error", "skip", "update"] as const) {
      await using people = await People.make(kind);
      const text = "id,code,name,age\n1,a,Ada,x\n2,b,Grace,2\n3,b,Thief,3\n4,d,,4\n5,e\n6,f,Edsger,6\n7,g,Gnu,?\n";
      const report = await people.load(text, { onConflict, onBadRow: "collect", maxBadRows: 5 });
      assert.deepEqual(countsOf(report), [7, 2, 0, 5]);
      assert.deepEqual(await people.rows(), ["2 b Grace 2", "6 f Edsger 6"]);
      assert.deepEqual(people.warnings, ["p.csv: 5 bad rows left out, see p.csv.rejected"]);
      const path = `${people.folder.path}/p.csv.rejected`;
      assert.equal(
        await Deno.readTextFile(path),
        "id,code,name,age\n1,a,Ada,x\n3,b,Thief,3\n4,d,,4\n5,e\n7,g,Gnu,?\n",
      );
      const type = INTEGER[kind];
      assert.equal(
        await Deno.readTextFile(`${path}.log`),
        `p.csv:2: Column age: "x" is not an integer (${type})
p.csv:4: Column code: "b" is there already, and is unique
p.csv:5: Column name: the value is NULL, and the column takes none
p.csv:6: The row has 2 fields; the header has 4
p.csv:8: Column age: "?" is not an integer (${type})
`,
      );
    }
  },
);

onEachDatabase("more bad rows than are allowed fail the load, and the file of them stays", async (kind) => {
  await using people = await People.make(kind);
  const rows = Array.from({ length: 500 }, (_, index) => `${index},Ada,${index % 100 === 0 ? "x" : index}`);
  const type = INTEGER[kind];
  assert.equal(
    await people.failure(`id,name,age\n${rows.join("\n")}\n`, { onBadRow: "collect", maxBadRows: 2 }),
    `p.csv:2: More than 2 rows are bad; the first: Column age: "x" is not an integer (${type})`,
  );
  assert.deepEqual(await people.rows(), []);
  assert.equal(
    await Deno.readTextFile(`${people.folder.path}/p.csv.rejected`),
    "id,name,age\n0,Ada,x\n100,Ada,x\n",
  );
});

onEachDatabase("rows of code are loaded: objects, arrays, and those that come by and by", async (kind) => {
  await using people = await People.make(kind);
  await people.load([{ id: 1, name: "Ada", age: null }, { id: 2, name: "Grace", age: 85 }]);
  await people.load([[3, "Edsger"]], { columns: ["id", "name"], defaults: { age: 72 } });
  const coming = async function* () {
    for (let id = 10; id < 13; id++) yield { ID: id, who: `n${id}`, vain: 1 };
  };
  const report = await people.load(coming(), {
    columns: { name: "who" },
    ignore: ["vain"],
  });
  assert.deepEqual(countsOf(report), [3, 3, 0, 0]);
  assert.deepEqual(await people.rows(), [
    "1 null Ada null",
    "2 null Grace 85",
    "3 null Edsger 72",
    "10 null n10 null",
    "11 null n11 null",
    "12 null n12 null",
  ]);
  assert.equal(
    await people.failure([{ id: 20, name: "a" }, { id: 1, name: "b" }]),
    'Row 2 of the given rows: Column id: "1" is there already, and is unique',
  );
});

onEachDatabase("the line of a bad row is told far behind in a large file, and quickly", async (kind) => {
  await using people = await People.make(kind);
  const rows = Array.from({ length: 50_000 }, (_, index) => `${index},"Ada\nL",${index === 45_000 ? "old" : 7}`);
  const type = INTEGER[kind];
  assert.equal(
    await people.failure(`id,name,age\n${rows.join("\n")}\n`),
    `p.csv:90002: Column age: "old" is not an integer (${type})`,
  );
  assert.deepEqual(await people.rows(), []);
});

onEachDatabase("a table that is not there is told with the one that is meant", async (kind) => {
  await using people = await People.make(kind);
  try {
    await loadTable(people.session, {
      folder: ".",
      shownFrom: ".",
      signal: people.stop.signal,
      progress: () => {},
      warn: () => {},
      record: () => {},
    }, { table: "persn", source: [], options: {} });
    assert.fail("loaded");
  } catch (error) {
    assert(error instanceof DelembicError);
    assert.equal(error.message, "There is no table persn to load into");
    assert.equal(error.hint, "Did you mean 'person'?");
  }
});

onEachDatabase("a load tells how far it is, and ends when it is to", async (kind) => {
  await using people = await People.make(kind);
  const slow = async function* () {
    for (let id = 0; id < 100_000; id++) {
      if (id % 1000 === 999) await new Promise((resolve) => setTimeout(resolve, 60));
      if (id === 12_000) people.stop.abort(new DelembicError("stopped", { code: "stopped" }));
      yield { id, name: "Ada" };
    }
  };
  await assert.rejects(people.load(slow()), { message: "stopped" });
  assert(people.progress.length >= 2 && people.progress.length <= 10, `${people.progress.length} times`);
  const last = people.progress.at(-1);
  assert(last !== undefined && last.rows > 1000 && last.rowsPerSecond > 0 && last.table === "person");
  assert.deepEqual(await people.rows(), []);
});

onEachDatabase(
  "columns that the source lacks get their defaults, on the way over a temporary table too",
  async (kind) => {
    await using people = await People.make(kind);
    await people.session.commit();
    const numbered = kind === "postgresql"
      ? "id integer generated always as identity primary key"
      : kind === "mysql"
      ? "id integer auto_increment primary key"
      : "id integer primary key";
    await people.session.query("drop table person");
    await people.session.query(`create table person (${numbered}, code varchar(20) not null unique,
    name varchar(20) default 'none' not null check (name is not null), age integer default 7 check (age is not null))`);
    await people.session.begin();
    await people.load("code\na\nb\n", { onConflict: "update", key: "code" });
    await people.load("code,age\nc,1\nb,2\n", { onConflict: "update", key: "code" });
    await people.load("code,age\nd,1\nb,3\n", { onConflict: "skip", key: "code" });
    const { rows } = await people.session.query("select code, name, age from person order by code");
    assert.deepEqual(rows.map((row) => Object.values(row).join(" ")), ["a none 7", "b none 2", "c none 1", "d none 1"]);
  },
);

onEachDatabase("update on a table with one key only, and of nothing but the key", async (kind) => {
  await using people = await People.make(kind);
  await people.session.commit();
  await people.session.query("drop table person");
  await people.session.query(
    "create table person (id integer not null, part varchar(10) not null, name varchar(20), primary key (id, part))",
  );
  await people.session.begin();
  await people.load("id,part,name\n1,a,x\n1,b,y\n1,a,z\n", { onConflict: "update" });
  await people.load("id,part,name\n1,b,new\n2,a,\n", { onConflict: "update" });
  await people.load("id,part\n1,b\n3,a\n3,a\n", { onConflict: "update" });
  const { rows } = await people.session.query("select id, part, name from person order by id, part");
  assert.deepEqual(rows.map((row) => Object.values(row).join(" ")), ["1 a z", "1 b new", "2 a ", "3 a "]);
  assert.equal(
    await people.failure("id,part\n1,b\n", {}),
    'p.csv:2: (id, part) = ("1", "b") is there already, and is unique',
  );
});
