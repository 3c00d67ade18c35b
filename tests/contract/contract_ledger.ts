/** The contract of the ledger's SQL, but for the lease. */

import assert from "node:assert/strict";
import type { LedgerTable } from "../../src/db/ledger_sql.ts";
import type { Session } from "../../src/db/database.ts";
import { ask, type ContractTests, failureOf, type Ground, valueOf } from "./contract_ground.ts";

const TABLES: readonly LedgerTable[] = [
  "delembic_version",
  "delembic_run_history",
  "delembic_lock",
  "delembic_checksum",
];

/** A session on a database with all tables of the ledger. */
export async function openWithLedger(ground: Ground): Promise<Session> {
  const session = await ground.open("audit");
  await createLedger(session);
  return session;
}

export async function createLedger(session: Session): Promise<void> {
  for (const table of TABLES) {
    for (const statement of session.dialect.ledger.create[table]) await session.query(statement);
  }
}

export const ledgerTests: ContractTests = {
  "LedgerSql.existing gives the tables that are there": async (ground) => {
    const session = await ground.open();
    const { existing, create } = session.dialect.ledger;
    assert.deepEqual((await session.query(existing)).rows, []);
    for (const statement of create.delembic_version) await session.query(statement);
    assert.deepEqual((await session.query(existing)).rows.map((row) => row["name"]), ["delembic_version"]);
    const all = await ground.open();
    for (const table of TABLES.slice(1)) for (const statement of create[table]) await all.query(statement);
    assert.deepEqual((await all.query(existing)).rows.map((row) => row["name"]).sort(), [...TABLES].sort());
  },

  "LedgerSql.create fails as exists where the table is there, which its callers count on": async (ground) => {
    const session = await openWithLedger(ground);
    for (const table of TABLES) {
      const create = session.dialect.ledger.create[table].find((text) => /^create table /i.test(text));
      assert.equal((await failureOf(session.query(create ?? ""))).kind, "exists", table);
    }
  },

  "LedgerSql.openRun gives ids that grow": async (ground) => {
    const session = await openWithLedger(ground);
    const ids: number[] = [];
    for (const revision of ["D001", "D002", null]) {
      const params = [revision, "2026-01-15T10:30:00.123456Z", "running", "zoë", "host"];
      const { rows } = await session.query(session.dialect.ledger.openRun, params);
      ids.push(Number(rows[0]?.["id"]));
    }
    assert.deepEqual(ids, [1, 2, 3]);
    const { rows } = await session.query("select id, revision, status, username, hostname from delembic_run_history");
    assert.deepEqual({ ...rows[0] }, { id: 1, revision: "D001", status: "running", username: "zoë", hostname: "host" });
    assert.equal(rows[2]?.["revision"], null);
  },

  "LedgerSql.utcValue and utcText keep microseconds, whatever the session's time zone is": async (ground) => {
    const writer = await openWithLedger(ground);
    const reader = await ground.open("read");
    await writer.query(ground.words.farTimeZone);
    const { utcValue, utcText } = writer.dialect.ledger;
    const times = [
      "2026-01-15T10:30:00.123456Z",
      "2026-07-01T23:59:59.999999Z",
      "1999-12-31T00:00:00.000000Z",
      "2026-03-29T02:30:00.000001Z",
    ];
    for (const [index, time] of times.entries()) {
      const value = utcValue(writer.dialect.placeholder(2));
      const text = `insert into delembic_version (revision, applied_at) values (${
        writer.dialect.placeholder(1)
      }, ${value})`;
      await writer.query(text, [`D${index}`, time]);
    }
    const text = `select ${utcText("applied_at")} as at from delembic_version order by revision`;
    for (const session of [writer, reader]) {
      const { rows } = await session.query(text);
      assert.deepEqual(rows.map((row) => row["at"]), times);
    }
  },

  "LedgerSql.utcText gives NULL for NULL": async (ground) => {
    const session = await openWithLedger(ground);
    await session.query("insert into delembic_version (revision) values ('D001')");
    const { utcText } = session.dialect.ledger;
    assert.equal(await valueOf(session, `select ${utcText("applied_at")} from delembic_version`), null);
  },

  "LedgerSql.create makes tables that hold long texts and long revisions": async (ground) => {
    const session = await openWithLedger(ground);
    const revision = "r".repeat(128), exception = "é".repeat(200_000);
    await ask(session, "insert into delembic_version (revision, status) values (?, ?)", [revision, "success"]);
    await ask(session, "insert into delembic_run_history (revision, exception) values (?, ?)", [revision, exception]);
    await ask(session, "insert into delembic_checksum (revision, checksum, file) values (?, ?, ?)", [
      revision,
      `sha256:v1:${"0".repeat(64)}`,
      "f".repeat(1_000),
    ]);
    assert.equal(await valueOf(session, "select exception from delembic_run_history"), exception);
  },

  "LedgerSql.grants name the role and each table": (ground) => {
    const grants = ground.database.dialect.ledger.grants.join("\n");
    if (ground.kind === "sqlite") {
      assert.equal(grants, "");
    } else {
      for (const table of TABLES) assert.match(grants, new RegExp(`${table}\\b`));
      assert.match(grants, /\bROLE\b/);
    }
    return Promise.resolve();
  },
};
