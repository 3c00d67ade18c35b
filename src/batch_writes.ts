/**
 * Every write to `delembic_batch`, as statements: what they mean is in `src/batch_ledger.ts`.
 *
 * @module
 */

import { encodeKey, type Key } from "./batch_key.ts";
import type { RangeRow, WalkDetail, WalkStatus } from "./batch_ledger.ts";
import type { Dialect, Queryable, Statement } from "./db/database.ts";

/**
 * A statement on the rows of one revision; `?` in the text are the parameters, in order. The walk's own row is always
 * named by its part as well: by its kind alone InnoDB would lock the rows of all ranges with it.
 */
function statement(dialect: Dialect, text: string, params: readonly unknown[]): Statement {
  let index = 0;
  return { text: text.replaceAll("?", () => dialect.placeholder(++index)), params };
}

/** What a walk begins with. */
export interface NewWalk {
  readonly revision: string;
  readonly table: string;
  readonly detail: WalkDetail;
  readonly upper: Key | undefined;
  readonly rowsTotal: number | undefined;
  readonly batchSize: number;
}

/** Begins a walk: what was there of an earlier one goes. */
export function beginningWalk(dialect: Dialect, walk: NewWalk): Statement[] {
  const { utcNow } = dialect.ledger;
  return [
    forgettingWalk(dialect, walk.revision),
    statement(
      dialect,
      `insert into delembic_batch (revision, part, kind, status, table_name, detail, upper_key, rows_total, batch_size,
         started_at, updated_at) values (?, 0, 'walk', 'running', ?, ?, ?, ?, ?, ${utcNow}, ${utcNow})`,
      [
        walk.revision,
        walk.table,
        JSON.stringify(walk.detail),
        walk.upper === undefined ? null : encodeKey(walk.upper),
        walk.rowsTotal ?? null,
        walk.batchSize,
      ],
    ),
  ];
}

/** Goes on with a walk: ranges that failed may be tried again, and those that dead runs held are free. */
export function continuingWalk(dialect: Dialect, revision: string, runHolder: string): Statement[] {
  return [
    statement(
      dialect,
      `update delembic_batch set status = 'running', waiting = null, message = null, ended_at = null
         where revision = ? and part = 0 and kind = 'walk'`,
      [revision],
    ),
    statement(
      dialect,
      "update delembic_batch set status = 'running', holder = null where revision = ? and kind = 'range' and status = 'failed'",
      [revision],
    ),
    // whoever has the run lock knows that no other run lives
    statement(
      dialect,
      `update delembic_batch set holder = null where revision = ? and kind = 'range' and status = 'running'
         and holder like 'run-%' and holder <> ?`,
      [revision, runHolder],
    ),
  ];
}

export function forgettingWalk(dialect: Dialect, revision: string): Statement {
  return statement(dialect, "delete from delembic_batch where revision = ? and kind in ('walk', 'range')", [revision]);
}

/** The walk's row as it ends, or stops for now. */
export function endingWalk(
  dialect: Dialect,
  revision: string,
  { status, message }: { readonly status: Exclude<WalkStatus, "new" | "running">; readonly message?: string },
): Statement {
  const { utcNow } = dialect.ledger;
  return statement(
    dialect,
    `update delembic_batch set status = ?, message = ?, waiting = null, updated_at = ${utcNow}, ended_at = ${utcNow}
       where revision = ? and part = 0 and kind = 'walk'`,
    [status, message ?? null, revision],
  );
}

/** Why the walk does not go on right now; nothing when it does. */
export function tellingWaiting(dialect: Dialect, revision: string, waiting: string | undefined): Statement {
  return statement(
    dialect,
    `update delembic_batch set waiting = ?, updated_at = ${dialect.ledger.utcNow} where revision = ? and part = 0 and kind = 'walk'`,
    [waiting ?? null, revision],
  );
}

/** Who takes a range. */
export interface Claimant {
  readonly holder: string;
  readonly backend: number | undefined;
  readonly leaseSeconds: number;
}

/** Hands out a new range; its fence is 1. Goes with {@link movingWalk}. */
export function handingOut(
  dialect: Dialect,
  revision: string,
  range: { readonly part: number; readonly lower: Key | undefined; readonly upper: Key },
  { holder, backend, leaseSeconds }: Claimant,
): Statement {
  const { utcNow, utcLater } = dialect.ledger;
  return statement(
    dialect,
    `insert into delembic_batch (revision, part, kind, status, lower_key, upper_key, holder, backend, fence, expires_at,
       started_at, updated_at) values (?, ?, 'range', 'running', ?, ?, ?, ?, 1, ${
      utcLater("?")
    }, ${utcNow}, ${utcNow})`,
    [
      revision,
      range.part,
      range.lower === undefined ? null : encodeKey(range.lower),
      encodeKey(range.upper),
      holder,
      backend ?? null,
      leaseSeconds,
    ],
  );
}

/** Ranges up to this key are handed out now. */
export function movingWalk(dialect: Dialect, revision: string, cursor: Key): Statement {
  return statement(
    dialect,
    "update delembic_batch set cursor_key = ? where revision = ? and part = 0 and kind = 'walk'",
    [
      encodeKey(cursor),
      revision,
    ],
  );
}

