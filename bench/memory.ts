/**
 * How much memory a gigabyte takes on its way: a file into a table, a table into another database's.
 *
 * @module
 */

import { freshDatabase, type Kind, outside, type TestDatabase } from "../tests/support.ts";
import { fillMariadb } from "./copies.ts";
import { ask, type BenchGround, makeProject, mustBe, upgrading } from "./ground.ts";
import { count, megabytes, onceWithPeak, seconds, single } from "./measure.ts";
import { personTable, writePeople } from "./people.ts";

/** A row is 200 bytes, so this many are a gigabyte. */
const ROWS = 5_000_000, NOTE = 140;
const BUDGET = "≤ 150 MB";

export async function benchMemory(ground: BenchGround): Promise<void> {
  const { peak } = await onceWithPeak({ name: "empty program", command: [ground.empty] });
  ground.say(single("peak memory of an empty Deno program", megabytes(peak)));
  const rows = ground.rows(ROWS), file = `${ground.folder}/large.csv`;
  await writePeople(file, rows, NOTE);
  const { size } = await Deno.stat(file);
  for (const kind of ["postgresql", "mysql", "sqlite"] as const) {
    if (isMissing(kind)) ground.leaveOut(`${kind}: not there`);
    else await ground.measure(`memory of a load into ${kind}`, () => load(ground, kind, { file, rows, size }));
  }
  await Deno.remove(file);
  if (isMissing("mysql") || isMissing("postgresql")) return ground.leaveOut("a copy: it needs both servers");
  await ground.measure("memory of a copy", () => copy(ground, rows));
}

function isMissing(kind: Kind): boolean {
  return kind !== "sqlite" && outside[kind === "mysql" ? "mysql" : "postgres"] === undefined;
}

function withNote(kind: Kind): string {
  return personTable(kind).replace(/\)$/, ", note text)");
}

interface LargeFile {
  readonly file: string;
  readonly rows: number;
  readonly size: number;
}

async function load(ground: BenchGround, kind: Kind, { file, rows, size }: LargeFile): Promise<void> {
  await using db = await freshDatabase(kind);
  await measurePeak(ground, db, {
    what: `${megabytes(size)} of CSV into ${kind}`,
    rows,
    file: "D001_load.js",
    text: `export default { revision: "D001", upgrade: (conn) => conn.load("person", ${JSON.stringify(file)}) };\n`,
  });
}

async function copy(ground: BenchGround, rows: number): Promise<void> {
  await using source = await freshDatabase("mysql");
  await using db = await freshDatabase("postgresql");
  await fillMariadb(source, rows, NOTE);
  await measurePeak(ground, db, {
    what: `${count(rows)} rows of ${NOTE + 60} bytes, MariaDB → PostgreSQL`,
    rows,
    file: "D001_copy.js",
    text: `export default {
  revision: "D001",
  async upgrade(conn, run) {
    const legacy = await run.source("legacy");
    await conn.load("person", legacy.stream\`select * from person\`);
  },
};
`,
    sources: { legacy: source.url },
  });
}

async function measurePeak(
  ground: BenchGround,
  db: TestDatabase,
  { what, rows, file, text, sources = {} }: {
    readonly what: string;
    readonly rows: number;
    readonly file: string;
    readonly text: string;
    readonly sources?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const cwd = `${ground.folder}/memory_${db.name}`;
  await makeProject(cwd, { db, file, text, sources });
  const cost = await onceWithPeak(upgrading(ground, cwd, db, {
    prepare: async () => void await ask(db, withNote(db.kind)),
    check: () => mustBe(db, "select count(*) from person where note is not null", rows),
  }));
  ground.say(single(`${what} in ${seconds(cost.seconds)}: peak memory`, megabytes(cost.peak), BUDGET));
}
