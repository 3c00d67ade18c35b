/**
 * What `doctor` checks of the database: server, encryption, rights, clock, tables, lock. Asks, and changes nothing.
 *
 * @module
 */

import { forPeople, now, secondsBetween, type UtcText } from "./clock.ts";
import type { Database, Queryable } from "./db/database.ts";
import type { Diagnosis, LockFileState, Rights } from "./db/diagnosis.ts";
import type { Target } from "./db/target.ts";
import { type Finding, findings, none, ok, problem } from "./doctor.ts";
import { existingTables, readOpenRuns, readPartialRuns } from "./ledger.ts";
import { describeHolder, type LeaseState, parseDetails, readLease } from "./lock.ts";

/** Of more seconds than this between two clocks something is to be said. */
const MAX_SKEW_SECONDS = 5;

/** Their names, in the order in which they are told. */
export const DATABASE_CHECKS = ["server", "encryption", "tables", "rights", "clock", "lock", "runs"] as const;

/** All that is checked over a connection. */
export async function databaseFindings(database: Database, db: Queryable, diagnosis: Diagnosis): Promise<Finding[]> {
  const { target } = database;
  let tables: ReadonlySet<string> = new Set();
  const existing = await findings("tables", async () => {
    tables = await existingTables(db);
    return [tablesFinding(tables)];
  });
  const found = [
    await findings("server", async () => [ok("server", await diagnosis.server(db))]),
    await findings("encryption", async () => [encryptionFinding(target, await diagnosis.encryption(db))]),
    existing,
    await findings("rights", async () => rightsFindings(await diagnosis.rights(db, target, tables), tables)),
    await findings("clock", async () => [await lookAtClock(db, target)]),
    await findings("lock", async () => [await lookAtLock(db, target, diagnosis)]),
    await findings("runs", async () => [await lookAtRuns(db)]),
  ];
  return found.flat();
}

/** Pure. @param encryption protocol and cipher */
export function encryptionFinding(target: Target, encryption: string | undefined): Finding {
  if (target.dialect === "sqlite") return none("encryption", "a file has no connection");
  const { mode } = target.tls;
  if (encryption !== undefined) {
    const unchecked = mode === "verify-full" || mode === "verify-ca" ? "" : "; the server's certificate is not checked";
    return ok("encryption", `${encryption}${unchecked}`);
  }
  if (target.socket !== undefined) return none("encryption", "a socket of this machine");
  if (/^(?:localhost|127\..*|::1)$/.test(target.host)) {
    return none("encryption", "none, and the server is this machine");
  }
  return problem(
    "encryption",
    `none: whoever is between here and ${target.host} can read along`,
    target.dialect === "postgresql"
      ? "Add ?sslmode=verify-full to the database's URL; sslrootcert names the file of the authority."
      : "Add ?ssl_verify_identity=true&ssl_ca=FILE to the database's URL.",
  );
}

function tablesFinding(tables: ReadonlySet<string>): Finding {
  if (tables.size === 0) return none("tables", "none of Delembic's is there yet; the first 'upgrade' creates them");
  return ok("tables", [...tables].sort().join(", "));
}

/** Pure. */
export function rightsFindings({ readOnly, mayCreate, missing }: Rights, tables: ReadonlySet<string>): Finding[] {
  if (readOnly !== undefined) {
    return [problem("rights", `nothing can be written: ${readOnly}`, "Connect to the server that takes writes.")];
  }
  const found: Finding[] = missing.length === 0
    ? []
    : [problem("rights", `missing: ${missing.join(", ")}`, "'delembic init --sql' prints the grants that are needed.")];
  const complete = tables.size === TABLES;
  if (!complete && mayCreate === false) {
    found.push(problem(
      "rights",
      "the role may not create the tables that are missing",
      "Let somebody who may run what 'delembic init --sql' prints.",
    ));
  }
  if (found.length > 0) return found;
  if (complete) return [ok("rights", "Delembic's tables can be read and written")];
  return mayCreate === undefined
    ? [none("rights", "whether the role may create tables is not known: it has them by another role")]
    : [ok("rights", "the role may create the tables that are missing")];
}

/** How many tables the ledger has. */
const TABLES = 5;

async function lookAtClock(db: Queryable, target: Target): Promise<Finding> {
  if (target.dialect === "sqlite") return none("clock", "that of this machine");
  const { ledger } = db.dialect;
  const before = now();
  const { rows: [row] } = await db.query(`select ${ledger.utcText(ledger.utcNow)} as now`);
  return clockFinding(before, String(row?.["now"]), now());
}

/** Pure. @param server what the server's clock said between the two moments of this one */
export function clockFinding(before: UtcText, server: UtcText, after: UtcText): Finding {
  // what it was at the moment of the answer is not known better than this
  const ahead = secondsBetween(after, server), behind = secondsBetween(server, before);
  const skew = Math.max(ahead, behind, 0);
  if (skew <= MAX_SKEW_SECONDS) return ok("clock", `less than ${MAX_SKEW_SECONDS} s from the database's`);
  return problem(
    "clock",
    `the database's is ${Math.round(skew)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
    "Let both follow a time server. The lock is safe, for it goes by the database's clock; times in 'log' are not right.",
  );
}

async function lookAtLock(db: Queryable, target: Target, { lockFile }: Diagnosis): Promise<Finding> {
  if (lockFile !== undefined) return fileLockFinding(await lockFile(target));
  return leaseFinding(await readLease(db));
}

/** Pure. */
export function leaseFinding(lease: LeaseState | undefined): Finding {
  if (lease === undefined || lease.free) return ok("lock", "nobody holds it");
  const since = lease.acquired === null ? "" : `, since ${forPeople(lease.acquired)}`;
  const holder = `${describeHolder(lease.details)}${since}`;
  if (!lease.expired) return ok("lock", `held by ${holder}`);
  return problem(
    "lock",
    `held by ${holder}, which has not been heard of for a minute`,
    "The next run takes it by itself. If that process is only stopped, it cannot commit any more.",
  );
}

/** Pure. */
export function fileLockFinding({ held, details }: LockFileState): Finding {
  const known = parseDetails(details);
  const holder = `${describeHolder(known)}${known === undefined ? "" : `, since ${forPeople(known.since)}`}`;
  if (held === true) return ok("lock", `held by ${holder}`);
  if (held === undefined) return none("lock", `last held by ${holder}; whether it still is, only a run can tell`);
  return details === ""
    ? ok("lock", "nobody holds it")
    : ok("lock", `nobody holds it; it was last held by ${holder}, which died`);
}

async function lookAtRuns(db: Queryable): Promise<Finding> {
  const partial = [...(await readPartialRuns(db)).keys()];
  if (partial.length > 0) {
    return problem(
      "runs",
      `part of ${partial.join(", ")} is committed, and the rest is not`,
      `Look at its data, then settle it with 'delembic repair ${partial[0]}'.`,
    );
  }
  const open = (await readOpenRuns(db)).flatMap(({ revision }) => revision ?? []);
  if (open.length === 0) return ok("runs", "none is open");
  return ok("runs", `at work, or dead and settled by the next run: ${open.join(", ")}`);
}
