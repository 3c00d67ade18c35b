/**
 * The tables in which Delembic keeps what it did: reading them, and each write that there is. Knows no dialect; the
 * texts that differ come from {@link Dialect.ledger}.
 *
 * `delembic_version` holds the latest outcome of a revision. `delembic_run_history` has one row an attempt, which is
 * closed once:
 *
 * | status        | means                                                                      |
 * |---------------|----------------------------------------------------------------------------|
 * | `running`     | open: an upgrade is at work, or died                                       |
 * | `downgrading` | open: a downgrade is at work, or died                                      |
 * | `partial`     | part of the attempt is committed and the rest is not; `repair` decides     |
 * | `success`     | applied                                                                    |
 * | `failed`      | rolled back after an error                                                 |
 * | `interrupted` | rolled back after a signal, a time limit, or the death of the process      |
 * | `downgraded`  | undone                                                                     |
 * | `stamped`, `repaired`, `unlocked`, `paused`, `resumed` | what a person decided             |
 *
 * @module
 */

import type { UtcText } from "./clock.ts";
import {
  DatabaseError,
  type Dialect,
  type Queryable,
  type Result,
  type Row,
  type Session,
  type Statement,
} from "./db/database.ts";
import type { LedgerTable } from "./db/ledger_sql.ts";
import type { VersionRecord } from "./plan.ts";
import { type RunFilter, whereOf } from "./run_filter.ts";

/** How an attempt stands, as the history keeps it. */
export type RunStatus =
  | "running"
  | "downgrading"
  | "partial"
  | "success"
  | "failed"
  | "interrupted"
  | "downgraded"
  | "stamped"
  | "repaired"
  | "unlocked"
  | "paused"
  | "resumed";

/** Who acts, as the Python tool names them. */
export interface Actor {
  readonly username: string;
  readonly hostname: string;
}

/** A row of `delembic_run_history`. */
export interface RunRecord {
  readonly id: number;
  readonly revision: string | null;
  readonly startedAt: UtcText | null;
  readonly endedAt: UtcText | null;
  readonly seconds: number | null;
  readonly status: string | null;
  readonly exception: string | null;
  readonly username: string | null;
  readonly hostname: string | null;
}

/** How an attempt ended. */
export interface Outcome {
  readonly status: RunStatus;
  readonly endedAt: UtcText;
  readonly seconds: number;
  readonly exception?: string | undefined;
}

const TABLES: readonly LedgerTable[] = [
  "delembic_version",
  "delembic_run_history",
  "delembic_lock",
  "delembic_checksum",
  "delembic_batch",
];

/** The ledger's tables that are there. */
export async function existingTables(db: Queryable): Promise<Set<string>> {
  const { rows } = await db.query(db.dialect.ledger.existing);
  return new Set(rows.map((row) => String(row["name"])));
}

/**
 * Creates the tables that are missing, after a look: a role without the right to create can run where they exist.
 *
 * @throws {DatabaseError} of kind `privilege` when a table is missing and may not be created
 */
export async function ensureTables(db: Queryable): Promise<void> {
  const existing = await existingTables(db);
  for (const table of TABLES) {
    if (existing.has(table)) continue;
    for (const statement of db.dialect.ledger.create[table]) await createUnlessThere(db, statement);
  }
}

/** Another process may create the same table at the same moment; PostgreSQL then says `unique`, not `exists`. */
async function createUnlessThere(db: Queryable, statement: string): Promise<void> {
  try {
    await db.query(statement);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.kind === "privilege") {
      throw new DatabaseError("privilege", error.message, {
        statement,
        details: error.details,
        hint:
          "Let somebody who may create tables run what 'delembic init --sql' prints; then this role can do without.",
        cause: error,
      });
    }
    if (error.kind !== "exists" && error.kind !== "unique") throw error;
  }
}

/** Tells what to do when the role lacks a right to the ledger; any other error stays as it is. */
export function withRightsHint(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || error.kind !== "privilege" || error.hint !== undefined) return error;
  if (!error.statement?.includes("delembic_")) return error;
  return new DatabaseError("privilege", error.message, {
    statement: error.statement,
    details: error.details,
    hint: "Let the owner of Delembic's tables give this role the grants that 'delembic init --sql' prints.",
    cause: error,
  });
}

/** Runs a query of a table that may not be there yet; then there are no rows. Not for use within a transaction. */
export async function rowsIfThere(db: Queryable, text: string, params: readonly unknown[] = []): Promise<Row[]> {
  try {
    return (await db.query(text, params)).rows;
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === "missing-table") return [];
    throw error;
  }
}

