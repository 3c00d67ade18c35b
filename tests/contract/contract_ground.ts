/**
 * What the tests of the database contract stand on: a database of their own, sessions that are closed at the end, and
 * the few words in which the databases differ.
 *
 * @module
 */

import { openDatabase } from "../../src/db/connect.ts";
import { type Database, DatabaseError, type Result, type Role, type Session } from "../../src/db/database.ts";
import type { ServerTarget, Target } from "../../src/db/target.ts";
import { administer, freshDatabase, type Kind } from "../support.ts";

/** One test of the contract; the key in its table is its name. */
export type ContractTest = (ground: Ground) => Promise<void>;
export type ContractTests = Readonly<Record<string, ContractTest>>;

/** The words of SQL in which the databases differ. */
export interface Words {
  readonly key: string;
  readonly boolean: string;
  readonly bytes: string;
  readonly timestamp: string;
  /** Sets the session's time zone, to one that is far from UTC. */
  readonly farTimeZone: string;
}

const WORDS: Readonly<Record<Kind, Words>> = {
  postgresql: {
    key: "text",
    boolean: "boolean",
    bytes: "bytea",
    timestamp: "timestamptz",
    farTimeZone: "set time zone 'Asia/Kathmandu'",
  },
  mysql: {
    key: "varchar(191)",
    boolean: "boolean",
    bytes: "longblob",
    timestamp: "datetime(6)",
    farTimeZone: "set time_zone = '+05:45'",
  },
  sqlite: { key: "text", boolean: "boolean", bytes: "blob", timestamp: "datetime", farTimeZone: "select 1" },
};

/** Ten rows of one digit; crossed with itself it makes as many rows as a test wants. */
const DIGITS = "select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 " +
  "union all select 5 union all select 6 union all select 7 union all select 8 union all select 9";

/** A statement that runs for minutes unless it is stopped. Needs {@link Ground.digits}. */
export const ENDLESS =
  "select count(*) as n from digit a, digit b, digit c, digit d, digit e, digit f, digit g, digit h, " +
  "digit i, digit j where a.d + b.d + c.d + d.d + e.d + f.d + g.d + h.d + i.d + j.d = 3";

export class Ground implements AsyncDisposable {
  readonly #sessions: Session[] = [];

  private constructor(
    readonly kind: Kind,
    readonly target: Target,
    readonly database: Database,
    readonly words: Words,
    readonly drop: () => PromiseLike<void>,
  ) {}

  static async make(kind: Kind): Promise<Ground> {
    const db = await freshDatabase(kind);
    const target = targetOf(kind, db.url);
    return new Ground(kind, target, await openDatabase(target), WORDS[kind], () => db[Symbol.asyncDispose]());
  }

  async open(role: Role = "work"): Promise<Session> {
    const session = await this.database.connect(role);
    this.#sessions.push(session);
    return session;
  }

  /** A session with the table `t (id, v)` made, and filled with these rows. */
  async openWithTable(rows: readonly (readonly [number, number])[] = [[1, 10], [2, 20]]): Promise<Session> {
    const session = await this.open();
    await session.query("create table t (id integer not null primary key, v integer)");
    for (const row of rows) await ask(session, "insert into t (id, v) values (?, ?)", [...row]);
    return session;
  }

  /** Makes the table `digit (d)`. */
  async digits(session: Session): Promise<void> {
    await session.query("create table digit (d integer)");
    await session.query(`insert into digit ${DIGITS}`);
  }

  /** The target, changed; only for servers. */
  changed(change: Partial<ServerTarget>): ServerTarget {
    if (this.target.dialect === "sqlite") throw new TypeError("SQLite is no server");
    return { ...this.target, ...change };
  }

  /** Ends a session as an administrator does. */
  async kill(session: Session): Promise<void> {
    if (this.kind === "postgresql") await administer("postgresql", `select pg_terminate_backend(${session.backend})`);
    else if (this.kind === "mysql") await administer("mysql", `kill ${session.backend}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    await this.drop();
  }
}

/** The target of a URL as {@link freshDatabase} gives them; without the rules that users' URLs need. */
export function targetOf(kind: Kind, url: string): Target {
  if (kind === "sqlite") {
    return { dialect: "sqlite", file: url.slice("sqlite:///".length), options: {}, label: url };
  }
  const { hostname, port, username, password, pathname, host } = new URL(url);
  return {
    dialect: kind,
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    tls: { mode: "prefer" },
    options: {},
    label: `${kind}://${username}@${host}${pathname}`,
  };
}

/** Runs a statement that is written with `?` for the values, whatever the dialect's placeholders are. */
export function ask(session: Session, text: string, params: readonly unknown[] = []): Promise<Result> {
  let index = 0;
  return session.query(text.replace(/\?/g, () => session.dialect.placeholder(++index)), params);
}

/** The one value of the one row. */
export async function valueOf(session: Session, text: string, params: readonly unknown[] = []): Promise<unknown> {
  const { rows } = await ask(session, text, params);
  return Object.values(rows[0] ?? {})[0];
}

/** The error that a promise fails with. */
export async function failureOf(work: PromiseLike<unknown>): Promise<DatabaseError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
  throw new TypeError("It should have failed");
}

/** A promise that must settle soon: what hangs is then a failure that says so. */
export async function soon<T>(work: Promise<T>, milliseconds = 5_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TypeError(`Not settled after ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
