/**
 * `delembic_batch`: how far each walk in batches is, and who is at it.
 *
 * A walk is one row of kind `walk` (part 0), and one row of kind `range` for each part of the table that was handed out.
 * The walk's own row says up to which key ranges were handed out (`cursor_key`) and up to which they go in all
 * (`upper_key`, fixed at the beginning). A range says how far it is done (`cursor_key`), and who has it: a holder with a
 * fence number and a lease, by the database's clock. Keys are as `src/batch_key.ts` writes them.
 *
 * | kind    | status                                                                                         |
 * |---------|------------------------------------------------------------------------------------------------|
 * | `walk`  | `new` (only a wish to pause it), `running`, `paused`, `interrupted`, `failed`, `done`            |
 * | `range` | `running` (held by somebody, or free to be taken), `failed`, `done`                              |
 *
 * @module
 */

import { decodeKey, type Key } from "./batch_key.ts";
import type { UtcText } from "./clock.ts";
import { DatabaseError, type Dialect, type Queryable, type Row } from "./db/database.ts";

export type WalkStatus = "new" | "running" | "paused" | "interrupted" | "failed" | "done";
export type RangeStatus = "running" | "failed" | "done";

/** What stays the same during a walk. */
export interface WalkDetail {
  /** The columns that a table is walked by. */
  readonly key: readonly string[];
  /** The file that is loaded, where no table is walked: its keys are byte, line and row at which a record begins. */
  readonly file?: WalkFile;
  /** Of the migration, when the walk began. */
  readonly checksum: string;
}

/** A file as it was when the walk began. */
export interface WalkFile {
  /** As people see it, from the folder of the ini file. */
  readonly name: string;
  readonly bytes: number;
  /** When it was written last, in milliseconds. */
  readonly modified: number | undefined;
  /** Where its first record begins, behind the header. */
  readonly start: number;
}

/** The walk's own row. */
export interface WalkRow {
  readonly revision: string;
  readonly status: WalkStatus;
  readonly table: string;
  readonly detail: WalkDetail | undefined;
  /** The last key of the table when the walk began; `undefined` when it was empty. */
  readonly upper: Key | undefined;
  /** Up to here ranges were handed out. */
  readonly cursor: Key | undefined;
  /** Roughly, when the walk began. */
  readonly rowsTotal: number | undefined;
  /** Rows of a batch, as they were last. */
  readonly batchSize: number | undefined;
  /** Somebody wants it to pause. */
  readonly pauseWanted: boolean;
  /** Why it does not go on right now. */
  readonly waiting: string | undefined;
  /** Why it ended, where it failed. */
  readonly message: string | undefined;
  readonly startedAt: UtcText | undefined;
  readonly updatedAt: UtcText | undefined;
  readonly endedAt: UtcText | undefined;
}

/** One range of keys: after `lower`, up to and with `upper`. */
export interface RangeRow {
  readonly part: number;
  readonly status: RangeStatus;
  /** `undefined`: from the beginning of the table. */
  readonly lower: Key | undefined;
  readonly upper: Key;
  /** Up to here it is done. */
  readonly cursor: Key | undefined;
  readonly rowsDone: number;
  readonly batches: number;
  /** Rows of a batch, as they were last. */
  readonly batchSize: number | undefined;
  /** Spent in batches that were committed. */
  readonly seconds: number;
  readonly holder: string | undefined;
  readonly backend: number | undefined;
  readonly fence: number;
  /** Its lease has run out, or nobody has it. */
  readonly free: boolean;
  readonly message: string | undefined;
  readonly startedAt: UtcText | undefined;
  readonly updatedAt: UtcText | undefined;
  readonly endedAt: UtcText | undefined;
}

/** A walk with all of its ranges. */
export interface WalkStory {
  readonly walk: WalkRow;
  readonly ranges: readonly RangeRow[];
}

function columnsOf({ ledger }: Dialect): string {
  const time = (name: string) => `${ledger.utcText(name)} as ${name}`;
  return `revision, part, kind, status, table_name, detail, lower_key, upper_key, cursor_key, rows_done, rows_total,
    batches, batch_size, seconds, wanted, waiting, message, holder, backend, fence,
    (case when holder is null or expires_at <= ${ledger.utcNow} then 1 else 0 end) as free,
    ${time("started_at")}, ${time("updated_at")}, ${time("ended_at")}`;
}