/** Takes over a range that was seen free with this fence. Rows changed: 1, or 0 when somebody else was quicker. */
export function takingOver(
  dialect: Dialect,
  revision: string,
  { part, fence }: Pick<RangeRow, "part" | "fence">,
  { holder, backend, leaseSeconds }: Claimant,
): Statement {
  const { utcNow, utcLater } = dialect.ledger;
  return statement(
    dialect,
    `update delembic_batch set holder = ?, backend = ?, fence = fence + 1, expires_at = ${utcLater("?")},
       updated_at = ${utcNow} where revision = ? and part = ? and fence = ? and status = 'running'`,
    [holder, backend ?? null, leaseSeconds, revision, part, fence],
  );
}

/** A range that somebody holds. */
export interface HeldRange {
  readonly part: number;
  readonly holder: string;
  readonly fence: number;
}

/** A batch that is about to be committed. */
export interface Checkpoint {
  readonly cursor: Key;
  readonly rows: number;
  readonly seconds: number;
  readonly batchSize: number;
  /** Whether the range is done with it. */
  readonly last: boolean;
  readonly leaseSeconds: number;
}

/** In the batch's own transaction: how far the range is. Rows changed: 1, or 0 when the range is no longer ours. */
export function checkpointing(dialect: Dialect, revision: string, range: HeldRange, at: Checkpoint): Statement {
  const { utcNow, utcLater } = dialect.ledger;
  return statement(
    dialect,
    `update delembic_batch set cursor_key = ?, rows_done = rows_done + ?, batches = batches + ?, seconds = seconds + ?,
       batch_size = ?, expires_at = ${utcLater("?")}, updated_at = ${utcNow}, message = null
       ${at.last ? `, status = 'done', holder = null, ended_at = ${utcNow}` : ""}
       where revision = ? and part = ? and holder = ? and fence = ? and status = 'running'`,
    [
      encodeKey(at.cursor),
      at.rows,
      // the last one of a range may find that there is nothing left
      at.rows === 0 ? 0 : 1,
      at.seconds,
      at.batchSize,
      at.leaseSeconds,
      revision,
      range.part,
      range.holder,
      range.fence,
    ],
  );
}

/** Gives a range back: somebody else may take it at once. */
export function releasing(dialect: Dialect, revision: string, range: HeldRange): Statement {
  return statement(
    dialect,
    "update delembic_batch set holder = null where revision = ? and part = ? and holder = ? and fence = ?",
    [revision, range.part, range.holder, range.fence],
  );
}

/** A range whose batch failed for good. */
export function failingRange(dialect: Dialect, revision: string, range: HeldRange, message: string): Statement {
  const { utcNow } = dialect.ledger;
  return statement(
    dialect,
    `update delembic_batch set status = 'failed', holder = null, message = ?, updated_at = ${utcNow}, ended_at = ${utcNow}
       where revision = ? and part = ? and holder = ? and fence = ?`,
    [message, revision, range.part, range.holder, range.fence],
  );
}

/** Gives ranges of a holder more time. @param of.parts at least one */
export function renewing(
  dialect: Dialect,
  revision: string,
  of: { readonly holder: string; readonly parts: readonly number[] },
  leaseSeconds: number,
): Statement {
  return statement(
    dialect,
    `update delembic_batch set expires_at = ${dialect.ledger.utcLater("?")}
       where revision = ? and holder = ? and kind = 'range' and status = 'running'
         and part in (${of.parts.map(() => "?").join(", ")})`,
    [leaseSeconds, revision, of.holder, ...of.parts],
  );
}

/** What those at work look at between batches: one row with `status` and `wanted`. */
export function readingWish(dialect: Dialect, revision: string): Statement {
  return statement(
    dialect,
    "select status, wanted from delembic_batch where revision = ? and part = 0 and kind = 'walk'",
    [
      revision,
    ],
  );
}

/** How far all ranges are together: one row with `rows_done`, `held` (by anybody) and `failed`. */
export function readingSum(dialect: Dialect, revision: string): Statement {
  return statement(
    dialect,
    `select coalesce(sum(rows_done), 0) as rows_done, count(case when status = 'running' then 1 end) as running,
       count(case when status = 'failed' then 1 end) as failed
       from delembic_batch where revision = ? and kind = 'range'`,
    [revision],
  );
}

/** Writes anew what stays the same during a walk: for one whose migration got another id. */
export function writingWalkDetail(dialect: Dialect, revision: string, detail: WalkDetail): Statement {
  return statement(dialect, "update delembic_batch set detail = ? where revision = ? and part = 0 and kind = 'walk'", [
    JSON.stringify(detail),
    revision,
  ]);
}

/** Makes a walk pause after its present batches; one that has not begun yet will not begin. */
export async function requestPause(db: Queryable, revision: string): Promise<void> {
  const { dialect } = db;
  const wish = statement(
    dialect,
    `update delembic_batch set wanted = 'pause', updated_at = ${dialect.ledger.utcNow} where revision = ? and part = 0 and kind = 'walk'`,
    [revision],
  );
  const { count } = await db.query(wish.text, wish.params);
  if (count > 0) return;
  const fresh = statement(
    dialect,
    `insert into delembic_batch (revision, part, kind, status, wanted, updated_at)
       values (?, 0, 'walk', 'new', 'pause', ${dialect.ledger.utcNow})`,
    [revision],
  );
  await db.query(fresh.text, fresh.params);
}

/** Lets a walk go on; the next upgrade does. */
export async function requestResume(db: Queryable, revision: string): Promise<void> {
  const { text, params } = statement(
    db.dialect,
    `update delembic_batch set wanted = null, updated_at = ${db.dialect.ledger.utcNow}
       where revision = ? and part = 0 and kind = 'walk'`,
    [revision],
  );
  await db.query(text, params);
}
