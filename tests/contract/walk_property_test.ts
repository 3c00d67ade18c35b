/**
 * While a walk goes on, another client inserts, deletes and changes rows: every row that was there at the beginning and
 * is there at the end was done exactly once, whatever its key is, and the walk ends.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { openDatabase } from "../../src/db/connect.ts";
import { DatabaseError, type Session } from "../../src/db/database.ts";
import { freshDatabase, type Kind, onEachDatabase, temporaryFolder, type TestDatabase } from "../support.ts";
import { call } from "../unit/cli_recorder.ts";
import { targetOf } from "./contract_ground.ts";

/** A kind of key: its columns on each database, and values for them. */
interface KeyKind {
  readonly name: string;
  readonly columns: Readonly<Record<Kind, readonly string[]>>;
  readonly values: fc.Arbitrary<readonly unknown[]>;
}

const everywhere = (...columns: string[]) => ({ sqlite: columns, postgresql: columns, mysql: columns });
const bigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const gap = fc.integer({ min: -9, max: 9 }).map((n) => BigInt(n) * 1_000_000_000n);
const word = fc.string({ unit: fc.constantFrom(..."aAbBéÉßzZ_% '\\"), minLength: 1, maxLength: 6 });
const microseconds = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([second, part]) => `2026-01-15 10:30:${String(second).padStart(2, "0")}.${String(part).padStart(6, "0")}`);

const KINDS: readonly KeyKind[] = [
  {
    name: "huge, negative and far apart",
    columns: everywhere("k bigint"),
    values: fc.oneof(bigint, gap).map((n) => [n]),
  },
  {
    name: "composite",
    columns: everywhere("k varchar(20)", "n int"),
    values: fc.tuple(fc.constantFrom("de", "fr", "se"), fc.integer({ min: -20, max: 20 })),
  },
  {
    name: "uuid",
    columns: { sqlite: ["k text"], postgresql: ["k uuid"], mysql: ["k char(36)"] },
    values: fc.uuid().map((id) => [id]),
  },
  {
    name: "text in a collation that ignores case",
    columns: {
      sqlite: ["k text collate nocase"],
      postgresql: ["k text collate ignoring_case"],
      mysql: ["k varchar(20) collate utf8mb4_general_ci"],
    },
    values: word.map((text) => [text]),
  },
  {
    name: "numeric",
    columns: { sqlite: ["k numeric"], postgresql: ["k numeric(40, 10)"], mysql: ["k decimal(40, 10)"] },
    values: fc.tuple(fc.bigInt({ min: -(10n ** 28n), max: 10n ** 28n }), fc.integer({ min: 0, max: 9 }))
      .map(([whole, part]) => [`${whole}.${part}5`]),
  },
  {
    name: "timestamp",
    columns: { sqlite: ["k datetime"], postgresql: ["k timestamp"], mysql: ["k datetime(6)"] },
    values: microseconds.map((time) => [time]),
  },
  {
    name: "bytes",
    columns: { sqlite: ["k blob"], postgresql: ["k bytea"], mysql: ["k varbinary(20)"] },
    values: fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => [bytes]),
  },
];

const RUNS = 3;
let walks = 0;
const COLLATION = "create collation ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

onEachDatabase("rows that come, go and change during a walk", async (kind, t) => {
  await using db = await freshDatabase(kind);
  const database = await openDatabase(targetOf(kind, db.url));
  const session = await database.connect("work");
  // the walk's own connections are as safe as ever
  if (kind === "sqlite") await session.query("pragma synchronous = off");
  if (kind === "postgresql") await session.query(COLLATION);
  for (const keyKind of KINDS) {
    await t.step(keyKind.name, async () => {
      const rows = fc.array(keyKind.values, { minLength: 30, maxLength: 90 });
      const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(), keyKind.values), { minLength: 20, maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(
          rows,
          steps,
          fc.integer({ min: 1, max: 20 }),
          (first, others, size) => disturbed(db, session, keyKind, { first, others, size }),
        ),
        { numRuns: RUNS, endOnFailure: true },
      );
    });
  }
  await session.close();
});

interface Disturbance {
  readonly first: readonly (readonly unknown[])[];
  /** Inserts, deletes or changes a row; the number says which. */
  readonly others: readonly (readonly [number, number, readonly unknown[]])[];
  readonly size: number;
}

async function disturbed(
  { kind, url }: TestDatabase,
  session: Session,
  { columns }: KeyKind,
  { first, others, size }: Disturbance,
): Promise<void> {
  const names = columns[kind].map((column) => column.split(" ")[0] ?? "");
  const declared = columns[kind].map((column) => `${column} not null`).join(", ");
  await session.query("drop table if exists item");
  await session.query(
    `create table item (${declared}, early int not null, touched int not null default 0, other int, primary key (${names}))`,
  );
  const client = new Client(session, names);
  for (const key of first) await client.insert(key, 1);
  // another revision each time, as the ledger stays
  const revision = `D${++walks}`;
  await using folder = await temporaryFolder({
    "delembic.ini": `[delembic]\nscript_location = delembic\nsqlalchemy.url = ${url}\n`,
    "delembic/versions/walk.sql": `-- delembic revision: ${revision}
-- delembic batch: item by ${names.join(", ")} size ${size} target 0 parallel 2
-- delembic upgrade
update item set touched = touched + 1 where :range;
`,
  });
  let atWork = true;
  const disturbing = client.disturb(first, others, () => atWork);
  const walked = await call(["upgrade"], { cwd: folder.path }).finally(() => atWork = false);
  await disturbing;
  assert.equal(walked.code, 0, walked.out + walked.err);
  const left = await session.query("select early, touched, count(*) as n from item group by early, touched");
  const wrong = left.rows.filter(({ early, touched }) => Number(touched) > 1 || (early === 1 && touched !== 1));
  assert.deepEqual(wrong, []);
}

/** Another client of the database. */
class Client {
  readonly #session: Session;
  readonly #names: readonly string[];

  constructor(session: Session, names: readonly string[]) {
    this.#session = session;
    this.#names = names;
  }

  async insert(key: readonly unknown[], early: number): Promise<void> {
    const { dialect } = this.#session;
    const values = [...key, early].map((_, index) => dialect.placeholder(index + 1)).join(", ");
    await this.#unlessThere(`insert into item (${this.#names}, early) values (${values})`, [...key, early]);
  }

  /** Over and over, while the walk is at work. */
  async disturb(
    first: readonly (readonly unknown[])[],
    others: Disturbance["others"],
    goesOn: () => boolean,
  ): Promise<void> {
    for (let at = 0; goesOn(); at = (at + 1) % others.length) {
      const [what, which, key] = others[at] ?? [0, 0, []];
      const old = first[which % first.length] ?? key;
      const where = this.#names.map((name, index) => `${name} = ${this.#cast(index)}`).join(" and ");
      if (what === 0) await this.insert(key, 0);
      else if (what === 1) await this.#unlessThere(`delete from item where ${where}`, old);
      else await this.#unlessThere(`update item set other = ${which % 1000} where ${where}`, old);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #cast(index: number): string {
    return this.#session.dialect.placeholder(index + 1);
  }

  /** The key may be there, in another case; and two clients may stand in each other's way for once. */
  async #unlessThere(text: string, params: readonly unknown[]): Promise<void> {
    try {
      await this.#session.query(text, params);
    } catch (error) {
      if (!(error instanceof DatabaseError) || !(error.kind === "unique" || error.retryable)) throw error;
    }
  }
}
