/**
 * What the tests share: which outside things (servers, Python) there are, databases of their own, temporary folders.
 *
 * @module
 */

import postgres from "postgres";
import { createConnection } from "mysql2/promise";

/** Where a program is; `undefined` when it is in no folder of `PATH`. */
function programIn(name: string): string | undefined {
  const places = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "").map((folder) =>
    `${folder}/${name}`
  );
  return places.find((place) => {
    try {
      return Deno.statSync(place).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
      throw error;
    }
  });
}

/** Where the outside things are; each unset one makes the tests that need it *ignored*, visibly. */
export const outside = {
  postgres: Deno.env.get("DELEMBIC_TEST_POSTGRES_URL"),
  mysql: Deno.env.get("DELEMBIC_TEST_MYSQL_URL"),
  pgbouncer: Deno.env.get("DELEMBIC_TEST_PGBOUNCER_URL"),
  /** Folder with `ca.crt`, the authority of the servers' certificates, and `other.crt`, which is not. */
  tls: Deno.env.get("DELEMBIC_TEST_TLS"),
  postgresSocket: Deno.env.get("DELEMBIC_TEST_POSTGRES_SOCKET"),
  mysqlSocket: Deno.env.get("DELEMBIC_TEST_MYSQL_SOCKET"),
  /** A Python that has alembic 1.20.1, delembic 1.2.0, psycopg and pymysql; `alembic` lies beside it. */
  python: Deno.env.get("DELEMBIC_TEST_PYTHON"),
  /** A folder with actionlint, hadolint, shellcheck, and a `python` that has cyclonedx-python-lib. */
  linters: Deno.env.get("DELEMBIC_TEST_LINTERS"),
  /** A browser that playwright can drive. */
  chromium: Deno.env.get("DELEMBIC_TEST_CHROMIUM") ?? programIn("chromium"),
  /** The compiled executable. */
  executable: Deno.env.get("DELEMBIC_TEST_EXECUTABLE"),
} as const;

export type Outside = keyof typeof outside;

/** A test that needs outside things. Where one is missing the report says `ignored`, with its name. */
export function testWith(needs: readonly Outside[], name: string, fn: (t: Deno.TestContext) => Promise<void> | void) {
  const missing = needs.filter((need) => outside[need] === undefined);
  Deno.test({
    name: missing.length === 0 ? name : `${name} (needs ${missing.join(", ")})`,
    ignore: missing.length > 0,
    fn,
  });
}

export type Kind = "sqlite" | "postgresql" | "mysql";

/** A database that is empty, and gone when it is disposed of: `await using db = await freshDatabase("mysql")`. */
export interface TestDatabase extends AsyncDisposable {
  readonly kind: Kind;
  /** As a user writes it in `delembic.ini`. */
  readonly url: string;
  /** As SQLAlchemy takes it, with psycopg or pymysql. */
  readonly pythonUrl: string;
  readonly name: string;
}

let counter = 0;

export async function freshDatabase(kind: Kind): Promise<TestDatabase> {
  const name = `t${Deno.pid}_${Date.now().toString(36)}_${++counter}`;
  if (kind === "sqlite") {
    const dir = await Deno.makeTempDir({ prefix: "delembic_" });
    const url = `sqlite:///${dir}/app.db`;
    return {
      kind,
      url,
      pythonUrl: url,
      name,
      [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
    };
  }
  const base = new URL(outside[kind === "postgresql" ? "postgres" : "mysql"] ?? "missing:");
  base.pathname = `/${name}`;
  const create = kind === "postgresql" ? `create database ${name}` : `create database ${name} character set utf8mb4`;
  const drop = kind === "postgresql" ? `drop database ${name} with (force)` : `drop database ${name}`;
  await administer(kind, create);
  return {
    kind,
    url: base.href,
    pythonUrl: base.href.replace(/^\w+/, kind === "postgresql" ? "postgresql+psycopg" : "mysql+pymysql"),
    name,
    [Symbol.asyncDispose]: () => administer(kind, drop),
  };
}

/** Runs one statement as the server's administrator, outside of any test database. */
export async function administer(kind: "postgresql" | "mysql", statement: string): Promise<void> {
  if (kind === "postgresql") {
    const sql = postgres(outside.postgres ?? "", { max: 1, onnotice: () => {} });
    await sql.unsafe(statement);
    await sql.end();
    return;
  }
  const connection = await createConnection(outside.mysql ?? "");
  await connection.query(statement);
  await connection.end();
}

/** Defines the same test once for each database; the servers that are not there are ignored, visibly. */
export function onEachDatabase(name: string, fn: (kind: Kind, t: Deno.TestContext) => Promise<void>): void {
  testWith([], `sqlite: ${name}`, (t) => fn("sqlite", t));
  testWith(["postgres"], `postgresql: ${name}`, (t) => fn("postgresql", t));
  testWith(["mysql"], `mysql: ${name}`, (t) => fn("mysql", t));
}

/** A folder with these files, gone when it is disposed of. */
export async function temporaryFolder(files: Record<string, string | Uint8Array> = {}): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "delembic_" }));
  await writeFiles(path, files);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Writes files below a folder, with the folders that they need. */
export async function writeFiles(folder: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = `${folder}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await (typeof content === "string" ? Deno.writeTextFile(file, content) : Deno.writeFile(file, content));
  }
}

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], options: {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
  readonly stdin?: string;
} = {}): Promise<Ran> {
  const child = new Deno.Command(program, {
    args: [...args],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? {},
    clearEnv: options.clearEnv ?? false,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}
