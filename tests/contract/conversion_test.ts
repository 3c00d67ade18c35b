/** The conditions of a change of type find, on each database, the values that it does not take, and no other. */

import assert from "node:assert/strict";
import type { ColumnType } from "../../src/alembic/operation.ts";
import { conversionOf } from "../../src/draft_conversion.ts";
import { freshDatabase, type Kind, onEachDatabase } from "../support.ts";
import { openDatabase } from "../../src/db/connect.ts";
import { parseDatabaseUrl } from "../../src/url.ts";

interface Case {
  /** The column as it is, in SQL. */
  readonly sql: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
  readonly kept: readonly (string | number)[];
  readonly lost: readonly (string | number)[];
  readonly only?: readonly Kind[];
}

const TEXT: ColumnType = { kind: "text", text: "sa.String(50)", length: 50 };
const UUID = "123e4567-e89b-12d3-a456-426614174000";

const CASES: readonly Case[] = [
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "text", text: "4", length: 4 },
    kept: ["", "abcd", "éüöä"],
    lost: ["abcde"],
  },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "integer", text: "i", bits: 32 },
    kept: ["1", "-20", "+3"],
    lost: ["", "a", "1.5", "1a", "-"],
  },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "decimal", text: "d" },
    kept: ["1", "-2.50", ".5"],
    lost: ["", "x", "1,5", "-"],
  },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "date", text: "d" },
    kept: ["2020-02-01"],
    lost: ["", "1.2.2020", "soon"],
  },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "datetime", text: "d" },
    kept: ["2020-02-01 10:00:00", "2020-02-01"],
    lost: ["", "soon"],
  },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "uuid", text: "u" },
    kept: [UUID, UUID.replaceAll("-", "")],
    lost: ["", "123"],
  },
  { sql: "varchar(50)", from: TEXT, to: { kind: "boolean", text: "bool" }, kept: ["0", "1"], lost: ["maybe", "2"] },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "json", text: "j" },
    kept: ["1", '{"a": []}'],
    lost: ["{", "x"],
    only: ["sqlite", "mysql"],
  },
  {
    sql: "varchar(50)",
    from: TEXT,
    to: { kind: "enum", text: "e", values: ["it's", "b"] },
    kept: ["it's", "b"],
    lost: ["c", ""],
  },
  {
    sql: "bigint",
    from: { kind: "integer", text: "b", bits: 64 },
    to: { kind: "integer", text: "s", bits: 16 },
    kept: [32767, -32768],
    lost: [32768, -32769],
  },
  {
    sql: "bigint",
    from: { kind: "integer", text: "b", bits: 64 },
    to: { kind: "boolean", text: "bool" },
    kept: [0, 1],
    lost: [2, -1],
  },
  {
    sql: "bigint",
    from: { kind: "integer", text: "b", bits: 64 },
    to: { kind: "text", text: "3", length: 3 },
    kept: [123, -12],
    lost: [1234, -123],
  },
  {
    sql: "bigint",
    from: { kind: "integer", text: "b", bits: 64 },
    to: { kind: "decimal", text: "d", precision: 5, scale: 2 },
    kept: [999, -999],
    lost: [1000, -1000],
  },
  {
    sql: "decimal(10, 4)",
    from: { kind: "decimal", text: "10", precision: 10, scale: 4 },
    to: { kind: "decimal", text: "5", precision: 5, scale: 2 },
    kept: ["1.25", "999.99"],
    lost: ["1.255", "1000"],
  },
  {
    sql: "decimal(10, 4)",
    from: { kind: "decimal", text: "10", precision: 10, scale: 4 },
    to: { kind: "integer", text: "s", bits: 16 },
    kept: ["1", "-3"],
    lost: ["1.5", "40000"],
  },
  {
    sql: "timestamp",
    from: { kind: "datetime", text: "t" },
    to: { kind: "date", text: "d" },
    kept: ["2020-02-01 00:00:00"],
    lost: ["2020-02-01 10:00:00"],
  },
];

onEachDatabase("a change of type is checked for the values that it does not take", async (kind) => {
  await using db = await freshDatabase(kind);
  const { target } = parseDatabaseUrl(db.url, { relativeTo: "/", isSocket: () => false });
  const session = await (await openDatabase(target)).connect("work");
  try {
    for (const [at, { sql, from, to, kept, lost, only }] of CASES.entries()) {
      const conversion = conversionOf(from, to, { column: "v", dialect: kind });
      if (!(only ?? [kind]).includes(kind)) {
        assert.equal(conversion, "unknown");
        continue;
      }
      assert.ok(typeof conversion === "object", `${at}: ${conversion}`);
      // SQLite keeps decimals as numbers, and timestamps as texts
      await session.query(`create table t${at} (v ${sql === "timestamp" && kind === "mysql" ? "datetime" : sql})`);
      for (const value of [...kept, ...lost]) {
        const text = typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
        await session.query(`insert into t${at} values (${text})`);
      }
      await session.query(`insert into t${at} values (null)`);
      const { rows } = await session.query(`select v from t${at} where ${conversion.lost}`);
      assert.equal(rows.length, lost.length, `${at}: ${conversion.lost}: ${JSON.stringify(rows)}`);
    }
  } finally {
    await session.close();
  }
});

Deno.test("a change of type that takes every value needs no check", () => {
  const safe: readonly (readonly [ColumnType | undefined, ColumnType])[] = [
    [TEXT, { kind: "text", text: "sa.Text()" }],
    [TEXT, { kind: "text", text: "sa.String(60)", length: 60 }],
    [{ kind: "integer", text: "i", bits: 32 }, { kind: "integer", text: "b", bits: 64 }],
    [{ kind: "integer", text: "i", bits: 32 }, { kind: "float", text: "f" }],
    [{ kind: "integer", text: "i", bits: 16 }, { kind: "decimal", text: "d", precision: 8, scale: 2 }],
    [{ kind: "decimal", text: "a", precision: 8, scale: 2 }, { kind: "decimal", text: "b", precision: 10, scale: 3 }],
    [{ kind: "enum", text: "a", values: ["x"] }, { kind: "enum", text: "b", values: ["x", "y"] }],
    [{ kind: "enum", text: "a", values: ["x"] }, { kind: "text", text: "b", length: 1 }],
    [{ kind: "date", text: "a" }, { kind: "datetime", text: "b" }],
    [{ kind: "json", text: "sa.JSON()" }, { kind: "json", text: "JSONB()" }],
    [undefined, { kind: "text", text: "sa.Text()" }],
  ];
  for (const [from, to] of safe) {
    for (const dialect of ["postgresql", "mysql", "sqlite"] as const) {
      assert.equal(conversionOf(from, to, { column: "v", dialect }), "safe", `${from?.text} to ${to.text}`);
    }
  }
  const other: ColumnType = { kind: "other", text: "Point" };
  assert.equal(conversionOf(other, { kind: "integer", text: "i" }, { column: "v", dialect: "sqlite" }), "unknown");
  assert.equal(conversionOf(undefined, other, { column: "v", dialect: "sqlite" }), "unknown");
});
