import assert from "node:assert/strict";
import { rightsOf } from "../../src/db/diagnosis.ts";
import type { ServerTarget } from "../../src/db/target.ts";
import {
  clockFinding,
  encryptionFinding,
  fileLockFinding,
  leaseFinding,
  rightsFindings,
} from "../../src/doctor_database.ts";

const SERVER: ServerTarget = {
  dialect: "postgresql",
  host: "db.example",
  port: 5432,
  tls: { mode: "prefer" },
  options: {},
  label: "postgresql://db.example/app",
};

Deno.test("encryptionFinding() takes a connection in the clear for a problem when others are in between", () => {
  const said = (target: Partial<ServerTarget>, encryption?: string) => {
    const { state, text, hint } = encryptionFinding({ ...SERVER, ...target }, encryption);
    return [state, text, ...hint === undefined ? [] : [hint]];
  };
  assert.deepEqual(said({}), [
    "problem",
    "none: whoever is between here and db.example can read along",
    "Add ?sslmode=verify-full to the database's URL; sslrootcert names the file of the authority.",
  ]);
  assert.deepEqual(said({ dialect: "mysql" })[2], "Add ?ssl_verify_identity=true&ssl_ca=FILE to the database's URL.");
  for (const host of ["localhost", "127.0.0.1", "::1"]) {
    assert.deepEqual(said({ host }), ["none", "none, and the server is this machine"]);
  }
  assert.deepEqual(said({ socket: "/run/x" }), ["none", "a socket of this machine"]);
  assert.deepEqual(said({}, "TLSv1.3, X"), ["ok", "TLSv1.3, X; the server's certificate is not checked"]);
  assert.deepEqual(said({ tls: { mode: "verify-full" } }, "TLSv1.3, X"), ["ok", "TLSv1.3, X"]);
  const file = encryptionFinding({ dialect: "sqlite", file: "/x", options: {}, label: "" }, undefined);
  assert.equal(file.state, "none");
});

Deno.test("clockFinding() tells how far the clocks are apart, beyond what the way there may have taken", () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 15, 10, 0, seconds)).toISOString().replace("Z", "000Z");
  assert.equal(clockFinding(at(0), at(0), at(0)).state, "ok");
  assert.equal(clockFinding(at(0), at(5), at(0)).state, "ok");
  assert.equal(clockFinding(at(0), at(20), at(30)).state, "ok");
  assert.equal(clockFinding(at(0), at(36), at(30)).text, "the database's is 6 s ahead of this machine's");
  assert.equal(clockFinding(at(10), at(0), at(40)).text, "the database's is 10 s behind this machine's");
});

Deno.test("rightsFindings() tells what a role lacks", () => {
  const said = (rights: Partial<Parameters<typeof rightsFindings>[0]>, tables: string[]) =>
    rightsFindings({ readOnly: undefined, mayCreate: true, missing: [], ...rights }, new Set(tables))
      .map(({ state, text }) => [state, text]);
  const all = ["delembic_version", "delembic_run_history", "delembic_lock", "delembic_checksum", "delembic_batch"];
  assert.deepEqual(said({}, all), [["ok", "Delembic's tables can be read and written"]]);
  assert.deepEqual(said({}, []), [["ok", "the role may create the tables that are missing"]]);
  assert.deepEqual(said({ mayCreate: false }, all), [["ok", "Delembic's tables can be read and written"]]);
  assert.deepEqual(said({ mayCreate: undefined }, []).map(([state]) => state), ["none"]);
  assert.deepEqual(said({ mayCreate: false, missing: ["insert on delembic_version"] }, ["delembic_version"]), [
    ["problem", "missing: insert on delembic_version"],
    ["problem", "the role may not create the tables that are missing"],
  ]);
  assert.deepEqual(said({ readOnly: "the server is a replica" }, all), [
    ["problem", "nothing can be written: the server is a replica"],
  ]);
});

Deno.test("leaseFinding() and fileLockFinding() tell who holds the lock, and whether that one lives", () => {
  const details = {
    host: "build-7",
    pid: 4711,
    user: "alice",
    command: "upgrade head",
    version: "1",
    since: "2026-01-15T10:00:00.000000Z",
    backends: [],
  };
  const who = "alice@build-7, process 4711 (upgrade head), since 2026-01-15 10:00:00+00:00";
  const lease = { holder: "x", fence: 1, details, acquired: details.since, expired: false, free: false };
  assert.deepEqual(leaseFinding(undefined), { check: "lock", state: "ok", text: "nobody holds it" });
  assert.deepEqual(leaseFinding({ ...lease, holder: null, free: true }).text, "nobody holds it");
  assert.deepEqual(leaseFinding(lease), { check: "lock", state: "ok", text: `held by ${who}` });
  const dead = leaseFinding({ ...lease, expired: true });
  assert.deepEqual([dead.state, dead.text], ["problem", `held by ${who}, which has not been heard of for a minute`]);
  const text = JSON.stringify(details);
  assert.equal(fileLockFinding({ held: false, details: "" }).text, "nobody holds it");
  assert.equal(fileLockFinding({ held: true, details: text }).text, `held by ${who}`);
  assert.equal(fileLockFinding({ held: true, details: "" }).text, "held by an unknown process");
  assert.equal(
    fileLockFinding({ held: false, details: text }).text,
    `nobody holds it; it was last held by ${who}, which died`,
  );
  assert.equal(fileLockFinding({ held: undefined, details: text }).state, "none");
});

Deno.test("rightsOf() reads the grants of the ledger", () => {
  assert.deepEqual(rightsOf(["grant select, insert on t to ROLE", "grant usage on sequence s to ROLE"]), [
    { right: "select", kind: "table", name: "t" },
    { right: "insert", kind: "table", name: "t" },
    { right: "usage", kind: "sequence", name: "s" },
  ]);
});