/** The latest outcome of each revision. */
export async function readVersions(db: Queryable): Promise<Map<string, VersionRecord>> {
  const { utcText } = db.dialect.ledger;
  const rows = await rowsIfThere(
    db,
    `select revision, status, execution_time_seconds, ${utcText("applied_at")} as applied from delembic_version`,
  );
  return new Map(rows.map((row) => [String(row["revision"]), {
    revision: String(row["revision"]),
    appliedAt: textOrNull(row["applied"]),
    status: String(row["status"]),
    seconds: numberOrNull(row["execution_time_seconds"]),
  }]));
}

/** The latest outcome of one revision, or `undefined`. */
export async function readVersion(db: Queryable, revision: string): Promise<VersionRecord | undefined> {
  const { dialect } = db;
  const { rows } = await db.query(
    `select status, execution_time_seconds, ${dialect.ledger.utcText("applied_at")} as applied
       from delembic_version where revision = ${dialect.placeholder(1)}`,
    [revision],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    revision,
    appliedAt: textOrNull(row["applied"]),
    status: String(row["status"]),
    seconds: numberOrNull(row["execution_time_seconds"]),
  };
}

/** Tables that were made for the Python tool on MySQL keep whole seconds. */
export function isSameMoment(stored: UtcText, written: UtcText): boolean {
  return stored === written || stored === `${written.slice(0, 19)}.000000Z`;
}

/** Reads when a revision was applied, as `applied`. */
export function readingApplied({ ledger, placeholder: p }: Dialect, revision: string): Statement {
  return {
    text: `select ${ledger.utcText("applied_at")} as applied from delembic_version where revision = ${p(1)}`,
    params: [revision],
  };
}

/** Attempts, newest first. */
export async function readRuns(db: Queryable, filter: RunFilter = {}): Promise<RunRecord[]> {
  const { dialect } = db;
  const { where, params } = whereOf(filter, dialect);
  const limit = filter.limit === undefined ? "" : `limit ${Math.trunc(filter.limit)}`;
  const rows = await rowsIfThere(db, `${selectRuns(dialect)} ${where} order by id desc ${limit}`, params);
  return rows.map(runOf);
}

/** Attempts by their ids; those that there are. */
export async function readRunsOf(db: Queryable, ids: readonly number[]): Promise<RunRecord[]> {
  if (ids.length === 0) return [];
  return (await rowsIfThere(db, `${selectRuns(db.dialect)} where id in (${ids.map(Math.trunc).join()}) order by id`))
    .map(runOf);
}

/** Attempts that no one has closed. Whoever holds the lock knows that nobody is at work on them. */
export async function readOpenRuns(db: Queryable): Promise<RunRecord[]> {
  return (await rowsIfThere(db, `${selectRuns(db.dialect)} where ended_at is null order by id`)).map(runOf);
}

/** Revisions whose last attempt left a part committed, with that attempt. */
export async function readPartialRuns(db: Queryable): Promise<Map<string, RunRecord>> {
  const rows = await rowsIfThere(
    db,
    `${selectRuns(db.dialect)} h where status = 'partial' and ended_at is not null and not exists (
       select 1 from delembic_run_history later where later.revision = h.revision and later.id > h.id
         and coalesce(later.status, '') not in ('paused', 'resumed'))`,
  );
  return new Map(rows.map(runOf).map((run) => [run.revision ?? "", run]));
}

/** Attempts that are not over, in one way or the other. */
export interface UnsettledRuns {
  readonly open: readonly RunRecord[];
  readonly partial: ReadonlyMap<string, RunRecord>;
}

/** {@link readOpenRuns} and {@link readPartialRuns} by one scan: most of the time there is neither. */
export async function readUnsettledRuns(db: Queryable): Promise<UnsettledRuns> {
  const select = selectRuns(db.dialect);
  const runs = (await rowsIfThere(db, `${select} where ended_at is null or status = 'partial' order by id`)).map(runOf);
  const open = runs.filter(({ endedAt }) => endedAt === null);
  return { open, partial: open.length === runs.length ? new Map() : await readPartialRuns(db) };
}

function selectRuns({ ledger: { utcText } }: Dialect): string {
  return `select id, revision, ${utcText("started_at")} as started, ${utcText("ended_at")} as ended, duration_seconds,
    status, exception, username, hostname from delembic_run_history`;
}

