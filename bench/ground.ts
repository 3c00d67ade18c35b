/**
 * What all benches stand on: the executable, a folder, tables of a size, projects with one migration.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import postgres from "postgres";
import { createConnection } from "mysql2/promise";
import type { Contestant } from "./measure.ts";
import { messageOf } from "../src/errors.ts";
import { outside, run, temporaryFolder, type TestDatabase, writeFiles } from "../tests/support.ts";

export interface BenchGround extends AsyncDisposable {
  /** The compiled Delembic. */
  readonly executable: string;
  /** The least that can be compiled. */
  readonly empty: string;
  /** Where projects and data are made. */
  readonly folder: string;
  readonly rounds: number;
  readonly failures: number;
  say(line: string): void;
  /** A number of rows as the issue has it, scaled. */
  rows(full: number): number;
  leaveOut(what: string): void;
  fail(what: string, why: string): void;
  /** Measures one thing; what goes wrong is told, and the others go on. */
  measure(what: string, work: () => Promise<void>): Promise<void>;
}

const FULL = 1_000_000;

export async function makeGround(say: (line: string) => void): Promise<BenchGround> {
  const work = await temporaryFolder();
  // other users' programs (a server's) may look into it
  await Deno.chmod(work.path, 0o755);
  const executable = outside.executable ?? await compiled(work.path, "main.ts", "delembic");
  const empty = await compiled(work.path, "bench/empty.ts", "empty");
  const scale = numberOf("DELEMBIC_BENCH_ROWS", FULL) / FULL;
  let failures = 0;
  const fail = (what: string, why: string) => {
    failures++;
    say(`failed: ${what}: ${why.trim()}`);
  };
  return {
    executable,
    empty,
    folder: work.path,
    rounds: numberOf("DELEMBIC_BENCH_ROUNDS", 5),
    get failures() {
      return failures;
    },
    say,
    rows: (full) => Math.max(1_000, Math.round(full * scale)),
    leaveOut: (what) => say(`left out: ${what}`),
    fail,
    measure: async (what, measured) => {
      try {
        await measured();
      } catch (error) {
        fail(what, messageOf(error));
      }
    },
    [Symbol.asyncDispose]: () => work[Symbol.asyncDispose](),
  };
}

function numberOf(name: string, standard: number): number {
  const value = Number(Deno.env.get(name) ?? standard);
  if (Number.isFinite(value) && value > 0) return value;
  throw new TypeError(`${name} must be a number above 0`);
}

async function compiled(folder: string, entry: string, name: string): Promise<string> {
  const output = `${folder}/${name}`;
  const args = entry === "main.ts"
    ? ["run", "-A", "--quiet", "tools/compile.ts", "-o", output]
    : ["compile", "-A", "--no-check", "--quiet", "-o", output, entry];
  const { code, err } = await run(Deno.execPath(), args, { cwd: new URL("..", import.meta.url).pathname });
  if (code !== 0) throw new Error(`cannot compile ${entry}: ${err}`);
  return output;
}

/** A project with one migration, D001, and sources by name. */
export async function makeProject(
  folder: string,
  { db, file, text, sources = {} }: {
    readonly db: TestDatabase;
    readonly file: string;
    readonly text: string;
    readonly sources?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const sections = Object.entries(sources).map(([name, url]) => `\n[delembic.source.${name}]\nurl = ${url}\n`);
  await writeFiles(folder, {
    "delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${db.url}\n${sections.join("")}`,
    [`delembic/versions/${file}`]: text,
  });
}

/** Our part in a race: `delembic upgrade` in a project, from a ledger that is there and knows nothing. */
export function upgrading(
  { executable }: BenchGround,
  cwd: string,
  db: TestDatabase,
  more: Pick<Contestant, "prepare" | "check">,
): Contestant {
  return {
    name: "delembic",
    command: [executable, "upgrade"],
    cwd,
    ...more,
    prepare: async () => {
      await forget(db);
      await more.prepare?.();
    },
  };
}

/** Empties the ledger, so that the migration is pending again. */
async function forget(db: TestDatabase): Promise<void> {
  const tables = db.kind === "sqlite"
    ? "select name from sqlite_master where name like 'delembic%' and type = 'table'"
    : `select table_name as name from information_schema.tables where table_name like 'delembic%' and table_schema = ${
      db.kind === "mysql" ? "database()" : "'public'"
    }`;
  for (const name of await ask(db, tables)) {
    if (name !== "delembic_lock") await ask(db, `delete from ${name}`);
  }
}

/** Runs statements by a client that is not ours; gives the first column of the last one, as text. */
export async function ask(db: TestDatabase, ...statements: readonly string[]): Promise<string[]> {
  const first = (row: object) => String(Object.values(row)[0]);
  let found: string[] = [];
  if (db.kind === "sqlite") {
    const sqlite = new DatabaseSync(db.url.replace("sqlite:///", ""));
    for (const text of statements) found = sqlite.prepare(text).all().map(first);
    sqlite.close();
    return found;
  }
  if (db.kind === "postgresql") {
    const sql = postgres(db.url, { max: 1, onnotice: () => {} });
    for (const text of statements) found = (await sql.unsafe(text)).map(first);
    await sql.end();
    return found;
  }
  const connection = await createConnection(db.url);
  for (const text of statements) {
    const [result] = await connection.query(text);
    found = Array.isArray(result) ? result.map(first) : [];
  }
  await connection.end();
  return found;
}

/** @throws when a query's one value is another */
export async function mustBe(db: TestDatabase, query: string, expected: number): Promise<void> {
  const [value] = await ask(db, query);
  if (Number(value) !== expected) throw new Error(`${query} gave ${value}, not ${expected}`);
}

/** Whether a program can be found. */
export async function hasProgram(name: string): Promise<boolean> {
  try {
    await run(name, ["--version"]);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** `psql` on a database, as a script runs it. */
export function psql(db: TestDatabase, command: string): Contestant["command"] {
  return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command, db.url];
}

/** The `mariadb` client on a database; its password goes into the environment. */
export function mariadb(db: TestDatabase, command: string): Pick<Contestant, "command" | "env"> {
  const { hostname, port, username, password } = new URL(db.url);
  return {
    command: [
      ...(["mariadb", "--no-defaults", "--local-infile=1", "-h", hostname, "-P", port, "-u", username] as const),
      ...["-e", command, db.name],
    ],
    env: { MYSQL_PWD: decodeURIComponent(password) },
  };
}
