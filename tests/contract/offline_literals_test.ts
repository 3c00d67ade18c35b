import assert from "node:assert/strict";
import fc from "fast-check";
import { openDatabase } from "../../src/db/connect.ts";
import { parseDatabaseUrl } from "../../src/url.ts";
import { freshDatabase, type Kind, onEachDatabase } from "../support.ts";

/** What a column holds that such values are for, and the values. */
interface Values {
  readonly type: Readonly<Record<Kind, string>>;
  readonly values: fc.Arbitrary<unknown>;
}

const same = (type: string) => ({ sqlite: type, postgresql: type, mysql: type });

/** Quotes, escapes, ends of lines, and what clients or servers take for their own. */
const HOSTILE = [
  "'",
  '"',
  "\\",
  "\n",
  "\r",
  "\r\n",
  "\t",
  "\x1a",
  "`",
  "$$",
  "$1",
  "?",
  ";",
  ":name",
  "--",
  "/*",
  "\\.",
  "€",
  "😀",
  "%",
  "_",
  "a",
  "0",
];

const texts = (kind: Kind) =>
  fc.oneof(
    fc.array(fc.constantFrom(...HOSTILE, ...(kind === "mysql" ? ["\0"] : []))).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }).filter((text) => kind === "mysql" || !text.includes("\0")),
  );

function valuesOf(kind: Kind): Readonly<Record<string, Values>> {
  const double = fc.double({ noNaN: kind !== "postgresql", noDefaultInfinity: kind === "mysql" })
    // SQLite's arithmetic knows no -0
    .filter((value) => kind !== "sqlite" || !Object.is(value, -0));
  return {
    texts: { type: { sqlite: "text", postgresql: "text", mysql: "longtext" }, values: texts(kind) },
    integers: { type: same("bigint"), values: fc.oneof(fc.maxSafeInteger(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)) },
    doubles: { type: { sqlite: "real", postgresql: "double precision", mysql: "double" }, values: double },
    "decimals of many digits": {
      type: { sqlite: "text", postgresql: "numeric", mysql: "decimal(65,0)" },
      values: kind === "sqlite" ? fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) : fc.bigInt(-(10n ** 40n), 10n ** 40n),
    },
    booleans: { type: same("boolean"), values: fc.boolean() },
    bytes: { type: { sqlite: "blob", postgresql: "bytea", mysql: "longblob" }, values: fc.uint8Array() },
    dates: {
      type: { sqlite: "text", postgresql: "timestamp with time zone", mysql: "datetime(6)" },
      values: fc.date({ min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
    },
    JSON: {
      type: { sqlite: "text", postgresql: "jsonb", mysql: "json" },
      values: fc.dictionary(
        texts("sqlite"),
        fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), texts("sqlite")),
      ),
    },
    ...(kind === "postgresql"
      ? {
        "arrays of texts": { type: same("text[]"), values: fc.array(fc.option(texts(kind))) },
        "arrays of integers": { type: same("bigint[]"), values: fc.array(fc.maxSafeInteger(), { minLength: 1 }) },
      }
      : {}),
    NULL: { type: same("integer"), values: fc.constant(null) },
  };
}

onEachDatabase("a literal stores what the value itself does in a placeholder", async (kind, t) => {
  await using db = await freshDatabase(kind);
  const database = await openDatabase(parseDatabaseUrl(db.url, { relativeTo: "/" }).target);
  const { literal } = await database.dialect.offline();
  const session = await database.connect("work");
  try {
    for (const [name, { type, values }] of Object.entries(valuesOf(kind))) {
      await t.step(name, async () => {
        await session.query(`drop table if exists held`);
        await session.query(`create table held (id integer, value ${type[kind]})`);
        await fc.assert(
          fc.asyncProperty(values, async (value) => {
            await session.begin();
            await session.query(`insert into held values (1, ${database.dialect.placeholder(1)})`, [value]);
            await session.query(`insert into held values (2,${literal(value)})`);
            const { rows: [first, second] } = await session.query("select value from held order by id");
            await session.rollback();
            assert.deepEqual(second, first, `${Deno.inspect(value)} as ${literal(value)}`);
          }),
          { numRuns: 150 },
        );
      });
    }
  } finally {
    await session.close();
  }
});

onEachDatabase("a literal is refused where its value is", async (kind) => {
  await using db = await freshDatabase(kind);
  const { dialect } = await openDatabase(parseDatabaseUrl(db.url, { relativeTo: "/" }).target);
  const { literal } = await dialect.offline();
  for (const value of [undefined, new Map(), Symbol("s"), () => 1, "\ud800", new Date(NaN)]) {
    assert.throws(() => literal(value), TypeError, Deno.inspect(value));
  }
  if (kind === "postgresql") assert.throws(() => literal("a\0b"), TypeError);
  else assert.throws(() => literal(NaN), TypeError);
  if (kind === "sqlite") assert.throws(() => literal(2n ** 63n), TypeError);
});
