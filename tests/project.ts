/**
 * A small project on a database of its own, run as a user runs it: as a process, in a folder with a `delembic.ini`.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import postgres from "postgres";
import { createConnection } from "mysql2/promise";
import { freshDatabase, type Kind, type Ran, run, temporaryFolder, type TestDatabase, writeFiles } from "./support.ts";

const MAIN = new URL("./crashable_main.ts", import.meta.url).pathname;

export interface TestProject extends AsyncDisposable {
  readonly folder: string;
  readonly db: TestDatabase;
  /** Runs a command to its end. */
  delembic(args: readonly string[], env?: Record<string, string>): Promise<Ran>;
  /** Starts a command, with its output piped. */
  start(args: readonly string[], env?: Record<string, string>): Deno.ChildProcess;
  write(files: Record<string, string>): Promise<void>;
  /** Rows of a query, by a client that is not ours; values as text, joined by ` | `. */
  rows(query: string): Promise<string[]>;
  /** Runs statements, by a client that is not ours. */
  execute(...statements: string[]): Promise<void>;
}

/** A project with these migration files (names below `delembic/versions/`, or paths that begin with `/`). */
export async function testProject(kind: Kind, files: Record<string, string> = {}): Promise<TestProject> {
  const db = await freshDatabase(kind);
  const folder = await temporaryFolder({
    "delembic.ini": "[delembic]\nscript_location = delembic\nsqlalchemy.url = ${DELEMBIC_TEST_URL}\n",
    "delembic/versions/.gitkeep": "",
  });
  const write = (more: Record<string, string>) =>
    writeFiles(
      folder.path,
      Object.fromEntries(
        Object.entries(more).map((
          [name, text],
        ) => [name.startsWith("/") ? name.slice(1) : `delembic/versions/${name}`, text]),
      ),
    );
  await write(files);
  const environment = (env: Record<string, string> = {}) => ({
    DELEMBIC_TEST_URL: db.url,
    DELEMBIC_URL: db.url,
    NO_COLOR: "1",
    ...env,
  });
  const command = (args: readonly string[]) => ["run", "-A", "--no-check", "--quiet", MAIN, ...args];
  return {
    folder: folder.path,
    db,
    delembic: (args, env) => run(Deno.execPath(), command(args), { cwd: folder.path, env: environment(env) }),
    start: (args, env) =>
      new Deno.Command(Deno.execPath(), {
        args: command(args),
        cwd: folder.path,
        env: environment(env),
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    write,
    rows: async (query) => (await ask(db, [query])).map((row) => row.map(shown).join(" | ")),
    execute: async (...statements) => void await ask(db, statements),
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

function shown(value: unknown): string {
  return value === null ? "NULL" : value instanceof Date ? value.toISOString() : String(value);
}

/** Runs statements and gives the rows of the last one. */
async function ask(db: TestDatabase, statements: readonly string[]): Promise<unknown[][]> {
  if (db.kind === "sqlite") {
    const sqlite = new DatabaseSync(db.url.replace("sqlite:///", ""), { timeout: 10_000 });
    try {
      return statements.map((text) => sqlite.prepare(text).all().map((row) => Object.values(row))).at(-1) ?? [];
    } finally {
      sqlite.close();
    }
  }
  if (db.kind === "postgresql") {
    const sql = postgres(db.url, { max: 1, onnotice: () => {} });
    try {
      let rows: unknown[][] = [];
      for (const text of statements) rows = (await sql.unsafe(text)).map((row) => Object.values(row));
      return rows;
    } finally {
      await sql.end();
    }
  }
  const connection = await createConnection(db.url);
  try {
    let rows: unknown[][] = [];
    for (const text of statements) {
      const [result] = await connection.query({ sql: text, rowsAsArray: true });
      rows = Array.isArray(result) ? result as unknown as unknown[][] : [];
    }
    return rows;
  } finally {
    await connection.end();
  }
}

/** All output of a started process, and its exit code. */
export async function finished(child: Deno.ChildProcess): Promise<Ran> {
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Waits until something is so. @throws when it is not so in time */
export async function until(what: string, condition: () => Promise<boolean>, milliseconds = 20_000): Promise<void> {
  for (const start = performance.now(); performance.now() - start < milliseconds;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${milliseconds} ms in vain until ${what}`);
}
