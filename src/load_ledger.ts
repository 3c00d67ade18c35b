/**
 * What loads did, in `delembic_batch`: one row of kind `load` for each load of a revision's last attempt that was
 * committed, written with it. Their parts count down from -1, as those of ranges count up from 1.
 *
 * @module
 */

import type { LoadRecord } from "./bulk_options.ts";
import type { UtcText } from "./clock.ts";
import { DatabaseError, type Dialect, type Queryable, type Statement } from "./db/database.ts";

/** The loads of a revision; those of an earlier attempt go. */
export function writingLoads(
  { placeholder: p, ledger }: Dialect,
  revision: string,
  records: readonly LoadRecord[],
  at: UtcText,
): Statement[] {
  if (records.length === 0) return [];
  return [
    forgettingLoads({ placeholder: p }, revision),
    ...records.map(({ table, source, report, before, after }, index) => ({
      text: `insert into delembic_batch (revision, part, kind, status, table_name, detail, rows_done, rows_before,
          rows_after, seconds, ended_at)
        values (${p(1)}, ${p(2)}, 'load', 'done', ${p(3)}, ${p(4)}, ${p(5)}, ${p(6)}, ${p(7)}, ${p(8)},
          ${ledger.utcValue(p(9))})`,
      params: [
        revision,
        -1 - index,
        table,
        JSON.stringify({
          source,
          read: report.read,
          skipped: report.skipped,
          rejected: report.rejected,
          beforeExact: before.exact,
          afterExact: after.exact,
        }),
        report.loaded,
        before.rows ?? null,
        after.rows ?? null,
        report.seconds,
        at,
      ],
    })),
  ];
}

export function forgettingLoads({ placeholder: p }: Pick<Dialect, "placeholder">, revision: string): Statement {
  return { text: `delete from delembic_batch where revision = ${p(1)} and kind = 'load'`, params: [revision] };
}

/** A load as the ledger keeps it. */
export interface LoadRow extends LoadRecord {
  readonly revision: string;
  /** From 1, in the order of the migration. */
  readonly part: number;
}

/** The loads of a revision, in their order. Not for use within a transaction. */
export async function readLoads(db: Queryable, revision: string): Promise<LoadRow[]> {
  try {
    const { rows } = await db.query(
      `select part, table_name, detail, rows_done, rows_before, rows_after, seconds from delembic_batch
        where revision = ${db.dialect.placeholder(1)} and kind = 'load' order by part desc`,
      [revision],
    );
    return rows.map((row) => {
      const detail = JSON.parse(String(row["detail"] ?? "{}")) as Partial<Record<string, unknown>>;
      const number = (name: string) => Number(detail[name] ?? 0);
      return {
        revision,
        part: -Number(row["part"]),
        table: String(row["table_name"]),
        source: String(detail["source"] ?? ""),
        report: {
          read: number("read"),
          loaded: Number(row["rows_done"]),
          skipped: number("skipped"),
          rejected: number("rejected"),
          seconds: Number(row["seconds"]),
        },
        before: { rows: countOf(row["rows_before"]), exact: detail["beforeExact"] === true },
        after: { rows: countOf(row["rows_after"]), exact: detail["afterExact"] === true },
      };
    });
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === "missing-table") return [];
    throw error;
  }
}

function countOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
