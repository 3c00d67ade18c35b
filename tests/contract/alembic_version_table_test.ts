import { deepStrictEqual, rejects } from "node:assert/strict";
import { readVersionRows } from "../../src/alembic/version_table.ts";
import { openDatabase } from "../../src/db/connect.ts";
import { parseDatabaseUrl } from "../../src/url.ts";
import type { Session } from "../../src/db/database.ts";
import { administer, freshDatabase, onEachDatabase, testWith } from "../support.ts";

onEachDatabase("readVersionRows() reads all rows, and takes a missing table or schema for base", async (kind) => {
  await using fresh = await freshDatabase(kind);
  const { target } = parseDatabaseUrl(fresh.url, { relativeTo: "/" });
  const database = await openDatabase(target);
  const session = await database.connect("audit");
  try {
    const table = (name: string, schema?: string) => readVersionRows(session, { table: name, schema });
    deepStrictEqual(await table("alembic_version"), []);
    if (kind !== "sqlite") deepStrictEqual(await table("alembic_version", "no_such_schema"), []);
    else {
      await rejects(table("alembic_version", "no_such_schema"), {
        message: "Alembic's version table is in 'no_such_schema', which is another SQLite file: it was not read",
        code: "alembic-version-schema",
      });
    }
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
    if (kind === "mysql") await inAnotherDatabase(`${fresh.name}_other`, session, table);
    // a case that only this name has
    const mixed = session.dialect.quoteId("Alembic_Version_Of_App");
    await session.query(`create table ${mixed} (version_num varchar(32) not null primary key)`);
    await session.query(`insert into ${mixed} values ('mixed')`);
    deepStrictEqual(await table("Alembic_Version_Of_App"), ["mixed"]);
    // any other error is one
    await session.query("create table wrong (x integer)");
    await rejects(table("wrong"), { name: "DatabaseError" });
    // nothing of this left the connection unusable
    deepStrictEqual((await session.query("select 1 as one")).rows[0]?.one, 1);
  } finally {
    await session.close();
  }
});

async function inAnotherDatabase(
  name: string,
  session: Session,
  table: (name: string, schema?: string) => Promise<string[]>,
): Promise<void> {
  await administer("mysql", `create database ${name}`);
  try {
    deepStrictEqual(await table("alembic_version", name), []);
    await session.query(`create table ${name}.alembic_version as select '77' as version_num`);
    deepStrictEqual(await table("alembic_version", name), ["77"]);
  } finally {
    await administer("mysql", `drop database ${name}`);
  }
}

testWith([], "sqlite: readVersionRows() reads a table of an attached file", async () => {
  await using fresh = await freshDatabase("sqlite");
  await using other = await freshDatabase("sqlite");
  const database = await openDatabase(parseDatabaseUrl(fresh.url, { relativeTo: "/" }).target);
  const session = await database.connect("audit");
  try {
    await session.query(`attach database '${other.url.slice("sqlite:///".length)}' as other`);
    deepStrictEqual(await readVersionRows(session, { table: "alembic_version", schema: "Other" }), []);
    await session.query("create table other.alembic_version as select '77' as version_num");
    deepStrictEqual(await readVersionRows(session, { table: "alembic_version", schema: "other" }), ["77"]);
  } finally {
    await session.close();
  }
});
