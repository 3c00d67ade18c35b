import { deepStrictEqual, rejects } from "node:assert/strict";
import { readVersionRows } from "../../src/alembic/version_table.ts";
import { openDatabase } from "../../src/db/connect.ts";
import { parseDatabaseUrl } from "../../src/url.ts";
import { freshDatabase, onEachDatabase } from "../support.ts";

onEachDatabase("readVersionRows() reads all rows, and takes a missing table or schema for base", async (kind) => {
  await using fresh = await freshDatabase(kind);
  const { target } = parseDatabaseUrl(fresh.url, { relativeTo: "/" });
  const database = await openDatabase(target);
  const session = await database.connect("audit");
  try {
    const table = (name: string, schema?: string) => readVersionRows(session, { table: name, schema });
    deepStrictEqual(await table("alembic_version"), []);
    deepStrictEqual(await table("alembic_version", "no_such_schema"), []);
    await session.query("create table alembic_version (version_num varchar(32) not null primary key)");
    deepStrictEqual(await table("alembic_version"), []);
    await session.query("insert into alembic_version values ('3d1e3e6abc12'), ('10'), ('9')");
    deepStrictEqual(await table("alembic_version"), ["3d1e3e6abc12", "9", "10"]);
    const odd = session.dialect.quoteId('Odd "Table"');
    await session.query(`create table ${odd} (version_num varchar(32) not null primary key)`);
    await session.query(`insert into ${odd} values ('a')`);
    deepStrictEqual(await table('Odd "Table"'), ["a"]);
    const schema = kind === "sqlite" ? "main" : kind === "mysql" ? fresh.name : "app";
    if (kind === "postgresql") {
      await session.query("create schema app");
      await session.query("create table app.alembic_version as select '77' as version_num");
    }
    deepStrictEqual(
      await table("alembic_version", schema),
      kind === "postgresql" ? ["77"] : ["3d1e3e6abc12", "9", "10"],
    );
    // any other error is one
    await session.query("create table wrong (x integer)");
    await rejects(table("wrong"), { name: "DatabaseError" });
    // nothing of this left the connection unusable
    deepStrictEqual((await session.query("select 1 as one")).rows[0]?.one, 1);
  } finally {
    await session.close();
  }
});
