/**
 * How much memory a lot of data takes on its way: as much for 70 MB as for 10 MB, and in the executable no more than
 * 150 MB. `deno task bench memory` does it with a gigabyte.
 */

import { ok } from "node:assert/strict";
import { fillMariadb } from "../../bench/copies.ts";
import { ask, makeProject, mustBe } from "../../bench/ground.ts";
import { type Contestant, megabytes, onceWithPeak } from "../../bench/measure.ts";
import { personTable, writePeople } from "../../bench/people.ts";
import { freshDatabase, type Kind, outside, temporaryFolder, type TestDatabase, testWith } from "../support.ts";

/** Characters of a column that makes a row 200 bytes. */
const NOTE = 140;
const FEW = 50_000, MANY = 350_000;
/** Bytes that a program may have resident; Deno itself takes about 60 of them. */
const BUDGET = 150e6;
/** The many rows are 60 MB more than the few; what the collector of garbage leaves lying is less. */
const SLACK = 45e6;

/** From source each version of Deno collects garbage in its own way; what is promised is promised of the executable. */
const PROGRAM: Contestant["command"] = [outside.executable ?? "delembic"];
const KINDS = [["sqlite", []], ["postgresql", ["postgres"]], ["mysql", ["mysql"]]] as const;

const IS_LINUX = Deno.build.os === "linux";

interface Moved {
  readonly db: TestDatabase;
  readonly rows: number;
  readonly file: string;
  readonly text: string;
  readonly sources?: Readonly<Record<string, string>>;
}

/** The most memory that `delembic upgrade` had resident while a migration filled the table. */
async function peakOf({ db, rows, ...project }: Moved): Promise<number> {
  await using folder = await temporaryFolder();
  await makeProject(folder.path, { db, ...project });
  const { peak } = await onceWithPeak({
    name: "delembic",
    command: [...PROGRAM, "upgrade"],
    cwd: folder.path,
    prepare: async () => void await ask(db, personTable(db.kind).replace(/\)$/, ", note text)")),
    check: () => mustBe(db, `select count(*) from person where length(note) = ${NOTE}`, rows),
  });
  return peak;
}

/** A program that does nothing takes its memory as well. */
async function idlePeak(): Promise<number> {
  const { peak } = await onceWithPeak({ name: "idle", command: [...PROGRAM, "--version"] });
  return peak;
}

async function requireFlat(
  t: Deno.TestContext,
  what: string,
  measured: (rows: number) => Promise<number>,
): Promise<void> {
  const few = await measured(FEW);
  let many = await measured(MANY);
  // where the processors are busy with others, garbage is collected late now and then, but not each time
  if (many - few >= SLACK || many >= BUDGET) many = Math.min(many, await measured(MANY));
  const told = `${megabytes(await idlePeak())} for --version, ${megabytes(few)} for ${FEW} rows, ` +
    `${megabytes(many)} for ${MANY}`;
  await t.step(`${what}: ${told}`, () => {
    ok(many - few < SLACK, `the memory grows with the rows: ${told}`);
    ok(many < BUDGET, `too much memory: ${told}`);
  });
}

if (IS_LINUX) {
  const load = async (kind: Kind, t: Deno.TestContext) => {
    await using data = await temporaryFolder();
    const csvOf = (rows: number) => `${data.path}/${rows}.csv`;
    for (const rows of [FEW, MANY]) await writePeople(csvOf(rows), rows, NOTE);
    const loadOf = async (rows: number, form: "sql" | "code") => {
      await using db = await freshDatabase(kind);
      const csv = csvOf(rows);
      return await peakOf(
        form === "sql"
          ? {
            ...{ db, rows, file: "D001_load.sql" },
            text: `-- delembic revision: D001\n-- delembic upgrade\n-- delembic load: person from ${csv}\n`,
          }
          : {
            ...{ db, rows, file: "D001_load.js" },
            // `map` makes rows of the text, which otherwise may be handed on as it is
            text: `export default {
  revision: "D001",
  upgrade: (conn) => conn.load("person", ${JSON.stringify(csv)}, { map: (row) => ({ ...row, name: row.name.trim() }) }),
};
`,
          },
      );
    };
    await requireFlat(t, "SQL", (rows) => loadOf(rows, "sql"));
    await requireFlat(t, "code", (rows) => loadOf(rows, "code"));
  };
  for (const [kind, needs] of KINDS) {
    const name = `${kind}: a load takes as much memory for 70 MB as for 10 MB`;
    testWith(["executable", ...needs], name, (t) => load(kind, t));
  }

  testWith(
    ["executable", "postgres", "mysql"],
    "a copy from MySQL to PostgreSQL takes as much memory for 70 MB as for 10 MB",
    async (t) => {
      const copy = async (rows: number) => {
        await using source = await freshDatabase("mysql");
        await using db = await freshDatabase("postgresql");
        await fillMariadb(source, rows, NOTE);
        return await peakOf({
          ...{ db, rows, file: "D001_copy.js", sources: { legacy: source.url } },
          text: `export default {
  revision: "D001",
  async upgrade(conn, run) {
    const legacy = await run.source("legacy");
    await conn.load("person", legacy.stream\`select * from person\`);
  },
};
`,
        });
      };
      await requireFlat(t, "copy", copy);
    },
  );
} else {
  Deno.test({ name: "memory: not here: only Linux tells how much a process had at most", ignore: true, fn: () => {} });
}