/** The walks, by revision; of one revision where it is given. None where the table is not there yet. */
export async function readWalks(db: Queryable, revision?: string): Promise<WalkStory[]> {
  const p = db.dialect.placeholder;
  const only = revision === undefined ? "" : ` and revision = ${p(1)}`;
  const rows = await rowsIfThere(
    db,
    `select ${
      columnsOf(db.dialect)
    } from delembic_batch where kind in ('walk', 'range')${only} order by revision, part`,
    revision === undefined ? [] : [revision],
  );
  const byRevision = Map.groupBy(rows, (row) => String(row["revision"]));
  return [...byRevision.values()].flatMap((all) => {
    const own = all.find((row) => row["kind"] === "walk");
    const ranges = all.filter((row) => row["kind"] === "range").map(rangeOf);
    return own === undefined ? [] : [{ walk: walkOf(own), ranges }];
  });
}

/** The walks that are not done, with all of their ranges. */
export async function readUndoneWalks(db: Queryable): Promise<WalkStory[]> {
  const rows = await rowsIfThere(
    db,
    "select revision from delembic_batch where kind = 'walk' and status <> 'done' order by revision",
    [],
  );
  const stories: WalkStory[] = [];
  for (const { revision } of rows) stories.push(...await readWalks(db, String(revision)));
  return stories;
}

/** The walk of a revision without its ranges. @param locked the row stays locked until the transaction ends */
export async function readWalk(db: Queryable, revision: string, locked = false): Promise<WalkRow | undefined> {
  const { ledger, placeholder } = db.dialect;
  const text = `select ${columnsOf(db.dialect)} from delembic_batch
    where revision = ${placeholder(1)} and part = 0 and kind = 'walk' ${locked ? ledger.forUpdate : ""}`;
  const [row] = await rowsIfThere(db, text, [revision]);
  return row === undefined ? undefined : walkOf(row);
}

/** Ranges that are not done and that nobody has, in their order. */
export async function readFreeRanges(db: Queryable, revision: string): Promise<RangeRow[]> {
  const { ledger, placeholder } = db.dialect;
  const { rows } = await db.query(
    `select ${columnsOf(db.dialect)} from delembic_batch where revision = ${placeholder(1)} and kind = 'range'
       and status = 'running' and (holder is null or expires_at <= ${ledger.utcNow}) order by part`,
    [revision],
  );
  return rows.map(rangeOf);
}

/** One range. @param locked the row stays locked until the transaction ends */
export async function readRange(
  db: Queryable,
  revision: string,
  part: number,
  locked = false,
): Promise<RangeRow | undefined> {
  const { ledger, placeholder: p } = db.dialect;
  const text = `select ${columnsOf(db.dialect)} from delembic_batch
    where revision = ${p(1)} and part = ${p(2)} ${locked ? ledger.forUpdate : ""}`;
  const { rows: [row] } = await db.query(text, [revision, part]);
  return row === undefined ? undefined : rangeOf(row);
}

async function rowsIfThere(db: Queryable, text: string, params: readonly unknown[]): Promise<Row[]> {
  try {
    return (await db.query(text, params)).rows;
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === "missing-table") return [];
    throw error;
  }
}

function walkOf(row: Row): WalkRow {
  return {
    revision: String(row["revision"]),
    status: String(row["status"]) as WalkStatus,
    table: String(row["table_name"] ?? ""),
    detail: detailOf(textOf(row["detail"])),
    upper: keyOf(row["upper_key"]),
    cursor: keyOf(row["cursor_key"]),
    rowsTotal: numberOf(row["rows_total"]),
    batchSize: numberOf(row["batch_size"]),
    pauseWanted: row["wanted"] === "pause",
    waiting: textOf(row["waiting"]),
    message: textOf(row["message"]),
    ...timesOf(row),
  };
}

function rangeOf(row: Row): RangeRow {
  return {
    part: Number(row["part"]),
    status: String(row["status"]) as RangeStatus,
    lower: keyOf(row["lower_key"]),
    upper: keyOf(row["upper_key"]) ?? [],
    cursor: keyOf(row["cursor_key"]),
    rowsDone: Number(row["rows_done"]),
    batches: Number(row["batches"]),
    batchSize: numberOf(row["batch_size"]),
    seconds: Number(row["seconds"]),
    holder: textOf(row["holder"]),
    backend: numberOf(row["backend"]),
    fence: Number(row["fence"]),
    free: Number(row["free"]) === 1,
    message: textOf(row["message"]),
    ...timesOf(row),
  };
}

function timesOf(row: Row) {
  return {
    startedAt: textOf(row["started_at"]),
    updatedAt: textOf(row["updated_at"]),
    endedAt: textOf(row["ended_at"]),
  };
}

function detailOf(text: string | undefined): WalkDetail | undefined {
  return text === undefined ? undefined : JSON.parse(text) as WalkDetail;
}

function keyOf(value: unknown): Key | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : decodeKey(text);
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
