/** What PostgreSQL answers to those whom it does not let in, and what we make of it. */

import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/connect.ts";
import { EXIT } from "../../src/errors.ts";
import { administer, testWith } from "../support.ts";
import { failureOf, Ground, soon } from "./contract_ground.ts";

/** The error that a role gets; `prepare` makes what is in its way, `ROLE` and `DATABASE` standing for the names. */
async function refusalOf(prepare: readonly string[]) {
  await using ground = await Ground.make("postgresql");
  const role = `refused_${crypto.randomUUID().slice(0, 8)}`, password = "s3cret-of-the-role";
  const target = ground.changed({ user: role, password });
  const named = (text: string) => text.replaceAll("ROLE", role).replaceAll("DATABASE", target.database ?? "");
  await administer("postgresql", `create role ${role} login password '${password}'`);
  try {
    for (const statement of prepare) await administer("postgresql", named(statement));
    const error = await soon(failureOf((await openDatabase(target)).connect("work")), 10_000);
    assert.equal(error.exitCode, EXIT.unreachable);
    assert.ok(!Deno.inspect(error).includes(password));
    const unnamed = (text = "") => text.replaceAll(role, "ROLE").replaceAll(target.database ?? "", "DATABASE");
    return { kind: error.kind, message: unnamed(error.message), hint: error.hint, sqlState: error.details.sqlState };
  } finally {
    await administer("postgresql", named("grant connect on database DATABASE to public"));
    await administer("postgresql", `drop role ${role}`);
  }
}

const CHECK_USER =
  "Check the user and the password in the database's URL, and that the server lets that user in from here.";

testWith(["postgres"], "Database.connect() fails as denied for a role that may not log in", async () => {
  assert.deepEqual(await refusalOf(["alter role ROLE nologin"]), {
    kind: "denied",
    message: 'role "ROLE" is not permitted to log in',
    hint: CHECK_USER,
    sqlState: "28000",
  });
});

testWith(["postgres"], "Database.connect() fails as denied for a role without the right to connect", async () => {
  const { kind, message, sqlState } = await refusalOf(["revoke connect on database DATABASE from public"]);
  assert.deepEqual({ kind, message, sqlState }, {
    kind: "denied",
    message: 'permission denied for database "DATABASE"',
    sqlState: "42501",
  });
});

testWith(["postgres"], "Database.connect() fails as unreachable where there is no connection left", async () => {
  assert.deepEqual(await refusalOf(["alter role ROLE connection limit 0"]), {
    kind: "unreachable",
    message: 'too many connections for role "ROLE"',
    hint: "The server has no connection left. Try again when the server is ready: 'delembic upgrade --wait' does.",
    sqlState: "53300",
  });
});

testWith(["postgres"], "Database.connect() fails as unreachable where the database takes no connections", async () => {
  const { kind, sqlState } = await refusalOf(["alter database DATABASE allow_connections false"]);
  assert.deepEqual({ kind, sqlState }, { kind: "unreachable", sqlState: "55000" });
});