function runOf(row: Row): RunRecord {
  return {
    id: Number(row["id"]),
    revision: textOrNull(row["revision"]),
    startedAt: textOrNull(row["started"]),
    endedAt: textOrNull(row["ended"]),
    seconds: numberOrNull(row["duration_seconds"]),
    status: textOrNull(row["status"]),
    exception: textOrNull(row["exception"]),
    username: textOrNull(row["username"]),
    hostname: textOrNull(row["hostname"]),
  };
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** The row of an attempt that begins. */
export interface NewRun extends Actor {
  readonly revision: string | null;
  readonly startedAt: UtcText;
  readonly status: RunStatus;
}

/** Opens the row of an attempt; its result is one row with the `id`. */
export function openingRun({ ledger }: Dialect, run: NewRun): Statement {
  return { text: ledger.openRun, params: [run.revision, run.startedAt, run.status, run.username, run.hostname] };
}

/** Opens the row of an attempt and gives its id. */
export async function openRun(db: Queryable, run: NewRun): Promise<number> {
  const { text, params } = openingRun(db.dialect, run);
  return idOf(await db.query(text, params));
}

/** The id in the result of {@link openingRun}. */
export function idOf(result: Result | undefined): number {
  return Number(result?.rows[0]?.["id"]);
}

/** Reads `revision` and `started` of an attempt that is open. */
export function readingRun({ ledger, placeholder: p }: Dialect, id: number): Statement {
  return {
    text: `select revision, ${ledger.utcText("started_at")} as started from delembic_run_history
       where id = ${p(1)} and ended_at is null`,
    params: [id],
  };
}

/** Marks an open attempt as one of which a part is committed. */
export async function markPartial(db: Queryable, id: number): Promise<void> {
  await db.query(`update delembic_run_history set status = 'partial' where id = ${db.dialect.placeholder(1)}`, [id]);
}

/** Closes an attempt; one that is closed already stays as it is. */
export function closingRun({ ledger, placeholder: p }: Dialect, id: number, outcome: Outcome): Statement {
  return {
    text: `update delembic_run_history set ended_at = ${ledger.utcValue(p(1))}, duration_seconds = ${p(2)},
       status = ${p(3)}, exception = ${p(4)} where id = ${p(5)} and ended_at is null`,
    params: [outcome.endedAt, outcome.seconds, outcome.status, storable(outcome.exception), id],
  };
}

export async function closeRun(db: Queryable, id: number, outcome: Outcome): Promise<void> {
  await db.batch([closingRun(db.dialect, id, outcome)]);
}

/** PostgreSQL's text holds no NUL; the rest of an error must not be lost for one. */
function storable(text: string | undefined): string | null {
  return text === undefined ? null : text.replaceAll("\0", "\\0");
}

/** Writes an attempt that is over as soon as it is begun: a decision of a person. */
export async function recordDecision(
  db: Queryable,
  decision: {
    readonly revision: string | null;
    readonly at: UtcText;
    readonly status: RunStatus;
    readonly note?: string;
  },
  actor: Actor,
): Promise<void> {
  const id = await openRun(db, {
    revision: decision.revision,
    startedAt: decision.at,
    status: decision.status,
    ...actor,
  });
  await closeRun(db, id, { status: decision.status, endedAt: decision.at, seconds: 0, exception: decision.note });
}

/** The latest outcome of a revision, to be written. */
export interface NewVersion {
  readonly revision: string;
  readonly status: "success" | "failed";
  readonly at: UtcText;
  readonly seconds: number;
}

/** Writes the latest outcome of a revision, as the Python tool does: its row goes and a new one comes. */
export function writingVersion(dialect: Dialect, record: NewVersion): Statement[] {
  const p = dialect.placeholder;
  return [deletingVersion(dialect, record.revision), {
    text: `insert into delembic_version (revision, applied_at, status, execution_time_seconds)
       values (${p(1)}, ${dialect.ledger.utcValue(p(2))}, ${p(3)}, ${p(4)})`,
    params: [record.revision, record.at, record.status, record.seconds],
  }];
}

export function deletingVersion({ placeholder: p }: Dialect, revision: string): Statement {
  return { text: `delete from delembic_version where revision = ${p(1)}`, params: [revision] };
}

/** What was applied, by revision: `sha256:v1:…`. */
export async function readChecksums(db: Queryable): Promise<Map<string, string>> {
  const rows = await rowsIfThere(db, "select revision, checksum from delembic_checksum");
  return new Map(rows.map((row) => [String(row["revision"]), String(row["checksum"])]));
}

/** What was applied of a revision, to be written. */
export interface NewChecksum {
  readonly revision: string;
  readonly checksum: string;
  readonly file: string;
  readonly at: UtcText;
}

export function writingChecksum(dialect: Dialect, entry: NewChecksum): Statement[] {
  const p = dialect.placeholder;
  return [
    { text: `delete from delembic_checksum where revision = ${p(1)}`, params: [entry.revision] },
    {
      text: `insert into delembic_checksum (revision, checksum, file, recorded_at)
       values (${p(1)}, ${p(2)}, ${p(3)}, ${dialect.ledger.utcValue(p(4))})`,
      params: [entry.revision, entry.checksum, entry.file, entry.at],
    },
  ];
}

/** Runs `work` in a transaction of this session; what it throws rolls everything back. */
export async function inTransaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.begin();
  try {
    const result = await work();
    await session.commit();
    return result;
  } catch (error) {
    await session.rollback().catch(() => undefined);
    throw error;
  }
}
