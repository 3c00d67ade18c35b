/** CSV into MySQL and MariaDB: what the server reads by itself is what stands in the file, to the last field. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type BulkLoad, LoadRowError, type Role, type Session } from "../../src/db/database.ts";
import { openMysql } from "../../src/db/mysql.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import { freshDatabase, testWith } from "../support.ts";
import { failureOf, targetOf, valueOf } from "./contract_ground.ts";

/** A session on a new database; one for `audit` may not offer a file, and inserts rows. */
async function fresh(role: Role, ...statements: readonly string[]) {
  const database = await freshDatabase("mysql");
  const session = await openMysql(targetOf("mysql", database.url) as ServerTarget).connect(role);
  for (const statement of statements) await session.query(statement);
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

interface Format {
  readonly delimiter?: string;
  readonly null?: string;
}

/** CSV as the reader of files hands it on, in the parts that are given. */
function csvOf(
  parts: readonly string[],
  columns: readonly string[],
  { delimiter = ",", null: nullText = "" }: Format = {},
): BulkLoad {
  async function* chunks() {
    for (const part of parts) yield new TextEncoder().encode(part);
  }
  return { table: ["t"], columns, data: { kind: "csv", delimiter, null: nullText, chunks: chunks() } };
}

async function stored(session: Session): Promise<unknown[][]> {
  return (await session.query("select a, b, c from t order by n")).rows.map((row) => Object.values(row));
}

const TABLE = `create table t (n integer auto_increment primary key, a longtext, b longtext, c longtext)
  character set utf8mb4 collate utf8mb4_bin`;

const TEXTS = fc.oneof(
  fc.string({ unit: "binary", maxLength: 100 }).map((text) => text.replaceAll("\0", "").toWellFormed()),
  fc.string({ unit: fc.constantFrom("\\", "N", '"', ",", ";", "\x01", "\x02", "\n", "\r", "é", "x"), maxLength: 6 }),
  fc.constantFrom(
    "",
    "NULL",
    "null",
    "\\N",
    "\x01N",
    "\x02N",
    "NA",
    " ",
    "0",
    "🐘",
    "'",
    "x".repeat(70),
    "é".repeat(70_000),
  ),
);

/** A field, in quotes where it has to be or where `quoted` says so. */
function field(value: string | null, quoted: boolean, format: Required<Format>): string {
  if (value === null) return format.null;
  const must = value === format.null || value === "" || /["\r\n]/.test(value) || value.includes(format.delimiter);
  return must || quoted ? `"${value.replaceAll('"', '""')}"` : value;
}

for (const [way, role] of [["as a file", "work"], ["by inserts", "audit"]] as const) {
  testWith(
    ["mysql"],
    `mysql: CSV is stored as it stands, whatever the texts and wherever the parts end, ${way}`,
    async () => {
      await using db = await fresh(role, TABLE);
      const value = fc.tuple(fc.option(TEXTS, { freq: 4 }), fc.boolean());
      const parts = fc.array(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 6 }), { maxLength: 4 });
      const formats = fc.record({
        delimiter: fc.constantFrom(",", ";", "\t", "|", "\x01", "\\", "N", "'", " "),
        null: fc.constantFrom("", "NULL", "\\N", "NA", "\x02", "null"),
      }).filter(({ delimiter, null: nullText }) => !nullText.includes(delimiter));
      await fc.assert(
        fc.asyncProperty(parts, formats, fc.constantFrom("\n", "\r\n", "\r"), fc.boolean(), async (
          parts,
          format,
          eol,
          endsOpen,
        ) => {
          await db.session.query("delete from t");
          const texts = parts.map((rows) =>
            rows.map((row) => row.map(([text, quoted]) => field(text, quoted, format)).join(format.delimiter) + eol)
              .join("")
          );
          // the last record need not end its line
          if (endsOpen) texts.push(texts.pop()?.slice(0, -eol.length) ?? "");
          const given = texts.filter((text) => text !== "");
          assert.equal(await db.session.load(csvOf(given, ["a", "b", "c"], format)), parts.flat().length);
          assert.deepEqual(await stored(db.session), parts.flat().map((row) => row.map(([text]) => text)));
        }),
        { numRuns: role === "work" ? 150 : 50 },
      );
    },
  );

  testWith(["mysql"], `mysql: CSV for bytes and bits is their text and their number, ${way}`, async () => {
    await using db = await fresh(role, "create table t (n integer primary key, v varbinary(20), b bit(10))");
    const load = csvOf(["1,é\\,5\r\n", '2,"a""b",1023\r\n3,,\r\n4,"",0\r\n'], ["n", "v", "b"]);
    assert.equal(await db.session.load(load), 4);
    const { rows } = await db.session.query("select hex(v) as v, b + 0 as b from t order by n");
    assert.deepEqual(rows.map(({ v, b }) => [v, b === null ? null : Number(b)]), [
      ["C3A95C", 5],
      ["612262", 1023],
      [null, null],
      ["", 0],
    ]);
  });

  testWith(
    ["mysql"],
    `mysql: the row of CSV that the server refuses is told over lines and parts, ${way}`,
    async () => {
      await using db = await fresh(role, "create table t (n integer primary key, v integer, s varchar(500))");
      // several statements: a file of 6 MB
      const filler = `"${"x".repeat(200)}\n${"y".repeat(200)}"`;
      const rows = (first: number, count: number) =>
        Array.from({ length: count }, (_, index) => `${first + index},,${filler}\n`).join("");
      const size = role === "work" ? 1_500 : 100;
      const parts = Array.from({ length: 10 }, (_, index) => rows(index * size, size));
      const bad = parts.map((part, index) => index === 8 ? part.replace("5,,", "5,12x,") : part);
      const error = await failureOf(db.session.load(csvOf(bad, ["n", "v", "s"])));
      assert.ok(error instanceof LoadRowError, error.message);
      assert.deepEqual([error.row, error.column, error.value], [8 * size + 6, "v", "12x"]);
      assert.equal(await valueOf(db.session, "select count(*) from t"), 0);
      assert.equal(await db.session.load(csvOf(parts, ["n", "v", "s"])), 10 * size);
      assert.equal(await valueOf(db.session, "select count(*) from t where v is null"), 10 * size);
    },
  );
}
